// What the beginning of a file tells (and, for inferred types, the whole of it), before anything is planned.
#include <algorithm>

#include "core/value/infer.h"
#include "import/byte_feed.h"
#include "import/failures.h"
#include "import/pipeline.h"
#include "import/row_converter.h"

namespace cpi::import {

namespace {

/// Whether the row lacks a value without which it is rejected: then its other values shape no column.
bool lacks_required(const csv::Row& row, const std::vector<std::size_t>& required, const csv::NullRule& nulls) {
  return std::any_of(required.begin(), required.end(),
                     [&](std::size_t column) { return nulls.is_null(row.fields[column]); });
}

}  // namespace

Result<Survey> survey(const source::File& file, const config::TableOptions& options, const RulesFor& rules_for,
                      Progress& progress, std::stop_token stop) {
  const bool infer = static_cast<bool>(rules_for);
  Result<ByteFeed> feed = ByteFeed::open(file, options.encoding, nullptr);
  if (!feed.ok()) return feed.error();
  csv::Reader reader(options.dialect);
  reader.set_origin(feed->origin());
  const csv::NullRule nulls(options.null_if);
  std::shared_ptr<value::Inference> inference;
  std::vector<std::size_t> required;
  Survey result;
  csv::Batch batch;
  progress.phase = "reading";
  for (;;) {
    if (stop.stop_requested()) return stopped();
    const Result<csv::Reader::Event> event = reader.next(batch);
    if (!event.ok()) return event.error();
    if (*event == csv::Reader::Event::kNeedBytes) {
      if (Result<void> filled = feed->fill(reader); !filled.ok()) return filled.error();
      if (infer) progress.bytes_read = feed->bytes_read();
      continue;
    }
    if (result.header.empty()) {
      result.header = reader.header();
      if (result.header.empty()) {
        return Error{Code::kInvalidHeader, "file \"" + file.entry().path + "\" is empty: it has not even a header", "",
                     "Check how the file is made; a file with a header and no rows is loaded without complaint."};
      }
      if (infer) {
        result.rules = rules_for(result.header);
        inference = std::make_shared<value::Inference>(result.rules.watched, options.format);
        for (std::size_t i = 0; i < result.rules.required.size(); ++i) {
          if (result.rules.required[i]) required.push_back(i);
        }
      }
    }
    if (!infer || *event == csv::Reader::Event::kEnd) break;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const csv::Row row = batch.row(i);
      if (lacks_required(row, required, nulls)) continue;
      for (std::size_t column = 0; column < row.fields.size(); ++column) {
        if (!nulls.is_null(row.fields[column])) inference->observe(column, row.fields[column].text());
      }
    }
  }
  result.values = std::move(inference);
  return result;
}

}  // namespace cpi::import
