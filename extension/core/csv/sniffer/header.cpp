// Phase 4: lines before the table, and how many of its first rows name the columns.
#include "core/csv/header.h"

#include <algorithm>
#include <set>

#include "core/csv/sniffer/phases.h"

namespace cpi::csv::sniffer {
namespace {

constexpr std::size_t kMostHeaderRows = 5;

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
    if (below == CellKind::kEmpty) continue;
    ++cells;
    values += is_value(below) ? 1 : 0;
  }
  return cells > 0 && values * 10 >= cells * 9;
}

/// How much speaks for the first of `rows` being a header: above 0 for, below against.
double header_evidence(const Rows& rows, std::size_t width) {
  const SampleRow& first = *rows.front();
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
    if (is_value(kind)) evidence -= 1;
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
    words += kind == CellKind::kEmpty ? 0 : 1;
  }
  return columns >= 2 && words * 2 > columns;
}

/// The rows of the table in the beginning; `skipped` becomes the number of physical lines before them.
Rows table_rows(const Fit& fit, std::size_t& skipped) {
  Rows rows;
  bool remarks = false;
  for (std::size_t i = 0; i < fit.beginning.size(); ++i) {
    const SampleRow& row = fit.beginning[i];
    if (!fit.fits(row)) {
      remarks |= rows.empty();
      continue;
    }
    if (rows.empty()) {
      // Not followed by rows of the table (one of them may be damaged), or nearly empty above full ones: still what is
      // said beforehand.
      const bool last = i + 1 >= fit.beginning.size();
      bool followed = last;
      for (std::size_t next = i + 1; next < fit.beginning.size() && next <= i + 2; ++next) {
        followed |= fit.fits(fit.beginning[next]);
      }
      const bool nearly_empty =
          fit.width > 2 && !last && filled_cells(row) <= 1 && filled_cells(fit.beginning.back()) > 2;
      if ((!followed && fit.fitting > 2) || nearly_empty) {
        remarks = true;
        continue;
      }
      // Empty lines before the header are ignored anyway.
      skipped = remarks ? row.line : 0;
    }
    rows.push_back(&row);
  }
  return rows;
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
  const double evidence = header_evidence({rows.begin() + static_cast<std::ptrdiff_t>(same), rows.end()}, fit.width);
  std::size_t header = 0;
  if (known.header_rows) {
    header = static_cast<std::size_t>(std::max(*known.header_rows, 0));
  } else if (evidence > 0) {
    header = same + 1;
    while (header < kMostHeaderRows && continues_header(rows, header, fit.width)) ++header;
  }
  const double certain = 0.5 + std::min(0.49, std::abs(evidence) / 2);
  const std::string value = header == 0 ? "false" : header == 1 ? "true" : std::to_string(header);
  sniffed.header = {value, header > 1 ? 0.8 : certain, header == 1 ? "false" : "true", true};
  sniffed.dialect.header_rows = static_cast<int>(header);
  if (header == 0 && !known.header_rows && !known.skip_rows &&
      has_damaged_header(fit, skipped, sniffed.dialect.delimiter)) {
    sniffed.header.certainty = sniffed.skip_rows.certainty = 0.4;
  }
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
