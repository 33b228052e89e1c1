// text, varchar(n) and char(n), by PostgreSQL's rules for input (src/backend/utils/adt/varchar.c): a value over the
// length is an error unless everything beyond it is blanks, and char(n) is padded with blanks. Lengths count
// characters.
#include "core/value/families.h"
#include "core/value/message.h"
#include "core/value/type_oid.h"

namespace cpi::value {

namespace {

constexpr std::int32_t kHeaderSize = 4;  // VARHDRSZ: a length modifier is stored with it added

/// Bytes of the first `characters` characters of `text`, or all of it when it has fewer; `found` says how many it has.
std::size_t prefix_bytes(std::string_view text, std::size_t characters, std::size_t& found) {
  found = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if (found == characters) return at;
    ++found;
    do ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  }
  return at;
}

void put_text(std::string_view text, CopyBuffer& out) {
  char* to = out.reserve(text.size() + 4);
  const std::uint32_t size = __builtin_bswap32(static_cast<std::uint32_t>(text.size()));
  std::memcpy(to, &size, 4);
  std::memcpy(to + 4, text.data(), text.size());
  out.advance(text.size() + 4);
}

/// Types without a length: every text is stored as it comes.
class TextConverter final : public Converter {
 public:
  TextConverter(std::string_view type, bool canonical) : type_(type), canonical_(canonical) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string&) const override {
    put_text(text, out);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return type_; }
  bool needs_cast() const override { return false; }
  bool is_canonical() const override { return canonical_; }

 private:
  std::string_view type_;
  bool canonical_;
};

class LimitedConverter final : public Converter {
 public:
  LimitedConverter(std::string type, std::size_t limit, bool padded)
      : type_(std::move(type)), limit_(limit), padded_(padded) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    if (!padded_ && text.size() <= limit_) {  // bytes are never fewer than characters
      put_text(text, out);
      return Verdict::kOk;
    }
    std::size_t characters = 0;
    const std::size_t kept = prefix_bytes(text, limit_, characters);
    if (text.find_first_not_of(' ', kept) != std::string_view::npos) {
      why = "value too long for type " + type_ + ": " + quote_value(text);
      return Verdict::kReject;
    }
    const std::size_t padding = padded_ ? limit_ - characters : 0;
    out.put_int32(static_cast<std::int32_t>(kept + padding));
    out.put_bytes(text.substr(0, kept));
    std::memset(out.reserve(padding), ' ', padding);
    out.advance(padding);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return type_; }
  bool needs_cast() const override { return false; }
  /// char(n) compares without its trailing blanks.
  bool is_canonical() const override { return !padded_; }

 private:
  std::string type_;
  std::size_t limit_;
  bool padded_;
};

}  // namespace

Result<std::unique_ptr<Converter>> make_character(const ColumnType& type, const Format&) {
  const bool limited = type.typmod >= kHeaderSize;
  const auto limit = static_cast<std::size_t>(limited ? type.typmod - kHeaderSize : 0);
  if (type.oid == kBpcharOid) {
    if (!limited) return {std::make_unique<TextConverter>("bpchar", false)};  // compares without trailing blanks
    return {std::make_unique<LimitedConverter>("character(" + std::to_string(limit) + ")", limit, true)};
  }
  if (type.oid == kVarcharOid && limited) {
    return {std::make_unique<LimitedConverter>("character varying(" + std::to_string(limit) + ")", limit, false)};
  }
  return {std::make_unique<TextConverter>(type.oid == kVarcharOid ? "character varying" : "text", true)};
}

}  // namespace cpi::value
