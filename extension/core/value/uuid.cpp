// uuid: the spellings of PostgreSQL's string_to_uuid (src/backend/utils/adt/uuid.c): 32 hexadecimal digits, in braces
// or not, with a hyphen allowed after every fourth digit. No blanks.
#include <array>

#include "core/value/families.h"
#include "core/value/message.h"

namespace cpi::value {

namespace {

constexpr std::size_t kUuidBytes = 16;

/// The value of every hexadecimal digit; 0xFF for every other byte.
constexpr std::array<std::uint8_t, 256> kHexDigit = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(0xFF);
  for (int i = 0; i < 10; ++i) table['0' + i] = static_cast<std::uint8_t>(i);
  for (int i = 0; i < 6; ++i) {
    table['a' + i] = static_cast<std::uint8_t>(10 + i);
    table['A' + i] = static_cast<std::uint8_t>(10 + i);
  }
  return table;
}();

bool parse_uuid(std::string_view text, std::uint8_t* bytes) {
  if (text.size() >= 2 && text.front() == '{') {
    if (text.back() != '}') return false;
    text = text.substr(1, text.size() - 2);
  }
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  for (std::size_t i = 0; i < kUuidBytes; ++i) {
    if (end - p < 2) return false;
    const unsigned high = kHexDigit[p[0]];
    const unsigned low = kHexDigit[p[1]];
    if ((high | low) > 0x0F) return false;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    p += 2;
    if (p < end && *p == '-' && i % 2 == 1 && i < kUuidBytes - 1) ++p;
  }
  return p == end;
}

class UuidConverter final : public Converter {
 public:
  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    std::uint8_t bytes[kUuidBytes];
    if (!parse_uuid(text, bytes)) {
      why = invalid_syntax("uuid", text);
      return Verdict::kReject;
    }
    out.put_int32(kUuidBytes);
    out.put_bytes({reinterpret_cast<const char*>(bytes), kUuidBytes});
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return "uuid"; }
  bool needs_cast() const override { return false; }
  bool is_canonical() const override { return true; }
};

}  // namespace

Result<std::unique_ptr<Converter>> make_uuid(const ColumnType&, const Format&) {
  return {std::make_unique<UuidConverter>()};
}

}  // namespace cpi::value
