// `cpi serve` as a whole: which parts there are, in which order they start, and in which order they stop.
//
//   embedded PostgreSQL ─► extension and login ─► REST ─► queue        stopping goes the other way round:
//   REST accepts nothing more ─► the queue ends or gives back its jobs ─► the embedded server stops
#pragma once

#include "app/settings.h"

namespace cpi::app {

/// Runs until SIGTERM or SIGINT, then stops in order; a second signal ends the process at once. Returns the exit code.
/// Throws std::runtime_error or db::Error, with what to do, when it cannot start.
int serve(const Settings& settings);

}  // namespace cpi::app
