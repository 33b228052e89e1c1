// Text staging: for types that have no converter, and for columns in which a spelling turned up that only the server
// knows.
//
// The server reads staged text by its own settings (DateStyle, TimeZone), which are not the format's. So for dates and
// timestamps everything that the format decides is decided here, and written in ISO form; the rest is passed on as it
// is, unless numbers or dates stand in it that the server would take for others than they are (embedded.h).
#include "core/value/calendar.h"
#include "core/value/embedded.h"
#include "core/value/families.h"
#include "core/value/message.h"
#include "core/value/number_text.h"
#include "core/value/text_scan.h"
#include "core/value/type_oid.h"

namespace cpi::value {

namespace {

class TextStagingConverter final : public Converter {
 public:
  explicit TextStagingConverter(bool needs_cast) : needs_cast_(needs_cast) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string&) const override {
    out.put_int32(static_cast<std::int32_t>(text.size()));
    out.put_bytes(text);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return "text"; }
  bool needs_cast() const override { return needs_cast_; }
  bool is_canonical() const override { return false; }

 private:
  bool needs_cast_;
};

std::uint64_t read_big_endian(const char* bytes, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// Appends `value` with zeros before it up to `width` digits.
void append_padded(std::string& text, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) text.append(width - digits.size(), '0');
  text += digits;
}

/// The ISO form of a stored date or timestamp, with an offset of UTC where the type has a zone. (An offset may lead
/// from the first day of year 1 to the year before it, which is called 1 BC.)
std::string iso_text(std::uint32_t type, const char* payload) {
  std::int64_t days = 0;
  std::int64_t time = 0;
  if (type == kDateOid) {
    days = static_cast<std::int32_t>(read_big_endian(payload, 4));
    if (days == kDateInfinity) return "infinity";
    if (days == kDateMinusInfinity) return "-infinity";
  } else {
    const auto stored = static_cast<std::int64_t>(read_big_endian(payload, 8));
    if (stored == kTimestampInfinity) return "infinity";
    if (stored == kTimestampMinusInfinity) return "-infinity";
    days = stored / kMicrosecondsPerDay - (stored % kMicrosecondsPerDay < 0 ? 1 : 0);
    time = stored - days * kMicrosecondsPerDay;
  }
  const CivilDate date = civil_date(days);
  const bool before_christ = date.year <= 0;
  std::string text;
  append_padded(text, before_christ ? 1 - date.year : date.year, 4);
  append_padded(text += '-', date.month, 2);
  append_padded(text += '-', date.day, 2);
  if (type != kDateOid) {
    const std::int64_t seconds = time / kMicrosecondsPerSecond;
    append_padded(text += ' ', seconds / 3600, 2);
    append_padded(text += ':', seconds / 60 % 60, 2);
    append_padded(text += ':', seconds % 60, 2);
    append_padded(text += '.', time % kMicrosecondsPerSecond, 6);
    if (type == kTimestamptzOid) text += "+00";
  }
  if (before_christ) text += " BC";
  return text;
}

/// Dates and timestamps on their way to the server's cast.
class TemporalStagingConverter final : public Converter {
 public:
  TemporalStagingConverter(std::uint32_t type, std::unique_ptr<Converter> inner)
      : type_(type), inner_(std::move(inner)) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    const std::size_t before = out.size();
    const Verdict verdict = inner_->write(text, out, why);
    if (verdict == Verdict::kReject) return verdict;
    if (verdict == Verdict::kAskServer) {
      out.put_int32(static_cast<std::int32_t>(text.size()));
      out.put_bytes(text);
      return Verdict::kOk;
    }
    const std::string iso = iso_text(type_, out.data() + before + 4);
    out.truncate(before);
    out.put_int32(static_cast<std::int32_t>(iso.size()));
    out.put_bytes(iso);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return "text"; }
  bool needs_cast() const override { return true; }
  bool is_canonical() const override { return false; }

 private:
  std::uint32_t type_;
  std::unique_ptr<Converter> inner_;
};

/// Numbers on their way to the server's cast, written as it writes them. (The server is asked about infinities only:
/// versions before 14 have none.)
class NumberStagingConverter final : public Converter {
 public:
  NumberStagingConverter(NumberText numbers, std::unique_ptr<Converter> inner)
      : numbers_(std::move(numbers)), inner_(std::move(inner)) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    const std::size_t before = out.size();
    if (inner_->write(text, out, why) == Verdict::kReject) return Verdict::kReject;
    out.truncate(before);
    char buffer[kLongestNumber];
    const std::string_view plain = numbers_.to_plain(text, buffer).value_or(text);
    out.put_int32(static_cast<std::int32_t>(plain.size()));
    out.put_bytes(plain);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return "text"; }
  bool needs_cast() const override { return true; }
  bool is_canonical() const override { return false; }

 private:
  NumberText numbers_;
  std::unique_ptr<Converter> inner_;
};

/// Values in which numbers or dates stand that the server would read by rules of its own.
class EmbeddedStagingConverter final : public Converter {
 public:
  EmbeddedStagingConverter(std::string type, std::shared_ptr<const Shape> shape, EmbeddedRules rules)
      : type_(std::move(type)), shape_(std::move(shape)), rules_(std::move(rules)) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    const std::string objection = rules_.objection(*shape_, text);
    if (objection.empty()) return plain_.write(text, out, why);
    why = "value " + quote_value(text) + " of type " + type_ + ": " + objection;
    return Verdict::kReject;
  }

  std::string_view staging_type() const override { return plain_.staging_type(); }
  bool needs_cast() const override { return true; }
  bool is_canonical() const override { return false; }

 private:
  std::string type_;
  std::shared_ptr<const Shape> shape_;
  EmbeddedRules rules_;
  TextStagingConverter plain_{true};
};

std::shared_ptr<const Shape> plain_shape(std::uint32_t oid) {
  Shape shape;
  shape.oid = oid;
  return std::make_shared<const Shape>(std::move(shape));
}

}  // namespace

Result<std::unique_ptr<Converter>> make_text_staging_converter(const ColumnType& type, const Format& format) {
  if (type.oid == kDateOid || type.oid == kTimestampOid || type.oid == kTimestamptzOid) {
    Result<std::unique_ptr<Converter>> inner = make_converter(type, format);
    if (!inner) return inner.error();
    return {std::make_unique<TemporalStagingConverter>(type.oid, std::move(*inner))};
  }
  if (type.oid == kNumericOid && !has_plain_numbers(format)) {
    Result<std::unique_ptr<Converter>> inner = make_converter(type, format);
    if (!inner) return inner.error();
    Result<NumberText> numbers = NumberText::make(format);
    if (!numbers) return numbers.error();
    return {std::make_unique<NumberStagingConverter>(std::move(*numbers), std::move(*inner))};
  }
  if (type.oid == kMoneyOid) return make_money(type, format);
  const auto shape = type.shape != nullptr ? type.shape : plain_shape(type.oid);
  if (EmbeddedRules rules(format); rules.concern(*shape)) {
    return {std::make_unique<EmbeddedStagingConverter>(type.name, shape, std::move(rules))};
  }
  return {std::make_unique<TextStagingConverter>(type.oid != kTextOid)};
}

}  // namespace cpi::value
