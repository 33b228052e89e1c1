#include "core/preview/preview.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/config/file_columns.h"
#include "core/csv/null_rule.h"
#include "core/csv/reader.h"
#include "core/csv/sniffer/pieces.h"
#include "core/preview/known.h"
#include "core/text/place_map.h"
#include "core/text/transcoder.h"
#include "core/text/utf8.h"
#include "core/value/infer.h"

namespace cpi::preview {

namespace {

constexpr std::size_t kMostRejects = 100;
constexpr std::size_t kChunkBytes = std::size_t{64} << 10;

using text::storable;

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(storable(text)); }

Error stopped() { return {Code::kStopped, "the preview was interrupted", "", ""}; }

/// Reads bytes by resolved options; each row goes to `take`, which says whether more is wanted.
struct Reading {
  std::vector<std::string> header;
  std::vector<csv::Reject> rejects;  ///< the first
  std::int64_t rows = 0;
  std::int64_t rejected = 0;
  bool complete = false;
};

template <typename Take>
Result<Reading> read(std::string_view bytes, const config::TableOptions& options, bool whole,
                     const Interrupted& interrupted, const Take& take) {
  Result<std::unique_ptr<text::Transcoder>> transcoder = text::make_transcoder(options.encoding, bytes.substr(0, 4));
  if (!transcoder.ok()) return transcoder.error();
  csv::Reader reader(options.dialect);
  text::PlaceMap places;
  if (!(*transcoder)->is_identity()) {
    reader.set_origin([&](std::int64_t offset) {
      return places.source_of(offset, [&](std::int64_t from, std::size_t size) {
        return std::string(bytes.substr(static_cast<std::size_t>(from), size));
      });
    });
  }
  csv::Batch batch;
  Reading reading;
  std::string utf8;
  std::int64_t given = 0;
  std::int64_t last_line = 0;
  std::size_t at = 0;
  while (true) {
    if (interrupted()) return stopped();
    const Result<csv::Reader::Event> event = reader.next(batch);
    if (!event.ok()) return event.error();
    if (*event == csv::Reader::Event::kEnd) break;
    if (*event == csv::Reader::Event::kNeedBytes) {
      if (at == bytes.size()) {
        if (!whole) break;  // what is left is cut anywhere
        utf8.clear();
        places.add(given, static_cast<std::int64_t>(at), 0, (*transcoder)->clone(), true);
        (*transcoder)->finish(utf8);
        std::memcpy(reader.space(utf8.size() + 1).data(), utf8.data(), utf8.size());
        reader.commit(utf8.size());
        reader.finish();
        continue;
      }
      utf8.clear();
      const std::string_view chunk = bytes.substr(at, kChunkBytes);
      places.forget_before(reader.bytes_read());
      places.add(given, static_cast<std::int64_t>(at), chunk.size(), (*transcoder)->clone(), false);
      (*transcoder)->convert(chunk, utf8);
      given += static_cast<std::int64_t>(utf8.size());
      at += chunk.size();
      if (utf8.empty()) continue;
      std::memcpy(reader.space(utf8.size()).data(), utf8.data(), utf8.size());
      reader.commit(utf8.size());
      continue;
    }
    reading.header = reader.header();
    std::size_t taken = 0;
    while (taken < batch.size() && take(reader.header(), batch.row(taken))) ++taken;
    reading.rows += static_cast<std::int64_t>(taken);
    if (taken > 0) last_line = batch.row(taken - 1).line;
    // A batch is read ahead of the rows that are taken; a reject behind the last of them belongs to what is not.
    const bool more = taken == batch.size();
    for (csv::Reject& reject : batch.rejects) {
      if (!more && reject.line > last_line) continue;
      ++reading.rejected;
      if (reading.rejects.size() < kMostRejects) reading.rejects.push_back(std::move(reject));
    }
    if (!more) return reading;
  }
  reading.header = reader.header();
  reading.complete = whole;
  return reading;
}

Json columns_json(const config::TableOptions& options, const std::vector<std::string>& header,
                  const std::vector<std::string>& types) {
  Json columns = Json::array();
  const std::size_t reasons = config::count_reason_columns(header);
  for (std::size_t i = 0; i < reasons; ++i) {
    columns.push_back({{"name", storable(header[i])}, {"file_column", storable(header[i])}, {"type", "text"}});
  }
  for (const config::FileColumn& one : config::file_columns(options, header, reasons)) {
    Json column;
    column["name"] = storable(one.table_column);
    column["file_column"] = storable(header[one.file_index]);
    column["type"] = one.file_index < types.size() ? Json(types[one.file_index]) : Json("text");
    columns.push_back(std::move(column));
  }
  return columns;
}

/// As the import asks of a new table's columns: keys are typed only as they are written.
std::vector<value::Watched> watched_columns(const config::TableOptions& options,
                                            const std::vector<std::string>& header) {
  std::vector<value::Watched> watched(header.size());
  const auto columns = config::file_columns(options, header, config::count_reason_columns(header));
  for (const std::string& name : options.primary_key) {
    const auto key = config::find_key_column(columns, name);
    if (key != columns.end()) watched[key->file_index].as_written = true;
  }
  return watched;
}

/// What would stop an import, with its own words.
Json problems_json(const config::TableOptions& options, const std::vector<std::string>& header) {
  Json problems = Json::array();
  for (const Error& error : config::column_problems(options, header)) {
    Json problem;
    problem["message"] = storable(error.message);
    problem["details"] = or_null(error.detail);
    problem["hint"] = or_null(error.hint);
    problems.push_back(std::move(problem));
  }
  return problems;
}

/// The six options and, for those that were looked for, certainty and runner-up.
Json dialect_json(const config::TableOptions& options, const csv::Sniffed& found, bool with_encoding) {
  Json out;
  Json detected = Json::object();
  for (const Detectable& one : detectable(options, found)) {
    if (!with_encoding && std::strcmp(one.key, "encoding") == 0) continue;
    out[one.key] = one.value;
    if (one.automatic) detected[one.key] = choice_json(*one.choice);
  }
  out["detected"] = std::move(detected);
  return out;
}

Json reject_json(const csv::Reject& reject) {
  Json out;
  out["line"] = reject.line;
  out["offset"] = reject.offset;
  out["column"] = or_null(reject.column);
  out["reason"] = csv::reason_name(reject.reason);
  out["message"] = storable(reject.message);
  out["raw"] = storable(reject.raw);
  return out;
}

/// A value of a preview is for looking at: a long one is cut.
Json shown_value(std::string_view text) {
  constexpr std::size_t kMost = 4096;
  if (text.size() <= kMost) return storable(text);
  return storable(text.substr(0, kMost)) + "…";
}

}  // namespace

Result<Json> describe(const csv::Sniffed& found, std::string_view bytes, bool complete,
                      const Interrupted& interrupted) {
  config::TableOptions options;
  options.encoding = "auto";
  options.detect_delimiter = options.detect_quote = options.detect_escape = true;
  options.detect_header = options.detect_skiprows = true;
  Json out;
  out["dialect"] = dialect_json(options, found, true);
  out["dialect"]["comment"] = found.dialect.comment;
  out["dialect"]["stop_at"] = found.dialect.stop_at;
  out["dialect"]["trim"] = found.dialect.trim;
  out["dialect"]["trailing_delimiter"] = found.trailing_delimiter;

  config::TableOptions used = resolved(options, found);
  used.dialect = found.dialect;
  std::optional<value::Inference> inference;
  const csv::NullRule nulls(used.null_if);
  Result<Reading> reading =
      read(bytes, used, complete, interrupted, [&](const std::vector<std::string>& header, const csv::Row& row) {
        if (!inference) inference.emplace(header.size(), used.format);
        for (std::size_t i = 0; i < row.fields.size(); ++i) {
          if (!nulls.is_null(row.fields[i])) inference->observe(i, row.fields[i].text());
        }
        return true;
      });
  if (!reading.ok()) return reading.error();
  out["columns"] = columns_json(used, reading->header, inference ? inference->types() : std::vector<std::string>());
  out["rows_looked_at"] = found.rows_seen;
  out["rows_fitting"] = found.rows_fitting;
  out["rows_read"] = reading->rows + reading->rejected;
  out["rejected"] = reading->rejected;
  out["complete"] = reading->complete;
  out["config"] = Json::parse(csv::config_json(found));
  out["warnings"] = Json::array();
  for (const std::string& warning : found.warnings) out["warnings"].push_back(storable(warning));
  return out;
}

Result<Json> preview(std::string_view text, const config::TableOptions& options, std::size_t most,
                     const Interrupted& interrupted) {
  config::TableOptions used = options;
  used.encoding = "utf-8";  // the text has been decoded already
  Json dialect;
  Json warnings = Json::array();
  if (wants_detection(used)) {
    const csv::Known known = said(used);
    const Result<csv::Sniffed> found = csv::sniff(csv::pieces_of(text, false), known);
    if (!found.ok()) return found.error();
    if (std::optional<Error> unclear = csv::doubt(*found, known)) return *unclear;
    dialect = dialect_json(used, *found, false);
    for (const Detectable& one : detectable(used, *found)) {
      if (!one.automatic || !one.choice->seen || one.choice->certainty >= csv::kFairlyCertain) continue;
      warnings.push_back(std::string(one.key) + " was detected as " + one.value.dump() + " with little certainty");
    }
    for (const std::string& warning : found->warnings) warnings.push_back(storable(warning));
    used = resolved(std::move(used), *found);
  } else {
    dialect = Json();
  }

  std::optional<value::Inference> inference;
  Json rows = Json::array();
  const csv::NullRule nulls(used.null_if);
  Result<Reading> reading =
      read(text, used, true, interrupted, [&](const std::vector<std::string>& header, const csv::Row& row) {
        if (rows.size() == most) return false;
        if (!inference) inference.emplace(watched_columns(used, header), used.format);
        Json values = Json::array();
        for (std::size_t i = 0; i < row.fields.size(); ++i) {
          const csv::Field& field = row.fields[i];
          const bool null = nulls.is_null(field);
          if (!null) inference->observe(i, field.text());
          values.push_back(null ? Json() : shown_value(field.text()));
        }
        Json one;
        one["line"] = row.line;
        one["values"] = std::move(values);
        rows.push_back(std::move(one));
        return true;
      });
  if (!reading.ok()) return reading.error();
  Json rejects = Json::array();
  for (const csv::Reject& reject : reading->rejects) rejects.push_back(reject_json(reject));
  Json out;
  out["dialect"] = std::move(dialect);
  out["columns"] = columns_json(used, reading->header, inference ? inference->types() : std::vector<std::string>());
  out["rows"] = std::move(rows);
  out["rejects"] = std::move(rejects);
  out["rows_read"] = reading->rows + reading->rejected;
  out["rejected"] = reading->rejected;
  out["complete"] = reading->complete;
  const std::size_t reasons = config::count_reason_columns(reading->header);
  for (std::string& warning : config::column_warnings(used, reading->header, reasons)) {
    warnings.push_back(storable(warning));
  }
  out["warnings"] = std::move(warnings);
  out["problems"] = problems_json(used, reading->header);
  return out;
}

}  // namespace cpi::preview
