// See datetime.h. One pass over the text with a cursor; each part is a function that moves it.
#include "core/value/datetime.h"

#include <fast_float/fast_float.h>

#include <cmath>

#include "core/value/calendar.h"
#include "core/value/message.h"
#include "core/value/text_scan.h"
#include "core/value/unusual_date.h"

namespace cpi::value {

namespace {

using Status = DateTimeStatus;

/// The rest of the text.
struct Cursor {
  const char* p;
  const char* end;

  bool at_end() const { return p == end; }
  char peek() const { return p < end ? *p : '\0'; }
  void skip_blanks() {
    while (p < end && is_blank(*p)) ++p;
  }
  /// Reads a run of digits; `digits` says how long it was. The value is meaningless beyond nine digits.
  std::int32_t number(int& digits) {
    const char* first = p;
    std::uint32_t value = 0;
    while (p < end && is_digit(*p)) value = value * 10 + static_cast<std::uint32_t>(*p++ - '0');
    digits = static_cast<int>(p - first);
    return static_cast<std::int32_t>(value & 0x7FFFFFFF);
  }
};

/// Two digits at `p`, or something over 99.
unsigned two_digits(const char* p) {
  const auto high = static_cast<unsigned char>(p[0] - '0');
  const auto low = static_cast<unsigned char>(p[1] - '0');
  return high > 9 || low > 9 ? 100 : high * 10U + low;
}

/// "2024-01-05" at the beginning of at least ten bytes: by far the most frequent spelling.
bool parse_iso_date(const char* p, std::int32_t& days) {
  const unsigned century = two_digits(p);
  const unsigned year = two_digits(p + 2);
  const unsigned month = two_digits(p + 5);
  const unsigned day = two_digits(p + 8);
  if (p[4] != '-' || p[7] != '-' || century > 99 || year > 99 || month - 1 > 11 || day - 1 > 30) return false;
  const int full_year = static_cast<int>(century * 100 + year);
  if (full_year == 0 || static_cast<int>(day) > days_in_month(full_year, static_cast<int>(month))) return false;
  days = static_cast<std::int32_t>(days_since_2000(full_year, static_cast<int>(month), static_cast<int>(day)));
  return true;
}

/// Three numbers with one separator, as they stand in the text.
struct ThreeNumbers {
  std::int32_t value[3];
  int digits[3];
};

/// Reads three numbers as year, month and day in `order`. The status is the server's for that DateStyle.
Status days_in_order(const ThreeNumbers& numbers, DateOrder order, std::int32_t& days) {
  const bool year_first = numbers.digits[0] >= 3 || order == DateOrder::kYmd;
  const int year_at = year_first ? 0 : 2;
  const int month_at = year_first || order == DateOrder::kDmy ? 1 : 0;
  const int day_at = 3 - year_at - month_at;
  std::int32_t year = numbers.value[year_at];
  if (numbers.digits[year_at] <= 2) year = expand_year(year);
  return count_days(year, numbers.value[month_at], numbers.value[day_at], days);
}

/// Decides a date whose first number does not tell the order.
Status days_of_short_date(const ThreeNumbers& numbers, DateRules rules, std::int32_t& days) {
  const Status status = days_in_order(numbers, rules.order, days);
  if (rules.order_given || status != Status::kOk) return status;
  for (const DateOrder order : {DateOrder::kYmd, DateOrder::kDmy, DateOrder::kMdy}) {
    std::int32_t other = 0;
    if (days_in_order(numbers, order, other) == Status::kOk && other != days) return Status::kAmbiguous;
  }
  return Status::kOk;
}

/// Six or more digits in a row: year, month, day, whatever the DateStyle.
Status parse_packed_date(std::string_view digits, DateRules rules, std::int32_t& days) {
  // The server reads YYMMDD even when its DateStyle is another: nobody who says DMY means that.
  if (digits.size() == 6 && (!rules.order_given || rules.order != DateOrder::kYmd)) return Status::kAmbiguous;
  constexpr std::size_t kLongest = 13;  // beyond, the server's year wraps around
  if (digits.size() > kLongest) return Status::kUnknown;
  std::int64_t value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  const std::int64_t year = value / 10000;
  return count_days(digits.size() == 6 ? expand_year(static_cast<int>(year)) : year,
                    static_cast<int>(value / 100 % 100), static_cast<int>(value % 100), days);
}

Status parse_date(Cursor& cursor, DateRules rules, std::int32_t& days) {
  if (cursor.end - cursor.p >= 10 && parse_iso_date(cursor.p, days)) {
    if (cursor.end - cursor.p == 10 || (!is_digit(cursor.p[10]) && cursor.p[10] != '-')) {
      cursor.p += 10;
      return Status::kOk;
    }
  }
  ThreeNumbers numbers;
  numbers.value[0] = cursor.number(numbers.digits[0]);
  if (numbers.digits[0] == 0) return Status::kUnknown;
  const char separator = cursor.peek();
  if (separator != '-' && separator != '/' && separator != '.') {
    if (numbers.digits[0] < 6) return Status::kUnknown;
    const auto length = static_cast<std::size_t>(numbers.digits[0]);
    return parse_packed_date({cursor.p - length, length}, rules, days);
  }
  for (int i = 1; i < 3; ++i) {
    if (cursor.peek() != separator) return Status::kUnknown;
    ++cursor.p;
    numbers.value[i] = cursor.number(numbers.digits[i]);
    if (numbers.digits[i] == 0 || numbers.digits[i] > 7) return Status::kUnknown;
  }
  if (cursor.peek() == separator || numbers.digits[0] > 7) return Status::kUnknown;
  // A three-digit second number after a year is a day of the year.
  if (numbers.digits[0] >= 3) {
    return numbers.digits[1] > 2 ? Status::kUnknown : days_in_order(numbers, rules.order, days);
  }
  if (numbers.digits[1] > 2) return Status::kUnknown;
  return days_of_short_date(numbers, rules, days);
}

/// ".123456" behind the seconds, if it is there.
std::int64_t parse_fraction(Cursor& cursor) {
  if (cursor.peek() != '.') return 0;
  const char* first = ++cursor.p;
  while (is_digit(cursor.peek())) ++cursor.p;
  return fraction_to_microseconds({first, static_cast<std::size_t>(cursor.p - first)});
}

/// Hour, minute and second with colons, or run together (four or six digits). `hour` is kept for AM and PM.
Status parse_time(Cursor& cursor, std::int32_t& hour, std::int64_t& rest) {
  int digits = 0;
  hour = cursor.number(digits);
  std::int32_t minute = 0;
  std::int32_t second = 0;
  const bool colons = cursor.peek() == ':';
  if (colons) {
    if (digits > 2) return Status::kUnknown;
    ++cursor.p;
    minute = cursor.number(digits);
    if (digits == 0 || digits > 2 || cursor.peek() == '.') return Status::kUnknown;
    if (cursor.peek() == ':') {
      ++cursor.p;
      second = cursor.number(digits);
      if (digits == 0 || digits > 2) return Status::kUnknown;
    }
  } else if (digits == 4 || digits == 6) {
    second = digits == 6 ? hour % 100 : 0;
    if (digits == 6) hour /= 100;
    minute = hour % 100;
    hour /= 100;
    if (hour > 23 || minute > 59 || second > 59) return Status::kUnknown;  // the server does not check this spelling
    if (cursor.peek() == '-') return Status::kUnknown;                     // to the server a part of this very number
  } else {
    return Status::kUnknown;
  }
  const bool bare_point = cursor.peek() == '.' && (cursor.end - cursor.p == 1 || !is_digit(cursor.p[1]));
  if (bare_point && !colons) return Status::kUnknown;
  const std::int64_t fraction = parse_fraction(cursor);
  if (cursor.peek() == ':' || cursor.peek() == '.') return Status::kUnknown;
  if (hour > 24 || minute > 59 || second > 60) return Status::kFieldRange;
  rest = (minute * 60 + second) * kMicrosecondsPerSecond + fraction;
  if (hour * 3600 * kMicrosecondsPerSecond + rest > kMicrosecondsPerDay) return Status::kFieldRange;
  return Status::kOk;
}

/// Applies "AM" or "PM", if it is there, by the server's rule: hours up to 12, and 12 AM is midnight.
Status apply_meridian(Cursor& cursor, std::int32_t& hour) {
  if (cursor.end - cursor.p < 2) return Status::kOk;
  const std::string_view word(cursor.p, 2);
  const bool pm = is_word(word, "pm");
  if (!pm && !is_word(word, "am")) return Status::kOk;
  cursor.p += 2;
  // Other characters make a longer word of it, which may be a time zone.
  if (!cursor.at_end() && !is_blank(cursor.peek()) && cursor.peek() != '+') return Status::kUnknown;
  if (hour > 12) return Status::kFieldRange;
  if (pm && hour != 12) hour += 12;
  if (!pm && hour == 12) hour = 0;
  return Status::kOk;
}

/// Z, UTC, GMT or a numeric offset, if there is one.
Status parse_zone(Cursor& cursor, DateTime& result) {
  const char sign = cursor.peek();
  if (is_letter(sign)) {
    const char* first = cursor.p;
    while (is_letter(cursor.peek())) ++cursor.p;
    const std::string_view word(first, static_cast<std::size_t>(cursor.p - first));
    if (!is_word(word, "z") && !is_word(word, "utc") && !is_word(word, "gmt")) return Status::kUnknown;
    result.has_zone = true;
    return Status::kOk;
  }
  if (sign != '+' && sign != '-') return Status::kOk;
  ++cursor.p;
  int digits = 0;
  int hour = cursor.number(digits);
  int minute = 0;
  int second = 0;
  if (digits == 0 || digits > 4) return Status::kUnknown;
  if (digits > 2) {
    minute = hour % 100;
    hour /= 100;
  } else if (cursor.peek() == ':') {
    ++cursor.p;
    minute = cursor.number(digits);
    if (digits == 0 || digits > 2) return Status::kUnknown;
    if (cursor.peek() == ':') {
      ++cursor.p;
      second = cursor.number(digits);
      if (digits == 0 || digits > 2) return Status::kUnknown;
    }
  }
  const char next = cursor.peek();
  if (is_digit(next) || next == ':' || next == '.' || next == '-') return Status::kUnknown;
  constexpr int kLargestHour = 15;  // MAX_TZDISP_HOUR
  if (hour > kLargestHour || minute > 59 || second > 59) return Status::kZoneRange;
  result.offset = (hour * 60 + minute) * 60 + second;
  if (sign == '-') result.offset = -result.offset;
  result.has_zone = true;
  return Status::kOk;
}

/// The parts in order. kUnknown means only that they do not fit this grammar; `date_read`, that the date did.
Status parse_parts(Cursor cursor, DateRules rules, DateTime& result, bool& date_read) {
  if (const Status status = parse_date(cursor, rules, result.days); status != Status::kOk) return status;
  date_read = true;
  if (cursor.at_end()) return Status::kOk;
  cursor.skip_blanks();
  if (to_lower(cursor.peek()) == 't') {
    ++cursor.p;
    cursor.skip_blanks();
    if (!is_digit(cursor.peek())) return Status::kUnknown;
  }
  if (is_digit(cursor.peek())) {
    std::int32_t hour = 0;
    std::int64_t rest = 0;
    if (const Status status = parse_time(cursor, hour, rest); status != Status::kOk) return status;
    cursor.skip_blanks();
    if (const Status status = apply_meridian(cursor, hour); status != Status::kOk) return status;
    cursor.skip_blanks();
    result.microseconds = hour * 3600 * kMicrosecondsPerSecond + rest;
    result.has_time = true;
  }
  if (const Status status = parse_zone(cursor, result); status != Status::kOk) return status;
  cursor.skip_blanks();
  return cursor.at_end() ? Status::kOk : Status::kUnknown;
}

}  // namespace

DateTimeStatus count_days(std::int64_t year, int month, int day, std::int32_t& days) {
  if (year <= 0) return Status::kFieldRange;
  if (month < 1 || month > 12 || day < 1 || day > 31) return Status::kOrderRange;
  constexpr std::int64_t kLastYear = 5874897;
  if (day > days_in_month(static_cast<int>(year % 400 + 400), month)) return Status::kFieldRange;
  if (year > kLastYear) return Status::kDateRange;
  days = static_cast<std::int32_t>(days_since_2000(year, month, day));
  return Status::kOk;
}

std::int64_t fraction_to_microseconds(std::string_view digits) {
  if (digits.size() <= 6) {
    std::int64_t value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    for (std::size_t i = digits.size(); i < 6; ++i) value *= 10;
    return value;
  }
  // The server reads the fraction as a double and rounds to even; so that ties fall alike, so do we.
  double fraction = 0;
  fast_float::from_chars(digits.data() - 1, digits.data() + digits.size(), fraction);  // from the point before it
  return static_cast<std::int64_t>(std::rint(fraction * 1e6));
}

DateTimeStatus parse_date_time(std::string_view text, DateRules rules, DateTime& result) {
  const std::string_view trimmed = trim(text);
  if (trimmed.empty()) return Status::kSyntax;
  bool date_read = false;
  if (is_digit(trimmed[0])) {
    const Status status = parse_parts({trimmed.data(), trimmed.data() + trimmed.size()}, rules, result, date_read);
    if (status != Status::kUnknown) return status;
  } else if (is_word(trimmed, "infinity") || is_word(trimmed, "-infinity")) {
    result.kind = trimmed[0] == '-' ? DateTime::Kind::kMinusInfinity : DateTime::Kind::kInfinity;
    return Status::kOk;
  }
  const bool order_matters = !rules.order_given && !date_read;
  return judge_unusual_date(trimmed, order_matters);
}

std::string explain(DateTimeStatus status, std::string_view type, std::string_view text, DateRules rules) {
  switch (status) {
    case Status::kFieldRange: return "date/time field value out of range: " + quote_value(text);
    case Status::kOrderRange: {
      const char* read_as = rules.order == DateOrder::kYmd ? "YMD" : rules.order == DateOrder::kDmy ? "DMY" : "MDY";
      return "date/time field value out of range: " + quote_value(text) +
             "; perhaps it needs a different datestyle than " + read_as;
    }
    case Status::kDateRange:
      return std::string(type == "date" ? "date" : "timestamp") + " out of range: " + quote_value(text);
    case Status::kZoneRange: return "time zone displacement out of range: " + quote_value(text);
    case Status::kAmbiguous:
      return "ambiguous " + std::string(type) + ": " + quote_value(text) +
             "; say with datestyle (DMY, MDY or YMD) or date_format which number is the day";
    default: return invalid_syntax(type, text);
  }
}

}  // namespace cpi::value
