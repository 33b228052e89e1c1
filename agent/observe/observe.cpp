#include "observe/observe.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

namespace cpi::observe {

namespace {

struct Description {
  Kind kind;
  std::string_view name;
  Level level;
  std::string_view text;
};

constexpr Description kDescriptions[] = {
    {Kind::kAgentStarted, "agent_started", Level::kInfo, "agent started"},
    {Kind::kAgentStopping, "agent_stopping", Level::kInfo, "agent is stopping: no new jobs"},
    {Kind::kAgentStopped, "agent_stopped", Level::kInfo, "agent stopped"},
    {Kind::kManagementConnected, "management_connected", Level::kInfo, "connected to the management database"},
    {Kind::kManagementLost, "management_lost", Level::kWarning, "management database is away, trying again"},
    {Kind::kExtensionMissing, "extension_missing", Level::kError, "extension cpi is not in the management database"},
    {Kind::kJobClaimed, "job_claimed", Level::kInfo, "job claimed"},
    {Kind::kJobFinished, "job_finished", Level::kInfo, "job finished"},
    {Kind::kJobReleased, "job_released", Level::kWarning, "job given back to the queue"},
    {Kind::kJobFenced, "job_fenced", Level::kWarning, "another attempt has begun, this one stops"},
    {Kind::kLeaseLost, "lease_lost", Level::kError, "lease could not be renewed in time, the attempt stops"},
    {Kind::kCancelRequested, "cancel_requested", Level::kInfo, "job is being cancelled"},
    {Kind::kSwept, "swept", Level::kWarning, "jobs of silent agents taken back"},
    {Kind::kFileFinished, "file_finished", Level::kInfo, "file loaded"},
    {Kind::kFileFailed, "file_failed", Level::kWarning, "file failed"},
    {Kind::kWebhookDelivered, "webhook_delivered", Level::kInfo, "webhook delivered"},
    {Kind::kWebhookDelayed, "webhook_delayed", Level::kWarning, "webhook was not taken, it will be sent again"},
    {Kind::kWebhookFailed, "webhook_failed", Level::kError, "webhook given up"},
    {Kind::kServerListening, "server_listening", Level::kInfo, "listening"},
    {Kind::kRequestServed, "request_served", Level::kDebug, "request"},
    {Kind::kRequestFailed, "request_failed", Level::kError, "request failed"},
    {Kind::kRoutesLoaded, "routes_loaded", Level::kInfo, "routes loaded"},
    {Kind::kPostgresStarted, "postgres_started", Level::kInfo, "embedded PostgreSQL started"},
    {Kind::kPostgresStopped, "postgres_stopped", Level::kInfo, "embedded PostgreSQL stopped"},
    {Kind::kNote, "note", Level::kInfo, ""},
    {Kind::kWarning, "warning", Level::kWarning, ""},
    {Kind::kProblem, "problem", Level::kError, ""},
};
constexpr std::size_t kKinds = std::size(kDescriptions);

constexpr bool in_order() {
  for (std::size_t i = 0; i < kKinds; ++i) {
    if (static_cast<std::size_t>(kDescriptions[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order(), "kDescriptions lists every Kind in the order of the enumeration");

const Description& describe(Kind kind) { return kDescriptions[static_cast<std::size_t>(kind)]; }

std::array<std::atomic<std::int64_t>, kKinds> counts;

struct Writer {
  std::mutex mutex;
  Format format;
  std::shared_ptr<spdlog::logger> logger;
};

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarning: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> make_logger(const Format& format) {
  auto logger = std::make_shared<spdlog::logger>("cpi", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  if (format.json) {
    logger->set_pattern("%v");
  } else {
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v", spdlog::pattern_time_type::utc);
  }
  logger->set_level(format.off ? spdlog::level::off : spdlog_level(format.least));
  logger->flush_on(spdlog::level::debug);
  return logger;
}

/// Never destroyed: threads may still emit while the program's statics go.
Writer& writer() {
  static Writer& instance = *[] {
    auto made = std::make_unique<Writer>();
    made->format = format_from_environment();
    made->logger = make_logger(made->format);
    return made.release();
  }();
  return instance;
}

std::string now() {
  using namespace std::chrono;
  const auto time = floor<milliseconds>(system_clock::now());
  const std::time_t seconds = system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, time.time_since_epoch().count() % 1000);
}

/// In the text form a value is quoted when a reader could not see where it ends; control characters never reach a
/// terminal.
std::string text_value(const Field::Value& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) {
          return v ? "true" : "false";
        } else if constexpr (std::is_same_v<T, std::string>) {
          const std::string masked = mask(v);
          const bool plain =
              !masked.empty() && masked.find_first_of(" \"=\\") == std::string::npos &&
              std::none_of(masked.begin(), masked.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
          if (plain) return masked;
          return nlohmann::json(masked).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        } else if constexpr (std::is_same_v<T, double>) {
          return fmt::format("{:.3f}", v);
        } else {
          return std::to_string(v);
        }
      },
      value);
}

std::string message_of(const Event& event) {
  const Description& description = describe(event.kind);
  if (!description.text.empty()) return std::string(description.text);
  for (const Field& field : event.fields) {
    if (field.name == "message" && std::holds_alternative<std::string>(field.value)) {
      std::string text = mask(std::get<std::string>(field.value));
      std::replace_if(
          text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
      return text;
    }
  }
  return std::string(description.name);
}

bool is_message(const Event& event, const Field& field) {
  return describe(event.kind).text.empty() && field.name == "message";
}

std::string text_line(const Event& event) {
  std::string out = message_of(event);
  bool first = true;
  for (const Field& field : event.fields) {
    if (is_message(event, field)) continue;
    out += first ? "  " : " ";
    first = false;
    out += field.name + "=" + text_value(field.value);
  }
  return out;
}

std::string json_line(const Event& event) {
  constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error"};
  const Description& description = describe(event.kind);
  nlohmann::ordered_json out;
  out["time"] = now();
  out["level"] = kLevels[static_cast<std::size_t>(description.level)];
  out["event"] = description.name;
  out["message"] = message_of(event);
  for (const Field& field : event.fields) {
    if (is_message(event, field)) continue;
    std::visit(
        [&](const auto& v) {
          if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>) {
            out[field.name] = mask(v);
          } else {
            out[field.name] = v;
          }
        },
        field.value);
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Event told(Kind kind, std::string_view where, std::string_view message) {
  return {kind, {{"message", message}, {"where", where}}};
}

}  // namespace

std::string_view kind_name(Kind kind) { return describe(kind).name; }

Event note(std::string_view where, std::string_view message) { return told(Kind::kNote, where, message); }
Event warning(std::string_view where, std::string_view message) { return told(Kind::kWarning, where, message); }
Event problem(std::string_view where, std::string_view message) { return told(Kind::kProblem, where, message); }

Event problem(std::string_view where, const Error& error) {
  Event event = told(Kind::kProblem, where, error.message);
  event.fields.emplace_back("code", code_name(error.code));
  if (!error.detail.empty()) event.fields.emplace_back("detail", error.detail);
  if (!error.hint.empty()) event.fields.emplace_back("hint", error.hint);
  return event;
}

Event problem(std::string_view where, const db::Error& error) {
  Event event = told(Kind::kProblem, where, error.what());
  if (!error.sqlstate().empty()) event.fields.emplace_back("sqlstate", error.sqlstate());
  if (!error.detail().empty()) event.fields.emplace_back("detail", error.detail());
  if (!error.hint().empty()) event.fields.emplace_back("hint", error.hint());
  return event;
}

Format format_of(std::string_view level, std::string_view form) {
  Format format;
  if (level == "debug") format.least = Level::kDebug;
  if (level == "warning") format.least = Level::kWarning;
  if (level == "error") format.least = Level::kError;
  format.off = level == "off";
  format.json = form == "json";
  return format;
}

Format format_from_environment() {
  const auto value = [](const char* name) -> std::string_view {
    const char* found = std::getenv(name);
    return found != nullptr ? found : "";
  };
  return format_of(value("LOG_LEVEL"), value("LOG_FORMAT"));
}

void configure(const Format& format) {
  Writer& w = writer();
  const std::lock_guard lock(w.mutex);
  w.format = format;
  w.logger = make_logger(format);
}

void emit(const Event& event) noexcept {
  try {
    ++counts[static_cast<std::size_t>(event.kind)];
    Writer& w = writer();
    std::shared_ptr<spdlog::logger> logger;
    bool json = false;
    {
      const std::lock_guard lock(w.mutex);
      logger = w.logger;
      json = w.format.json;
    }
    const auto level = spdlog_level(describe(event.kind).level);
    if (logger->should_log(level)) logger->log(level, spdlog::string_view_t(line(event, json)));
  } catch (...) {
    // An event that cannot be written is no reason to lose a job.
  }
}

std::vector<std::pair<std::string, std::int64_t>> counters() {
  std::vector<std::pair<std::string, std::int64_t>> out;
  out.reserve(kKinds);
  for (const Description& description : kDescriptions) {
    out.emplace_back(description.name, counts[static_cast<std::size_t>(description.kind)].load());
  }
  return out;
}

std::string line(const Event& event, bool json) { return json ? json_line(event) : text_line(event); }

}  // namespace cpi::observe
