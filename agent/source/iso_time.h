// File times as text and back. The manifest keeps a file's time as text that passes through the management database,
// which writes it in its own way: times are compared as numbers, never as text.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace cpi::source {

/// "2026-11-23T22:03:04.123456Z": UTC with microseconds; finer digits are cut.
std::string iso_time(const timespec& time);

/// Microseconds since 1970 of an ISO 8601 time with an offset ("Z", "+00", "+01:30") or without one (UTC), with `T` or
/// a blank between date and time, and 0 to 9 digits of fraction. Nothing when `text` is no such time.
std::optional<std::int64_t> parse_iso_time(std::string_view text);

}  // namespace cpi::source
