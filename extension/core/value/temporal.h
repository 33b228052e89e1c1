// What date and the timestamps have in common: reading a value by the format's rules, and saying why it was refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/value/converter.h"
#include "core/value/date_pattern.h"
#include "core/value/datetime.h"

namespace cpi::value {

/// Reads dates and timestamps as `format` says: by date_format where it is given, else by DateStyle. Immutable.
class TemporalReader {
 public:
  /// `type` is what messages call the type. Fails with kInvalidConfig for a date_format that makes no sense.
  static Result<TemporalReader> make(std::string_view type, const Format& format);

  /// kOk: `result` is set. kReject: `why` is set. kAskServer: only without a date_format.
  Verdict read(std::string_view text, DateTime& result, std::string& why) const {
    const DateTimeStatus status = pattern_ ? pattern_->parse(text, result) : parse_date_time(text, rules_, result);
    if (status == DateTimeStatus::kOk) [[likely]]
      return Verdict::kOk;
    return refuse(status, text, why);
  }

  std::string_view type() const { return type_; }

 private:
  TemporalReader() = default;
  Verdict refuse(DateTimeStatus status, std::string_view text, std::string& why) const;

  std::string type_;
  DateRules rules_;
  std::optional<DatePattern> pattern_;
};

}  // namespace cpi::value
