// From a 64-bit mask of found bytes to positions; shared by the vector kernels. Included only by them.
#pragma once

#include <cstdint>

namespace cpi::csv {

/// Writes the positions of the set bits, `base` added, in groups of eight: writing a few too many is cheaper than a
/// branch per bit (the technique of simdjson's flatten_bits).
__attribute__((always_inline)) inline std::uint32_t* write_positions(std::uint64_t mask, std::uint32_t base,
                                                                     std::uint32_t* out) {
  if (mask == 0) return out;
  const int count = __builtin_popcountll(mask);
  std::uint32_t* at = out;
  do {
    for (int i = 0; i < 8; ++i) {
      // With an empty mask the result is a number that nobody reads; `| high bit` keeps the builtin defined.
      at[i] = base + static_cast<std::uint32_t>(__builtin_ctzll(mask | (std::uint64_t{1} << 63)));
      mask &= mask - 1;
    }
    at += 8;
  } while (at < out + count);
  return out + count;
}

}  // namespace cpi::csv
