#include "import/detect.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/csv/grammar.h"
#include "core/csv/sniffer/pieces.h"
#include "core/preview/known.h"
#include "core/text/transcoder.h"
#include "import/failures.h"

namespace cpi::import {

namespace {

using nlohmann::json;

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

Result<csv::Pieces> pieces_of(const source::File& file, bool encoding_too, const std::stop_token& stop) {
  return csv::pieces_of(file.entry().size, encoding_too,
                        [&](std::int64_t offset, std::size_t size) -> Result<std::string> {
                          if (stop.stop_requested()) return stopped();
                          return read_at(file, offset, size);
                        });
}

/// A text in quotes, its control characters visible.
std::string shown(const std::string& text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }

bool is_unicode(std::string_view encoding) { return encoding.starts_with("utf") || encoding.starts_with("UTF"); }

/// Whether the stored encoding can still be the file's. Encodings of eight bits cannot be told apart for sure, so a
/// guess among them does not overrule what was found before, unless the file reads clearly worse by that.
bool encoding_holds(const std::string& stored, const csv::Choice& found, csv::Spelling spelling) {
  if (!found.seen || found.value == stored) return true;
  return !is_unicode(found.value) && !is_unicode(stored) && spelling != csv::Spelling::kWorse;
}

/// Under this key `learned` holds names of the first header, which tell a later file without one.
constexpr const char* kNames = "columns";
constexpr std::size_t kMostNames = 16;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text;
}

bool shares_a_name(const std::vector<std::string>& names, const json& stored) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::any_of(stored.begin(), stored.end(), [&](const json& before) {
      return before.is_string() && lower(before.get<std::string>()) == lower(name);
    });
  });
}

/// The stored dialect held against the file.
struct Comparison {
  csv::Sniffed kept;                   ///< the file read by what is stored
  std::vector<std::string> changed;    ///< keys that are otherwise now
  bool delimiter_is_absent = false;    ///< the stored delimiter occurs nowhere
  std::vector<std::string> strangers;  ///< what would be the columns' names, none of which was one before
  std::vector<std::string> warnings;   ///< what was kept though the file itself says otherwise
};

std::string percent(double certainty) { return std::to_string(std::lround(certainty * 100)) + " %"; }

Result<Comparison> compare(const csv::Pieces& pieces, const config::TableOptions& options, const json& stored,
                           const csv::Sniffed& found) {
  // Worse by more than this, and the file is not written so any more.
  constexpr double kAsGood = 0.95;
  Comparison result;
  csv::Known known = preview::said(options);
  const auto text = [&](const char* key, bool automatic, std::optional<std::string>& into) {
    if (automatic && stored.contains(key)) into = stored[key].get<std::string>();
  };
  if (options.encoding == "auto" && stored.contains("encoding")) {
    const auto before = stored["encoding"].get<std::string>();
    const csv::Spelling spelling =
        csv::spelling_of(before, found.encoding.value, pieces.beginning + pieces.middle + pieces.end + pieces.foreign);
    if (encoding_holds(before, found.encoding, spelling)) {
      known.encoding = before;
      if (found.encoding.seen && spelling != csv::Spelling::kSame) {
        result.warnings.push_back("the file is read as " + shown(before) +
                                  ", like the files before it, though by itself it "
                                  "looks like " +
                                  shown(found.encoding.value) + " (" + percent(found.encoding.certainty) +
                                  "), which is another text: set \"encoding\" if that is right");
      }
    } else {
      result.changed.emplace_back("encoding");
    }
  }
  text("delimiter", options.detect_delimiter, known.delimiter);
  text("quote", options.detect_quote, known.quote);
  text("escape", options.detect_escape, known.escape);
  Result<csv::Sniffed> kept = csv::sniff(pieces, known);
  if (!kept.ok()) return kept.error();
  result.kept = std::move(*kept);
  // A delimiter is stored only when it made several columns.
  result.delimiter_is_absent =
      options.detect_delimiter && stored.contains("delimiter") && result.kept.columns.size() == 1;
  if (result.delimiter_is_absent) {
    result.changed.emplace_back("delimiter");
    return result;
  }
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
    const int header_rows = rows.is_boolean() ? (rows.get<bool>() ? 1 : 0) : rows.get<int>();
    result.kept.dialect.header_rows = header_rows;
    const bool sure = result.kept.header.certainty >= csv::kFairlyCertain;
    if (header_rows > 0 && !sure && stored.contains(kNames)) {
      known.header_rows = header_rows;
      const Result<csv::Sniffed> named = csv::sniff(pieces, known);
      if (!named.ok()) return named.error();
      if (!shares_a_name(named->columns, stored[kNames])) {
        result.strangers = named->columns;
        result.changed.emplace_back("header");
      }
    }
  }
  return result;
}

Error changed_dialect(const source::File& file, const config::TableOptions& options, const json& stored,
                      const csv::Sniffed& found, const Comparison& comparison) {
  const std::vector<std::string>& changed = comparison.changed;
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
    const bool absent =
        comparison.delimiter_is_absent && !found.delimiter.seen && std::string_view(option.key) == "delimiter";
    differences += (differences.empty() ? "" : ", ") + std::string(option.key) +
                   (absent                          ? " " + before + " does not occur in it"
                    : !comparison.strangers.empty() ? " seems to be missing: " + shown(comparison.strangers.front()) +
                                                          " and all beside it are no names of columns before"
                                                    : " is " + value + ", was " + before);
  }
  const std::string hint =
      !comparison.strangers.empty()
          ? "If the file lacks its header, have it made again with one. If its columns have new names, import it once "
            "with force."
          : "If the file is wrong, have it made again. If files will be like this from now on, import it once with "
            "force, which stores what was found; or set \"" +
                changed.front() + "\" in the project's config.";
  return {Code::kDialectChanged,
          "file \"" + file.entry().path + "\" is written otherwise than the files before it: " + differences,
          "Stored" + (stored.contains("filename") ? " from " + shown(stored["filename"]) : std::string()) + ": " +
              then + ". Found now: " + now + ".",
          hint};
}

/// Under this key `learned` holds the certainties of what was not found with fair certainty at first.
constexpr const char* kDoubtful = "certainty";

/// The certainty of an option's value in `used`: the file's own word on it where that is the same (what is stored
/// counts as known), else what it was stored with.
double certainty_of(const preview::Detectable& option, const std::vector<preview::Detectable>& own,
                    const json& stored) {
  const auto same = std::find_if(own.begin(), own.end(), [&](const preview::Detectable& one) {
    return std::strcmp(one.key, option.key) == 0 && one.value == option.value;
  });
  const double now = same == own.end() ? 0 : same->choice->certainty;
  const bool known = stored.contains(option.key) && stored[option.key] == option.value;
  if (!known) return same == own.end() ? option.choice->certainty : now;
  const json doubtful = stored.value(kDoubtful, json::object());
  return doubtful.contains(option.key) ? std::max(now, doubtful[option.key].get<double>()) : 1;
}

/// Warnings about choices that are not certain: neither by `found`, the file's own word, nor by the files before it.
std::vector<std::string> warnings_about(const config::TableOptions& options, const csv::Sniffed& used,
                                        const csv::Sniffed& found, const json& stored) {
  std::vector<std::string> warnings;
  const std::vector<preview::Detectable> own = preview::detectable(options, found);
  for (const preview::Detectable& option : preview::detectable(options, used)) {
    const double certainty = certainty_of(option, own, stored);
    if (!option.automatic || !option.choice->seen || certainty >= csv::kFairlyCertain) continue;
    std::string warning = std::string(option.key) + " was detected as " +
                          option.value.dump(-1, ' ', false, json::error_handler_t::replace) + " with a certainty of " +
                          percent(certainty) + " only";
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
  Result<csv::Pieces> pieces = pieces_of(file, options.encoding == "auto", stop);
  if (!pieces.ok()) return pieces.error();
  const csv::Known known = preview::said(options);
  Result<csv::Sniffed> found = csv::sniff(*pieces, known);
  if (!found.ok()) {
    Error error = found.error();
    error.message = "file \"" + file.entry().path + "\": " + error.message;
    return error;
  }
  const json before = stored.is_object() ? stored : json::object();
  csv::Sniffed used = *found;
  std::vector<std::string> warnings;
  bool confirmed = false;
  if (!before.empty()) {
    Result<Comparison> comparison = compare(*pieces, options, before, *found);
    if (!comparison.ok()) return comparison.error();
    if (comparison->changed.empty()) {
      used = std::move(comparison->kept);
      warnings = std::move(comparison->warnings);
      confirmed = true;
    } else if (!accept_change) {
      return changed_dialect(file, options, before, *found, *comparison);
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
  json doubtful = json::object();
  const json stored_before = confirmed ? before : json::object();
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
    const double certainty = certainty_of(option, own, stored_before);
    const bool learned = result.learned.contains(option.key) && result.learned[option.key] == option.value;
    const bool doubted = stored_before.value(kDoubtful, json::object()).contains(option.key);
    if (learned && (doubted || certainty < csv::kFairlyCertain)) {
      doubtful[option.key] = std::round(certainty * 100) / 100;
    }
  }
  if (options.detect_header && used.dialect.header_rows > 0 && !stored_before.contains("header")) {
    const std::size_t most = std::min(used.columns.size(), kMostNames);
    result.learned[kNames] =
        std::vector<std::string>(used.columns.begin(), used.columns.begin() + static_cast<std::ptrdiff_t>(most));
  }
  result.learned.erase(kDoubtful);
  if (!doubtful.empty()) result.learned[kDoubtful] = std::move(doubtful);
  result.warnings = warnings_about(options, used, *found, stored_before);
  result.warnings.insert(result.warnings.end(), warnings.begin(), warnings.end());
  result.warnings.insert(result.warnings.end(), used.warnings.begin(), used.warnings.end());
  if (!result.learned.contains("filename")) result.learned["filename"] = file.entry().path;
  return result;
}

std::string advice(const source::File& file, const config::TableOptions& options, const std::stop_token& stop,
                   std::size_t* table_width) {
  // Only what is better by far is worth a person's attention.
  constexpr double kBetter = 1.3;
  const Result<csv::Pieces> pieces = pieces_of(file, true, stop);
  if (!pieces.ok()) return {};
  csv::Known known = preview::said(options);
  const Result<csv::Sniffed> now = csv::sniff(*pieces, known);
  csv::Known open;
  open.comment = options.dialect.comment;
  open.stop_at = options.dialect.stop_at;
  open.trim = options.dialect.trim;
  if (options.dialect.header_rows > 1) open.header_rows = options.dialect.header_rows;
  Result<csv::Sniffed> found = csv::sniff(*pieces, open);
  if (!found.ok() || csv::doubt(*found, open)) return {};
  if (table_width != nullptr) *table_width = found->columns.size();
  const bool shape = !now.ok() || found->fit > now->fit * kBetter;
  if (!shape) {
    // The dialect is right; perhaps the table begins elsewhere.
    open.delimiter = options.dialect.delimiter;
    open.quote = options.dialect.quote;
    open.escape = options.dialect.escape;
    found = csv::sniff(*pieces, open);
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
