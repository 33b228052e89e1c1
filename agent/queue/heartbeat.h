// The agent's sign of life, on a thread and a connection of its own so that no load can hold it up.
#pragma once

#include <stop_token>

#include "queue/shared.h"

namespace cpi::queue {

/// Registers the agent, then renews all leases in one call per heartbeat, which carries the jobs' progress there and
/// cancel requests and lost leases back. Registers anew after a reconnect and every ten seconds (settings may have
/// changed, the extension may have been updated). The body of a thread; runs until `stop`.
void keep_heartbeat(Shared& shared, const std::stop_token& stop);

}  // namespace cpi::queue
