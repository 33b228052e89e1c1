// What the beginning of a file tells (and, for inferred types, the whole of it), before anything is planned.
#include "core/value/infer.h"
#include "import/byte_feed.h"
#include "import/failures.h"
#include "import/pipeline.h"
#include "import/row_converter.h"

namespace cpi::import {

Result<Survey> survey(const source::File& file, const config::TableOptions& options, bool infer, Progress& progress,
                      std::stop_token stop) {
  Result<ByteFeed> feed = ByteFeed::open(file, options.encoding, nullptr);
  if (!feed.ok()) return feed.error();
  csv::Reader reader(options.dialect);
  reader.set_origin(feed->origin());
  const NullRule nulls(options.null_if);
  std::shared_ptr<value::Inference> inference;
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
        const auto misfits = options.continues() ? value::Misfits::kReject : value::Misfits::kWiden;
        inference = std::make_shared<value::Inference>(result.header.size(), options.format, misfits);
      }
    }
    if (!infer || *event == csv::Reader::Event::kEnd) break;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const csv::Row row = batch.row(i);
      for (std::size_t column = 0; column < row.fields.size(); ++column) {
        if (!nulls.is_null(row.fields[column])) inference->observe(column, row.fields[column].text());
      }
    }
  }
  result.values = std::move(inference);
  return result;
}

}  // namespace cpi::import
