// money. The server reads it by its own locale, in which a file's decimal comma may group thousands. Where the format
// has separators of its own, money goes as a number, which is cast whatever the locale; otherwise as text, since only
// the server knows its currency signs, but for commas that cannot group thousands: it would skip them.
#include "core/value/families.h"
#include "core/value/message.h"
#include "core/value/text_scan.h"
#include "core/value/type_oid.h"

namespace cpi::value {

namespace {

class MoneyConverter final : public Converter {
 public:
  explicit MoneyConverter(std::unique_ptr<Converter> number) : number_(std::move(number)) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    std::string_view word = trim(text);
    if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
    if (!word.empty() && is_letter(word[0])) {  // numeric has infinities and NaN, money has none
      why = invalid_syntax("money", text);
      return Verdict::kReject;
    }
    return number_->write(text, out, why);
  }

  std::string_view staging_type() const override { return number_->staging_type(); }
  bool needs_cast() const override { return false; }
  bool is_canonical() const override { return false; }

 private:
  std::unique_ptr<Converter> number_;
};

class MoneyTextConverter final : public Converter {
 public:
  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    if (!groups_thousands(text)) {
      why = invalid_syntax("money", text) +
            ": a comma groups three digits; if the file writes numbers with a comma, say so with decimal_separator";
      return Verdict::kReject;
    }
    out.put_int32(static_cast<std::int32_t>(text.size()));
    out.put_bytes(text);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return "text"; }
  bool needs_cast() const override { return true; }
  bool is_canonical() const override { return false; }
};

}  // namespace

bool groups_thousands(std::string_view text) {
  for (std::size_t at = text.find(','); at != std::string_view::npos; at = text.find(',', at + 1)) {
    std::size_t end = at + 1;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (at == 0 || !is_digit(text[at - 1]) || end - at - 1 != 3) return false;
  }
  return true;
}

Result<std::unique_ptr<Converter>> make_money(const ColumnType&, const Format& format) {
  if (has_plain_numbers(format)) return {std::make_unique<MoneyTextConverter>()};
  Result<std::unique_ptr<Converter>> number = make_numeric({kNumericOid, -1, "numeric"}, format);
  if (!number) return number.error();
  return {std::make_unique<MoneyConverter>(std::move(*number))};
}

}  // namespace cpi::value
