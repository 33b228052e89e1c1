#include "queue/agent.h"

#include <unistd.h>

#include <thread>
#include <utility>

#include "db/listener.h"
#include "observe/observe.h"
#include "queue/heartbeat.h"
#include "queue/live_threads.h"
#include "queue/reaper.h"
#include "queue/shared.h"
#include "queue/worker.h"
#include "store/uuid.h"

namespace cpi::queue {

namespace {

using observe::Kind;

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

store::AgentIdentity make_identity(const AgentOptions& options) {
  const std::string host = host_name();
  return {store::random_uuid(), options.name.empty() ? host : options.name, options.version, host,
          static_cast<int>(::getpid())};
}

void listen_to_queue(Shared& shared, const std::stop_token& stop) {
  db::ListenerOptions options;
  options.conninfo = shared.options.conninfo;
  options.channels = {"cpi_queue", "cpi_cancel"};
  options.connect_timeout = shared.options.connect_timeout;
  db::ListenerCallbacks callbacks;
  callbacks.notified = [&shared](std::string_view channel, std::string_view payload) {
    if (channel == "cpi_queue") return shared.wakeup.hint();
    // The heartbeat brings the request itself: asking is cheap, and the notification alone proves nothing.
    if (shared.attempts.find(std::string(payload))) shared.heartbeat_wakeup.hint();
  };
  callbacks.connected = [&shared] { shared.wakeup.hint(); };  // the heartbeat reports when it is lost
  db::listen(options, callbacks, stop);
}

}  // namespace

struct Agent::Threads {
  explicit Threads(AgentOptions options) : shared(options, make_identity(options)) {}

  Shared shared;
  LiveThreads at_work;  ///< the workers
  LiveThreads behind;   ///< all others, which outlive the workers because they keep their leases
  bool stopped = false;
};

Agent::Agent(AgentOptions options) : threads_(std::make_unique<Threads>(std::move(options))) {}

Agent::~Agent() {
  if (!threads_->stopped) stop(std::chrono::milliseconds(0));
}

void Agent::start() {
  Shared& shared = threads_->shared;
  observe::emit({Kind::kAgentStarted,
                 {{"agent", shared.identity.name},
                  {"agent_id", shared.identity.id},
                  {"version", shared.identity.version},
                  {"workers", shared.options.workers}}});
  threads_->behind.start("watchdog", [&shared](const std::stop_token& stop) { shared.attempts.watch(stop); });
  threads_->behind.start("heartbeat", [&shared](const std::stop_token& stop) { keep_heartbeat(shared, stop); });
  threads_->behind.start("listener", [&shared](const std::stop_token& stop) { listen_to_queue(shared, stop); });
  threads_->behind.start("reaper", [&shared](const std::stop_token& stop) { keep_sweeping(shared, stop); });
  for (int i = 0; i < shared.options.workers; ++i) {
    threads_->at_work.start("worker", [&shared](const std::stop_token& stop) { work(shared, stop); });
  }
}

bool Agent::stop(std::chrono::milliseconds grace) {
  using namespace std::chrono_literals;
  // After the last commit: for rolling back in the target, for giving the jobs back, for the threads to end.
  constexpr auto kToRollBack = 5s;
  constexpr auto kToGiveBack = 2s;
  constexpr auto kToEnd = 1s;
  static_assert(kToRollBack + kToGiveBack + 2 * kToEnd <= kLongestStop);
  Shared& shared = threads_->shared;
  threads_->stopped = true;
  threads_->at_work.request_stop();

  // A claim may still be on its way: what it brings is drained as well.
  const Clock::time_point end = Clock::now() + grace;
  bool idle = false;
  for (bool committing = true; committing && !idle && Clock::now() < end;) {
    committing = false;
    for (const auto& attempt : shared.attempts.all()) committing = attempt->drain() || committing;
    idle = shared.attempts.wait_until_none(std::min(end, Clock::now() + 100ms));
  }
  if (!idle) {
    for (const auto& attempt : shared.attempts.all()) attempt->interrupt(job::Interrupt::kStopping);
    idle = shared.attempts.wait_until_none(Clock::now() + kToRollBack);
  }
  shared.give_up.request_stop();
  for (const auto& attempt : shared.attempts.all()) attempt->abandon();
  if (!idle) idle = shared.attempts.wait_until_none(Clock::now() + kToGiveBack);
  if (!idle) {
    observe::emit(
        observe::warning("agent", "a job did not stop in time; its lease runs out and another agent takes it over"));
    return false;
  }
  const bool workers_ended = threads_->at_work.wait(Clock::now() + kToEnd);
  threads_->behind.request_stop();
  if (!threads_->behind.wait(Clock::now() + kToEnd) || !workers_ended) {
    observe::emit(observe::warning("agent", "the management database does not answer; left without a word to it"));
    return false;
  }
  observe::emit({Kind::kAgentStopped, {}});
  return true;
}

std::chrono::milliseconds Agent::grace() const { return threads_->shared.settings().grace; }
const std::string& Agent::id() const { return threads_->shared.identity.id; }

}  // namespace cpi::queue
