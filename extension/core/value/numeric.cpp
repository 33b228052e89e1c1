// numeric and numeric(p,s), as PostgreSQL's numeric_in, set_var_from_str and apply_typmod read and round them
// (src/backend/utils/adt/numeric.c), written as numeric_recv takes them: base-10000 digits.
//
// Nearly every number has at most 18 digits before and 16 after its point: those go through two 64-bit integers. All
// others take the general way over decimal digits (numeric_digits.h).
#include <algorithm>

#include "core/value/families.h"
#include "core/value/message.h"
#include "core/value/number_text.h"
#include "core/value/numeric_digits.h"
#include "core/value/text_scan.h"

namespace cpi::value {

namespace {

constexpr std::int32_t kHeaderSize = 4;  // VARHDRSZ: the modifier is stored with it added
constexpr std::uint64_t kPowersOf10[] = {1ULL,
                                         10ULL,
                                         100ULL,
                                         1000ULL,
                                         10000ULL,
                                         100000ULL,
                                         1000000ULL,
                                         10000000ULL,
                                         100000000ULL,
                                         1000000000ULL,
                                         10000000000ULL,
                                         100000000000ULL,
                                         1000000000000ULL,
                                         10000000000000ULL,
                                         100000000000000ULL,
                                         1000000000000000ULL,
                                         10000000000000000ULL,
                                         100000000000000000ULL,
                                         1000000000000000000ULL,
                                         10000000000000000000ULL};
constexpr int kShortInteger = 18;
constexpr int kShortFraction = 16;

/// A number without exponent that fits the short way: integer and fraction digits, the latter `scale` of them.
struct ShortNumber {
  bool negative = false;
  std::uint64_t integer = 0;
  std::uint64_t fraction = 0;
  int scale = 0;
};

/// False when `text` is no such number (it may still be a number).
bool parse_short(std::string_view text, ShortNumber& number) {
  const char* p = text.data();
  const char* end = p + text.size();
  while (p < end && is_blank(*p)) ++p;
  number.negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;
  const char* first = p;
  while (p < end && *p == '0') ++p;
  const char* significant = p;
  while (p < end && is_digit(*p)) number.integer = number.integer * 10 + static_cast<std::uint64_t>(*p++ - '0');
  if (p - significant > kShortInteger) return false;
  bool any_digit = p > first;
  if (p < end && *p == '.') {
    const char* point = ++p;
    while (p < end && is_digit(*p)) number.fraction = number.fraction * 10 + static_cast<std::uint64_t>(*p++ - '0');
    if (p - point > kShortFraction) return false;
    number.scale = static_cast<int>(p - point);
    any_digit |= p > point;
  }
  while (p < end && is_blank(*p)) ++p;
  return any_digit && p == end;
}

/// Writes length word, header and digits; `digits` has neither leading nor trailing zeros, or `count` is 0.
void put_numeric(const std::int16_t* digits, int count, int weight, bool negative, int scale, CopyBuffer& out) {
  char* to = out.reserve(12 + 2 * static_cast<std::size_t>(count));
  const std::uint32_t size = __builtin_bswap32(static_cast<std::uint32_t>(8 + 2 * count));
  std::memcpy(to, &size, 4);
  const auto put16 = [&to](int at, int value) {
    const std::uint16_t swapped = __builtin_bswap16(static_cast<std::uint16_t>(value));
    std::memcpy(to + at, &swapped, 2);
  };
  put16(4, count);
  put16(6, count == 0 ? 0 : weight);
  put16(8, negative && count > 0 ? kNumericNegative : kNumericPositive);
  put16(10, scale);
  for (int i = 0; i < count; ++i) put16(12 + 2 * i, digits[i]);
  out.advance(12 + 2 * static_cast<std::size_t>(count));
}

/// Packs a short number into base 10000 and writes it.
void put_short(const ShortNumber& number, int display_scale, CopyBuffer& out) {
  constexpr int kIntegerGroups = 5;
  constexpr int kFractionGroups = 4;
  std::int16_t groups[kIntegerGroups + kFractionGroups];
  int first = kIntegerGroups;
  for (std::uint64_t rest = number.integer; rest != 0; rest /= 10000) {
    groups[--first] = static_cast<std::int16_t>(rest % 10000);
  }
  const int fraction_groups = (number.scale + 3) / 4;
  std::uint64_t rest = number.fraction * kPowersOf10[4 * fraction_groups - number.scale];
  for (int i = kIntegerGroups + fraction_groups; i > kIntegerGroups; rest /= 10000) {
    groups[--i] = static_cast<std::int16_t>(rest % 10000);
  }
  int last = kIntegerGroups + fraction_groups;
  while (first < last && groups[first] == 0) ++first;
  while (first < last && groups[last - 1] == 0) --last;
  put_numeric(groups + first, last - first, kIntegerGroups - 1 - first, number.negative, display_scale, out);
}

class NumericConverter final : public Converter {
 public:
  NumericConverter(std::int32_t typmod, NumberText numbers) : numbers_(std::move(numbers)) {
    limited_ = typmod >= kHeaderSize;
    if (!limited_) return;
    precision_ = (typmod - kHeaderSize) >> 16 & 0xFFFF;
    scale_ = (((typmod - kHeaderSize) & 0x7FF) ^ 1024) - 1024;  // eleven bits, signed since version 15
    type_ = "numeric(" + std::to_string(precision_) + "," + std::to_string(scale_) + ")";
  }

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    std::string_view plain = text;
    char buffer[kLongestNumber];
    if (!numbers_.is_plain()) {
      const auto converted = numbers_.to_plain(text, buffer);
      if (!converted) return refuse(text, why);
      plain = *converted;
    }
    ShortNumber number;
    if (!parse_short(plain, number) || (limited_ && (scale_ < 0 || scale_ > precision_))) [[unlikely]] {
      return write_long(text, plain, out, why);
    }
    if (!limited_) {
      put_short(number, number.scale, out);
      return Verdict::kOk;
    }
    if (number.scale > scale_) round(number);
    const int integer_digits = precision_ - scale_;
    if (integer_digits <= kShortInteger && number.integer >= kPowersOf10[integer_digits]) return overflow(text, why);
    put_short(number, scale_, out);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return type_; }
  bool needs_cast() const override { return false; }
  /// With a scale every value is stored with that scale; without one 1.0 and 1.00 are equal and differ.
  bool is_canonical() const override { return limited_; }

 private:
  /// Rounds half away from zero to the column's scale, which is less than the number's.
  void round(ShortNumber& number) const {
    const std::uint64_t unit = kPowersOf10[number.scale - scale_];
    const std::uint64_t rest = number.fraction % unit;
    number.fraction /= unit;
    if (rest * 2 >= unit) ++number.fraction;
    number.scale = scale_;
    if (number.fraction == kPowersOf10[scale_]) {
      number.fraction = 0;
      ++number.integer;
    }
  }

  /// Everything that is not a short number: long ones, exponents, words, and text that is no number.
  Verdict write_long(std::string_view text, std::string_view plain, CopyBuffer& out, std::string& why) const {
    const std::string_view word = trim(plain);
    if (is_word(word, "nan")) {
      out.put_int32(8);
      out.put_int32(0);
      out.put_int32(static_cast<std::int32_t>(kNumericNan << 16));
      return Verdict::kOk;
    }
    if (is_infinity(word)) {
      // Versions before 14 have no infinite numeric and would refuse the whole stream: the server decides.
      if (!limited_) return Verdict::kAskServer;
      why = "numeric field overflow: " + type_ + " cannot hold an infinite value";
      return Verdict::kReject;
    }
    NumericDigits digits;
    switch (digits.parse(word)) {
      case NumericDigits::Parsed::kSyntax:
        if (numbers_.is_plain() && (is_newer_number(text) || has_blank_exponent(word))) return Verdict::kAskServer;
        return refuse(text, why);
      case NumericDigits::Parsed::kTooLong:
        if (numbers_.is_plain()) return Verdict::kAskServer;
        why = "value overflows numeric format: " + quote_value(text);
        return Verdict::kReject;
      case NumericDigits::Parsed::kOk: break;
    }
    if (limited_) {
      digits.round(scale_);
      if (digits.integer_digits() > precision_ - scale_) return overflow(text, why);
    }
    std::int16_t groups[NumericDigits::kMostGroups];
    int weight = 0;
    const int count = digits.pack(groups, weight);
    put_numeric(groups, count, weight, digits.negative(), digits.scale(), out);
    return Verdict::kOk;
  }

  static bool is_infinity(std::string_view word) {
    if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
    return is_word(word, "infinity") || is_word(word, "inf");
  }

  /// "1e 5": strtol, which reads the exponent up to version 15, skips blanks.
  static bool has_blank_exponent(std::string_view word) {
    const std::size_t e = word.find_first_of("eE");
    return e != std::string_view::npos && e + 1 < word.size() && is_blank(word[e + 1]);
  }

  Verdict refuse(std::string_view text, std::string& why) const {
    why = invalid_syntax("numeric", text) + numbers_.advice(text);
    return Verdict::kReject;
  }

  Verdict overflow(std::string_view text, std::string& why) const {
    const int digits = precision_ - scale_;
    why = "numeric field overflow: " + quote_value(text) + " must round to an absolute value less than " +
          (digits == 0 ? "1" : "10^" + std::to_string(digits)) + " for type " + type_;
    return Verdict::kReject;
  }

  NumberText numbers_;
  bool limited_ = false;
  int precision_ = 0;
  int scale_ = 0;
  std::string type_ = "numeric";
};

}  // namespace

Result<std::unique_ptr<Converter>> make_numeric(const ColumnType& type, const Format& format) {
  Result<NumberText> numbers = NumberText::make(format);
  if (!numbers) return numbers.error();
  return {std::make_unique<NumericConverter>(type.typmod, std::move(*numbers))};
}

}  // namespace cpi::value
