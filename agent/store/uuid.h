// A random UUID (RFC 9562, version 4).
#pragma once

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

namespace cpi::store {

/// Unique, not secret: std::random_device is enough.
inline std::string random_uuid() {
  std::random_device random;
  std::uint32_t words[4];
  for (std::uint32_t& word : words) word = random();
  words[1] = (words[1] & 0xFFFF0FFFU) | 0x00004000U;
  words[2] = (words[2] & 0x3FFFFFFFU) | 0x80000000U;
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%04x%08x", words[0], words[1] >> 16, words[1] & 0xFFFFU,
                words[2] >> 16, words[2] & 0xFFFFU, words[3]);
  return text;
}

}  // namespace cpi::store
