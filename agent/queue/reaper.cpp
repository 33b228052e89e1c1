#include "queue/reaper.h"

#include <algorithm>
#include <random>

#include "observe/observe.h"
#include "store/session.h"

namespace cpi::queue {

namespace {

/// Jittered, so that several agents do not sweep in step.
std::chrono::milliseconds pause(const store::AgentSettings& settings, std::minstd_rand& random) {
  using std::chrono::milliseconds;
  const milliseconds third = std::clamp(settings.lease / 3, milliseconds(200), milliseconds(10000));
  return milliseconds(std::uniform_int_distribution<std::int64_t>(third.count() / 2, third.count())(random));
}

}  // namespace

void keep_sweeping(Shared& shared, const std::stop_token& stop) {
  store::Session session(shared.options.conninfo, shared.options.connect_timeout, "cpi reaper");
  std::minstd_rand random(std::random_device{}());
  while (!stop.stop_requested()) {
    // The pause comes first, also after a reconnect: agents that were cut off like us renew or give back before we
    // take.
    if (!store::sleep_for(pause(shared.settings(), random), stop)) return;
    if (!shared.registered) continue;
    try {
      const bool was_connected = session.connected();
      if (!was_connected) {
        session.once([](store::Management&) {});
        if (!store::sleep_for(shared.settings().heartbeat, stop)) return;
      }
      const int swept = session.once([](store::Management& management) { return management.sweep(); });
      if (swept > 0) {
        observe::emit({observe::Kind::kSwept, {{"jobs", swept}}});
        shared.wakeup.hint();
      }
    } catch (const db::Error& error) {
      if (!error.retryable()) observe::emit(observe::problem("reaper", error));
    } catch (const store::ExtensionError&) {
      session.reset();  // the heartbeat reports it
    } catch (const std::exception& error) {
      session.reset();
      observe::emit(observe::problem("reaper", error.what()));
    }
  }
}

}  // namespace cpi::queue
