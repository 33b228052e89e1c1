// Phase 3: lines that are no rows of the table, by what they begin with, and where the table ends before the file does.
#include <algorithm>
#include <array>
#include <cctype>

#include "core/csv/header.h"
#include "core/csv/sniffer/phases.h"

namespace cpi::csv::sniffer {
namespace {

constexpr std::array<std::string_view, 5> kMarks = {"#", "//", "--", "%", "!"};
constexpr std::array<std::string_view, 14> kTotals = {"total", "totals", "grand total", "sum",    "sums",
                                                      "summe", "gesamt", "totaal",      "totale", "subtotal",
                                                      "somme", "suma",   "итого",       "合計"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& byte : out) byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
  return out;
}

/// The mark with which every line begins that does not fit, and no line that does.
std::string comment_mark(const Fit& fit) {
  for (const std::string_view mark : kMarks) {
    std::size_t comments = 0;
    std::size_t rows = 0;
    for (const auto* piece : {&fit.beginning, &fit.further}) {
      for (const SampleRow& row : *piece) {
        if (!row.text.starts_with(mark)) continue;
        ++(fit.fits(row) ? rows : comments);
      }
    }
    if (comments > 0 && rows == 0 && comments * 2 < fit.rows && fit.width > 1) return std::string(mark);
  }
  return {};
}

/// Whether `row` could be one of `others` (the first of which may be the header): as many cells, no number or moment
/// missing where all others have one, no empty cell where no other has.
bool is_like(const Fit& fit, const SampleRow& row, const std::vector<const SampleRow*>& others) {
  if (!fit.fits(row)) return false;
  for (std::size_t column = 0; column < fit.width; ++column) {
    const CellKind kind = kind_of(trimmed(row.fields[column]));
    bool values = true;
    bool filled = true;
    for (std::size_t i = 1; i < others.size(); ++i) {
      if (!fit.fits(*others[i])) continue;
      const CellKind other = kind_of(trimmed(others[i]->fields[column]));
      filled = filled && other != CellKind::kEmpty;
      values = values && (is_value(other) || other == CellKind::kEmpty);
    }
    if (kind == CellKind::kEmpty ? filled : values && !is_value(kind)) return false;
  }
  return true;
}

/// How the line begins at which the table ends: text for `stop_at`; empty when it goes on to the file's end. `header`:
/// rows that surely name the columns, behind `skipped` lines.
std::string end_mark(const Fit& fit, std::size_t skipped, std::size_t header) {
  std::vector<const SampleRow*> rows;
  for (const auto* piece : {&fit.beginning, &fit.further}) {
    for (const SampleRow& row : *piece) rows.push_back(&row);
  }
  const auto first = std::find_if(rows.begin(), rows.end(),
                                  [&](const SampleRow* row) { return fit.fits(*row) && row->line >= skipped; });
  if (first == rows.end() || fit.width < 2) return {};
  // What repeats the header begins a second table.
  for (auto i = static_cast<std::size_t>(first - rows.begin()) + header; header > 0 && i < rows.size(); ++i) {
    if (rows[i]->good && rows[i]->fields == (*first)->fields) return std::string(rows[i]->text);
  }
  // Behind an empty line nothing fits any more, though there is something.
  const auto last =
      std::find_if(rows.rbegin(), rows.rend(), [&](const SampleRow* row) { return fit.fits(*row); }).base();
  if (last != rows.end() && (*last)->after_gap) return "\n";
  // A last line of totals, with its word in the first cell. One that has all that a row has may well be a row, of
  // somebody whose name is Total.
  const SampleRow& bottom = *rows.back();
  if (rows.end() - first < 3 || !bottom.good || bottom.fields.empty()) return {};
  const std::string_view cell = trimmed(bottom.fields.front());
  std::string word = lower(cell);
  while (!word.empty() && word.back() == ':') word.pop_back();
  const bool totals = std::find(kTotals.begin(), kTotals.end(), word) != kTotals.end();
  const bool alone =
      std::none_of(first, rows.end() - 1, [&](const SampleRow* row) { return row->text.starts_with(cell); });
  const std::vector<const SampleRow*> others(first, rows.end() - 1);
  return totals && alone && !is_like(fit, bottom, others) && bottom.text.starts_with(cell) ? std::string(cell)
                                                                                           : std::string();
}

}  // namespace

std::string said_delimiter(const Sample& sample) {
  constexpr std::string_view kSaid = "sep=";
  constexpr std::size_t kLongest = 4;
  const std::string_view line = std::string_view(sample.beginning).substr(0, sample.beginning.find_first_of("\r\n"));
  if (line.size() <= kSaid.size() || lower(line.substr(0, kSaid.size())) != kSaid) return {};
  const std::string_view delimiter = line.substr(kSaid.size());
  const bool word = std::any_of(delimiter.begin(), delimiter.end(),
                                [](char byte) { return std::isalnum(static_cast<unsigned char>(byte)) != 0; });
  return word || delimiter.size() > kLongest || delimiter == "\"" ? std::string() : std::string(delimiter);
}

Known obeying_first_line(const Sample& sample, const Known& known, Sniffed& sniffed) {
  const std::string delimiter = said_delimiter(sample);
  if (delimiter.empty()) return known;
  if (known.skip_rows.value_or(1) == 0) {
    sniffed.unclear =
        Error{Code::kDialectUnclear, "the first line, \"sep=" + delimiter + "\", is said to Excel and is no row", "",
              "Set \"skiprows\" to 1, or to \"auto\"."};
    return known;
  }
  if (known.delimiter.value_or(delimiter) != delimiter || begin_alike(delimiter, known.quote.value_or("")) ||
      begin_alike(delimiter, known.escape.value_or(""))) {
    return known;
  }
  Known obeyed = known;
  obeyed.delimiter = delimiter;
  if (!obeyed.skip_rows) obeyed.skip_rows = 1;
  return obeyed;
}

void find_remarks(const Sample& sample, const Known& known, Fit& fit, Sniffed& sniffed) {
  Dialect& dialect = sniffed.dialect;
  dialect.comment = known.comment ? *known.comment : comment_mark(fit);
  if (!known.comment && !dialect.comment.empty()) fit = fit_of(sample, dialect);
  sniffed.trailing_delimiter = fit.trailing;
  sniffed.rows_seen = fit.rows;
  sniffed.rows_fitting = fit.fitting;
  sniffed.fit = fit.score;
}

void find_end(const Fit& fit, const Known& known, Sniffed& sniffed) {
  const bool sure = sniffed.header.certainty >= kFairlyCertain;
  sniffed.dialect.stop_at = known.stop_at ? *known.stop_at
                                          : end_mark(fit, static_cast<std::size_t>(sniffed.dialect.skip_rows),
                                                     sure ? static_cast<std::size_t>(sniffed.dialect.header_rows) : 0);
}

}  // namespace cpi::csv::sniffer
