// Time zones, from the system's tz database: the same source that PostgreSQL uses (Debian builds it with
// --with-system-tzdata). ICU carries a copy of its own that is as old as its package, and would put summer times into
// countries that have since given them up. This is the one place of core that reads files, once per converter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cpi::value {

/// The offsets of one zone. Immutable. All times are seconds since 2000-01-01.
class TimeZone {
 public:
  /// Reads the zone called `name`, such as "Europe/Berlin"; "UTC" needs no database. Fails with kInvalidConfig for a
  /// name that the database does not have.
  static Result<TimeZone> load(std::string_view name);

  /// Reads the bytes of a TZif file (RFC 8536); for load and for tests. Fails with kInvalidConfig.
  static Result<TimeZone> parse(std::string_view name, std::string_view bytes);

  /// Seconds east of UTC that hold at a local time. As PostgreSQL's DetermineTimeZoneOffset: a time that a change of
  /// clocks skips is read by the clock before it, one that comes twice by the clock after it.
  std::int32_t offset_at_local(std::int64_t local) const;

 private:
  /// From `at` (in UTC) on, the offset is this.
  struct Transition {
    std::int64_t at;
    std::int32_t offset;
  };

  std::int32_t first_offset_ = 0;
  std::vector<Transition> transitions_;
};

}  // namespace cpi::value
