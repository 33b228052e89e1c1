// Phase 3: lines before the table, and whether its first row names the columns.
#include "core/csv/header.h"

#include <algorithm>
#include <set>

#include "core/csv/sniffer/phases.h"

namespace cpi::csv::sniffer {
namespace {

bool is_value(CellKind kind) { return kind == CellKind::kNumber || kind == CellKind::kMoment; }

/// How much speaks for the first of `rows` being a header: above 0 for, below against.
double header_evidence(const std::vector<const SampleRow*>& rows) {
  const SampleRow& first = *rows.front();
  std::set<std::string> names;
  double evidence = 0.1;  // a file has a header more often than not
  std::size_t filled = 0;
  for (std::size_t column = 0; column < first.fields.size(); ++column) {
    const std::string& name = first.fields[column];
    const CellKind kind = kind_of(name);
    if (kind == CellKind::kEmpty) continue;
    ++filled;
    names.insert(std::string(trimmed(name)));
    std::size_t values = 0;
    std::size_t cells = 0;
    bool repeated = false;
    for (std::size_t row = 1; row < rows.size(); ++row) {
      const std::string& cell = rows[row]->fields[column];
      const CellKind below = kind_of(cell);
      if (below == CellKind::kEmpty) continue;
      ++cells;
      values += is_value(below) ? 1 : 0;
      repeated |= cell == name;
    }
    // A word above a column of values is its name; a value above values is one of them.
    if (is_value(kind)) evidence -= 1;
    if (!is_value(kind) && cells > 0 && values * 10 >= cells * 9) evidence += 1;
    if (repeated) evidence -= 0.5;
  }
  if (names.size() < filled) evidence -= 0.5;  // names do not repeat
  return filled == 0 ? -1 : evidence / static_cast<double>(filled) * 2;
}

}  // namespace

void find_header(const Fit& fit, Sniffed& sniffed) {
  // The table begins at the first row of its width that is followed by another; what is before are remarks.
  std::vector<const SampleRow*> rows;
  std::size_t skipped = 0;
  std::size_t before = 0;
  for (std::size_t i = 0; i < fit.beginning.size(); ++i) {
    const SampleRow& row = fit.beginning[i];
    const bool fits = row.good && row.fields.size() == fit.width;
    if (!fits) continue;
    if (rows.empty()) {
      const bool followed = i + 1 >= fit.beginning.size() ||
                            (fit.beginning[i + 1].good && fit.beginning[i + 1].fields.size() == fit.width);
      if (!followed && fit.fitting > 2) continue;
      skipped = row.line;
      before = i;
    }
    rows.push_back(&row);
  }
  // Empty lines before the header are skipped anyway.
  if (before == 0) skipped = 0;
  sniffed.dialect.skip_rows = static_cast<std::int64_t>(skipped);
  sniffed.skip_rows = {std::to_string(skipped), skipped == 0 ? 0.95 : 0.8, skipped == 0 ? "" : "0"};
  if (rows.empty()) {
    sniffed.header = {"true", 0.5, "false"};
    return;
  }
  const double evidence = header_evidence(rows);
  const bool header = evidence > 0;
  const double certain = 0.5 + std::min(0.49, std::abs(evidence) / 2);
  sniffed.header = {header ? "true" : "false", certain, header ? "false" : "true"};
  sniffed.dialect.header_rows = header ? 1 : 0;
  sniffed.columns.clear();
  for (std::size_t column = 0; column < fit.width; ++column) {
    sniffed.columns.push_back(header ? std::string(trimmed(rows.front()->fields[column]))
                                     : "column" + std::to_string(column + 1));
  }
}

}  // namespace cpi::csv::sniffer
