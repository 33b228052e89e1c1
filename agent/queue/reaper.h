// Takes back the jobs of agents that fell silent. Every agent does this: whichever is alive.
#pragma once

#include <stop_token>

#include "queue/shared.h"

namespace cpi::queue {

/// Calls _cpi_sweep about three times per lease. The body of a thread; runs until `stop`.
void keep_sweeping(Shared& shared, const std::stop_token& stop);

}  // namespace cpi::queue
