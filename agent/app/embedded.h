// The embedded PostgreSQL: the management database of a machine that has no other. `cpi serve` creates, starts, finds
// again and stops it; the other subcommands only connect to it.
//
// Below CPI_DATA_DIR:  postgres/  the cluster        run/  its socket (mode 0700: who may enter it may log in)
//                      cpi.key    sealing keys       postgres.log      inbox/  local files
//
// PostgreSQL refuses to run as root. Started as root, the cluster belongs to user cpi if there is one, else postgres.
#pragma once

#include <string>
#include <string_view>

#include "app/settings.h"

namespace cpi::app {

/// The login under which agent, REST and command line work.
inline constexpr std::string_view kAgentLogin = "cpi";
/// The superuser of the embedded cluster.
inline constexpr std::string_view kEmbeddedSuperuser = "postgres";
inline constexpr std::string_view kEmbeddedDatabase = "cpi";

/// libpq keyword string for the embedded server's socket.
std::string embedded_conninfo(const Settings& settings, std::string_view user);

/// Whether a server listens on the embedded server's socket.
bool embedded_is_running(const Settings& settings);

/// The directory with the programs of the newest PostgreSQL server here (PG_CONFIG decides where it is set).
/// Throws std::runtime_error that says what to install when there is none.
std::filesystem::path server_bin_dir();

/// A running embedded server, owned by this process until destroyed. Not thread-safe.
class EmbeddedServer {
 public:
  /// Takes the data directory for this process, creates the cluster when there is none, and starts it or finds it
  /// running (after an agent that was killed). Throws std::runtime_error that says what is wrong and how to mend it:
  /// another `cpi serve` holds the directory, no server programs, socket path too long, a cluster of another version.
  static EmbeddedServer open(const Settings& settings);

  /// Whether the server accepts connections or is at least there: false when somebody stopped it or it died.
  bool running() const;
  /// Starts a server that is not running any more. Throws std::runtime_error that says what is wrong.
  void start_again(const Settings& settings) const;
  /// Tells the server to stop and does not wait for it: for one that does not answer. The destructor then does nothing.
  void leave();

  EmbeddedServer(EmbeddedServer&& other) noexcept;
  EmbeddedServer& operator=(EmbeddedServer&&) = delete;
  /// Stops the server (fast shutdown), waits some seconds for its end, and lets go of the directory.
  ~EmbeddedServer();

 private:
  EmbeddedServer(std::filesystem::path bin_dir, std::filesystem::path data_dir, int lock);

  std::filesystem::path bin_dir_;
  std::filesystem::path data_dir_;
  int lock_ = -1;  ///< flock on CPI_DATA_DIR/serve.lock; -1 after a move or `leave`
};

}  // namespace cpi::app
