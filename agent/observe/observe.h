// What happened, told once: every event worth a log line is a value of one type, and `emit` makes of it one line on
// standard error and one step of a counter. This is not a general logger: there is no call that takes free text alone.
//
//   emit({Kind::kJobClaimed, {{"job_id", id}, {"project", name}}})
//     text: 2026-11-23T22:10:00.123Z info  job claimed  job_id=… project=…
//     JSON: {"time":"…","level":"info","event":"job_claimed","message":"job claimed","job_id":"…","project":"…"}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.h"
#include "db/error.h"

namespace cpi::observe {

/// How much an event matters; LOG_LEVEL names the least one that is written.
enum class Level { kDebug, kInfo, kWarning, kError };

/// What happened. Each kind has its level, text and counter in one table (observe.cpp): a new kind is a line there.
enum class Kind {
  kAgentStarted,
  kAgentStopping,
  kAgentStopped,
  kManagementConnected,
  kManagementLost,  ///< the management database cannot be reached or dropped a connection; tried again
  kExtensionMissing,
  kJobClaimed,
  kJobFinished,
  kJobReleased,  ///< given back to the queue: by a stop, or to be tried again
  kJobFenced,    ///< another attempt has begun; this one stops
  kLeaseLost,    ///< could not renew in time; the attempt stops itself
  kCancelRequested,
  kSwept,  ///< leases that ran out were given back
  kFileFinished,
  kFileFailed,
  kWebhookDelivered,
  kWebhookDelayed,  ///< a try failed; there will be another
  kWebhookFailed,   ///< given up
  kServerListening,
  kRequestServed,
  kRequestFailed,  ///< a request that ended with a 5xx
  kRoutesLoaded,
  kPostgresStarted,  ///< the embedded server
  kPostgresStopped,
  kNote,  ///< anything else, with the field "message"
  kWarning,
  kProblem,  ///< a failure that nobody else reports
};

/// One fact of an event: a name in snake_case and a value.
struct Field {
  using Value = std::variant<std::string, std::int64_t, double, bool>;

  std::string name;
  Value value;

  Field(std::string field_name, std::string_view text) : name(std::move(field_name)), value(std::string(text)) {}
  Field(std::string field_name, const char* text) : Field(std::move(field_name), std::string_view(text)) {}
  Field(std::string field_name, const std::string& text) : Field(std::move(field_name), std::string_view(text)) {}
  Field(std::string field_name, bool truth) : name(std::move(field_name)), value(truth) {}
  template <typename Number>
  requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>) Field(std::string field_name, Number number)
      : name(std::move(field_name)) {
    if constexpr (std::is_integral_v<Number>) {
      value = static_cast<std::int64_t>(number);
    } else {
      value = static_cast<double>(number);
    }
  }
};

/// One event. Strings may hold URLs with passwords: `emit` masks them.
struct Event {
  Kind kind;
  std::vector<Field> fields = {};
};

/// An event of kind note, warning or problem. `where` is the part of the program, such as "http" or "queue".
Event note(std::string_view where, std::string_view message);
Event warning(std::string_view where, std::string_view message);
/// Code, message, detail and hint of the failure become fields.
Event problem(std::string_view where, const Error& error);
Event problem(std::string_view where, const db::Error& error);
Event problem(std::string_view where, std::string_view message);

/// How to write.
struct Format {
  Level least = Level::kInfo;
  bool off = false;
  bool json = false;
};

/// The format for a level (debug, info, warning, error, off) and a form (text, json); unknown words mean info and text.
Format format_of(std::string_view level, std::string_view form);

/// The format that the environment's LOG_LEVEL and LOG_FORMAT ask for.
Format format_from_environment();

/// Sets how events are written from now on. Without a call the environment decides at the first event.
void configure(const Format& format);

/// Writes the event to standard error when its level is high enough, and counts it in any case. Thread-safe, never
/// throws.
void emit(const Event& event) noexcept;

/// How often each kind of event was emitted since the start: (name, count) in the order of Kind.
std::vector<std::pair<std::string, std::int64_t>> counters();

/// The line that `emit` writes, without time and line ending in the text form; for tests.
std::string line(const Event& event, bool json);

/// `text` with the passwords of URLs (user:password@), of keyword strings (password=…) and the query of http URLs
/// (n8n's resume URLs are signed there) replaced by ***. Never fails.
std::string mask(std::string_view text);

/// The name of a kind, such as "job_claimed".
std::string_view kind_name(Kind kind);

}  // namespace cpi::observe
