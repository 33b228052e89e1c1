// See time_zone.h. The file format is RFC 8536; only its 64-bit part (version 2 and later) is read.
#include "core/value/time_zone.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "core/value/calendar.h"
#include "core/value/message.h"
#include "core/value/text_scan.h"
#include "core/value/zone_rule.h"

namespace cpi::value {

namespace {

constexpr const char* kDatabase = "/usr/share/zoneinfo/";
constexpr std::int64_t kUnixEpoch = -10957 * kSecondsPerDay;
constexpr std::int64_t kCycle = 146097 * kSecondsPerDay;  // 400 years: the calendar repeats, weekdays included
constexpr std::size_t kHeaderBytes = 44;

Error unknown_zone(std::string_view name) {
  return {Code::kInvalidConfig,
          "unknown time zone " + quote_value(name),
          {},
          "Name a zone of the tz database, such as \"Europe/Berlin\" or \"UTC\"."};
}

std::uint64_t read_big_endian(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// The counts of a TZif header, and where the data behind them lies.
struct Block {
  std::size_t utc_flags, standard_flags, leaps, transitions, types, characters;

  /// Reads the header at `at`; nothing when there is none.
  static std::optional<Block> read(std::string_view bytes, std::size_t at) {
    if (bytes.size() < at + kHeaderBytes || bytes.substr(at, 4) != "TZif" || bytes[at + 4] < '2') return std::nullopt;
    std::size_t counts[6];
    for (std::size_t i = 0; i < 6; ++i) counts[i] = read_big_endian(bytes, at + 20 + 4 * i, 4);
    return Block{counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
  }
  std::size_t size(std::size_t time_bytes) const {
    return transitions * (time_bytes + 1) + types * 6 + characters + leaps * (time_bytes + 4) + standard_flags +
           utc_flags;
  }
};

/// The names of files in the database, and nothing that leads out of it.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 255 || !is_letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string read_file(const std::string& path) {
  std::string bytes;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) return bytes;
  char buffer[8192];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, file.get())) bytes.append(buffer, got);
  return bytes;
}

}  // namespace

Result<TimeZone> TimeZone::load(std::string_view name) {
  if (is_word(name, "utc") || is_word(name, "gmt") || is_word(name, "z")) return TimeZone();
  if (!is_zone_name(name)) return unknown_zone(name);
  return parse(name, read_file(kDatabase + std::string(name)));
}

Result<TimeZone> TimeZone::parse(std::string_view name, std::string_view bytes) {
  const std::optional<Block> old_block = Block::read(bytes, 0);
  if (!old_block) return unknown_zone(name);
  const std::size_t at = kHeaderBytes + old_block->size(4);
  const std::optional<Block> block = Block::read(bytes, at);
  const std::size_t times = at + kHeaderBytes;
  if (!block || block->types == 0 || bytes.size() < times + block->size(8)) return unknown_zone(name);

  TimeZone zone;
  const std::size_t indexes = times + block->transitions * 8;
  const std::size_t types = indexes + block->transitions;
  const auto offset_of_type = [&](std::size_t type) {
    return static_cast<std::int32_t>(read_big_endian(bytes, types + type * 6, 4));
  };
  zone.first_offset_ = offset_of_type(0);
  for (std::size_t i = 0; i < block->transitions; ++i) {
    const std::size_t type = static_cast<unsigned char>(bytes[indexes + i]);
    if (type >= block->types) return unknown_zone(name);
    const auto unix_time = static_cast<std::int64_t>(read_big_endian(bytes, times + i * 8, 8));
    zone.transitions_.push_back({unix_time + kUnixEpoch, offset_of_type(type)});
  }

  std::string_view footer = bytes.substr(times + block->size(8));
  if (footer.starts_with('\n')) footer.remove_prefix(1);
  footer = footer.substr(0, footer.find('\n'));
  const std::optional<ZoneRule> rule = ZoneRule::parse(footer);
  if (!rule || !rule->has_changes()) return zone;
  // The rule's changes are written out for one whole cycle, so that every later time has its like in the table.
  const std::int64_t last = zone.transitions_.empty() ? 0 : zone.transitions_.back().at;
  const auto first_year = static_cast<int>(civil_date(last / kSecondsPerDay).year);
  for (int year = first_year; year <= first_year + 402; ++year) {
    Transition changes[] = {{rule->summer_begin(year), rule->summer_offset()},
                            {rule->summer_end(year), rule->standard_offset()}};
    if (changes[1].at < changes[0].at) std::swap(changes[0], changes[1]);
    for (const Transition& change : changes) {
      if (change.at > last || zone.transitions_.empty()) zone.transitions_.push_back(change);
    }
  }
  return zone;
}

std::int32_t TimeZone::offset_at_local(std::int64_t local) const {
  if (transitions_.empty()) return first_offset_;
  // Offsets are less than a day and changes at least two days apart: the next one after yesterday is the one that
  // counts.
  std::int64_t yesterday = local - kSecondsPerDay;
  if (yesterday >= transitions_.back().at) {
    const std::int64_t cycles = (yesterday - transitions_.back().at) / kCycle + 1;
    if (transitions_.size() < 800) return transitions_.back().offset;  // no yearly rule
    yesterday -= cycles * kCycle;
    local -= cycles * kCycle;
  }
  const auto next = std::upper_bound(transitions_.begin(), transitions_.end(), yesterday,
                                     [](std::int64_t time, const Transition& change) { return time < change.at; });
  const std::int32_t before = next == transitions_.begin() ? first_offset_ : std::prev(next)->offset;
  if (next == transitions_.end()) return before;
  const std::int32_t after = next->offset;
  const std::int64_t by_clock_before = local - before;
  const std::int64_t by_clock_after = local - after;
  if (by_clock_before < next->at && by_clock_after < next->at) return before;
  if (by_clock_before > next->at && by_clock_after >= next->at) return after;
  return by_clock_before > by_clock_after ? before : after;
}

}  // namespace cpi::value
