// Decimal digits eight at a time, in one 64-bit word (the method of Lemire's and Muła's SWAR parsers; simdjson,
// fast_float). A loop over digits waits for one multiplication per digit; this waits for three per eight.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace cpi::value {

static_assert(std::endian::native == std::endian::little, "digits are gathered in little-endian words");

inline constexpr std::uint64_t kEightZeros = 0x3030303030303030;

/// The last `count` (1 to 8) characters before `end` as a word, with '0' in the places before them. Reads nothing else.
inline std::uint64_t gather_digits(const char* end, std::size_t count) {
  std::uint64_t word = 0;
  if (count == 8) {
    std::memcpy(&word, end - 8, 8);
    return word;
  }
  if (count >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, end - count, 4);
    std::memcpy(&last, end - 4, 4);
    word = std::uint64_t{last} << 32 | std::uint64_t{first} << (64 - 8 * count);
  } else {
    for (std::size_t i = 1; i <= count; ++i)
      word |= std::uint64_t{static_cast<unsigned char>(*(end - i))} << (64 - 8 * i);
  }
  return word | kEightZeros >> (8 * count);
}

/// Whether all eight characters are digits.
inline bool are_digits(std::uint64_t word) {
  const std::uint64_t values = word ^ kEightZeros;
  return ((values | (values + 0x7676767676767676)) & 0x8080808080808080) == 0;
}

/// The number that eight digits spell.
inline std::uint32_t combine_digits(std::uint64_t word) {
  word = (word & 0x0F0F0F0F0F0F0F0F) * 2561 >> 8;
  word = (word & 0x00FF00FF00FF00FF) * 6553601 >> 16;
  return static_cast<std::uint32_t>((word & 0x0000FFFF0000FFFF) * 42949672960001 >> 32);
}

/// Reads `count` (1 to 16) characters that must all be digits; false when one is not.
inline bool parse_digits(const char* text, std::size_t count, std::uint64_t& value) {
  const char* end = text + count;
  if (count <= 8) {
    const std::uint64_t word = gather_digits(end, count);
    value = combine_digits(word);
    return are_digits(word);
  }
  const std::uint64_t high = gather_digits(end - 8, count - 8);
  const std::uint64_t low = gather_digits(end, 8);
  value = std::uint64_t{combine_digits(high)} * 100000000 + combine_digits(low);
  return are_digits(high) && are_digits(low);
}

}  // namespace cpi::value
