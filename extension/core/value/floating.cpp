// real and double precision, as PostgreSQL's float4in and float8in (src/backend/utils/adt/float.c) read them: what
// strtod takes, with blanks around it; overflow and underflow to zero are errors. Hexadecimal floats are left to the
// server.
#include <fast_float/fast_float.h>

#include <cmath>
#include <limits>

#include "core/value/families.h"
#include "core/value/message.h"
#include "core/value/number_text.h"
#include "core/value/text_scan.h"
#include "core/value/type_oid.h"

namespace cpi::value {

namespace {

/// NaN and the infinities, by the words that float8in knows; false when `word` is none of them.
template <typename Float>
bool parse_special(std::string_view word, Float& value) {
  if (is_word(word, "nan")) {
    value = std::numeric_limits<Float>::quiet_NaN();
    return true;
  }
  const bool negative = word.starts_with('-');
  if (negative || word.starts_with('+')) word.remove_prefix(1);
  if (!is_word(word, "infinity") && !is_word(word, "inf")) return false;
  value = negative ? -std::numeric_limits<Float>::infinity() : std::numeric_limits<Float>::infinity();
  return true;
}

/// Whether a spelling of zero has a digit other than 0 before its exponent: it has underflowed.
bool has_significant_digit(std::string_view number) {
  for (const char c : number) {
    if (c >= '1' && c <= '9') return true;
    if (to_lower(c) == 'e') return false;
  }
  return false;
}

template <typename Float>
class FloatingConverter final : public Converter {
 public:
  FloatingConverter(std::string_view type, NumberText numbers) : type_(type), numbers_(std::move(numbers)) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    std::string_view plain = text;
    char buffer[kLongestNumber];
    if (!numbers_.is_plain()) {
      const auto converted = numbers_.to_plain(text, buffer);
      if (!converted) return refuse(text, why);
      plain = *converted;
    }
    const std::string_view word = trim(plain);
    std::string_view number = word;
    if (number.starts_with('+')) number.remove_prefix(1);
    const std::size_t sign = number.starts_with('-') ? 1 : 0;
    Float value = 0;
    const bool numeric = number.size() > sign && (is_digit(number[sign]) || number[sign] == '.') &&
                         (sign == 0 || number.size() == word.size());
    if (numeric) {
      const auto parsed = fast_float::from_chars(number.data(), number.data() + number.size(), value);
      if (parsed.ptr != number.data() + number.size()) return refuse_or_ask(text, why);
      if (std::isinf(value) || (value == 0 && has_significant_digit(number))) {
        why = quote_value(word) + " is out of range for type " + std::string(type_);
        return Verdict::kReject;
      }
    } else if (!parse_special(word, value)) {
      return refuse_or_ask(text, why);
    }
    put(value, out);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return type_; }
  bool needs_cast() const override { return false; }
  bool is_canonical() const override { return false; }  // 0 equals -0, and NaN has many forms

 private:
  Verdict refuse_or_ask(std::string_view text, std::string& why) const {
    if (numbers_.is_plain() && is_strtod_only(trim(text))) return Verdict::kAskServer;
    return refuse(text, why);
  }

  /// 0x1p3, nan(123) and -nan: what the C library reads and this converter does not.
  static bool is_strtod_only(std::string_view word) {
    if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
    if (word.size() > 2 && word[0] == '0' && to_lower(word[1]) == 'x') return true;
    return is_word(word.substr(0, 3), "nan") && (word.size() == 3 || (word[3] == '(' && word.ends_with(')')));
  }

  Verdict refuse(std::string_view text, std::string& why) const {
    why = invalid_syntax(type_, text) + numbers_.advice(text);
    return Verdict::kReject;
  }

  static void put(Float value, CopyBuffer& out) {
    out.put_int32(sizeof(Float));
    if constexpr (sizeof(Float) == 4) {
      out.put_float4(value);
    } else {
      out.put_float8(value);
    }
  }

  std::string_view type_;
  NumberText numbers_;
};

}  // namespace

Result<std::unique_ptr<Converter>> make_floating(const ColumnType& type, const Format& format) {
  Result<NumberText> numbers = NumberText::make(format);
  if (!numbers) return numbers.error();
  if (type.oid == kFloat4Oid) return {std::make_unique<FloatingConverter<float>>("real", std::move(*numbers))};
  return {std::make_unique<FloatingConverter<double>>("double precision", std::move(*numbers))};
}

}  // namespace cpi::value
