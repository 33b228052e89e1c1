// The agent's working half: it claims jobs from the management database, runs them and keeps their leases. It does not
// serve HTTP, deliver webhooks or read settings; app/ wires those together and decides the order of shutdown.
//
//   listener ──wakes──► workers ──claim──► job::run_job ──fenced writes──► management database
//   heartbeat ─ renews leases, carries progress, brings cancel requests ┐
//   watchdog  ─ a monotonic timer that needs no database ───────────────┴──► stops attempts
//   reaper    ─ _cpi_sweep for the jobs of agents that fell silent
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "net/egress.h"

namespace cpi::queue {

struct AgentOptions {
  std::string conninfo;               ///< of the management database, libpq keywords or URI
  std::string name;                   ///< shown in cpi_agents; empty: the host's name
  std::string version = CPI_VERSION;  ///< of this program; the extension refuses agents that are too old (CP002)
  int workers = 2;                    ///< jobs at a time (CPI_WORKERS)
  int target_connections = 4;         ///< most connections to one target at a time (CPI_TARGET_CONNECTIONS)
  std::vector<std::filesystem::path> local_roots;   ///< CPI_LOCAL_ROOTS: where files may be read
  std::filesystem::path spool_directory;            ///< where remote files are kept while they are loaded
  std::int64_t spool_max = std::int64_t{20} << 30;  ///< bytes of them at a time (CPI_SPOOL_MAX)
  net::EgressPolicy egress;                         ///< CPI_EGRESS and CPI_EGRESS_ALLOW
  std::string predecessor;  ///< id of an agent of this host whose process is known to be gone: its jobs are
                            ///< taken back at once; empty: none
  std::chrono::milliseconds connect_timeout{10000};
};

/// One agent of a process. `start` and `stop` are called by one thread, each once.
class Agent {
 public:
  explicit Agent(AgentOptions options);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  /// Stops with no grace when `stop` was not called, and waits for the threads.
  ~Agent();

  /// Starts the threads and returns at once. The management database need not be there yet: connecting is tried again
  /// for ever, and a missing or too new extension is reported as an event and looked for again.
  void start();

  /// Takes no new job; loads that are being committed may finish within `grace`, everything else is rolled back and
  /// given back to the queue with no attempt charged. Once no commit is under way it takes at most kLongestStop,
  /// however the databases behave. Returns true when all has ended; false when a thread hangs in a database that does
  /// not answer: end the process then (std::_Exit), its leases run out by themselves.
  bool stop(std::chrono::milliseconds grace);
  static constexpr std::chrono::seconds kLongestStop{9};

  /// The grace time that the management database's settings ask for (30 s before it was reached).
  std::chrono::milliseconds grace() const;
  /// This run's id in cpi_agents.
  const std::string& id() const;

 private:
  struct Threads;
  std::unique_ptr<Threads> threads_;
};

}  // namespace cpi::queue
