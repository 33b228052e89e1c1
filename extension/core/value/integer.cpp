// smallint, integer, bigint and oid, as PostgreSQL's pg_strtoint16/32/64 (src/backend/utils/adt/numutils.c) and oidin
// read them: blanks, a sign, decimal digits, blanks. Spellings that came with version 16 are left to the server.
#include <limits>

#include "core/value/digits.h"
#include "core/value/families.h"
#include "core/value/message.h"
#include "core/value/number_text.h"
#include "core/value/text_scan.h"
#include "core/value/type_oid.h"

namespace cpi::value {

namespace {

enum class Parsed { kOk, kSyntax, kRange };

/// A sign or none and up to sixteen digits, nothing else: what nearly every value is.
bool parse_bare_integer(std::string_view text, bool& negative, std::uint64_t& magnitude) {
  negative = text.starts_with('-');
  const std::size_t digits = text.size() - (negative ? 1 : 0);
  return digits - 1 < 16 && parse_digits(text.data() + (negative ? 1 : 0), digits, magnitude);
}

/// Reads sign and digits into `negative` and `magnitude`; kRange when the magnitude needs more than 64 bits.
Parsed parse_integer(std::string_view text, bool& negative, std::uint64_t& magnitude) {
  const char* p = text.data();
  const char* end = p + text.size();
  while (p < end && is_blank(*p)) ++p;
  negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;
  const char* first = p;
  while (p < end && *p == '0') ++p;
  const char* significant = p;
  std::uint64_t value = 0;
  while (p < end && is_digit(*p)) value = value * 10 + static_cast<std::uint64_t>(*p++ - '0');
  if (p == first) return Parsed::kSyntax;
  const auto digits = p - significant;
  while (p < end && is_blank(*p)) ++p;
  if (p != end) return Parsed::kSyntax;
  magnitude = value;
  return digits <= 19 ? Parsed::kOk : Parsed::kRange;  // nineteen nines fit into 64 bits
}

template <typename Int>
class IntegerConverter final : public Converter {
 public:
  IntegerConverter(std::string_view type, NumberText numbers) : type_(type), numbers_(std::move(numbers)) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    std::string_view plain = text;
    char buffer[kLongestNumber];
    if (!numbers_.is_plain()) {
      const auto converted = numbers_.to_plain(text, buffer);
      if (!converted) return refuse(text, why);
      plain = *converted;
    }
    bool negative = false;
    std::uint64_t magnitude = 0;
    Parsed parsed = Parsed::kOk;
    if (!parse_bare_integer(plain, negative, magnitude)) parsed = parse_integer(plain, negative, magnitude);
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<Int>::max());
    if (parsed == Parsed::kOk && magnitude <= kMax + negative) [[likely]] {
      put(static_cast<Int>(negative ? 0 - magnitude : magnitude), out);
      return Verdict::kOk;
    }
    if (parsed == Parsed::kSyntax) {
      if (numbers_.is_plain() && is_newer_number(text)) return Verdict::kAskServer;
      return refuse(text, why);
    }
    why = out_of_range(type_, text);
    return Verdict::kReject;
  }

  std::string_view staging_type() const override { return type_; }
  bool needs_cast() const override { return false; }
  bool is_canonical() const override { return true; }

 private:
  Verdict refuse(std::string_view text, std::string& why) const {
    why = invalid_syntax(type_, text) + numbers_.advice(text);
    return Verdict::kReject;
  }

  static void put(Int value, CopyBuffer& out) {
    char* to = out.reserve(4 + sizeof(Int));
    const std::uint32_t size = __builtin_bswap32(sizeof(Int));
    std::memcpy(to, &size, 4);
    if constexpr (sizeof(Int) == 2) {
      const auto swapped = __builtin_bswap16(static_cast<std::uint16_t>(value));
      std::memcpy(to + 4, &swapped, sizeof swapped);
    } else if constexpr (sizeof(Int) == 4) {
      const auto swapped = __builtin_bswap32(static_cast<std::uint32_t>(value));
      std::memcpy(to + 4, &swapped, sizeof swapped);
    } else {
      const auto swapped = __builtin_bswap64(static_cast<std::uint64_t>(value));
      std::memcpy(to + 4, &swapped, sizeof swapped);
    }
    out.advance(4 + sizeof(Int));
  }

  std::string_view type_;
  NumberText numbers_;
};

/// oid is read with strtoul: signs wrap around, and version 16 takes leading zeros for octal. Only plain digits are
/// ours.
class OidConverter final : public Converter {
 public:
  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    bool negative = false;
    std::uint64_t magnitude = 0;
    const std::string_view digits = trim(text);
    switch (parse_integer(text, negative, magnitude)) {
      case Parsed::kOk:
        if (!is_digit(digits[0]) || (digits[0] == '0' && digits.size() > 1)) return Verdict::kAskServer;
        if (magnitude > std::numeric_limits<std::uint32_t>::max()) break;
        out.put_int32(4);
        out.put_int32(static_cast<std::int32_t>(magnitude));
        return Verdict::kOk;
      case Parsed::kSyntax:
        if (is_newer_number(text)) return Verdict::kAskServer;
        why = invalid_syntax("oid", text);
        return Verdict::kReject;
      case Parsed::kRange: return Verdict::kAskServer;  // near 2^64 they wrap around too
    }
    why = out_of_range("oid", text);
    return Verdict::kReject;
  }

  std::string_view staging_type() const override { return "oid"; }
  bool needs_cast() const override { return false; }
  bool is_canonical() const override { return true; }
};

}  // namespace

Result<std::unique_ptr<Converter>> make_integer(const ColumnType& type, const Format& format) {
  if (type.oid == kOidOid) return {std::make_unique<OidConverter>()};
  Result<NumberText> numbers = NumberText::make(format);
  if (!numbers) return numbers.error();
  switch (type.oid) {
    case kInt2Oid: return {std::make_unique<IntegerConverter<std::int16_t>>("smallint", std::move(*numbers))};
    case kInt4Oid: return {std::make_unique<IntegerConverter<std::int32_t>>("integer", std::move(*numbers))};
    default: return {std::make_unique<IntegerConverter<std::int64_t>>("bigint", std::move(*numbers))};
  }
}

}  // namespace cpi::value
