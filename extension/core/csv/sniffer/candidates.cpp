// Phase 2: delimiter, quote and escape, by trying all of them.
#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "core/csv/header.h"
#include "core/csv/sniffer/phases.h"

namespace cpi::csv::sniffer {
namespace {

constexpr std::size_t kRows = 400;       // at the start of each piece
constexpr std::size_t kLaterRows = 100;  // in its middle, and at its end

/// Delimiters in the order of their frequency in the world.
constexpr std::array<std::string_view, 16> kUsual = {
    ",", ";", "\t", "|", "||", ", ", "; ", "::", "^", "~", "\x1F", "¦", ":", " ", "#", "*"};

bool is_usual(const std::string& delimiter) {
  return std::find(kUsual.begin(), kUsual.end(), delimiter) != kUsual.end();
}

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20; }

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

/// Reads up to `most` rows of a piece from `at` on, the number `line` of its lines; returns where it ended.
const char* read_rows(const std::string& text, const char* at, std::size_t line, std::size_t most,
                      const Grammar& grammar, const Dialect& dialect, std::vector<SampleRow>& rows) {
  const Limits limits{kSniffBytes, kSniffBytes, kSniffBytes, 100'000};
  const char* end = text.data() + text.size();
  std::vector<RawField> raw;
  bool gap = false;
  std::string value;
  for (std::size_t count = 0; at < end && count < most;) {
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
  return at;
}

/// Reads rows at the start of a piece, behind its first `skip_rows` lines, and into `later` some of its middle and end.
void read_piece(const std::string& text, std::int64_t skip_rows, const Grammar& grammar, const Dialect& dialect,
                std::vector<SampleRow>& rows, std::vector<SampleRow>& later) {
  const char* at = text.data();
  const char* end = at + text.size();
  std::size_t line = 0;
  for (; skip_rows > 0 && at < end; --skip_rows, ++line) at = physical_line(at, end, true).next;
  const char* first = at;
  at = read_rows(text, at, line, kRows, grammar, dialect, rows);
  const std::size_t some = static_cast<std::size_t>(at - first) / kRows * kLaterRows;
  for (const bool middle : {true, false}) {
    const auto rest = static_cast<std::size_t>(end - at);
    if (rest == 0) return;
    const char* from = middle ? at + rest / 2 : std::max(at, end - std::min(rest, some));
    if (from > at) from = physical_line(from, end, true).next;
    at = read_rows(text, from, 0, middle ? kLaterRows : kRows, grammar, dialect, later);
  }
}

/// Whether blanks stand between a delimiter and a quote, which only `trim` can take.
bool has_blanks_before(const std::string& all, const std::string& delimiter, const std::string& quote) {
  if (delimiter.find_first_of(" \t") != std::string::npos) return false;
  return all.find(delimiter + " " + quote) != std::string::npos ||
         all.find(quote + " " + delimiter) != std::string::npos ||
         all.find(delimiter + "\t" + quote) != std::string::npos;
}

/// Whether texts hold such a character often enough that it rather belongs to them.
bool is_weak(const std::string& delimiter) {
  if (delimiter == " " || delimiter == ":" || delimiter == "#" || delimiter == "*") return true;
  return !is_usual(delimiter) && !is_control(delimiter.front());
}

/// Whether `text` stands on most lines just as often as a longer delimiter does that holds it. A longer one that ends
/// otherwise than it begins may be a delimiter and the beginning of texts ("$5"); usual ones do not yield to that.
bool is_part(const std::string& text, const std::vector<Recurring>& recurring) {
  const auto count_in = [](const std::string& longer, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = longer.find(part); at != std::string::npos; at = longer.find(part, at + part.size())) ++count;
    return count;
  };
  const auto own = std::find_if(recurring.begin(), recurring.end(), [&](const auto& one) { return one.text == text; });
  if (own == recurring.end()) return false;
  return std::any_of(recurring.begin(), recurring.end(), [&](const Recurring& longer) {
    const std::size_t times = longer.text.size() <= text.size() ? 0 : count_in(longer.text, text);
    std::size_t first = 1;
    while (first < longer.text.size() && (static_cast<unsigned char>(longer.text[first]) & 0xC0U) == 0x80U) ++first;
    const bool symmetrical = longer.text.ends_with(longer.text.substr(0, first));
    return times > 0 && longer.first && own->per_line == times * longer.per_line &&
           (symmetrical || !is_usual(text) || longer.text == text + " ");
  });
}

/// What recurs and is no part of anything longer; not what numbers, moments and names are written with.
std::vector<std::string> found_delimiters(const std::vector<Recurring>& recurring) {
  constexpr std::size_t kMost = 12;
  std::vector<std::string> found;
  for (const Recurring& one : recurring) {
    if (one.text.find_first_of(".-_/+\\()%") != std::string::npos || is_usual(one.text)) continue;
    if (found.size() == kMost) break;
    if (!is_part(one.text, recurring)) found.push_back(one.text);
  }
  return found;
}

std::vector<Dialect> all_candidates(const Sample& sample, const Known& known, const std::vector<Recurring>& recurring) {
  const std::string all = sample.beginning + sample.middle + sample.end;
  const auto present = [&](const std::string& text) { return all.find(text) != std::string::npos; };
  std::vector<std::string> delimiters(kUsual.begin(), kUsual.end());
  for (std::string& found : found_delimiters(recurring)) delimiters.push_back(std::move(found));
  std::vector<std::string> quotes = {"\"", "'", ""};
  if (known.delimiter) delimiters = {*known.delimiter};
  if (known.quote) quotes = {*known.quote};
  std::vector<Dialect> dialects;
  const auto add = [&](Dialect dialect) {
    if (begin_alike(dialect.delimiter, dialect.quote) || begin_alike(dialect.delimiter, dialect.escape)) return;
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

/// Sets a choice from the best score of each value. A delimiter and one that holds it are one choice: which of the two
/// it is shows in the cells, not in the shape of the table.
Choice choose(const std::map<std::string, double>& scores, const std::string& chosen) {
  Choice choice{chosen, 1, std::nullopt};
  double next = 0;
  for (const auto& [value, score] : scores) {
    const auto holds = [](const std::string& text, const std::string& part) {
      return !part.empty() && text.find(part) != std::string::npos;
    };
    const bool same = value == chosen || holds(value, chosen) || holds(chosen, value);
    if (same || score <= next) continue;
    next = score;
    choice.runner_up = value;
  }
  choice.certainty = certainty(scores.at(chosen), next);
  return choice;
}

bool is_one_field(const SampleRow& row) { return row.good && row.fields.size() == 1; }

/// Whether the first line stands alone above rows that fit.
bool has_lone_first_line(const Fit& fit) {
  if (fit.width < 2 || fit.beginning.size() < 2 || !is_one_field(fit.beginning.front())) return false;
  if (!fit.fits(fit.beginning[1])) return false;
  const auto fitting = static_cast<std::size_t>(std::count_if(fit.beginning.begin() + 1, fit.beginning.end(),
                                                              [&](const SampleRow& row) { return fit.fits(row); }));
  return fitting * 10 >= (fit.beginning.size() - 1) * 9;
}

/// Whether all that stands behind the first row is a time, or a date and a time.
bool splits_moments(const Fit& fit, const std::string& delimiter) {
  if (fit.width > 3) return false;
  const auto is_moment = [&](const SampleRow& row) {
    if (!fit.fits(row) || row.text.find_first_not_of("0123456789-/.: TZ") != std::string_view::npos) return false;
    if (delimiter == " ") {
      return fit.width == 2 && kind_of(row.fields[0]) == CellKind::kMoment &&
             row.fields[1].find(':') != std::string::npos;
    }
    const std::string& hour = row.fields.front();
    return delimiter == ":" && !hour.empty() && is_digit(hour.back()) &&
           std::all_of(row.fields.begin() + 1, row.fields.end(), [](const std::string& cell) {
             return cell.size() >= 2 && is_digit(cell[0]) && is_digit(cell[1]) &&
                    (cell.size() == 2 || !is_digit(cell[2]));
           });
  };
  return fit.beginning.size() > 1 && std::all_of(fit.beginning.begin() + 1, fit.beginning.end(), is_moment);
}

/// Whether every comma behind the first row stands between digits.
bool splits_numbers(const Fit& fit) {
  return std::all_of(fit.beginning.begin() + 1, fit.beginning.end(), [](const SampleRow& row) {
    for (std::size_t at = row.text.find(','); at != std::string_view::npos; at = row.text.find(',', at + 1)) {
      if (at == 0 || at + 1 == row.text.size() || !is_digit(row.text[at - 1]) || !is_digit(row.text[at + 1]))
        return false;
    }
    return true;
  });
}

/// Whether the file is rather one column whose texts, numbers or moments hold the delimiter: its name, the first line,
/// does not, and no header follows it.
bool is_rather_one_column(const Fit& fit, const std::string& delimiter) {
  constexpr double kClearly = 0.5;
  if (fit.width < 2) return false;
  if (is_weak(delimiter) && splits_moments(fit, delimiter)) return true;
  if (!has_lone_first_line(fit)) return false;
  if (!is_weak(delimiter) && (delimiter != "," || !splits_numbers(fit))) return false;
  return header_evidence(fit, 1) < kClearly;
}

/// The first usual delimiter that stands nowhere, for a file of one column.
std::string absent_delimiter(const Sample& sample) {
  for (const char* delimiter : {",", ";", "\t", "|", "\x1F"}) {
    const auto lacks = [&](const std::string& piece) { return piece.find(delimiter) == std::string::npos; };
    if (lacks(sample.beginning) && lacks(sample.middle) && lacks(sample.end)) return delimiter;
  }
  return ",";
}

/// How much a candidate is preferred, besides its fit.
double preference(const Fit& fit, const std::string& delimiter, bool part) {
  double preference = is_usual(delimiter) ? 1 : 0.95;
  if (part) preference *= 0.3;
  const bool lone = fit.width > 1 && !fit.beginning.empty() && is_one_field(fit.beginning.front());
  if (lone && is_weak(delimiter)) preference *= 0.4;
  return preference;
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
    } else if (std::string_view(",;|\"^~").find(byte) != std::string_view::npos || is_control(byte)) {
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
  read_piece(sample.beginning, dialect.skip_rows, grammar, dialect, fit.beginning, fit.further);
  read_piece(sample.middle, 0, grammar, dialect, fit.further, fit.further);
  read_piece(sample.end, 0, grammar, dialect, fit.further, fit.further);
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
  // Columns in which nothing but the same mark ever stands are so, too.
  for (std::size_t column = 0; column < fit.width && fit.fitting > 1; ++column) {
    const std::string* mark = nullptr;
    bool constant = true;
    each([&](const SampleRow& row) {
      if (!fit.fits(row)) return;
      if (mark == nullptr) mark = &row.fields[column];
      constant = constant && row.fields[column] == *mark;
    });
    const auto is_mark = [](char byte) { return std::ispunct(static_cast<unsigned char>(byte)) != 0; };
    if (constant && !mark->empty() && std::all_of(mark->begin(), mark->end(), is_mark) && !is_missing(*mark))
      typed *= 0.4;
  }
  const double consistent = static_cast<double>(fit.fitting) / static_cast<double>(fit.rows);
  // One column fits any file; it is what is left when no delimiter makes a table.
  const double wide = fit.width == 1 ? 0.15 : 1.0 - 1.0 / static_cast<double>(fit.width * fit.width);
  fit.score = consistent * consistent * typed * typed * wide;
  // What needs no further option is preferred.
  if (dialect.trim) fit.score *= 0.995;
  return fit;
}

Result<Fit> find_dialect(const Sample& sample, const Known& known, Sniffed& sniffed) {
  const std::vector<Recurring> recurring = known.delimiter ? std::vector<Recurring>() : find_recurring(sample);
  const std::vector<Dialect> candidates = all_candidates(sample, known, recurring);
  if (candidates.empty()) {
    return Error{Code::kDialectUnclear, "no delimiter of the file can be told from its quote and escape", "",
                 "Set \"delimiter\", \"quote\" and \"escape\" to what the file is written with."};
  }
  std::map<std::string, double> delimiters;
  std::vector<double> scores;
  Fit best;
  double best_score = 0;
  const Dialect* chosen = candidates.data();
  // Candidates come in the order of their frequency in the world, so that a tie goes to the usual one.
  for (const Dialect& dialect : candidates) {
    Fit fit = fit_of(sample, dialect);
    const double own = fit.score * preference(fit, dialect.delimiter, is_part(dialect.delimiter, recurring));
    scores.push_back(own);
    double& score = delimiters[dialect.delimiter];
    score = std::max(score, own);
    if (&dialect == chosen || own > best_score * 1.0001) {
      best = std::move(fit);
      best_score = own;
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
  if (!known.delimiter) {
    const bool rather_one = is_rather_one_column(best, chosen->delimiter);
    if (rather_one || best.width == 1) {
      sniffed.delimiter.value = sniffed.dialect.delimiter = absent_delimiter(sample);
      if (rather_one) sniffed.delimiter = {sniffed.delimiter.value, 0.6, chosen->delimiter, false};
      best = fit_of(sample, sniffed.dialect);
    }
    doubt_delimiter(sample, best, recurring, is_weak(chosen->delimiter), sniffed);
  }
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
