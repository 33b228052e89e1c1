// Phase 2: delimiter, quote and escape, by trying all of them.
#include <algorithm>
#include <array>
#include <map>

#include "core/csv/header.h"
#include "core/csv/sniffer/phases.h"

namespace cpi::csv::sniffer {
namespace {

constexpr std::size_t kRows = 400;  // of each piece

struct Candidate {
  Dialect dialect;
  Fit fit;
};

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/// How well typed a cell is: text that still holds what may be another delimiter, or a quote, speaks against a
/// candidate.
double weight(CellKind kind) {
  switch (kind) {
    case CellKind::kNumber:
    case CellKind::kMoment: return 1.0;
    case CellKind::kWord: return 0.95;
    case CellKind::kEmpty: return 0.9;
    case CellKind::kText: return 0.85;
    case CellKind::kMixed: return 0.3;
  }
  return 0;
}

void read_rows(const std::string& text, const Grammar& grammar, std::vector<SampleRow>& rows) {
  const Limits limits{kSniffBytes, kSniffBytes, kSniffBytes, 100'000};
  const char* at = text.data();
  const char* end = at + text.size();
  std::vector<RawField> raw;
  std::size_t line = 0;
  std::string value;
  for (std::size_t count = 0; at < end && count < kRows;) {
    const Line physical = physical_line(at, end, true);
    if (physical.content_end == at) {
      at = physical.next;
      ++line;
      continue;
    }
    ++count;
    raw.clear();
    const ByteCursor cursor{grammar, end};
    const ParsedRow row = parse_row(grammar, limits, at, end, true, Strictness::kStrict, cursor, raw);
    SampleRow sample{line, row.status == RowStatus::kComplete, {}};
    if (!sample.good) {
      // The piece may just end within the row.
      if (row.status == RowStatus::kUnclosedQuote && static_cast<std::size_t>(end - at) < kSniffBytes / 4) break;
      rows.push_back(std::move(sample));
      at = physical.next;
      ++line;
      continue;
    }
    for (const RawField& field : raw) {
      value.assign(field.data, field.size);
      if (field.escaped) {
        value.clear();
        grammar.unescape({field.data, field.size}, value);
      }
      // What was in quotes may hold anything and is text by its writer's word.
      sample.fields.push_back(field.quoted && kind_of(value) == CellKind::kMixed ? "text" : value);
    }
    rows.push_back(std::move(sample));
    line += static_cast<std::size_t>(row.breaks) + 1;
    at = row.next;
  }
}

std::vector<Dialect> all_candidates(const Sample& sample) {
  const std::string all = sample.beginning + sample.middle + sample.end;
  std::vector<Dialect> dialects;
  for (const char* delimiter :
       {",", ";", "\t", "|", "||", ", ", "; ", "::", "^", "~", "\x1F", "¦", ":", " ", "#", "*"}) {
    if (all.find(delimiter) == std::string::npos && std::string_view(delimiter) != ",") continue;
    for (const char* quote : {"\"", "'", ""}) {
      if (*quote != '\0' && *quote != '"' && all.find(quote) == std::string::npos) continue;
      if (*quote == '\0' && all.find('"') == std::string::npos) continue;
      Dialect dialect;
      dialect.delimiter = delimiter;
      dialect.quote = quote;
      dialects.push_back(dialect);
      if (*quote != '\0' && all.find(std::string("\\") + quote) != std::string::npos) {
        dialect.escape = "\\";
        dialects.push_back(dialect);
      }
    }
  }
  return dialects;
}

/// Sets a choice from the best score of each value.
Choice choose(const std::map<std::string, double>& scores, const std::string& chosen) {
  Choice choice{chosen, 1, ""};
  double next = 0;
  for (const auto& [value, score] : scores) {
    if (value == chosen || score <= next) continue;
    next = score;
    choice.runner_up = value;
  }
  choice.certainty = certainty(scores.at(chosen), next);
  return choice;
}

}  // namespace

double certainty(double best, double next) { return best + next <= 0 ? 0.5 : best / (best + next); }

CellKind kind_of(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.empty()) return CellKind::kEmpty;
  std::size_t digits = 0;
  std::size_t letters = 0;
  std::size_t number_marks = 0;
  std::size_t moment_marks = 0;
  std::size_t blanks = 0;
  bool suspicious = false;
  for (const char byte : cell) {
    if (is_digit(byte)) {
      ++digits;
    } else if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte & '\x80') != 0) {
      ++letters;
    } else if (byte == '.' || byte == '+' || byte == '%') {
      ++number_marks;
    } else if (byte == '-' || byte == '/' || byte == ':') {
      ++moment_marks;
    } else if (byte == ' ' || byte == '_') {
      ++blanks;
    } else if (std::string_view(",;|\t\"^~\x1F").find(byte) != std::string_view::npos) {
      suspicious = true;
    }
  }
  if (digits > 0 && letters == 0 && !suspicious && blanks == 0 && moment_marks <= 1 && cell.find('/') == cell.npos &&
      cell.find(':') == cell.npos && cell.find('-', 1) == cell.npos) {
    return CellKind::kNumber;
  }
  // A number in the writer's own country: 1.234,5 and 12,50.
  if (digits > 0 && letters == 0 && cell.find_first_not_of("0123456789.,'+-") == cell.npos &&
      std::count(cell.begin(), cell.end(), ',') == 1 && cell.find('-', 1) == cell.npos && cell.front() != ',' &&
      cell.back() != ',') {
    return CellKind::kNumber;
  }
  if (digits >= 3 && letters <= 4 && moment_marks + number_marks >= 1 && !suspicious && digits >= letters) {
    return CellKind::kMoment;
  }
  if (suspicious) return CellKind::kMixed;
  return blanks == 0 ? CellKind::kWord : CellKind::kText;
}

Fit fit_of(const Sample& sample, const Dialect& dialect) {
  const Grammar grammar(dialect);
  Fit fit;
  read_rows(sample.beginning, grammar, fit.beginning);
  std::vector<SampleRow> further;
  read_rows(sample.middle, grammar, further);
  read_rows(sample.end, grammar, further);
  std::map<std::size_t, std::size_t> widths;
  const auto each = [&](const auto& what) {
    for (const SampleRow& row : fit.beginning) what(row);
    for (const SampleRow& row : further) what(row);
  };
  each([&](const SampleRow& row) {
    ++fit.rows;
    if (row.good) ++widths[row.fields.size()];
  });
  for (const auto& [width, count] : widths) {
    if (count > fit.fitting || (count == fit.fitting && width > fit.width)) {
      fit.fitting = count;
      fit.width = width;
    }
  }
  if (fit.fitting == 0) return fit;
  double typed = 0;
  std::vector<bool> filled(fit.width);
  each([&](const SampleRow& row) {
    if (!row.good || row.fields.size() != fit.width) return;
    double row_weight = 0;
    for (std::size_t column = 0; column < fit.width; ++column) {
      const CellKind kind = kind_of(row.fields[column]);
      row_weight += weight(kind);
      if (kind != CellKind::kEmpty) filled[column] = true;
    }
    typed += row_weight / static_cast<double>(fit.width);
  });
  typed /= static_cast<double>(fit.fitting);
  // Columns that nothing ever stands in are rather halves of a longer delimiter.
  const auto empty = static_cast<double>(std::count(filled.begin(), filled.end(), false));
  typed *= 1.0 - 0.4 * empty / static_cast<double>(fit.width);
  const double consistent = static_cast<double>(fit.fitting) / static_cast<double>(fit.rows);
  // One column fits any file; it is what is left when no delimiter makes a table.
  const double wide = fit.width == 1 ? 0.15 : 1.0 - 1.0 / static_cast<double>(fit.width * fit.width);
  fit.score = consistent * consistent * typed * typed * wide;
  return fit;
}

Fit find_dialect(const Sample& sample, Sniffed& sniffed) {
  std::map<std::string, double> delimiters;
  std::map<std::string, double> quotes;
  std::map<std::string, double> escapes;
  Fit best;
  Dialect chosen;
  // Candidates come in the order of their frequency in the world, so that a tie goes to the usual one.
  for (const Dialect& dialect : all_candidates(sample)) {
    Fit fit = fit_of(sample, dialect);
    const auto note = [&](std::map<std::string, double>& scores, const std::string& value) {
      double& score = scores[value];
      score = std::max(score, fit.score);
    };
    note(delimiters, dialect.delimiter);
    if (fit.score > best.score * 1.0001) {
      best = std::move(fit);
      chosen = dialect;
    }
  }
  for (const Dialect& dialect : all_candidates(sample)) {
    if (dialect.delimiter != chosen.delimiter) continue;
    const double score = fit_of(sample, dialect).score;
    double& quote = quotes[dialect.quote];
    quote = std::max(quote, score);
    if (dialect.quote == chosen.quote) escapes[dialect.escape] = score;
  }
  sniffed.dialect.delimiter = chosen.delimiter;
  sniffed.dialect.quote = chosen.quote;
  sniffed.dialect.escape = chosen.escape;
  sniffed.delimiter = choose(delimiters, chosen.delimiter);
  sniffed.quote = choose(quotes, chosen.quote);
  sniffed.escape = choose(escapes, chosen.escape);
  sniffed.rows_seen = best.rows;
  sniffed.rows_fitting = best.fitting;
  return best;
}

}  // namespace cpi::csv::sniffer
