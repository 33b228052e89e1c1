#include "core/text/utf8.h"

#include <cstdint>
#include <cstring>

namespace cpi::text {
namespace {

bool is_continuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

struct Sequence {
  std::size_t size;  ///< bytes of the character, or of the longest prefix that could have become one (at least 1)
  bool valid;
};

Sequence sequence_at(const unsigned char* at, std::size_t room) {
  const unsigned char lead = at[0];
  if (lead < 0x80) return {1, true};
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  std::size_t size = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    size = 3;
    if (lead == 0xE0) low = 0xA0;   // else over-long
    if (lead == 0xED) high = 0x9F;  // else a surrogate
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    if (lead == 0xF0) low = 0x90;   // else over-long
    if (lead == 0xF4) high = 0x8F;  // else above U+10FFFF
  } else {
    return {1, false};
  }
  if (room < 2 || at[1] < low || at[1] > high) return {1, false};
  for (std::size_t i = 2; i < size; ++i) {
    if (i >= room || !is_continuation(at[i])) return {i, false};
  }
  return {size, true};
}

}  // namespace

std::size_t first_invalid_utf8(std::string_view text) {
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t size = text.size();
  std::size_t i = 0;
  while (i < size) {
    if (data[i] < 0x80) {
      std::uint64_t word = 0;
      while (i + 8 <= size) {
        std::memcpy(&word, data + i, 8);
        if ((word & 0x8080808080808080U) != 0) break;
        i += 8;
      }
      while (i < size && data[i] < 0x80) ++i;
      continue;
    }
    const Sequence sequence = sequence_at(data + i, size - i);
    if (!sequence.valid) return i;
    i += sequence.size;
  }
  return std::string_view::npos;
}

void append_replacing_invalid(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t good = first_invalid_utf8(text);
    out.append(text.substr(0, good));
    if (good == std::string_view::npos) return;
    text.remove_prefix(good);
    out.append("\xEF\xBF\xBD");
    const bool forbidden_byte = text.size() >= 2 && text[0] == '\xFF' && text[1] == '\xFE';
    const auto* data = reinterpret_cast<const unsigned char*>(text.data());
    text.remove_prefix(forbidden_byte ? 2 : sequence_at(data, text.size()).size);
  }
}

std::string storable(std::string_view text) {
  std::string out;
  append_replacing_invalid(text, out);
  std::erase(out, '\0');
  return out;
}

}  // namespace cpi::text
