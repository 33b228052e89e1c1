// See temporal.h.
#include "core/value/temporal.h"

#include "core/value/message.h"

namespace cpi::value {

Result<TemporalReader> TemporalReader::make(std::string_view type, const Format& format) {
  TemporalReader reader;
  reader.type_ = type;
  reader.rules_ = {format.date_order, format.date_order_given};
  if (!format.date_format.empty()) {
    Result<DatePattern> pattern = DatePattern::compile(format.date_format);
    if (!pattern) return pattern.error();
    reader.pattern_ = std::move(*pattern);
  }
  return reader;
}

Verdict TemporalReader::refuse(DateTimeStatus status, std::string_view text, std::string& why) const {
  if (status == DateTimeStatus::kUnknown) return Verdict::kAskServer;
  if (!pattern_) {
    why = explain(status, type_, text, rules_);
  } else if (status == DateTimeStatus::kSyntax) {
    why = quote_value(text) + " is not written as date_format " + quote_value(pattern_->source()) + " says";
  } else {
    why = "date/time field value out of range: " + quote_value(text) + " by date_format " +
          quote_value(pattern_->source());
  }
  return Verdict::kReject;
}

}  // namespace cpi::value
