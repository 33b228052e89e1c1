// `date_format`: a to_date pattern such as "DD.MM.YYYY HH24:MI". The fields are those of PostgreSQL's to_timestamp
// (src/backend/utils/adt/formatting.c), but values must fit the pattern exactly: to_date would guess and skip.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/value/datetime.h"

namespace cpi::value {

/// A compiled pattern. Immutable.
class DatePattern {
 public:
  /// Compiles `pattern`. Known fields: YYYY YY MM MON MONTH DD HH24 HH12 AM PM MI SS MS US; `"text"` and every
  /// character that is no letter stand for themselves; FM is taken and changes nothing. Fails with kInvalidConfig for
  /// every other letter, for a field that comes twice, and for a pattern that does not tell year, month and day, or
  /// tells minutes without the hour and the like.
  static Result<DatePattern> compile(std::string_view pattern);

  /// Reads `text`. A number may lack its leading zero unless another stands directly beside it. Month names are
  /// English, ignoring case. Fails with kSyntax, kFieldRange, kOrderRange or kDateRange.
  DateTimeStatus parse(std::string_view text, DateTime& result) const;

  const std::string& source() const { return source_; }

  /// The order of its year, month and day, where it is one that PostgreSQL's DateStyle knows.
  std::optional<DateOrder> order() const;

 private:
  enum class Field : std::uint8_t {
    kLiteral,
    kYear4,
    kYear2,
    kMonth,
    kMonthName,
    kMonthFullName,
    kDay,
    kHour24,
    kHour12,
    kMeridian,
    kMinute,
    kSecond,
    kMillisecond,
    kMicrosecond,
  };
  struct Step {
    Field field;
    char literal;  ///< of kLiteral
    bool exact;    ///< another number stands directly beside it: all digits must be there
  };
  struct Spelling {
    std::string_view text;
    Field field;
  };
  struct Values;

  static const Spelling kSpellings[];
  static bool is_number(Field field);
  static DateTimeStatus parse_step(const Step& step, std::string_view& rest, Values& values);
  static Result<void> check(const std::vector<Step>& steps);

  std::string source_;
  std::vector<Step> steps_;
};

}  // namespace cpi::value
