// See number_text.h. The grammar:  blanks [sign] digits [decimal digits] [exponent] blanks
// or, with groups:                 blanks [sign] digits {separator three-digits} [decimal digits] blanks
#include "core/value/number_text.h"

#include <algorithm>

#include "core/value/message.h"
#include "core/value/text_scan.h"

namespace cpi::value {

namespace {

/// A character that means something else in a number.
bool is_taken(char c) { return is_digit(c) || is_letter(c) || c == '+' || c == '-'; }

}  // namespace

Result<NumberText> NumberText::make(const Format& format) {
  const char decimal = format.decimal_separator;
  const std::string& thousands = format.thousands_separator;
  if (is_taken(decimal) || is_blank(decimal)) {
    return Error{
        Code::kInvalidConfig, "decimal_separator cannot be " + quote_value({&decimal, 1}), {}, "Use \".\" or \",\"."};
  }
  if (std::any_of(thousands.begin(), thousands.end(), is_taken)) {
    return Error{Code::kInvalidConfig,
                 "thousands_separator cannot be " + quote_value(thousands),
                 {},
                 "Use a character that is no digit, letter or sign, such as \",\", \".\" or a blank."};
  }
  if (thousands.find(decimal) != std::string::npos) {
    return Error{Code::kInvalidConfig,
                 "decimal_separator and thousands_separator are both " + quote_value({&decimal, 1}),
                 {},
                 "Give them different characters."};
  }
  return NumberText(decimal, thousands);
}

std::optional<std::string_view> NumberText::to_plain(std::string_view text,
                                                     std::span<char, kLongestNumber> buffer) const {
  std::string_view rest = trim(text);
  if (rest.size() >= buffer.size()) return std::nullopt;
  char* to = buffer.data();
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
    *to++ = rest[0];
    rest.remove_prefix(1);
  }
  if (!rest.empty() && is_letter(rest[0])) return text;

  const auto copy_digits = [&] {
    std::size_t count = 0;
    while (count < rest.size() && is_digit(rest[count])) *to++ = rest[count++];
    rest.remove_prefix(count);
    return count;
  };
  const bool leading_zero = rest.starts_with('0');
  const std::size_t leading = copy_digits();
  const bool grouped = starts_with_separator(rest);
  if (grouped) {
    // Nobody groups "0.500" or "012.345": there the separator is rather a decimal point.
    if (leading == 0 || leading > 3 || leading_zero) return std::nullopt;
    while (starts_with_separator(rest)) {
      rest.remove_prefix(thousands_.size());
      if (copy_digits() != 3) return std::nullopt;
    }
  }
  if (!rest.empty() && rest[0] == decimal_) {
    *to++ = '.';
    rest.remove_prefix(1);
    copy_digits();
  }
  // What is left may be an exponent, which comes with no groups: "1.234e3" is rather a fraction. A '.' here is one that
  // this format does not know as a separator.
  if ((grouped && !rest.empty()) || rest.find('.') != std::string_view::npos) return std::nullopt;
  to = std::copy(rest.begin(), rest.end(), to);
  return std::string_view(buffer.data(), static_cast<std::size_t>(to - buffer.data()));
}

std::string NumberText::advice(std::string_view text) const {
  if (is_plain()) {
    if (text.find(',') == std::string_view::npos) return {};
    return "; if the file writes numbers with a comma, say so with decimal_separator or thousands_separator";
  }
  std::string advice = "; numbers are read with decimal_separator " + quote_value({&decimal_, 1});
  if (thousands_.empty()) return advice + " and no thousands_separator";
  return advice + " and thousands_separator " + quote_value(thousands_) + " between groups of exactly three digits";
}

bool is_newer_number(std::string_view text) {
  std::string_view rest = trim(text);
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) rest.remove_prefix(1);
  if (rest.size() < 3 || !is_digit(rest[0])) return false;
  const char base = to_lower(rest[1]);
  const bool has_base = rest[0] == '0' && (base == 'x' || base == 'o' || base == 'b');
  if (has_base) rest.remove_prefix(2);
  bool underscore = false;
  for (const char c : rest) {
    underscore |= c == '_';
    const bool hexadecimal = has_base && base == 'x' && is_letter(c) && to_lower(c) <= 'f';
    const bool decimal = !has_base && (c == '.' || to_lower(c) == 'e' || c == '+' || c == '-');
    if (!is_digit(c) && c != '_' && !hexadecimal && !decimal) return false;
  }
  return has_base || underscore;
}

}  // namespace cpi::value
