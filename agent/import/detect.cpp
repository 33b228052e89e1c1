#include "import/detect.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/csv/grammar.h"
#include "core/preview/known.h"
#include "core/text/transcoder.h"
#include "import/failures.h"

namespace cpi::import {

namespace {

using nlohmann::json;

/// Three pieces of the file and, when they hold nothing but ASCII, the first that does not.
struct Pieces {
  std::string beginning, middle, end, foreign;
};

Result<std::string> read_at(const source::File& file, std::int64_t offset, std::size_t size) {
  std::string out(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(file.descriptor(), out.data() + got, size - got, offset + static_cast<std::int64_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return Error{Code::kFileUnreadable, "file \"" + file.entry().path + "\" cannot be read: " + std::strerror(errno),
                   "", ""};
    }
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  out.resize(got);
  return out;
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char byte) { return (byte & '\x80') != 0; });
}

/// The piece around the first byte beyond ASCII; empty when the file has none.
Result<std::string> first_foreign(const source::File& file, std::stop_token stop) {
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  for (std::int64_t offset = 0; offset < file.entry().size; offset += static_cast<std::int64_t>(kChunk)) {
    if (stop.stop_requested()) return stopped();
    Result<std::string> chunk = read_at(file, offset, kChunk);
    if (!chunk.ok()) return chunk;
    const auto found = std::find_if(chunk->begin(), chunk->end(), [](char byte) { return (byte & '\x80') != 0; });
    if (found == chunk->end()) continue;
    const auto from = offset + (found - chunk->begin()) - static_cast<std::int64_t>(csv::kSniffBytes / 2);
    return read_at(file, std::max<std::int64_t>(from, 0), csv::kSniffBytes);
  }
  return std::string();
}

Result<Pieces> pieces_of(const source::File& file, bool encoding_too, std::stop_token stop) {
  const std::int64_t size = file.entry().size;
  const auto piece = static_cast<std::int64_t>(csv::kSniffBytes);
  Pieces pieces;
  const auto read = [&](std::string& into, std::int64_t offset, std::int64_t bytes) -> Result<void> {
    Result<std::string> got = read_at(file, offset, static_cast<std::size_t>(bytes));
    if (!got.ok()) return got.error();
    into = std::move(*got);
    return {};
  };
  // A short file is one piece; a long one has three, each at a multiple of four bytes for the sake of UTF-32.
  if (Result<void> done = read(pieces.beginning, 0, std::min(size, piece)); !done.ok()) return done.error();
  if (size > piece) {
    const std::int64_t end = std::max(piece, (size - piece + 3) / 4 * 4);
    if (Result<void> done = read(pieces.end, end, size - end); !done.ok()) return done.error();
  }
  if (size > 3 * piece) {
    if (Result<void> done = read(pieces.middle, size / 8 * 4, piece); !done.ok()) return done.error();
  }
  if (encoding_too && size > piece && is_ascii(pieces.beginning) && is_ascii(pieces.middle) && is_ascii(pieces.end)) {
    Result<std::string> foreign = first_foreign(file, std::move(stop));
    if (!foreign.ok()) return foreign.error();
    pieces.foreign = std::move(*foreign);
  }
  return pieces;
}

Result<csv::Sniffed> sniff(const Pieces& pieces, const csv::Known& known) {
  return csv::sniff(pieces.beginning, pieces.middle, pieces.end, known, pieces.foreign);
}

/// A text in quotes, its control characters visible.
std::string shown(const std::string& text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }

bool is_unicode(std::string_view encoding) { return encoding.starts_with("utf") || encoding.starts_with("UTF"); }

/// Whether the stored encoding can still be the file's. Single-byte encodings cannot be told apart for sure, so a guess
/// among them does not overrule what was found before.
bool encoding_holds(const std::string& stored, const csv::Choice& found) {
  if (!found.seen || found.value == stored) return true;
  return !is_unicode(found.value) && !is_unicode(stored);
}

/// The stored dialect held against the file.
struct Comparison {
  csv::Sniffed kept;                 ///< the file read by what is stored
  std::vector<std::string> changed;  ///< keys that are otherwise now
};

Result<Comparison> compare(const Pieces& pieces, const config::TableOptions& options, const json& stored,
                           const csv::Sniffed& found) {
  // Worse by more than this, and the file is not written so any more.
  constexpr double kAsGood = 0.95;
  Comparison result;
  csv::Known known = preview::said(options);
  const auto text = [&](const char* key, bool automatic, std::optional<std::string>& into) {
    if (automatic && stored.contains(key)) into = stored[key].get<std::string>();
  };
  if (options.encoding == "auto" && stored.contains("encoding")) {
    if (encoding_holds(stored["encoding"], found.encoding)) {
      known.encoding = stored["encoding"].get<std::string>();
    } else {
      result.changed.emplace_back("encoding");
    }
  }
  text("delimiter", options.detect_delimiter, known.delimiter);
  text("quote", options.detect_quote, known.quote);
  text("escape", options.detect_escape, known.escape);
  Result<csv::Sniffed> kept = sniff(pieces, known);
  if (!kept.ok()) return kept.error();
  result.kept = std::move(*kept);
  if (result.kept.fit < found.fit * kAsGood) {
    for (const preview::Detectable& option : preview::detectable(options, found)) {
      const bool shape = std::string_view(option.key) == "delimiter" || std::string_view(option.key) == "quote" ||
                         std::string_view(option.key) == "escape";
      if (shape && option.automatic && stored.contains(option.key) && stored[option.key] != option.value) {
        result.changed.emplace_back(option.key);
      }
    }
    return result;
  }
  for (const preview::Detectable& option : preview::detectable(options, result.kept)) {
    const std::string_view key = option.key;
    if (!option.automatic || !stored.contains(key) || stored[option.key] == option.value) continue;
    if (key == "skiprows") result.changed.emplace_back(key);
    if (key == "header" && option.choice->certainty >= csv::kFairlyCertain) result.changed.emplace_back(key);
  }
  if (options.detect_header && stored.contains("header") && result.changed.empty()) {
    const json& rows = stored["header"];
    result.kept.dialect.header_rows = rows.is_boolean() ? (rows.get<bool>() ? 1 : 0) : rows.get<int>();
  }
  return result;
}

Error changed_dialect(const source::File& file, const config::TableOptions& options, const json& stored,
                      const csv::Sniffed& found, const std::vector<std::string>& changed) {
  std::string then;
  std::string now;
  std::string differences;
  for (const preview::Detectable& option : preview::detectable(options, found)) {
    if (!option.automatic) continue;
    const std::string value = option.value.dump(-1, ' ', false, json::error_handler_t::replace);
    now += (now.empty() ? "" : ", ") + std::string(option.key) + " " + value;
    if (!stored.contains(option.key)) continue;
    const std::string before = stored[option.key].dump(-1, ' ', false, json::error_handler_t::replace);
    then += (then.empty() ? "" : ", ") + std::string(option.key) + " " + before;
    if (std::find(changed.begin(), changed.end(), option.key) == changed.end()) continue;
    differences += (differences.empty() ? "" : ", ") + std::string(option.key) + " is " + value + ", was " + before;
  }
  return {Code::kDialectChanged,
          "file \"" + file.entry().path + "\" is written otherwise than the files before it: " + differences,
          "Stored" + (stored.contains("filename") ? " from " + shown(stored["filename"]) : std::string()) + ": " +
              then + ". Found now: " + now + ".",
          "If the file is wrong, have it made again. If files will be like this from now on, import it once with "
          "force, which stores what was found; or set \"" +
              changed.front() + "\" in the project's config."};
}

std::string percent(double certainty) { return std::to_string(std::lround(certainty * 100)) + " %"; }

std::vector<std::string> warnings_about(const config::TableOptions& options, const csv::Sniffed& found,
                                        const json& stored) {
  std::vector<std::string> warnings;
  for (const preview::Detectable& option : preview::detectable(options, found)) {
    const bool confirmed = stored.contains(option.key) && stored[option.key] == option.value;
    if (!option.automatic || confirmed || !option.choice->seen || option.choice->certainty >= csv::kFairlyCertain)
      continue;
    std::string warning = std::string(option.key) + " was detected as " +
                          option.value.dump(-1, ' ', false, json::error_handler_t::replace) + " with a certainty of " +
                          percent(option.choice->certainty) + " only";
    if (option.choice->runner_up) warning += "; the next best is " + shown(*option.choice->runner_up);
    warnings.push_back(warning + ": set \"" + option.key + "\" if it is wrong");
  }
  return warnings;
}

/// Whether the line of the header has the table's delimiters and a quote in the wrong place: a damaged header. Whoever
/// skips it turns the first row into names.
bool is_damaged_header(std::string_view beginning, const csv::Sniffed& table, const csv::Dialect& dialect) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  auto transcoder = text::make_transcoder(table.encoding.value, beginning.substr(0, 4));
  if (!transcoder.ok()) return false;
  std::string text;
  (*transcoder)->convert(beginning, text);
  const char* at = text.data() + (text.starts_with(kMark) ? kMark.size() : 0);
  const char* end = text.data() + text.size();
  for (std::int64_t i = 0; i < dialect.skip_rows && at < end; ++i) at = csv::physical_line(at, end, true).next;
  if (at == end) return false;
  const csv::Grammar grammar(dialect);
  std::vector<csv::RawField> fields;
  const csv::ByteCursor cursor{grammar, end};
  const csv::ParsedRow row = csv::parse_row(grammar, {}, at, end, true, csv::Strictness::kStrict, cursor, fields);
  if (row.status != csv::RowStatus::kStrayQuote && row.status != csv::RowStatus::kUnclosedQuote) return false;
  std::size_t delimiters = 0;
  for (const char* line_end = csv::physical_line(at, end, true).content_end; at < line_end; ++at) {
    delimiters += grammar.is_delimiter(at, line_end) ? 1 : 0;
  }
  return delimiters + 1 >= table.columns.size();
}

}  // namespace

Result<Detection> detect(const source::File& file, const config::TableOptions& options, const json& stored,
                         bool accept_change, std::stop_token stop) {
  Result<Pieces> pieces = pieces_of(file, options.encoding == "auto", std::move(stop));
  if (!pieces.ok()) return pieces.error();
  const csv::Known known = preview::said(options);
  Result<csv::Sniffed> found = sniff(*pieces, known);
  if (!found.ok()) {
    Error error = found.error();
    error.message = "file \"" + file.entry().path + "\": " + error.message;
    return error;
  }
  const json before = stored.is_object() ? stored : json::object();
  csv::Sniffed used = *found;
  bool confirmed = false;
  if (!before.empty()) {
    Result<Comparison> comparison = compare(*pieces, options, before, *found);
    if (!comparison.ok()) return comparison.error();
    if (comparison->changed.empty()) {
      used = std::move(comparison->kept);
      confirmed = true;
    } else if (!accept_change) {
      return changed_dialect(file, options, before, *found, comparison->changed);
    }
  }
  if (!confirmed) {
    if (std::optional<Error> unclear = csv::doubt(used, known)) {
      unclear->message = "file \"" + file.entry().path + "\": " + unclear->message;
      return *unclear;
    }
  }

  Detection result;
  result.options = preview::resolved(options, used);
  result.learned = confirmed ? before : json::object();
  result.report["detected"] = json::object();
  for (const preview::Detectable& option : preview::detectable(options, used)) {
    result.report[option.key] = option.value;
    if (!option.automatic) continue;
    // What was taken from the project may be known beforehand; the file's own word on it is told where it is the same.
    const std::vector<preview::Detectable> own = preview::detectable(options, *found);
    const auto same = std::find_if(own.begin(), own.end(), [&](const preview::Detectable& one) {
      return std::strcmp(one.key, option.key) == 0 && one.value == option.value;
    });
    result.report["detected"][option.key] = preview::choice_json(same == own.end() ? *option.choice : *same->choice);
    if (option.choice->seen && !result.learned.contains(option.key)) result.learned[option.key] = option.value;
  }
  result.warnings = warnings_about(options, used, confirmed ? before : json::object());
  if (!result.learned.contains("filename")) result.learned["filename"] = file.entry().path;
  return result;
}

std::string advice(const source::File& file, const config::TableOptions& options, std::size_t* table_width) {
  // Only what is better by far is worth a person's attention.
  constexpr double kBetter = 1.3;
  const Result<Pieces> pieces = pieces_of(file, true, {});
  if (!pieces.ok()) return {};
  csv::Known known = preview::said(options);
  const Result<csv::Sniffed> now = sniff(*pieces, known);
  csv::Known open;
  open.comment = options.dialect.comment;
  open.stop_at = options.dialect.stop_at;
  open.trim = options.dialect.trim;
  if (options.dialect.header_rows > 1) open.header_rows = options.dialect.header_rows;
  Result<csv::Sniffed> found = sniff(*pieces, open);
  if (!found.ok() || csv::doubt(*found, open)) return {};
  if (table_width != nullptr) *table_width = found->columns.size();
  const bool shape = !now.ok() || found->fit > now->fit * kBetter;
  if (!shape) {
    // The dialect is right; perhaps the table begins elsewhere.
    open.delimiter = options.dialect.delimiter;
    open.quote = options.dialect.quote;
    open.escape = options.dialect.escape;
    found = sniff(*pieces, open);
    if (!found.ok()) return {};
  }

  std::vector<std::string> changes;
  const auto change = [&](const char* key, const json& value) {
    changes.push_back("\"" + std::string(key) + "\": " + value.dump(-1, ' ', false, json::error_handler_t::replace));
  };
  const csv::Dialect& better = found->dialect;
  const csv::Dialect& present = options.dialect;
  std::string looks;
  if (better.delimiter != present.delimiter) {
    looks = "The file looks as if it were separated by " + shown(better.delimiter);
    change("delimiter", better.delimiter);
  }
  if (found->quote.seen && better.quote != present.quote) change("quote", better.quote);
  if (found->escape.seen && better.escape != present.escape) change("escape", better.escape);
  const bool other_encoding = found->encoding.seen && is_unicode(found->encoding.value) != is_unicode(options.encoding);
  if (other_encoding && options.encoding != "auto") change("encoding", found->encoding.value);
  if (better.skip_rows > present.skip_rows && !is_damaged_header(pieces->beginning, *found, present)) {
    if (looks.empty()) looks = "The table seems to begin at line " + std::to_string(better.skip_rows + 1);
    change("skiprows", better.skip_rows);
  }
  if (changes.empty()) return {};
  std::string out = looks.empty() ? "The file looks as if it were written otherwise: set " : looks + ": set ";
  for (std::size_t i = 0; i < changes.size(); ++i) out += (i > 0 ? ", " : "") + changes[i];
  return out + ".";
}

}  // namespace cpi::import
