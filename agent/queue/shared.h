// What the threads of one agent share. Each member is thread-safe by itself or guarded here.
#pragma once

#include <atomic>
#include <mutex>
#include <stop_token>

#include "queue/agent.h"
#include "queue/attempts.h"
#include "queue/wakeup.h"
#include "source/spool.h"
#include "store/management.h"

namespace cpi::queue {

using job::TargetSlots;

struct Shared {
  explicit Shared(AgentOptions agent_options, store::AgentIdentity agent_identity)
      : options(std::move(agent_options)),
        identity(std::move(agent_identity)),
        target_slots(options.target_connections),
        spool(options.spool_directory, options.spool_max),
        wakeup(options.workers),
        heartbeat_wakeup(1) {}

  store::AgentSettings settings() const {
    const std::lock_guard lock(mutex);
    return current_settings;
  }
  void set_settings(const store::AgentSettings& settings) {
    const std::lock_guard lock(mutex);
    current_settings = settings;
  }

  const AgentOptions options;
  const store::AgentIdentity identity;
  Attempts attempts;
  std::mutex claiming;  ///< held from a claim's question until its answer is among `attempts`
  TargetSlots target_slots;
  source::Spool spool;
  Wakeup wakeup;                         ///< of the workers
  Wakeup heartbeat_wakeup;               ///< of the heartbeat: a job was cancelled
  std::atomic<bool> registered = false;  ///< the management database knows this agent and can be served by it
  std::stop_source give_up;              ///< the grace time is over: no more writes

 private:
  mutable std::mutex mutex;
  store::AgentSettings current_settings;
};

}  // namespace cpi::queue
