// See date_pattern.h.
#include "core/value/date_pattern.h"

#include <algorithm>
#include <array>

#include "core/value/calendar.h"
#include "core/value/message.h"
#include "core/value/text_scan.h"

namespace cpi::value {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};

/// Reads up to `width` digits, at least one; all of them when `exact`. -1: they are not there.
int read_number(std::string_view& rest, std::size_t width, bool exact) {
  std::size_t length = 0;
  int value = 0;
  while (length < width && length < rest.size() && is_digit(rest[length])) value = value * 10 + (rest[length++] - '0');
  if (length == 0 || (exact && length < width)) return -1;
  rest.remove_prefix(length);
  return value;
}

/// Reads a month's name, or its first three letters; 0: there is none.
int read_month(std::string_view& rest, bool full) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    const std::string_view name = full ? kMonths[i] : kMonths[i].substr(0, 3);
    if (!is_word(rest.substr(0, name.size()), name)) continue;
    rest.remove_prefix(name.size());
    return static_cast<int>(i) + 1;
  }
  return 0;
}

Error refuse(std::string_view pattern, std::string message) {
  return {
      Code::kInvalidConfig,
      "date_format " + quote_value(pattern) + " " + std::move(message),
      {},
      "Known fields are YYYY, YY, MM, MON, MONTH, DD, HH24, HH12 with AM, MI, SS, MS and US; write other letters in "
      "double quotes."};
}

}  // namespace

/// What a value has told so far.
struct DatePattern::Values {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
  bool has_time = false;
  bool twelve_hours = false;
  bool pm = false;
};

/// Longer spellings before those that they begin with.
const DatePattern::Spelling DatePattern::kSpellings[] = {
    {"yyyy", Field::kYear4},     {"yy", Field::kYear2},    {"month", Field::kMonthFullName}, {"mon", Field::kMonthName},
    {"mm", Field::kMonth},       {"dd", Field::kDay},      {"hh24", Field::kHour24},         {"hh12", Field::kHour12},
    {"hh", Field::kHour12},      {"mi", Field::kMinute},   {"ms", Field::kMillisecond},      {"ss", Field::kSecond},
    {"us", Field::kMicrosecond}, {"am", Field::kMeridian}, {"pm", Field::kMeridian},
};

bool DatePattern::is_number(Field field) {
  return field != Field::kLiteral && field != Field::kMonthName && field != Field::kMonthFullName &&
         field != Field::kMeridian;
}

Result<DatePattern> DatePattern::compile(std::string_view pattern) {
  DatePattern compiled;
  compiled.source_ = pattern;
  std::string_view rest = pattern;
  while (!rest.empty()) {
    if (is_word(rest.substr(0, 2), "fm")) {
      rest.remove_prefix(2);
      continue;
    }
    if (rest[0] == '"') {
      const std::size_t close = rest.find('"', 1);
      if (close == std::string_view::npos) return refuse(pattern, "has an opening double quote without a closing one");
      for (const char c : rest.substr(1, close - 1)) compiled.steps_.push_back({Field::kLiteral, c, false});
      rest.remove_prefix(close + 1);
      continue;
    }
    const auto* spelling = std::find_if(std::begin(kSpellings), std::end(kSpellings), [&](const Spelling& candidate) {
      return is_word(rest.substr(0, candidate.text.size()), candidate.text);
    });
    if (spelling != std::end(kSpellings)) {
      compiled.steps_.push_back({spelling->field, '\0', false});
      rest.remove_prefix(spelling->text.size());
      continue;
    }
    if (rest[0] == '%' && rest.size() > 1 && is_letter(rest[1])) {
      return refuse(pattern, "has no field " + quote_value(rest.substr(0, 2)) + ": it is a pattern as of to_date");
    }
    if (is_letter(rest[0]) && to_lower(rest[0]) != 't') {
      return refuse(pattern, "has no field that begins with " + quote_value(rest.substr(0, 1)));
    }
    compiled.steps_.push_back({Field::kLiteral, rest[0], false});
    rest.remove_prefix(1);
  }
  for (std::size_t i = 0; i + 1 < compiled.steps_.size(); ++i) {
    if (!is_number(compiled.steps_[i].field) || !is_number(compiled.steps_[i + 1].field)) continue;
    compiled.steps_[i].exact = compiled.steps_[i + 1].exact = true;
  }
  if (Result<void> checked = check(compiled.steps_); !checked) return refuse(pattern, checked.error().message);
  return compiled;
}

Result<void> DatePattern::check(const std::vector<Step>& steps) {
  const auto count = [&](std::initializer_list<Field> fields) {
    return std::count_if(steps.begin(), steps.end(), [&](const Step& step) {
      return std::find(fields.begin(), fields.end(), step.field) != fields.end();
    });
  };
  const auto complain = [](std::string message) { return Error{Code::kInvalidConfig, std::move(message), {}, {}}; };
  const struct {
    std::string_view name;
    std::ptrdiff_t found;
    bool required;
  } parts[] = {
      {"year", count({Field::kYear4, Field::kYear2}), true},
      {"month", count({Field::kMonth, Field::kMonthName, Field::kMonthFullName}), true},
      {"day", count({Field::kDay}), true},
      {"hour", count({Field::kHour24, Field::kHour12}), false},
      {"minute", count({Field::kMinute}), false},
      {"second", count({Field::kSecond}), false},
      {"fraction of a second", count({Field::kMillisecond, Field::kMicrosecond}), false},
      {"AM or PM", count({Field::kMeridian}), false},
  };
  for (const auto& part : parts) {
    if (part.found > 1) return complain("has the " + std::string(part.name) + " twice");
    if (part.found == 0 && part.required) return complain("does not say where the " + std::string(part.name) + " is");
  }
  // What is not told must not be taken for zero.
  const auto has = [&](std::initializer_list<Field> fields) { return count(fields) > 0; };
  if (has({Field::kMinute}) && !has({Field::kHour24, Field::kHour12})) return complain("has minutes without the hour");
  if (has({Field::kSecond}) && !has({Field::kMinute})) return complain("has seconds without the minute");
  if (has({Field::kMillisecond, Field::kMicrosecond}) && !has({Field::kSecond})) {
    return complain("has a fraction without the second");
  }
  if (count({Field::kHour12}) != count({Field::kMeridian}))
    return complain("needs HH12 and AM together, or HH24 alone");
  return {};
}

std::optional<DateOrder> DatePattern::order() const {
  std::string letters;
  for (const Step& step : steps_) {
    switch (step.field) {
      case Field::kYear4:
      case Field::kYear2: letters += 'Y'; break;
      case Field::kMonth:
      case Field::kMonthName:
      case Field::kMonthFullName: letters += 'M'; break;
      case Field::kDay: letters += 'D'; break;
      default: break;
    }
  }
  if (letters == "YMD") return DateOrder::kYmd;
  if (letters == "DMY") return DateOrder::kDmy;
  if (letters == "MDY") return DateOrder::kMdy;
  return std::nullopt;
}

DateTimeStatus DatePattern::parse_step(const Step& step, std::string_view& rest, Values& values) {
  const auto number = [&](std::size_t width, bool exact, int& value) {
    value = read_number(rest, width, exact);
    return value >= 0;
  };
  bool found = true;
  switch (step.field) {
    case Field::kLiteral:
      found = rest.starts_with(step.literal);
      if (found) rest.remove_prefix(1);
      break;
    case Field::kYear4: found = number(4, true, values.year); break;
    case Field::kYear2:
      found = number(2, true, values.year);
      values.year = expand_year(values.year);
      break;
    case Field::kMonth: found = number(2, step.exact, values.month); break;
    case Field::kMonthName:
    case Field::kMonthFullName:
      values.month = read_month(rest, step.field == Field::kMonthFullName);
      found = values.month > 0;
      break;
    case Field::kDay: found = number(2, step.exact, values.day); break;
    case Field::kHour24:
      found = number(2, step.exact, values.hour);
      values.has_time = true;
      break;
    case Field::kHour12:
      found = number(2, step.exact, values.hour);
      values.has_time = values.twelve_hours = true;
      break;
    case Field::kMeridian:
      values.pm = is_word(rest.substr(0, 2), "pm");
      found = values.pm || is_word(rest.substr(0, 2), "am");
      if (found) rest.remove_prefix(2);
      break;
    case Field::kMinute:
      found = number(2, step.exact, values.minute);
      values.has_time = true;
      break;
    case Field::kSecond:
      found = number(2, step.exact, values.second);
      values.has_time = true;
      break;
    case Field::kMillisecond:
      found = number(3, true, values.microsecond);
      values.microsecond *= 1000;
      break;
    case Field::kMicrosecond: found = number(6, true, values.microsecond); break;
  }
  return found ? DateTimeStatus::kOk : DateTimeStatus::kSyntax;
}

DateTimeStatus DatePattern::parse(std::string_view text, DateTime& result) const {
  std::string_view rest = trim(text);
  Values values;
  for (const Step& step : steps_) {
    if (const DateTimeStatus status = parse_step(step, rest, values); status != DateTimeStatus::kOk) return status;
  }
  if (!rest.empty()) return DateTimeStatus::kSyntax;
  if (values.twelve_hours) {
    if (values.hour < 1 || values.hour > 12) return DateTimeStatus::kFieldRange;
    values.hour = values.hour % 12 + (values.pm ? 12 : 0);
  }
  if (values.hour > 23 || values.minute > 59 || values.second > 59) return DateTimeStatus::kFieldRange;
  result.has_time = values.has_time;
  result.microseconds =
      ((values.hour * 60LL + values.minute) * 60 + values.second) * kMicrosecondsPerSecond + values.microsecond;
  return count_days(values.year, values.month, values.day, result.days);
}

}  // namespace cpi::value
