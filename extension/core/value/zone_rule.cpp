// See zone_rule.h.
#include "core/value/zone_rule.h"

#include "core/value/calendar.h"
#include "core/value/text_scan.h"

namespace cpi::value {

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
  ZoneRule rule;
  std::int32_t west = 0;  // POSIX counts offsets westwards
  if (!parse_name(text) || !parse_time(text, west)) return std::nullopt;
  rule.standard_offset_ = rule.summer_offset_ = -west;
  if (text.empty()) return rule;

  if (!parse_name(text)) return std::nullopt;
  rule.summer_offset_ = rule.standard_offset_ + 3600;
  if (!text.empty() && text[0] != ',') {
    if (!parse_time(text, west)) return std::nullopt;
    rule.summer_offset_ = -west;
  }
  if (!parse_date(text, rule.begin_) || !parse_date(text, rule.end_) || !text.empty()) return std::nullopt;
  rule.has_changes_ = true;
  return rule;
}

/// "CET" or "<+03>".
bool ZoneRule::parse_name(std::string_view& rest) {
  std::size_t length = 0;
  if (rest.starts_with('<')) {
    length = rest.find('>');
    if (length == std::string_view::npos) return false;
    ++length;
  } else {
    while (length < rest.size() && is_letter(rest[length])) ++length;
  }
  rest.remove_prefix(length);
  return length >= 3;
}

bool ZoneRule::parse_number(std::string_view& rest, int& value) {
  value = 0;
  std::size_t length = 0;
  while (length < rest.size() && length < 4 && is_digit(rest[length])) value = value * 10 + (rest[length++] - '0');
  rest.remove_prefix(length);
  return length > 0;
}

/// [sign] hours [: minutes [: seconds]]
bool ZoneRule::parse_time(std::string_view& rest, std::int32_t& seconds) {
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  seconds = 0;
  for (int unit = 3600; unit > 0; unit /= 60) {
    int value = 0;
    if (!parse_number(rest, value)) return false;
    seconds += value * unit;
    if (!rest.starts_with(':')) break;
    rest.remove_prefix(1);
  }
  if (negative) seconds = -seconds;
  return true;
}

/// ",Mm.w.d" or ",Jn", each with an optional "/time".
bool ZoneRule::parse_date(std::string_view& rest, Date& date) {
  if (rest.size() < 2 || rest[0] != ',') return false;
  date.by_week = rest[1] == 'M';
  if (!date.by_week && rest[1] != 'J') return false;
  rest.remove_prefix(2);
  if (date.by_week) {
    int* const numbers[] = {&date.month, &date.week, &date.weekday};
    for (int i = 0; i < 3; ++i) {
      if (i > 0 && !rest.starts_with('.')) return false;
      if (i > 0) rest.remove_prefix(1);
      if (!parse_number(rest, *numbers[i])) return false;
    }
    if (date.month < 1 || date.month > 12 || date.week < 1 || date.week > 5 || date.weekday > 6) return false;
  } else if (!parse_number(rest, date.day) || date.day < 1 || date.day > 365) {
    return false;
  }
  if (!rest.starts_with('/')) return true;
  rest.remove_prefix(1);
  return parse_time(rest, date.time);
}

std::int64_t ZoneRule::moment(const Date& date, int year) {
  std::int64_t day = 0;
  if (date.by_week) {
    const std::int64_t first = days_since_2000(year, date.month, 1);
    constexpr int kSaturday = 6;  // the weekday of 2000-01-01
    const auto weekday = static_cast<int>(((first + kSaturday) % 7 + 7) % 7);
    int offset = (date.weekday - weekday + 7) % 7 + 7 * (date.week - 1);
    if (offset >= days_in_month(year, date.month)) offset -= 7;
    day = first + offset;
  } else {
    // Jn does not count 29 February: day 60 is always 1 March.
    day = days_since_2000(year, 1, 1) + date.day - 1 + (is_leap_year(year) && date.day >= 60 ? 1 : 0);
  }
  return day * kSecondsPerDay + date.time;
}

}  // namespace cpi::value
