#include "app/serve.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <thread>

#include "app/agent_file.h"
#include "app/embedded.h"
#include "app/embedded_guard.h"
#include "app/install.h"
#include "deliver/deliverer.h"
#include "http/server.h"
#include "observe/observe.h"
#include "probe/source_test.h"
#include "queue/agent.h"

namespace cpi::app {

namespace {

using observe::Kind;

/// Secrets are in this process's memory: no core files, no ptrace by other processes of the user.
void protect_memory() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

/// Every event stream is a file descriptor; the usual soft limit of 1024 would end them long before ours does.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

EmbeddedServer open_embedded(const Settings& settings) {
  EmbeddedServer server = EmbeddedServer::open(settings);
  const std::string conninfo = embedded_conninfo(settings, kEmbeddedSuperuser);
  {
    db::Connection connection = db::Connection::connect(conninfo + " dbname=postgres", std::chrono::seconds(30));
    ensure_database(connection, std::string(kEmbeddedDatabase));
  }
  db::Connection connection = db::Connection::connect(conninfo, std::chrono::seconds(30));
  const InstallState state = read_install_state(connection);
  if (!state.installed_version && !state.available_version)
    throw std::runtime_error("the PostgreSQL in " + server_bin_dir().string() +
                             " has no extension cpi to create; run `make install`");
  install(connection, install_statements(connection, state, "public", std::string(kAgentLogin), std::nullopt));
  observe::emit({Kind::kPostgresStarted, {{"data_dir", settings.data_dir.string()}}});
  return server;
}

/// Fails when the management database is there but not ready for this program; says what the administrator must run.
void check_external(const Settings& settings) {
  try {
    db::Connection connection =
        db::Connection::connect(settings.management_database_url, std::chrono::seconds(10), "cpi serve");
    const InstallState state = read_install_state(connection);
    if (state.installed_version == std::optional<std::string>(CPI_VERSION)) return;
    const std::string login = connection.exec("SELECT current_user").str(0, 0);
    std::string statements;
    for (const std::string& statement : install_statements(connection, state, "public", login, std::nullopt))
      statements += "  " + statement + ";\n";
    throw std::runtime_error(state.installed_version
                                 ? "the management database has extension cpi " + *state.installed_version +
                                       ", this program is " CPI_VERSION +
                                       (statements.empty() ? "; install the program of that version\n"
                                                           : "; run there as superuser:\n" + statements)
                                 : "the management database has no extension cpi; install its files on the server's "
                                   "machine (`make install`), "
                                   "then run there as superuser (or `cpi init URL`):\n" +
                                       statements);
  } catch (const db::Error& error) {
    // Away for now: REST answers 503 and the queue keeps trying.
    if (!error.poisons_connection()) throw;
    observe::emit({Kind::kManagementLost, {{"message", error.what()}}});
  }
}

/// Threads inherit the mask, so only `sigwait` below sees the signals.
void wait_for_stop(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  observe::emit({Kind::kAgentStopping, {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}}});
}

/// From now on a signal ends the process at once: somebody has lost patience with an orderly stop.
void let_signals_kill(const sigset_t& signals) {
  std::thread([signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    std::_Exit(128 + signal);
  }).detach();
}

}  // namespace

int serve(const Settings& settings) {
  protect_memory();
  raise_descriptor_limit();
  observe::configure(observe::format_of(settings.log_level, settings.log_format));
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::optional<EmbeddedServer> embedded;
  if (settings.embedded()) {
    embedded.emplace(open_embedded(settings));
  } else {
    check_external(settings);
  }
  std::jthread guard;
  if (embedded) {
    guard = std::jthread([&](const std::stop_token& stop) { keep_embedded(*embedded, settings, stop); });
  }
  const std::string conninfo = management_conninfo(settings);

  http::ServerOptions http_options;
  http_options.host = settings.host;
  http_options.port = settings.port;
  http_options.api_key = settings.api_key;
  http_options.cors_origins = settings.cors_origins;
  http_options.conninfo = conninfo;
  http_options.test_source = [conninfo, egress = settings.egress_policy()](const std::string& source) {
    return probe::test_source(source, conninfo, egress);
  };
  http_options.egress = settings.egress_policy();
  http::Server server(http_options);
  server.start();

  queue::AgentOptions agent_options;
  agent_options.conninfo = conninfo;
  agent_options.workers = settings.workers;
  agent_options.target_connections = settings.target_connections;
  agent_options.local_roots = settings.local_roots;
  agent_options.spool_directory = settings.data_dir / "spool";
  agent_options.spool_max = settings.spool_max;
  agent_options.egress = settings.egress_policy();
  const AgentFile agent_file(settings.data_dir);
  agent_options.predecessor = agent_file.predecessor();
  queue::Agent agent(agent_options);
  agent_file.remember(agent.id());
  agent.start();

  deliver::DelivererOptions deliverer_options;
  deliverer_options.conninfo = conninfo;
  deliverer_options.agent_id = agent.id();
  deliverer_options.egress = settings.egress_policy();
  deliver::Deliverer deliverer(deliverer_options);
  deliverer.start();

  wait_for_stop(signals);
  let_signals_kill(signals);
  const std::chrono::milliseconds grace = agent.grace();
  guard = std::jthread();
  // Side by side: a database that does not answer holds up all of them, and an end must not take as long as their sum.
  std::future<void> rest = std::async(
      std::launch::async, [&server, grace] { server.stop(std::min(grace, std::chrono::milliseconds(5000))); });
  std::future<bool> deliveries =
      std::async(std::launch::async, [&deliverer] { return deliverer.stop(std::chrono::milliseconds(3000)); });
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(7);
  const bool agent_ended = agent.stop(grace);
  const bool rest_ended = rest.wait_until(patience) == std::future_status::ready;
  const bool deliveries_ended = deliveries.wait_until(patience) == std::future_status::ready && deliveries.get();
  if (!agent_ended || !rest_ended || !deliveries_ended) {
    // A thread hangs in a database that does not answer; what it holds is taken over when its lease runs out.
    if (embedded) embedded->leave();
    std::_Exit(EXIT_FAILURE);
  }
  embedded.reset();
  return EXIT_SUCCESS;
}

}  // namespace cpi::app
