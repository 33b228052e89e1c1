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

bool is_comment(std::string_view text, const std::string& comment) {
  return !comment.empty() && text.starts_with(comment);
}

void read_rows(const std::string& text, const Grammar& grammar, const Dialect& dialect, std::int64_t skip_rows,
               std::vector<SampleRow>& rows) {
  const Limits limits{kSniffBytes, kSniffBytes, kSniffBytes, 100'000};
  const char* at = text.data();
  const char* end = at + text.size();
  std::vector<RawField> raw;
  std::size_t line = 0;
  bool gap = false;
  std::string value;
  for (; skip_rows > 0 && at < end; --skip_rows, ++line) at = physical_line(at, end, true).next;
  for (std::size_t count = 0; at < end && count < kRows;) {
    const Line physical = physical_line(at, end, true);
    const std::string_view shown(at, static_cast<std::size_t>(physical.content_end - at));
    if (shown.empty() || is_comment(shown, dialect.comment)) {
      gap |= shown.empty();
      at = physical.next;
      ++line;
      continue;
    }
    ++count;
    raw.clear();
    const ByteCursor cursor{grammar, end};
    const ParsedRow row = parse_row(grammar, limits, at, end, true, Strictness::kStrict, cursor, raw);
    SampleRow sample{line, row.status == RowStatus::kComplete, gap, shown, {}};
    gap = false;
    if (!sample.good) {
      // The piece may just end within the row.
      if (row.status == RowStatus::kUnclosedQuote && text.size() > kSniffBytes / 2 &&
          static_cast<std::size_t>(end - at) < kSniffBytes / 4) {
        break;
      }
      rows.push_back(std::move(sample));
      at = physical.next;
      ++line;
      continue;
    }
    for (const RawField& field : raw) {
      value.assign(field.data, field.size);
      if (field.escaped) {
        value.clear();
        grammar.unescape(field, value);
      }
      // What was in quotes may hold anything and is text by its writer's word.
      sample.fields.push_back(field.quoted && kind_of(value) == CellKind::kMixed ? "text" : value);
    }
    rows.push_back(std::move(sample));
    line += static_cast<std::size_t>(row.breaks) + 1;
    at = row.next;
  }
}

/// Whether blanks stand between a delimiter and a quote, which only `trim` can take.
bool has_blanks_before(const std::string& all, const std::string& delimiter, const std::string& quote) {
  if (delimiter.find_first_of(" \t") != std::string::npos) return false;
  return all.find(delimiter + " " + quote) != std::string::npos ||
         all.find(quote + " " + delimiter) != std::string::npos ||
         all.find(delimiter + "\t" + quote) != std::string::npos;
}

std::vector<Dialect> all_candidates(const Sample& sample, const Known& known) {
  const std::string all = sample.beginning + sample.middle + sample.end;
  const auto present = [&](const std::string& text) { return all.find(text) != std::string::npos; };
  std::vector<std::string> delimiters = {
      ",", ";", "\t", "|", "||", ", ", "; ", "::", "^", "~", "\x1F", "¦", ":", " ", "#", "*"};
  std::vector<std::string> quotes = {"\"", "'", ""};
  if (known.delimiter) delimiters = {*known.delimiter};
  if (known.quote) quotes = {*known.quote};
  std::vector<Dialect> dialects;
  const auto add = [&](Dialect dialect) {
    // A quote or an escape that begins as the delimiter does can be obeyed by no reader.
    const auto clash = [&](const std::string& token) {
      return !token.empty() && (dialect.delimiter.starts_with(token) || token.starts_with(dialect.delimiter));
    };
    if (clash(dialect.quote) || clash(dialect.escape)) return;
    dialects.push_back(std::move(dialect));
  };
  for (const std::string& delimiter : delimiters) {
    if (!known.delimiter && delimiter != "," && !present(delimiter)) continue;
    for (const std::string& quote : quotes) {
      if (!known.quote && quote == "'" && !present(quote)) continue;
      if (!known.quote && quote.empty() && !present("\"")) continue;
      Dialect dialect;
      dialect.delimiter = delimiter;
      dialect.quote = quote;
      dialect.comment = known.comment.value_or("");
      dialect.skip_rows = known.skip_rows.value_or(0);
      std::vector<std::string> escapes = {""};
      if (!quote.empty() && present("\\" + quote)) escapes.emplace_back("\\");
      if (known.escape) escapes = {*known.escape};
      for (const std::string& escape : escapes) {
        dialect.escape = escape == quote ? "" : escape;
        dialect.trim = known.trim.value_or(false);
        add(dialect);
        if (known.trim || quote.empty() || !has_blanks_before(all, delimiter, quote)) continue;
        dialect.trim = true;
        add(dialect);
      }
    }
  }
  return dialects;
}

/// Sets a choice from the best score of each value. The same delimiter with and without a blank is one choice: which of
/// the two it is shows in the cells, not in the shape of the table.
Choice choose(const std::map<std::string, double>& scores, const std::string& chosen) {
  Choice choice{chosen, 1, std::nullopt};
  double next = 0;
  for (const auto& [value, score] : scores) {
    const auto bare = [](std::string_view text) { return text.substr(0, text.find_last_not_of(' ') + 1); };
    const bool same = value == chosen || (!bare(value).empty() && bare(value) == bare(chosen));
    if (same || score <= next) continue;
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
  read_rows(sample.beginning, grammar, dialect, dialect.skip_rows, fit.beginning);
  read_rows(sample.middle, grammar, dialect, 0, fit.further);
  read_rows(sample.end, grammar, dialect, 0, fit.further);
  std::map<std::size_t, std::size_t> widths;
  const auto each = [&](const auto& what) {
    for (const SampleRow& row : fit.beginning) what(row);
    for (const SampleRow& row : fit.further) what(row);
  };
  each([&](const SampleRow& row) {
    ++fit.rows;
    if (row.good) ++widths[row.fields.size()];
  });
  std::size_t most = 0;
  for (const auto& [width, count] : widths) {
    if (count > most || (count == most && width > fit.width)) {
      most = count;
      fit.width = width;
    }
  }
  if (most == 0) return fit;
  std::vector<bool> filled(fit.width);
  each([&](const SampleRow& row) {
    if (!row.good || row.fields.size() != fit.width) return;
    for (std::size_t column = 0; column < fit.width; ++column) {
      if (!trimmed(row.fields[column]).empty()) filled[column] = true;
    }
  });
  if (fit.width > 2 && !filled.back()) {
    fit.trailing = true;
    --fit.width;
    filled.pop_back();
  }
  double typed = 0;
  each([&](const SampleRow& row) {
    if (!fit.fits(row)) return;
    ++fit.fitting;
    double row_weight = 0;
    for (std::size_t column = 0; column < fit.width; ++column) {
      const std::string& cell = row.fields[column];
      // A blank that begins a cell is rather a part of the delimiter.
      row_weight += weight(kind_of(cell)) * (cell.size() > 1 && cell.front() == ' ' ? 0.98 : 1);
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
  // What needs no further option is preferred.
  if (dialect.trim) fit.score *= 0.995;
  return fit;
}

Fit find_dialect(const Sample& sample, const Known& known, Sniffed& sniffed) {
  const std::vector<Dialect> candidates = all_candidates(sample, known);
  std::map<std::string, double> delimiters;
  std::vector<double> scores;
  Fit best;
  const Dialect* chosen = candidates.data();
  // Candidates come in the order of their frequency in the world, so that a tie goes to the usual one.
  for (const Dialect& dialect : candidates) {
    Fit fit = fit_of(sample, dialect);
    scores.push_back(fit.score);
    double& score = delimiters[dialect.delimiter];
    score = std::max(score, fit.score);
    if (&dialect == chosen || fit.score > best.score * 1.0001) {
      best = std::move(fit);
      chosen = &dialect;
    }
  }
  std::map<std::string, double> quotes;
  std::map<std::string, double> escapes;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].delimiter != chosen->delimiter) continue;
    double& quote = quotes[candidates[i].quote];
    quote = std::max(quote, scores[i]);
    if (candidates[i].quote != chosen->quote) continue;
    double& escape = escapes[candidates[i].escape];
    escape = std::max(escape, scores[i]);
  }
  sniffed.dialect = *chosen;
  sniffed.delimiter = choose(delimiters, chosen->delimiter);
  sniffed.quote = choose(quotes, chosen->quote);
  sniffed.escape = choose(escapes, chosen->escape);
  const auto shown = [&](const std::string& text) {
    return !text.empty() &&
           (sample.beginning.find(text) != std::string::npos || sample.middle.find(text) != std::string::npos ||
            sample.end.find(text) != std::string::npos);
  };
  sniffed.delimiter.seen = best.width > 1;
  sniffed.quote.seen = shown("\"") || chosen->quote == "'";
  sniffed.escape.seen =
      !chosen->quote.empty() && shown((chosen->escape.empty() ? chosen->quote : chosen->escape) + chosen->quote);
  return best;
}

}  // namespace cpi::csv::sniffer
