// Phase 5: what speaks against the choices. A wrong reading that looks certain is the worst that can come of this
// folder, so what is merely possible is told, and what would throw lines or columns away on little evidence is refused.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/csv/header.h"
#include "core/csv/sniffer/phases.h"

namespace cpi::csv {
namespace sniffer {
namespace {

/// Certainties that lead to a warning.
constexpr double kHardly = 0.5;
constexpr double kRather = 0.6;
constexpr double kOneColumn = 0.7;

void cap(Choice& choice, double most) { choice.certainty = std::min(choice.certainty, most); }

std::string shown(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The beginning of a line, for messages.
std::string excerpt(std::string_view line) {
  constexpr std::size_t kMost = 60;
  if (line.size() <= kMost) return shown(line);
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  return shown(std::string(line.substr(0, end)) + "…");
}

std::string lines(std::size_t count) { return std::to_string(count) + (count == 1 ? " line" : " lines"); }

/// A line with one byte for each character: those that pad, and others.
std::string padding_of(std::string_view line) {
  std::string out;
  for (const char byte : line) {
    const bool begins = (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    if (begins) out += byte == ' ' || byte == '.' ? ' ' : 'x';
  }
  return out;
}

/// Whether the columns of a text are padded to the same places: blanks, or dots, stand there on all lines.
bool looks_aligned(const std::string& text) {
  constexpr std::size_t kLines = 100;
  std::vector<std::string> all;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end && all.size() < kLines) {
    const Line line = physical_line(at, end, true);
    if (line.content_end > at) all.push_back(padding_of({at, static_cast<std::size_t>(line.content_end - at)}));
    at = line.next;
  }
  if (all.size() < 3) return false;
  const auto [shortest, longest] =
      std::minmax_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  const bool equal = shortest->size() == longest->size();
  const bool padded =
      std::any_of(all.begin(), all.end(), [](const std::string& line) { return line.find("  ") != std::string::npos; });
  std::size_t gap = 0;
  std::size_t widest = 0;
  for (std::size_t place = 1; place + 1 < shortest->size(); ++place) {
    const bool blank = std::all_of(all.begin(), all.end(), [&](const std::string& line) { return line[place] == ' '; });
    gap = blank ? gap + 1 : 0;
    widest = std::max(widest, gap);
  }
  return padded && (widest >= 2 || (equal && widest == 1));
}

bool has_value_column(const Fit& fit) {
  for (std::size_t column = 0; column < fit.width; ++column) {
    std::size_t cells = 0;
    std::size_t values = 0;
    for (std::size_t row = 1; row < fit.beginning.size(); ++row) {
      if (!fit.fits(fit.beginning[row])) continue;
      const std::string& cell = fit.beginning[row].fields[column];
      if (trimmed(cell).empty() || is_missing(cell)) continue;
      ++cells;
      values += is_value(kind_of(cell)) ? 1 : 0;
    }
    if (cells > 0 && values * 10 >= cells * 9) return true;
  }
  return false;
}

/// Whether two columns may be the halves of numbers with a decimal comma, always as many digits behind it.
bool may_be_decimals(const Fit& fit) {
  if (fit.width != 2 || fit.beginning.empty()) return false;
  const std::size_t places = fit.beginning.front().good ? fit.beginning.front().fields.back().size() : 0;
  return places > 0 && places <= 3 &&
         std::all_of(fit.beginning.begin(), fit.beginning.end(), [&](const SampleRow& row) {
           return fit.fits(row) && row.fields[1].size() == places && kind_of(row.text) == CellKind::kNumber;
         });
}

Error one_column_or(const std::string& delimiter, std::string why) {
  return {Code::kDialectUnclear,
          "it cannot be told whether the file has one column or is separated by " + shown(delimiter), std::move(why),
          "Set \"delimiter\" to " + shown(delimiter) +
              "; or, if the file has one column, to something that does not "
              "occur in it, such as \"\\t\"."};
}

void doubt_one_column(const Fit& fit, const std::vector<Recurring>& recurring, Sniffed& sniffed) {
  constexpr double kNearlyAll = 0.9;
  cap(sniffed.delimiter, kOneColumn);
  sniffed.warnings.push_back(
      "no delimiter makes a table of the file, so each line is one field: set \"delimiter\" if it has more columns");
  // What recurs in dates and numbers, and what is quoted as a whole, is explained.
  const auto explained = [&](const SampleRow& row) {
    return is_value(kind_of(row.text)) ||
           (!sniffed.dialect.quote.empty() && row.text.starts_with(sniffed.dialect.quote));
  };
  if (std::all_of(fit.beginning.begin(), fit.beginning.end(), explained)) return;
  const auto mark = std::find_if(recurring.begin(), recurring.end(), [](const Recurring& one) {
    return one.first && one.share >= kNearlyAll && one.text != " ";
  });
  if (mark == recurring.end()) return;
  sniffed.unclear = one_column_or(mark->text, shown(mark->text) + " stands equally often (" +
                                                  std::to_string(mark->per_line) + ") on nearly every line.");
}

}  // namespace

void doubt_delimiter(const Sample& sample, const Fit& fit, const std::vector<Recurring>& recurring, bool weak,
                     Sniffed& sniffed) {
  const bool blanks = fit.width == 1 || sniffed.dialect.delimiter == " ";
  if (blanks && looks_aligned(sample.beginning)) {
    sniffed.unclear = Error{Code::kDialectUnclear, "the columns seem to have fixed widths, padded with blanks", "",
                            "Have the file made with a delimiter between its columns. If it is right as it is, set "
                            "\"delimiter\" to \"\\t\" for one column."};
    return;
  }
  if (fit.width == 1) {
    doubt_one_column(fit, recurring, sniffed);
    return;
  }
  // A column that is always empty looks alike.
  const std::string& delimiter = sniffed.dialect.delimiter;
  if (fit.width == 2 && delimiter.size() > 1 && delimiter.find_first_not_of(delimiter.front()) == std::string::npos) {
    cap(sniffed.delimiter, kRather);
    sniffed.delimiter.runner_up = delimiter.substr(1);
  }
  if (weak && !has_value_column(fit)) {
    cap(sniffed.delimiter, kRather);
    if (fit.width == 2) sniffed.unclear = one_column_or(delimiter, "It may just belong to the texts.");
  }
  if (delimiter == "," && may_be_decimals(fit)) cap(sniffed.delimiter, kRather);
}

void doubt_rows(const Fit& fit, Sniffed& sniffed) {
  const double fitting = static_cast<double>(fit.fitting) / static_cast<double>(std::max<std::size_t>(fit.rows, 1));
  if (fit.width > 1 && fitting < kFairlyCertain) cap(sniffed.delimiter, std::max(kHardly + 0.05, fitting));
  const auto later = static_cast<std::size_t>(
      std::count_if(fit.further.begin(), fit.further.end(), [&](const SampleRow& row) { return fit.fits(row); }));
  if (fit.width < 2 || later * 2 >= fit.further.size()) return;
  cap(sniffed.delimiter, kRather);
  sniffed.warnings.push_back(
      "most of the rows looked at further down do not fit the table that the file begins with: " +
      std::to_string(fit.further.size() - later) + " of " + std::to_string(fit.further.size()));
}

void doubt_preamble(const Fit& fit, const Known& known, bool header_follows, Sniffed& sniffed) {
  constexpr std::size_t kMany = 10;
  constexpr std::size_t kTable = 3;
  constexpr std::size_t kPairs = 6;  // a few pairs of two are what reports begin with
  const auto skipped = static_cast<std::size_t>(sniffed.dialect.skip_rows);
  if (skipped == 0) return;
  std::vector<const SampleRow*> before;
  for (const SampleRow& row : fit.beginning) {
    if (row.line < skipped) before.push_back(&row);
  }
  if (before.empty()) return;
  const std::string& delimiter = sniffed.dialect.delimiter;
  std::map<std::size_t, std::size_t> widths;
  for (const SampleRow* row : before) {
    const auto filled = std::count_if(row->fields.begin(), row->fields.end(),
                                      [](const std::string& cell) { return !trimmed(cell).empty(); });
    if (row->good && filled > 1) ++widths[row->fields.size()];
  }
  const auto most =
      std::max_element(widths.begin(), widths.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  sniffed.warnings.push_back(lines(skipped) + " before the table " +
                             (skipped == 1 ? "is ignored: " : "are ignored, the first: ") +
                             excerpt(before.front()->text));
  if (!widths.empty()) cap(sniffed.skip_rows, kRather);
  if (skipped > kMany || (!widths.empty() && most->second > 1)) cap(sniffed.skip_rows, kHardly);
  if (!widths.empty() && most->second >= (most->first == 2 ? kPairs : kTable)) {
    sniffed.unclear =
        Error{Code::kDialectUnclear,
              "the file seems to hold two tables: " + lines(most->second) + " of " + std::to_string(most->first) +
                  " fields stand before one of " + std::to_string(fit.width),
              "The first: " + excerpt(before.front()->text) + ".",
              "Set \"skiprows\" to 0 to read the file from its first line, or to " + std::to_string(skipped) +
                  " if those lines are not wanted."};
  }
  // A row of single words that is as wide as the table, or wider, is rather its header above rows that lack fields.
  const auto names = std::find_if(before.begin(), before.end(), [&](const SampleRow* row) {
    return row->good && row->fields.size() >= std::max<std::size_t>(fit.width, 2) &&
           std::all_of(row->fields.begin(), row->fields.end(),
                       [](const std::string& cell) { return kind_of(cell) == CellKind::kWord && !is_missing(cell); });
  });
  if (names != before.end() && !sniffed.unclear) {
    sniffed.unclear = Error{Code::kDialectUnclear,
                            "it cannot be told where the table begins: " + excerpt((*names)->text) +
                                " may be its header, though most rows have " + std::to_string(fit.width) + " fields",
                            "",
                            "Set \"skiprows\" to " + std::to_string((*names)->line) + " if it is, or to " +
                                std::to_string(skipped) + " if not."};
  }
  if (header_follows || sniffed.unclear) return;
  const bool alone = before.size() == 1 && before.front()->text.find(delimiter) == std::string_view::npos;
  cap(sniffed.skip_rows, kRather);
  if (!alone || fit.width > 2) return;
  if (known.delimiter) {
    sniffed.unclear =
        Error{Code::kDialectUnclear,
              "it cannot be told whether the first line, " + excerpt(before.front()->text) + ", belongs to the table",
              "All lines but the first hold " + shown(delimiter) + ".",
              "Set \"skiprows\" to 1 if it is no part of the table, or to 0 if it is."};
    return;
  }
  sniffed.unclear = one_column_or(delimiter, "All lines hold it but the first, " + excerpt(before.front()->text) +
                                                 ", which may be the name of one column, or said before the table.");
}

}  // namespace sniffer

std::optional<Error> doubt(const Sniffed& sniffed, const Known& known) {
  // Two readings that fit alike, or one that hardly fits: whoever knows the file must say it.
  constexpr double kTossUp = 0.52;
  constexpr double kPoor = 0.1;
  const auto shown = [](const std::string& text) { return nlohmann::json(text).dump(); };
  const auto unclear = [&](const char* option, const Choice& choice) {
    return Error{Code::kDialectUnclear,
                 std::string(option) + " cannot be told from the file: " + shown(choice.value) +
                     " fits hardly better than " + shown(choice.runner_up.value_or("")),
                 std::to_string(sniffed.rows_fitting) + " of the " + std::to_string(sniffed.rows_seen) +
                     " rows looked at would have the same number of fields.",
                 std::string("Say which it is: set \"") + option + "\" to " + shown(choice.value) + " or " +
                     shown(choice.runner_up.value_or("")) + "."};
  };
  if (sniffed.unclear) return sniffed.unclear;
  if (!known.delimiter && sniffed.delimiter.certainty < kTossUp && sniffed.delimiter.runner_up) {
    return unclear("delimiter", sniffed.delimiter);
  }
  if (!known.delimiter && sniffed.columns.size() > 1 && sniffed.fit < kPoor) {
    return Error{Code::kDialectUnclear, "no delimiter makes a table of this file",
                 "The best is " + shown(sniffed.delimiter.value) + ": with it " + std::to_string(sniffed.rows_fitting) +
                     " of the " + std::to_string(sniffed.rows_seen) + " rows looked at have the same number of fields.",
                 "Look at the file, and set \"delimiter\", \"quote\" and, for lines before the table, \"skiprows\"."};
  }
  if (!known.encoding && sniffed.encoding.certainty < 0.2) {
    return Error{Code::kDialectUnclear,
                 "encoding cannot be told from the file: it may be " + shown(sniffed.encoding.value) +
                     (sniffed.encoding.runner_up ? " or " + shown(*sniffed.encoding.runner_up) : ""),
                 "", "Ask its producer, and set \"encoding\"."};
  }
  return std::nullopt;
}

}  // namespace cpi::csv
