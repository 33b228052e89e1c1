// Phase 4: lines before the table, and how many of its first rows name the columns.
#include "core/csv/header.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "core/csv/sniffer/phases.h"

namespace cpi::csv::sniffer {
namespace {

constexpr std::size_t kMostHeaderRows = 5;
constexpr double kRather = 0.6;

using Rows = std::vector<const SampleRow*>;

std::size_t filled_cells(const SampleRow& row) {
  return static_cast<std::size_t>(
      std::count_if(row.fields.begin(), row.fields.end(), [](const auto& cell) { return !trimmed(cell).empty(); }));
}

/// A column below its name: whether nearly all that stands there is a number or a moment.
bool holds_values(const Rows& rows, std::size_t from, std::size_t column) {
  std::size_t values = 0;
  std::size_t cells = 0;
  for (std::size_t row = from; row < rows.size(); ++row) {
    const CellKind below = kind_of(rows[row]->fields[column]);
    if (below == CellKind::kEmpty || is_missing(rows[row]->fields[column])) continue;
    ++cells;
    values += is_value(below) ? 1 : 0;
  }
  return cells > 0 && values * 10 >= cells * 9;
}

/// Whether a cell is a year, or a month or day of one, as the header of a table by periods has it.
bool is_period(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.size() < 4 || cell.size() > 10 || cell.find_first_not_of("0123456789-/") != std::string_view::npos)
    return false;
  if (cell.substr(0, 4).find_first_not_of("0123456789") != std::string_view::npos) return false;
  const bool year = cell.substr(0, 4) >= "1900" && cell.substr(0, 4) <= "2100";
  return year && (cell.size() == 4 || cell[4] == '-' || cell[4] == '/');
}

/// Whether the first row may name columns by periods: two or more years in order, months or days stand there, above
/// what are none, and no other values.
bool may_have_periods(const Rows& rows, std::size_t width) {
  const auto is_period_or_moment = [](std::string_view cell) {
    return is_period(cell) || kind_of(cell) == CellKind::kMoment;
  };
  std::vector<std::string_view> periods;
  bool years = true;
  for (std::size_t column = 0; column < width; ++column) {
    const std::string_view name = trimmed(rows.front()->fields[column]);
    if (!is_period_or_moment(name)) {
      if (is_value(kind_of(name))) return false;
      continue;
    }
    years = years && name.size() == 4;
    periods.push_back(name);
    for (std::size_t row = 1; row < rows.size(); ++row) {
      if (is_period_or_moment(rows[row]->fields[column])) return false;
    }
  }
  const auto in_order = [&](const auto& less) {
    return std::adjacent_find(periods.begin(), periods.end(),
                              [&](const auto& a, const auto& b) { return !less(a, b); }) == periods.end();
  };
  const bool distinct = std::set<std::string_view>(periods.begin(), periods.end()).size() == periods.size();
  return periods.size() > 1 && rows.size() > 1 && distinct &&
         (!years || in_order(std::less<>()) || in_order(std::greater<>()));
}

/// Whether a cell of the row is neither empty nor a value.
bool has_word(const SampleRow& row, std::size_t width) {
  return std::any_of(row.fields.begin(), row.fields.begin() + static_cast<std::ptrdiff_t>(width), [](const auto& cell) {
    const CellKind kind = kind_of(cell);
    return kind != CellKind::kEmpty && !is_value(kind);
  });
}

/// How much speaks for the first of `rows` being a header: above 0 for, below against.
double evidence_for_header(Rows rows, std::size_t width) {
  const SampleRow& first = *rows.front();
  // A header that is said again further down, before more rows, is one all the more.
  rows.erase(
      std::remove_if(rows.begin() + 1, rows.end(), [&](const SampleRow* row) { return row->fields == first.fields; }),
      rows.end());
  const bool periods = may_have_periods(rows, width) && has_word(first, width);
  std::set<std::string> names;
  double evidence = 0.1;  // a file has a header more often than not
  std::size_t filled = 0;
  for (std::size_t column = 0; column < width; ++column) {
    const std::string& name = first.fields[column];
    const CellKind kind = kind_of(name);
    if (kind == CellKind::kEmpty) continue;
    ++filled;
    names.insert(std::string(trimmed(name)));
    const bool repeated =
        std::any_of(rows.begin() + 1, rows.end(), [&](const SampleRow* row) { return row->fields[column] == name; });
    // A word above a column of values is its name; a value above values is one of them.
    if (is_value(kind)) evidence += periods ? 0.5 : -1;
    if (!is_value(kind) && holds_values(rows, 1, column)) evidence += 1;
    if (repeated) evidence -= 0.5;
  }
  if (names.size() < filled) evidence -= 0.5;  // names do not repeat
  return filled == 0 ? -1 : evidence / static_cast<double>(filled) * 2;
}

/// Whether `rows[at]`, behind a header row, belongs to the header: it has words where columns of values follow, in all
/// such columns.
bool continues_header(const Rows& rows, std::size_t at, std::size_t width) {
  if (at + 3 > rows.size()) return false;
  std::size_t columns = 0;
  std::size_t words = 0;
  for (std::size_t column = 0; column < width; ++column) {
    if (!holds_values(rows, at + 1, column)) continue;
    ++columns;
    const CellKind kind = kind_of(rows[at]->fields[column]);
    if (is_value(kind)) return false;
    words += kind == CellKind::kEmpty || is_missing(rows[at]->fields[column]) ? 0 : 1;
  }
  return columns >= 2 && words * 2 > columns;
}

/// Whether what stands in a header's second row can hardly be a row of the table: it says the first again, stands below
/// names that span several columns, or are units.
bool surely_continues_header(const Rows& rows, std::size_t at, std::size_t width) {
  constexpr std::array<std::string_view, 44> kUnits = {
      "%",  "‰", "°",  "°c",  "°f", "c",  "f",  "k",   "mm",  "cm",  "m",    "km",  "in",  "ft",  "mi",
      "mg", "g", "kg", "t",   "lb", "ml", "l",  "m2",  "m²",  "m3",  "m³",   "s",   "ms",  "min", "h",
      "hz", "w", "kw", "kwh", "v",  "a",  "pa", "hpa", "bar", "utc", "km/h", "m/s", "eur", "usd"};
  const SampleRow& above = *rows[at - 1];
  const SampleRow& row = *rows[at];
  if (above.fields == row.fields) return true;
  std::size_t words = 0;
  std::size_t units = 0;
  for (std::size_t column = 0; column < width; ++column) {
    std::string word(trimmed(row.fields[column]));
    if (word.empty()) continue;
    if (trimmed(above.fields[column]).empty()) return true;
    std::transform(word.begin(), word.end(), word.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    while (!word.empty() && (word.front() == '[' || word.front() == '(')) word.erase(0, 1);
    while (!word.empty() && (word.back() == ']' || word.back() == ')')) word.pop_back();
    ++words;
    units += std::find(kUnits.begin(), kUnits.end(), word) != kUnits.end() ? 1 : 0;
  }
  return units * 2 > words;
}

/// How many cells most rows of the table fill at least, those with one left out.
std::size_t usually_filled(const Fit& fit) {
  std::vector<std::size_t> filled;
  for (const SampleRow& row : fit.beginning) {
    const std::size_t cells = filled_cells(row);
    if (fit.fits(row) && cells > 1) filled.push_back(cells);
  }
  if (filled.empty()) return 0;
  std::nth_element(filled.begin(), filled.begin() + static_cast<std::ptrdiff_t>(filled.size() / 2), filled.end());
  return filled[filled.size() / 2];
}

/// The rows of the beginning that fit, from the one at `from` on.
Rows fitting_rows(const Fit& fit, std::size_t from) {
  Rows rows;
  for (std::size_t i = from; i < fit.beginning.size(); ++i) {
    if (fit.fits(fit.beginning[i])) rows.push_back(&fit.beginning[i]);
  }
  return rows;
}

/// The rows of the table in the beginning; `skipped` becomes the number of physical lines before them.
Rows table_rows(const Fit& fit, std::size_t& skipped) {
  constexpr double kPlainly = 0.5;
  bool remarks = false;
  const std::size_t usual = usually_filled(fit);
  for (std::size_t i = 0; i < fit.beginning.size(); ++i) {
    const SampleRow& row = fit.beginning[i];
    if (!fit.fits(row)) {
      remarks = true;
      continue;
    }
    // Not followed by rows of the table (one of them may be damaged), or nearly empty above full ones: still what is
    // said beforehand. But what plainly names the table's columns is its header, however bad the rows behind it are.
    const bool last = i + 1 >= fit.beginning.size();
    bool followed = last;
    for (std::size_t next = i + 1; next < fit.beginning.size() && next <= i + 2; ++next) {
      followed |= fit.fits(fit.beginning[next]);
    }
    const std::size_t filled = filled_cells(row);
    const bool nearly_empty = fit.width > 2 && !last && filled <= 1 && usual > 2;
    const auto names_columns = [&] {
      return filled == fit.width && evidence_for_header(fitting_rows(fit, i), fit.width) > kPlainly;
    };
    if ((!followed && fit.fitting > 2 && !names_columns()) || nearly_empty) {
      remarks = true;
      continue;
    }
    // Empty lines before the header are ignored anyway.
    skipped = remarks ? row.line : 0;
    return fitting_rows(fit, i);
  }
  return {};
}

/// Whether the last line before the table is rather its header, with a delimiter too many or too few, or a stray quote.
bool has_damaged_header(const Fit& fit, std::size_t skipped, const std::string& delimiter) {
  if (fit.width < 3) return false;
  const SampleRow* last = nullptr;
  for (const SampleRow& row : fit.beginning) {
    if (row.line < skipped) last = &row;
  }
  if (last == nullptr || fit.fits(*last)) return false;
  std::size_t fields = 1;
  for (std::size_t at = last->text.find(delimiter); at != std::string_view::npos; ++fields) {
    at = last->text.find(delimiter, at + delimiter.size());
  }
  return fields + 1 >= fit.width && fields <= fit.width + 1;
}

}  // namespace

bool is_missing(std::string_view cell) {
  constexpr std::array<std::string_view, 12> kMissing = {"-",   "--",   "---",  "n/a", "na", "#n/a",
                                                         "nan", "null", "none", "\\n", "?",  "."};
  std::string word(trimmed(cell));
  std::transform(word.begin(), word.end(), word.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return std::find(kMissing.begin(), kMissing.end(), word) != kMissing.end();
}

double header_evidence(const Fit& fit, std::size_t skip) {
  const Rows rows = fitting_rows(fit, skip);
  return rows.empty() ? -1 : evidence_for_header(rows, fit.width);
}

void find_header(const Fit& fit, const Known& known, Sniffed& sniffed) {
  std::size_t skipped = 0;
  const Rows rows = table_rows(fit, skipped);
  if (known.skip_rows) {
    skipped = static_cast<std::size_t>(std::max<std::int64_t>(*known.skip_rows, 0));
    sniffed.skip_rows = {std::to_string(skipped), 1, std::nullopt, true};
  } else {
    sniffed.skip_rows = {std::to_string(skipped), skipped == 0 ? 0.95 : 0.8,
                         skipped == 0 ? std::nullopt : std::optional<std::string>("0"), true};
  }
  sniffed.dialect.skip_rows = static_cast<std::int64_t>(skipped);
  sniffed.columns.clear();
  if (rows.empty()) {
    sniffed.header = {"true", 0.5, "false", true};
    sniffed.dialect.header_rows = known.header_rows.value_or(1);
    return;
  }
  // A row that is said again right behind names columns, if it names them at all.
  std::size_t same = 0;
  while (same + 1 < kMostHeaderRows && same + 1 < rows.size() && rows[same]->fields == rows[same + 1]->fields) ++same;
  const Rows from_header(rows.begin() + static_cast<std::ptrdiff_t>(same), rows.end());
  const double evidence = evidence_for_header(from_header, fit.width);
  std::size_t header = 0;
  if (known.header_rows) {
    header = static_cast<std::size_t>(std::max(*known.header_rows, 0));
  } else if (evidence > 0) {
    header = same + 1;
    while (header < kMostHeaderRows && continues_header(rows, header, fit.width)) ++header;
  }
  double certain = 0.5 + std::min(0.49, std::abs(evidence) / 2);
  if (may_have_periods(from_header, fit.width)) certain = std::min(certain, kRather);
  if (header > 1) {
    bool sure = true;
    for (std::size_t row = 1; row < header; ++row) sure = sure && surely_continues_header(rows, row, fit.width);
    certain = sure ? 0.8 : kRather;
  }
  const std::string value = header == 0 ? "false" : header == 1 ? "true" : std::to_string(header);
  sniffed.header = {value, certain, header == 1 ? "false" : "true", true};
  sniffed.dialect.header_rows = static_cast<int>(header);
  if (header == 0 && !known.header_rows && !known.skip_rows &&
      has_damaged_header(fit, skipped, sniffed.dialect.delimiter)) {
    sniffed.header.certainty = sniffed.skip_rows.certainty = 0.4;
  }
  if (!known.skip_rows) doubt_preamble(fit, known, evidence > 0.5, sniffed);
  // Without a header nothing tells an empty last column from a habit of the writer.
  const std::size_t width = fit.width + (header == 0 && fit.trailing ? 1 : 0);
  if (header == 0) sniffed.trailing_delimiter = false;
  for (std::size_t column = 0; column < width; ++column) {
    std::string name;
    for (std::size_t row = 0; row < header && row < rows.size(); ++row) {
      const std::string_view part = trimmed(rows[row]->fields[column]);
      if (!part.empty()) name += (name.empty() ? "" : " ") + std::string(part);
    }
    sniffed.columns.push_back(header == 0 ? "column" + std::to_string(column + 1) : name);
  }
}

}  // namespace cpi::csv::sniffer
