#include "app/settings.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "app/embedded.h"

namespace cpi::app {

namespace {

Error wrong(std::string message) { return {Code::kInvalidArgument, std::move(message), "", ""}; }

template <int Settings::*member, int low, int high>
Result<void> set_int(Settings& settings, std::string_view value) {
  int number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < low || number > high)
    return wrong("must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  settings.*member = number;
  return {};
}

template <std::int64_t Settings::*member>
Result<void> set_bytes(Settings& settings, std::string_view value) {
  Result<std::int64_t> bytes = parse_bytes(value);
  if (!bytes) return bytes.error();
  settings.*member = *bytes;
  return {};
}

template <std::string Settings::*member>
Result<void> set_text(Settings& settings, std::string_view value) {
  settings.*member = value;
  return {};
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

template <std::vector<std::string> Settings::*member>
Result<void> set_list(Settings& settings, std::string_view value) {
  settings.*member = split(value, ',');
  return {};
}

Result<void> one_of(std::string& into, std::string_view value, std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) {
    into = value;
    return {};
  }
  std::string list;
  for (std::string_view word : allowed) list += (list.empty() ? "" : ", ") + std::string(word);
  return wrong("must be one of " + list);
}

Result<void> set_data_dir(Settings& settings, std::string_view value) {
  settings.data_dir = std::filesystem::absolute(value).lexically_normal();
  return {};
}

Result<void> set_local_roots(Settings& settings, std::string_view value) {
  settings.local_roots.clear();
  for (const std::string& root : split(value, ':')) {
    if (!std::filesystem::path(root).is_absolute()) return wrong("must hold absolute paths, separated by ':'");
    settings.local_roots.push_back(std::filesystem::path(root).lexically_normal());
  }
  return {};
}

Result<void> set_egress(Settings& settings, std::string_view value) {
  return one_of(settings.egress, value, {"private", "public"});
}

Result<void> set_egress_allow(Settings& settings, std::string_view value) {
  settings.egress_allow = split(value, ',');
  const Result<net::EgressPolicy> policy = net::EgressPolicy::make(settings.egress, settings.egress_allow);
  if (!policy) return wrong("must hold hosts, CIDR ranges or directories; " + policy.error().message);
  return {};
}

Result<void> set_log_level(Settings& settings, std::string_view value) {
  return one_of(settings.log_level, value, {"debug", "info", "warning", "error", "off"});
}

Result<void> set_log_format(Settings& settings, std::string_view value) {
  return one_of(settings.log_format, value, {"text", "json"});
}

Result<void> set_shell_hooks(Settings& settings, std::string_view value) {
  std::string word;
  Result<void> parsed = one_of(word, value, {"true", "false"});
  settings.allow_shell_hooks = word == "true";
  return parsed;
}

constexpr std::array kSettings = {
    Setting{"MANAGEMENT_DATABASE_URL", "the embedded PostgreSQL",
            "postgresql:// URL of the management database, with the agent's login",
            set_text<&Settings::management_database_url>},
    Setting{"CPI_DATA_DIR", "~/.local/share/cpi; for root /var/lib/cpi",
            "directory of the embedded PostgreSQL, its key file, the inbox and spooled files", set_data_dir},
    Setting{"CPI_PG_PORT", "none: the embedded server listens on its socket only",
            "TCP port on 127.0.0.1 of the embedded PostgreSQL", set_int<&Settings::pg_port, 1, 65535>},
    Setting{"API_KEY", "none", "admin key for REST; without any key only loopback may be listened on",
            set_text<&Settings::api_key>},
    Setting{"HOST", "127.0.0.1", "address that REST listens on", set_text<&Settings::host>},
    Setting{"PORT", "8000", "port that REST listens on; 0 takes a free one", set_int<&Settings::port, 0, 65535>},
    Setting{"CPI_LOCAL_ROOTS", "$CPI_DATA_DIR/inbox",
            "list of directories, separated by ':', that local files may be read from", set_local_roots},
    Setting{"CPI_WORKERS", "2", "number of jobs that this agent runs at the same time",
            set_int<&Settings::workers, 1, 64>},
    Setting{"CPI_TARGET_CONNECTIONS", "4", "number of connections per target database",
            set_int<&Settings::target_connections, 1, 64>},
    Setting{"CPI_DIFF_MEMORY", "256MB", "memory for the hashes of strategy diff", set_bytes<&Settings::diff_memory>},
    Setting{"CPI_SPOOL_MAX", "20GB", "disk space for remote files while they are loaded",
            set_bytes<&Settings::spool_max>},
    Setting{"CPI_EGRESS", "private",
            "rule for outgoing connections; private: all but link-local addresses; public: no private ones either",
            set_egress},
    Setting{"CPI_EGRESS_ALLOW", "none",
            "list of hosts, CIDR ranges and directories of Unix sockets, separated by ',', that are allowed besides",
            set_egress_allow},
    Setting{"CPI_ALLOW_SHELL_HOOKS", "false", "switch that lets hooks run commands on this machine", set_shell_hooks},
    Setting{"CORS_ORIGINS", "none", "list of origins, separated by ',', whose pages may call REST",
            set_list<&Settings::cors_origins>},
    Setting{"LOG_LEVEL", "info", "least level that is logged: debug, info, warning, error or off", set_log_level},
    Setting{"LOG_FORMAT", "text", "form of a log line: text or json", set_log_format},
};

std::filesystem::path default_data_dir(const Lookup& lookup) {
  if (::geteuid() == 0) return "/var/lib/cpi";
  if (auto xdg = lookup("XDG_DATA_HOME"); xdg && !xdg->empty()) return std::filesystem::path(*xdg) / "cpi";
  return std::filesystem::path(lookup("HOME").value_or("/")) / ".local/share/cpi";
}

bool holds_secret(std::string_view name) { return name == "API_KEY" || name == "MANAGEMENT_DATABASE_URL"; }

}  // namespace

net::EgressPolicy Settings::egress_policy() const { return net::EgressPolicy::make(egress, egress_allow).value(); }

std::span<const Setting> settings_table() { return kSettings; }

Result<Settings> load_settings(const Lookup& lookup) {
  Settings settings;
  settings.data_dir = default_data_dir(lookup);
  for (const Setting& setting : kSettings) {
    const std::optional<std::string> value = lookup(setting.name);
    if (!value || value->empty()) continue;
    if (Result<void> applied = setting.apply(settings, *value); !applied) {
      Error error = applied.error();
      error.message = std::string(setting.name) + " " + error.message;
      if (!holds_secret(setting.name)) error.message += ", not \"" + value->substr(0, 80) + "\"";
      error.hint = std::string(setting.name) + " is the " + std::string(setting.description) + ".";
      return error;
    }
  }
  if (settings.local_roots.empty()) settings.local_roots.push_back(settings.data_dir / "inbox");
  return settings;
}

std::vector<std::pair<std::string, std::string>> parse_dotenv(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::string line : split(text, '\n')) {
    if (line.ends_with('\r')) line.pop_back();
    std::string_view rest = line;
    if (rest.starts_with("export ")) rest.remove_prefix(7);
    const std::size_t equals = rest.find('=');
    if (rest.starts_with('#') || equals == std::string_view::npos) continue;
    std::string_view value = rest.substr(equals + 1);
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
      value = value.substr(1, value.size() - 2);
    } else if (const std::size_t comment = value.find(" #"); comment != std::string_view::npos) {
      value = value.substr(0, comment);
      while (value.ends_with(' ')) value.remove_suffix(1);
    }
    pairs.emplace_back(rest.substr(0, equals), value);
  }
  return pairs;
}

Settings load_settings() {
  std::map<std::string, std::string, std::less<>> dotenv;
  if (std::ifstream file(".env"); file) {
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (auto& [name, value] : parse_dotenv(text)) dotenv[name] = value;
  }
  Result<Settings> settings = load_settings([&](std::string_view name) -> std::optional<std::string> {
    if (const char* value = std::getenv(std::string(name).c_str())) return value;
    if (auto found = dotenv.find(name); found != dotenv.end()) return found->second;
    return std::nullopt;
  });
  if (settings) return *std::move(settings);
  std::fprintf(stderr, "cpi: %s\nHINT: %s\n", settings.error().message.c_str(), settings.error().hint.c_str());
  std::exit(2);
}

std::string management_conninfo(const Settings& settings) {
  return settings.embedded() ? embedded_conninfo(settings, kAgentLogin) : settings.management_database_url;
}

Result<std::int64_t> parse_bytes(std::string_view text) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return std::toupper(c); });
  static const std::map<std::string, int> kShift = {{"", 0}, {"B", 0}, {"KB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}};
  const auto shift = kShift.find(unit);
  constexpr std::int64_t kMost = std::int64_t{1} << 50;
  if (error != std::errc{} || shift == kShift.end() || number < 0 || number > (kMost >> shift->second))
    return wrong("must be a size such as 256MB or 20GB");
  return number << shift->second;
}

}  // namespace cpi::app
