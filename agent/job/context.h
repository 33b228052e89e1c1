// What an attempt at a job runs in, and how it is told to end early.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <vector>

#include "job/progress.h"
#include "job/target_slots.h"
#include "net/egress.h"
#include "source/spool.h"
#include "store/session.h"

namespace cpi::job {

/// Why an attempt must end before its work is done.
enum class Interrupt {
  kNone,
  kStopping,   ///< the agent stops: back to the queue, free of charge
  kCancelled,  ///< a user cancelled the job
  kLeaseLost,  ///< the lease could not be renewed in time
  kFenced,     ///< another attempt has begun
};

/// What a job runs in. References must outlive the call.
struct JobContext {
  store::Session& management;  ///< the calling thread's own
  std::vector<std::filesystem::path> local_roots;
  int max_attempts = 4;                              ///< the last attempt fails a file instead of asking for another
  std::chrono::milliseconds connect_timeout{10000};  ///< to the target
  std::stop_token load_stop;                         ///< the running load rolls back and leaves
  std::stop_token abandon;                           ///< writes to the management database are given up
  std::function<Interrupt()> interrupted;            ///< asked between files and after a load was stopped
  JobProgress& progress;
  TargetSlots& target_slots;                        ///< shared by all jobs of the agent
  net::EgressPolicy egress;                         ///< where target and source may be
  source::Spool& spool;                             ///< of remote files; shared by all jobs of the agent
  std::chrono::milliseconds source_timeout{30000};  ///< for each answer of a remote source
};

}  // namespace cpi::job
