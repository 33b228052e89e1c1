// A decimal number of any usual length as its digits: the general way of numeric, for exponents, long numbers and
// unusual modifiers. Not meant for the hot path.
#pragma once

#include <cstdint>
#include <string_view>

namespace cpi::value {

/// Sign words of numeric's binary form (src/backend/utils/adt/numeric.c).
inline constexpr int kNumericPositive = 0x0000;
inline constexpr int kNumericNegative = 0x4000;
inline constexpr std::uint32_t kNumericNan = 0xC000;

/// Digits, the place of the point, and the display scale.
class NumericDigits {
 public:
  /// Most digits and largest exponent that are taken apart; longer ones are for the server.
  static constexpr int kMostDigits = 1000;
  static constexpr int kLargestExponent = 5000;
  static constexpr int kMostGroups = kMostDigits / 4 + 3;

  enum class Parsed { kOk, kSyntax, kTooLong };

  /// Reads `[sign] digits [. digits] [e [sign] digits]`, with at least one digit before the exponent and no blanks.
  Parsed parse(std::string_view text);
  /// Rounds half away from zero to `scale` digits behind the point (before it, when negative).
  void round(int scale);
  /// Digits before the point without leading zeros; negative when zeros follow the point; very negative for zero.
  int integer_digits() const;
  /// Writes base-10000 digits without zeros at either end; returns how many, and the weight of the first.
  int pack(std::int16_t* groups, int& weight) const;

  bool negative() const { return negative_; }
  /// Digits behind the point to show.
  int scale() const { return scale_; }

 private:
  char digits_[kMostDigits + 1];  ///< values 0 to 9; one more for a carry
  int count_ = 0;
  int point_ = 0;  ///< digits before the point; may be negative or beyond count_
  int scale_ = 0;
  bool negative_ = false;
};

}  // namespace cpi::value
