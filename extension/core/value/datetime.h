// Dates and timestamps as text, taken apart by the rules of PostgreSQL's DecodeDateTime
// (src/backend/utils/adt/datetime.c), as far as files use them:
//
//   blanks DATE [ T | blanks ] [ TIME [ AM | PM ] ] [ ZONE ] blanks     or  infinity, -infinity
//   DATE   2024-01-05  20240105  5.1.2024  1/5/24  …        (ISO always; other orders by DateOrder)
//   TIME   10:11  10:11:12  10:11:12.123456  101112  1011
//   ZONE   Z  UTC  GMT  +02  +0200  +02:00  -05:30:10
//
// Everything else that the server might accept (month names, "today", "10:11 2024-01-05", BC, named zones …) is
// kUnknown. Nothing here allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/value/format.h"

namespace cpi::value {

/// A point in the calendar as it was written.
struct DateTime {
  enum class Kind : std::uint8_t { kFinite, kInfinity, kMinusInfinity };
  Kind kind = Kind::kFinite;
  bool has_time = false;
  bool has_zone = false;
  std::int32_t days = 0;          ///< since 2000-01-01
  std::int64_t microseconds = 0;  ///< since midnight; up to and including 24:00:00
  std::int32_t offset = 0;        ///< of the zone, in seconds east of UTC
};

enum class DateTimeStatus : std::uint8_t {
  kOk,
  kSyntax,      ///< no date at all, or one that is cut off
  kFieldRange,  ///< 2024-02-30, 25:00
  kOrderRange,  ///< a month over 12 or day over 31: perhaps another DateOrder was meant
  kDateRange,   ///< beyond what date can hold
  kZoneRange,   ///< +25:00
  kAmbiguous,   ///< means different dates in different orders, and no order was given
  kUnknown,     ///< the server may know it
};

/// How numeric dates are ordered, and whether somebody said so.
struct DateRules {
  DateOrder order = DateOrder::kMdy;
  bool order_given = false;
};

/// Takes `text` apart.
DateTimeStatus parse_date_time(std::string_view text, DateRules rules, DateTime& result);

/// The message of a reject: as the server's, and with what to do about it. `type` as the server's messages name it.
std::string explain(DateTimeStatus status, std::string_view type, std::string_view text, DateRules rules);

/// Checks the fields of a date and counts its days; kOk, kFieldRange, kOrderRange or kDateRange.
DateTimeStatus count_days(std::int64_t year, int month, int day, std::int32_t& days);

/// The fraction of a second that `digits` spell, in microseconds, rounded as the server rounds it.
std::int64_t fraction_to_microseconds(std::string_view digits);

/// The year that two digits mean: 1970 to 2069.
constexpr int expand_year(int year) { return year < 70 ? year + 2000 : year + 1900; }

}  // namespace cpi::value
