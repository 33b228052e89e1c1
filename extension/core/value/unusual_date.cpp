// See unusual_date.h. Staging a whole column as text for a cell such as "n/a" costs time, so that what the server is
// sure to refuse is refused here; each rule says why the server does.
#include "core/value/unusual_date.h"

#include <algorithm>
#include <string>

#include "core/value/text_scan.h"

namespace cpi::value {

namespace {

/// Runs of digits in a text.
struct DigitRuns {
  int count = 0;
  int longest = 0;
  bool day_of_year = false;  ///< the second run has three digits
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
    if (runs.count == 2) runs.day_of_year = length == 3;
    length = 0;
  }
  return runs;
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

DateTimeStatus judge_unusual_date(std::string_view text, DateRules rules) {
  using Status = DateTimeStatus;
  // Bytes that are neither letter, digit, punctuation nor blank end the server's scan with an error.
  const auto is_alien = [](char c) { return static_cast<signed char>(c) < ' ' && !is_blank(c); };
  if (text.empty() || std::any_of(text.begin(), text.end(), is_alien)) return Status::kSyntax;

  const DigitRuns runs = count_digit_runs(text);
  if (runs.count == 0) return has_special_word(text) ? Status::kUnknown : Status::kSyntax;
  if (std::any_of(text.begin(), text.end(), is_letter)) return Status::kUnknown;
  // Numbers only: a date needs three of them, or six digits in a row, or a year and a day of three digits.
  if (runs.count < 3 && runs.longest < 6 && !runs.day_of_year) return Status::kSyntax;
  return rules.order_given ? Status::kUnknown : Status::kAmbiguous;
}

}  // namespace cpi::value
