// timestamp and timestamp with time zone, as PostgreSQL's timestamp_in and timestamptz_in read them
// (src/backend/utils/adt/timestamp.c). Stored as microseconds since 2000-01-01, in UTC for the second. `timestamp`
// reads a zone and drops it, as the server does; `timestamptz` without one is a local time in the format's time zone.
#include "core/value/calendar.h"
#include "core/value/families.h"
#include "core/value/message.h"
#include "core/value/temporal.h"
#include "core/value/time_zone.h"
#include "core/value/type_oid.h"

namespace cpi::value {

namespace {

constexpr int kMostDigits = 6;  // MAX_TIMESTAMP_PRECISION

/// Rounds to the column's precision as AdjustTimestampForTypmod does: half away from zero, on the microseconds.
std::int64_t round_to_precision(std::int64_t value, std::int64_t unit) {
  return value >= 0 ? (value + unit / 2) / unit * unit : -((-value + unit / 2) / unit * unit);
}

class TimestampConverter final : public Converter {
 public:
  /// `zone` is absent for timestamp without time zone.
  TimestampConverter(TemporalReader reader, std::optional<TimeZone> zone, std::int32_t precision)
      : reader_(std::move(reader)), zone_(std::move(zone)) {
    type_ = "timestamp";
    if (precision >= 0) type_ += "(" + std::to_string(precision) + ")";
    for (int i = precision; i >= 0 && i < kMostDigits; ++i) unit_ *= 10;
    type_ += zone_ ? " with time zone" : " without time zone";
  }

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    DateTime value;
    if (const Verdict verdict = reader_.read(text, value, why); verdict != Verdict::kOk) return verdict;
    std::int64_t stored = 0;
    if (value.kind != DateTime::Kind::kFinite) [[unlikely]] {
      stored = value.kind == DateTime::Kind::kInfinity ? kTimestampInfinity : kTimestampMinusInfinity;
    } else {
      // An offset may bring back one day at most; further on the product below would not fit.
      constexpr std::int64_t kLastDay = kEndTimestamp / kMicrosecondsPerDay + 1;
      if (value.days > kLastDay) return refuse_range(text, why);
      stored = value.days * kMicrosecondsPerDay + value.microseconds;
      if (zone_) {
        const std::int64_t local = value.days * kSecondsPerDay + value.microseconds / kMicrosecondsPerSecond;
        stored -= (value.has_zone ? value.offset : zone_->offset_at_local(local)) * kMicrosecondsPerSecond;
      }
      if (stored < kMinTimestamp || stored >= kEndTimestamp) return refuse_range(text, why);
      if (unit_ > 1) stored = round_to_precision(stored, unit_);
      // Rounding may reach the limit: the server would store such a value, but cannot show it.
      if (stored >= kEndTimestamp) return refuse_range(text, why);
    }
    char* to = out.reserve(12);
    const std::uint32_t size = __builtin_bswap32(8);
    const std::uint64_t swapped = __builtin_bswap64(static_cast<std::uint64_t>(stored));
    std::memcpy(to, &size, sizeof size);
    std::memcpy(to + sizeof size, &swapped, sizeof swapped);
    out.advance(sizeof size + sizeof swapped);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return type_; }
  bool needs_cast() const override { return false; }
  bool is_canonical() const override { return true; }

 private:
  static Verdict refuse_range(std::string_view text, std::string& why) {
    why = "timestamp out of range: " + quote_value(text);
    return Verdict::kReject;
  }

  TemporalReader reader_;
  std::optional<TimeZone> zone_;
  std::int64_t unit_ = 1;  ///< microseconds of the column's last digit
  std::string type_;
};

}  // namespace

Result<std::unique_ptr<Converter>> make_timestamp(const ColumnType& type, const Format& format) {
  const bool zoned = type.oid == kTimestamptzOid;
  Result<TemporalReader> reader = TemporalReader::make(zoned ? "timestamp with time zone" : "timestamp", format);
  if (!reader) return reader.error();
  std::optional<TimeZone> zone;
  if (zoned) {
    Result<TimeZone> loaded = TimeZone::load(format.timezone);
    if (!loaded) return loaded.error();
    zone = std::move(*loaded);
  }
  return {std::make_unique<TimestampConverter>(std::move(*reader), std::move(zone), type.typmod)};
}

}  // namespace cpi::value
