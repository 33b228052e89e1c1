// Keeps the embedded PostgreSQL alive while `cpi serve` runs: one that somebody stopped, or that the system killed, is
// started again.
#pragma once

#include <stop_token>

#include "app/embedded.h"

namespace cpi::app {

/// Looks every two seconds; a server that does not come back is tried a few times, ever more slowly, and then left
/// alone with an error in the log that says so. Each outage is one line, each start another. The body of a thread; runs
/// until `stop`.
void keep_embedded(const EmbeddedServer& server, const Settings& settings, const std::stop_token& stop);

}  // namespace cpi::app
