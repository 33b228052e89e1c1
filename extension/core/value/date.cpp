// date, as PostgreSQL's date_in reads it (src/backend/utils/adt/date.c): a time or zone behind the date is read and
// dropped. Stored as days since 2000-01-01.
#include "core/value/calendar.h"
#include "core/value/families.h"
#include "core/value/temporal.h"

namespace cpi::value {

namespace {

class DateConverter final : public Converter {
 public:
  explicit DateConverter(TemporalReader reader) : reader_(std::move(reader)) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    DateTime value;
    if (const Verdict verdict = reader_.read(text, value, why); verdict != Verdict::kOk) return verdict;
    if (value.kind != DateTime::Kind::kFinite) [[unlikely]] {
      value.days = value.kind == DateTime::Kind::kInfinity ? kDateInfinity : kDateMinusInfinity;
    }
    char* to = out.reserve(8);
    const std::uint32_t words[2] = {__builtin_bswap32(4), __builtin_bswap32(static_cast<std::uint32_t>(value.days))};
    std::memcpy(to, words, sizeof words);
    out.advance(sizeof words);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return "date"; }
  bool needs_cast() const override { return false; }
  bool is_canonical() const override { return true; }

 private:
  TemporalReader reader_;
};

}  // namespace

Result<std::unique_ptr<Converter>> make_date(const ColumnType&, const Format& format) {
  Result<TemporalReader> reader = TemporalReader::make("date", format);
  if (!reader) return reader.error();
  return {std::make_unique<DateConverter>(std::move(*reader))};
}

}  // namespace cpi::value
