// The settings of the program: one table that the environment, `.env`, the help text and the README's check all follow.
// Precedence: command-line flag, environment, `.env` in the current directory, default.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "net/egress.h"

namespace cpi::app {

struct Settings {
  std::string management_database_url;  ///< empty: the embedded PostgreSQL
  std::filesystem::path data_dir;       ///< absolute
  int pg_port = 0;                      ///< TCP port of the embedded server on 127.0.0.1; 0: socket only
  std::string api_key;                  ///< an admin key; empty: loopback only
  std::string host = "127.0.0.1";
  int port = 8000;                                     ///< 0: any free port
  std::vector<std::filesystem::path> local_roots;      ///< directories that projects may read from
  int workers = 2;                                     ///< jobs that this agent runs at the same time
  int target_connections = 4;                          ///< connections per target database
  std::int64_t diff_memory = std::int64_t{256} << 20;  ///< bytes
  std::int64_t spool_max = std::int64_t{20} << 30;     ///< bytes
  std::string egress = "private";
  std::vector<std::string> egress_allow;
  bool allow_shell_hooks = false;
  std::vector<std::string> cors_origins;
  std::string log_level = "info";
  std::string log_format = "text";

  /// The rules for outgoing connections: CPI_EGRESS and CPI_EGRESS_ALLOW.
  net::EgressPolicy egress_policy() const;
  bool embedded() const { return management_database_url.empty(); }
};

/// One row of the settings table.
struct Setting {
  std::string_view name;           ///< the environment variable
  std::string_view default_value;  ///< as people write it
  std::string_view description;
  /// Parses `value` into `settings`; an Error says what is allowed.
  Result<void> (*apply)(Settings& settings, std::string_view value);
};

/// Every setting there is, in the order of the documentation.
std::span<const Setting> settings_table();

/// Where a value comes from, by variable name; nothing: not set there.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Defaults overlaid by `lookup`. Fails with kInvalidArgument, naming the setting, its value and what is allowed.
Result<Settings> load_settings(const Lookup& lookup);

/// load_settings from the environment and `.env`. Prints the error and exits with 2 when a setting is wrong: for main
/// and the subcommands only.
Settings load_settings();

/// The lines of a `.env` file: NAME=value, `export` and quotes allowed, `#` comments.
std::vector<std::pair<std::string, std::string>> parse_dotenv(std::string_view text);

/// How to reach the management database: the URL that was set, or the embedded server's socket as the agent's login.
std::string management_conninfo(const Settings& settings);

/// "256MB", "20GB", "1048576": bytes, with powers of 1024 as PostgreSQL counts.
Result<std::int64_t> parse_bytes(std::string_view text);

}  // namespace cpi::app
