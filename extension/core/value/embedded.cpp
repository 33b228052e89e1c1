// See embedded.h. Nothing is rewritten here: what the server would read otherwise is rejected.
#include "core/value/embedded.h"

#include <algorithm>

#include "core/value/date_pattern.h"
#include "core/value/families.h"
#include "core/value/message.h"
#include "core/value/shape_text.h"
#include "core/value/text_scan.h"
#include "core/value/type_oid.h"

namespace cpi::value {

enum class EmbeddedRules::Content : std::uint8_t {
  kOther,
  kWhole,       ///< an integer
  kFractional,  ///< one number or several, with fractions
  kInterval,    ///< likewise, and times of day
  kMoney,
  kDate,
  kTimestamp,
  kTimestamptz,
  kTime,  ///< a date may stand with it, to tell summer time
};

namespace {

/// Where `separator` stands between digits, from `from` on; npos when it does not. As a group it needs three digits
/// behind it where it may separate values as well.
std::size_t find_in_number(std::string_view text, std::string_view separator, bool groups, std::size_t from = 0) {
  const bool separates_values = separator == "," || (separator.size() == 1 && is_blank(separator[0]));
  for (std::size_t at = text.find(separator, from); at != std::string_view::npos; at = text.find(separator, at + 1)) {
    std::size_t end = at + separator.size();
    while (end < text.size() && is_digit(text[end])) ++end;
    const std::size_t digits = end - at - separator.size();
    if (at == 0 || !is_digit(text[at - 1]) || digits == 0) continue;
    if (!groups || !separates_values || digits == 3) return at;
  }
  return std::string_view::npos;
}

/// Whether the point or comma at `at` stands behind the seconds of a time.
bool is_behind_seconds(std::string_view text, std::size_t at) {
  return at >= 3 && text[at - 3] == ':' && is_digit(text[at - 2]) && is_digit(text[at - 1]);
}

}  // namespace

std::optional<DateOrder> order_of_casts(const Format& format) {
  if (!format.date_format.empty()) {
    const Result<DatePattern> pattern = DatePattern::compile(format.date_format);
    if (pattern.ok() && pattern->order().has_value()) return pattern->order();
  }
  return format.date_order_given ? std::optional(format.date_order) : std::nullopt;
}

EmbeddedRules::EmbeddedRules(const Format& format)
    : plain_numbers_(has_plain_numbers(format)),
      decimal_(format.decimal_separator == '.' ? std::string() : std::string(1, format.decimal_separator)),
      thousands_(format.thousands_separator) {
  const std::optional<DateOrder> order = order_of_casts(format);
  dates_ = {order.value_or(format.date_order), order.has_value()};
  if (!order) unknown_date_format_ = format.date_format;
}

EmbeddedRules::Content EmbeddedRules::content_of(const Shape& shape) {
  constexpr std::uint32_t kFirstOfUsers = 16384;
  switch (shape.oid) {  // src/include/catalog/pg_type.dat
    case kInt2Oid:
    case kInt4Oid:
    case kInt8Oid: return Content::kWhole;
    case kFloat4Oid:
    case kFloat8Oid:
    case kNumericOid:
    case 600:  // point
    case 601:  // lseg
    case 602:  // path
    case 603:  // box
    case 604:  // polygon
    case 628:  // line
    case 718:  // circle
      return Content::kFractional;
    case 1186: return Content::kInterval;
    case kMoneyOid: return Content::kMoney;
    case kDateOid: return Content::kDate;
    case kTimestampOid: return Content::kTimestamp;
    case kTimestamptzOid: return Content::kTimestamptz;
    case 1083:  // time
    case 1266:  // timetz
      return Content::kTime;
    default: return shape.oid >= kFirstOfUsers && !shape.textual ? Content::kFractional : Content::kOther;
  }
}

bool EmbeddedRules::concern(const Shape& shape) const {
  if (shape.kind != Shape::Kind::kPlain) {
    return std::any_of(shape.parts.begin(), shape.parts.end(), [&](const auto& part) { return concern(*part); });
  }
  switch (content_of(shape)) {
    case Content::kOther: return false;
    case Content::kWhole:
    case Content::kFractional:
    case Content::kInterval: return !plain_numbers_;
    default: return true;
  }
}

std::string EmbeddedRules::objection(const Shape& shape, std::string_view text) const {
  using Kind = Shape::Kind;
  if (shape.kind == Kind::kPlain) {
    switch (const Content content = content_of(shape)) {
      case Content::kOther: return {};
      case Content::kDate: return date_objection("date", text);
      case Content::kTimestamp: return date_objection("timestamp", text);
      case Content::kTimestamptz: return date_objection("timestamp with time zone", text);
      case Content::kTime: return time_objection(text);
      default: return number_objection(content, text);
    }
  }
  // "{1,5}" may be one number or two. (A row has as many commas as it needs.)
  if ((shape.kind == Kind::kArray || shape.kind == Kind::kRange) && !shape.parts.empty() &&
      shape.parts[0]->kind == Kind::kPlain) {
    const Content content = content_of(*shape.parts[0]);
    if (content != Content::kMoney || !plain_numbers_) {
      if (std::string why = number_objection(content, text); !why.empty()) return why;
    }
  }
  for (const Part& part : parts_of(shape, text)) {
    if (std::string why = objection(*part.shape, part.text); !why.empty()) return why;
  }
  return {};
}

std::string EmbeddedRules::number_objection(Content content, std::string_view text) const {
  if (content == Content::kMoney && plain_numbers_) {
    return groups_thousands(text) ? std::string() : "\",\" does not group three digits of an amount of money";
  }
  const bool whole = content == Content::kWhole;
  if (plain_numbers_ ||
      (!whole && content != Content::kFractional && content != Content::kInterval && content != Content::kMoney)) {
    return {};
  }
  const auto stands = [&](std::string_view separator, bool groups) {
    std::size_t at = find_in_number(text, separator, groups);
    while (at != std::string_view::npos && separator == "." && content == Content::kInterval &&
           is_behind_seconds(text, at)) {
      at = find_in_number(text, separator, groups, at + 1);
    }
    return at != std::string_view::npos;
  };
  const std::string end =
      " stands between digits and is not read within this type, where it would be a guess: leave it out, or load into "
      "a column of text";
  if (!thousands_.empty() && stands(thousands_, true))
    return "the thousands_separator " + quote_value(thousands_) + end;
  if (whole || decimal_.empty()) return {};
  if (stands(decimal_, false)) return "the decimal_separator " + quote_value(decimal_) + end;
  if (thousands_ != "." && stands(".", false)) {
    return "\".\" stands between digits, which is not the decimal_separator " + quote_value(decimal_) +
           ": its meaning would be a guess; load such values into a column of text";
  }
  return {};
}

std::string EmbeddedRules::date_objection(std::string_view type, std::string_view text) const {
  DateTime read;
  const DateTimeStatus status = parse_date_time(text, dates_, read);
  if (!unknown_date_format_.empty() && read.kind == DateTime::Kind::kFinite && status != DateTimeStatus::kSyntax) {
    return "date_format " + quote_value(unknown_date_format_) +
           " is not read within this type; say with datestyle (DMY, MDY or YMD) how its dates are ordered";
  }
  const bool depends_on_order =
      status == DateTimeStatus::kAmbiguous || (status == DateTimeStatus::kOrderRange && !dates_.order_given);
  if (!depends_on_order) return {};
  return explain(DateTimeStatus::kAmbiguous, type, text, dates_);
}

std::string EmbeddedRules::time_objection(std::string_view text) const {
  text = trim(text);
  if (text.find(' ') == std::string_view::npos) return {};  // no date stands alone here
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto separators =
        std::count_if(word.begin(), word.end(), [](char c) { return c == '/' || c == '-' || c == '.'; });
    if (separators < 2 || word.find(':') != std::string_view::npos) continue;
    if (std::string why = date_objection("date", word); !why.empty()) return why;
  }
  return {};
}

}  // namespace cpi::value
