// See numeric_digits.h.
#include "core/value/numeric_digits.h"

#include <algorithm>
#include <climits>
#include <cstring>

#include "core/value/text_scan.h"

namespace cpi::value {

NumericDigits::Parsed NumericDigits::parse(std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  negative_ = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;

  bool point_seen = false;
  bool any_digit = false;
  bool too_long = false;
  for (; p < end; ++p) {
    if (*p == '.' && !point_seen) {
      point_seen = true;
      continue;
    }
    if (!is_digit(*p)) break;
    any_digit = true;
    if (count_ == kMostDigits) {
      too_long = true;
      continue;
    }
    digits_[count_++] = static_cast<char>(*p - '0');
    ++(point_seen ? scale_ : point_);
  }
  if (!any_digit) return Parsed::kSyntax;

  if (p < end && to_lower(*p) == 'e') {
    ++p;
    const bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) ++p;
    if (p == end) return Parsed::kSyntax;
    int exponent = 0;
    for (; p < end && is_digit(*p); ++p) exponent = std::min(exponent * 10 + (*p - '0'), 10 * kLargestExponent);
    if (p != end) return Parsed::kSyntax;
    if (exponent > kLargestExponent) return Parsed::kTooLong;
    if (negative) exponent = -exponent;
    point_ += exponent;
    scale_ = std::max(0, scale_ - exponent);
  }
  if (p != end) return Parsed::kSyntax;
  return too_long ? Parsed::kTooLong : Parsed::kOk;
}

void NumericDigits::round(int scale) {
  const int kept = point_ + scale;
  scale_ = std::max(0, scale);
  if (kept >= count_) return;
  if (kept < 0) {
    count_ = 0;
    return;
  }
  bool carry = digits_[kept] >= 5;
  count_ = kept;
  for (int i = kept - 1; carry && i >= 0; --i) {
    carry = digits_[i] == 9;
    digits_[i] = carry ? 0 : static_cast<char>(digits_[i] + 1);
  }
  if (!carry) return;
  std::memmove(digits_ + 1, digits_, static_cast<std::size_t>(count_));
  digits_[0] = 1;
  ++count_;
  ++point_;
}

int NumericDigits::integer_digits() const {
  const int zeros = static_cast<int>(std::find_if(digits_, digits_ + count_, [](char d) { return d != 0; }) - digits_);
  return zeros == count_ ? INT_MIN : point_ - zeros;
}

int NumericDigits::pack(std::int16_t* groups, int& weight) const {
  // Groups are aligned at the point: the first one may begin with digits that are not there.
  weight = point_ > 0 ? (point_ + 3) / 4 - 1 : -(-point_ / 4) - 1;
  int missing = (weight + 1) * 4 - point_;
  int count = 0;
  for (int at = 0; at < count_; ++count) {
    int group = 0;
    for (int i = 0; i < 4; ++i) {
      int digit = 0;
      if (missing > 0) {
        --missing;
      } else if (at < count_) {
        digit = digits_[at++];
      }
      group = group * 10 + digit;
    }
    groups[count] = static_cast<std::int16_t>(group);
  }
  int zeros = 0;
  while (zeros < count && groups[zeros] == 0) ++zeros;
  weight -= zeros;
  count -= zeros;
  std::memmove(groups, groups + zeros, sizeof *groups * static_cast<std::size_t>(count));
  while (count > 0 && groups[count - 1] == 0) --count;
  return count;
}

}  // namespace cpi::value
