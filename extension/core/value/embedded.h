// What a format says of numbers and dates, held against values that the server reads: it knows nothing of separators or
// date_format, and has a DateStyle of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/value/datetime.h"
#include "core/value/format.h"
#include "core/value/shape.h"

namespace cpi::value {

/// The order in which the server must be told to read the dates that it casts: that of date_format, else datestyle;
/// nothing when neither says one that the server knows.
std::optional<DateOrder> order_of_casts(const Format& format);

/// Judges texts of types that have no converter of their own. Immutable.
class EmbeddedRules {
 public:
  explicit EmbeddedRules(const Format& format);

  /// False when no value of the type has anything to do with the format.
  bool concern(const Shape& shape) const;

  /// Why `text` would be read otherwise than the format says, or by a guess; empty when it would not.
  std::string objection(const Shape& shape, std::string_view text) const;

 private:
  enum class Content : std::uint8_t;
  static Content content_of(const Shape& shape);
  std::string number_objection(Content content, std::string_view text) const;
  std::string date_objection(std::string_view type, std::string_view text) const;
  std::string time_objection(std::string_view text) const;

  bool plain_numbers_;
  std::string decimal_;    ///< empty: a point
  std::string thousands_;  ///< empty: none
  DateRules dates_;
  std::string unknown_date_format_;  ///< a date_format in an order that the server does not know
};

}  // namespace cpi::value
