// Numbers as files write them: with a decimal comma, with grouped thousands. Brings them to PostgreSQL's own spelling.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/value/format.h"

namespace cpi::value {

/// Longest number that is taken apart; anything longer is nobody's number.
inline constexpr std::size_t kLongestNumber = 1200;

/// `decimal_separator` and `thousands_separator` of a format. Immutable.
class NumberText {
 public:
  /// Fails with kInvalidConfig when the two cannot be told apart from each other or from a number's other characters.
  static Result<NumberText> make(const Format& format);

  /// True when numbers are written as PostgreSQL does, so that `to_plain` need not be called.
  bool is_plain() const { return thousands_.empty() && decimal_ == '.'; }

  /// The number in PostgreSQL's spelling, in `buffer` (of kLongestNumber bytes). Groups must be of exactly three digits
  /// ("1.234.567,89"), or absent; they come with no zero before them and no exponent. Text that begins with no digit
  /// (NaN, Infinity) comes back unchanged. Nothing when the separators are not where they belong: the meaning would be
  /// a guess.
  std::optional<std::string_view> to_plain(std::string_view text, std::span<char, kLongestNumber> buffer) const;

  /// What to add to a reject's message: how this format writes numbers, or that a separator option may be missing.
  std::string advice(std::string_view text) const;

 private:
  NumberText(char decimal, std::string thousands) : decimal_(decimal), thousands_(std::move(thousands)) {}
  bool starts_with_separator(std::string_view text) const {
    return !thousands_.empty() && text.starts_with(thousands_);
  }

  char decimal_;
  std::string thousands_;
};

/// True for spellings of numbers that PostgreSQL takes from version 16 on and refuses before: 0x1F, 0o17, 0b11, 1_000.
bool is_newer_number(std::string_view text);

}  // namespace cpi::value
