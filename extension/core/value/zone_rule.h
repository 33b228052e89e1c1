// The yearly rule at the end of a TZif file, such as "CET-1CEST,M3.5.0,M10.5.0/3" (RFC 8536, section 3.3.1; POSIX TZ).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cpi::value {

/// When a zone changes its clocks, every year. Times are seconds since 2000-01-01, UTC.
class ZoneRule {
 public:
  /// Nothing when `text` is no rule of the kinds that the tz database uses (names, offsets, Mm.w.d and Jn dates).
  static std::optional<ZoneRule> parse(std::string_view text);

  /// False: the offset is the same all year.
  bool has_changes() const { return has_changes_; }
  std::int32_t standard_offset() const { return standard_offset_; }
  std::int32_t summer_offset() const { return summer_offset_; }
  /// When summer time begins and ends in `year`.
  std::int64_t summer_begin(int year) const { return moment(begin_, year) - standard_offset_; }
  std::int64_t summer_end(int year) const { return moment(end_, year) - summer_offset_; }

 private:
  struct Date {
    bool by_week = true;  ///< the `week`th `weekday` of `month` (5: the last), else day `day` of the year
    int month = 0;
    int week = 0;
    int weekday = 0;
    int day = 0;
    std::int32_t time = 2 * 3600;  ///< seconds of local time; may be negative or beyond a day
  };

  static std::int64_t moment(const Date& date, int year);
  static bool parse_name(std::string_view& rest);
  static bool parse_number(std::string_view& rest, int& value);
  static bool parse_time(std::string_view& rest, std::int32_t& seconds);
  static bool parse_date(std::string_view& rest, Date& date);

  bool has_changes_ = false;
  std::int32_t standard_offset_ = 0;
  std::int32_t summer_offset_ = 0;
  Date begin_;
  Date end_;
};

}  // namespace cpi::value
