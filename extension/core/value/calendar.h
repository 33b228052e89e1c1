// Days and microseconds on PostgreSQL's scale: the proleptic Gregorian calendar, counted from 2000-01-01
// (src/include/datatype/timestamp.h).
#pragma once

#include <cstdint>

namespace cpi::value {

inline constexpr std::int64_t kMicrosecondsPerSecond = 1000000;
inline constexpr std::int64_t kSecondsPerDay = 86400;
inline constexpr std::int64_t kMicrosecondsPerDay = kSecondsPerDay * kMicrosecondsPerSecond;

/// The infinite values of date and of the timestamps.
inline constexpr std::int32_t kDateInfinity = INT32_MAX;
inline constexpr std::int32_t kDateMinusInfinity = INT32_MIN;
inline constexpr std::int64_t kTimestampInfinity = INT64_MAX;
inline constexpr std::int64_t kTimestampMinusInfinity = INT64_MIN;

/// First instant that a timestamp can hold (4714-11-24 BC) and the first that it cannot (294277-01-01).
inline constexpr std::int64_t kMinTimestamp = -211813488000000000;
inline constexpr std::int64_t kEndTimestamp = 9223371331200000000;

constexpr bool is_leap_year(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr int days_in_month(int year, int month) {
  constexpr std::uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

/// Days from 2000-01-01 to a valid date (year at least 0). Years are counted from March, so that a leap day is the
/// last.
constexpr std::int64_t days_since_2000(std::int64_t year, int month, int day) {
  const std::int64_t shifted = month <= 2 ? year - 1 : year;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const std::int64_t year_of_era = shifted - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 730425;
}

struct CivilDate {
  std::int64_t year;
  int month;
  int day;
};

/// The date so many days after 2000-01-01: the inverse of days_since_2000.
constexpr CivilDate civil_date(std::int64_t days) {
  const std::int64_t shifted = days + 730425;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const auto month_from_march = static_cast<int>((5 * day_of_year + 2) / 153);
  const int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

static_assert(days_since_2000(2000, 1, 1) == 0 && days_since_2000(1970, 1, 1) == -10957);
static_assert(civil_date(0).year == 2000 && civil_date(-10957).year == 1970 && civil_date(59).day == 29);

}  // namespace cpi::value
