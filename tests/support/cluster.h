// A private, throw-away PostgreSQL server for tests: real server, own directory, own port, gone afterwards.
// Not for production code, and no substitute for one: nothing here mocks or scripts answers.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "db/connection.h"

namespace cpi::test {

/// One server (initdb, start) below ${TMPDIR:-/tmp}. It listens on a unix socket and on a free port of 127.0.0.1,
/// trusts everybody, and has the superuser `postgres`. When run as root the server runs as the user `postgres`. It is
/// stopped and its directory removed by the destructor, or by a guard process when the test process dies in any other
/// way. Throws std::runtime_error, with the server's log, when the server cannot be made or started. Not thread-safe.
class Cluster {
 public:
  struct Options {
    bool durable = false;               ///< fsync and full_page_writes on: for tests of what survives a crash
    std::vector<std::string> settings;  ///< further lines of postgresql.conf, such as "max_prepared_transactions = 5"
  };

  Cluster();
  explicit Cluster(Options options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// One server for all tests of this process, started at first use. Do not stop it: a test of faults makes its own.
  static Cluster& shared();

  /// libpq connection string over the unix socket.
  std::string conninfo(const std::string& database = "postgres") const;
  /// The same over TCP.
  std::string tcp_conninfo(const std::string& database = "postgres") const;
  /// A fresh, empty database; returns its name, for `conninfo`. Dropped with the server.
  std::string create_database();
  /// A connection as superuser.
  db::Connection connect(const std::string& database = "postgres") const;

  /// As `pg_ctl stop -m immediate`: sessions are cut, the next start recovers.
  void stop_immediately();
  /// Starts a stopped server on the same port; returns when it accepts connections.
  void start();
  /// `stop_immediately` and `start`.
  void crash();

  int port() const { return port_; }
  const std::filesystem::path& socket_directory() const { return directory_; }
  /// The directory of the server programs (initdb, pg_dump, psql): from $PG_CONFIG, else the newest that Debian has.
  static std::filesystem::path bin_directory();
  /// What the server has logged so far.
  std::string log() const;

 private:
  void initialise(const Options& options);
  void guard();
  void release() noexcept;
  int run(const std::vector<std::string>& command) const;

  std::filesystem::path directory_;  ///< holds data/, the log and the socket
  int port_ = 0;
  int databases_ = 0;
  int guard_pipe_ = -1;  ///< its end tells the guard to stop the server and remove the directory
  int guard_pid_ = -1;
};

}  // namespace cpi::test
