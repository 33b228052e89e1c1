// See unusual_date.h. Staging a whole column as text for a cell such as "n/a" costs time, so that what the server is
// sure to refuse is refused here; each rule says why the server does.
#include "core/value/unusual_date.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/value/text_scan.h"

namespace cpi::value {

namespace {

/// Runs of digits in a text.
struct DigitRuns {
  int count = 0;
  int longest = 0;
  bool day_of_year = false;  ///< the second run has three digits
  int first = 0;             ///< how many digits the first run has
};

DigitRuns count_digit_runs(std::string_view text) {
  DigitRuns runs;
  int length = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_digit(text[i])) {
      ++length;
      continue;
    }
    if (length == 0) continue;
    ++runs.count;
    runs.longest = std::max(runs.longest, length);
    if (runs.count == 1) runs.first = length;
    if (runs.count == 2) runs.day_of_year = length == 3;
    length = 0;
  }
  return runs;
}

/// Lengths of the first two numbers that may belong to the date: all but times (with colons, and the fraction behind
/// them) and offsets (behind a plus). 0: there is none.
std::array<std::size_t, 2> date_numbers(std::string_view text) {
  std::array<std::size_t, 2> lengths{};
  std::size_t found = 0;
  std::size_t time_end = 0;  // of what a colon or point would go on with
  for (std::size_t i = 0; i < text.size() && found < lengths.size();) {
    if (!is_digit(text[i])) {
      ++i;
      continue;
    }
    const std::size_t first = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    const char before = first > 0 ? text[first - 1] : ' ';
    const bool begins_time = i + 1 < text.size() && text[i] == ':' && is_digit(text[i + 1]);
    const bool continues_time = time_end > 0 && time_end + 1 == first && (before == ':' || before == '.');
    if (begins_time || continues_time) {
      time_end = i;
    } else if (before != '+' || (first > 1 && text[first - 2] == '-')) {
      lengths.at(found++) = i - first;
    }
  }
  return lengths;
}

/// Whether a date with letters in it means the same in every order. To the server the first number is the year when it
/// has three digits or more (but six are YYMMDD, which many files write otherwise), else a second of four or more is: a
/// short number beside a year and the name of a month can only be the day.
bool is_clear_with_letters(std::string_view text) {
  const auto [first, second] = date_numbers(text);
  if (first >= 3 || second == 0) return first != 6;
  return second >= 4;
}

/// Words that stand for a whole date.
bool has_special_word(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  for (const char* word : {"now", "today", "tomorrow", "yesterday", "epoch", "infinity"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

DateTimeStatus judge_unusual_date(std::string_view text, bool order_matters) {
  using Status = DateTimeStatus;
  // Bytes that are neither letter, digit, punctuation nor blank end the server's scan with an error.
  const auto is_alien = [](char c) { return static_cast<signed char>(c) < ' ' && !is_blank(c); };
  if (text.empty() || std::any_of(text.begin(), text.end(), is_alien)) return Status::kSyntax;

  const DigitRuns runs = count_digit_runs(text);
  if (runs.count == 0) return has_special_word(text) ? Status::kUnknown : Status::kSyntax;
  if (std::any_of(text.begin(), text.end(), is_letter)) {
    return order_matters && !is_clear_with_letters(text) ? Status::kAmbiguous : Status::kUnknown;
  }
  // Numbers only: a date needs three of them, or six digits in a row, or a year and a day of three digits.
  if (runs.count < 3 && runs.longest < 6 && !runs.day_of_year) return Status::kSyntax;
  // A day of the year stands behind its year, whatever the order.
  constexpr int kYearDigits = 4;
  if (runs.day_of_year && runs.first == kYearDigits) return Status::kUnknown;
  return order_matters ? Status::kAmbiguous : Status::kUnknown;
}

}  // namespace cpi::value
