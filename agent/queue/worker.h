// One job at a time: claim, run, write how it ended.
#pragma once

#include <stop_token>

#include "queue/shared.h"

namespace cpi::queue {

/// Claims when woken or when the poll interval is over, and again as long as there is something to claim. The body of a
/// thread; takes no new job once `stop` is requested, and returns when its job has ended.
void work(Shared& shared, const std::stop_token& stop);

}  // namespace cpi::queue
