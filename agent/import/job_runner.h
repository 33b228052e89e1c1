// One attempt at one job: config, source, manifest, then each file that is not done yet through load_file, its result
// written under the attempt's fence. How the job as a whole ends is answered, not written: queue/worker does that.
//
//   claim ─► config::parse ─► open_source ─► manifest (listed once) ─► tables in order of foreign keys ─► files by name
//         per file: load_file ─► _cpi_finish_file ─► after_import / on_failure
//
// A job never ends, cancelled or failed, while one of its loads may have been committed without a word: then the ledger
// is asked, and the job waits for as long as the target cannot be reached.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "import/job_progress.h"
#include "import/target_slots.h"
#include "net/egress.h"
#include "source/spool.h"
#include "store/session.h"

namespace cpi::import {

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

/// How the attempt ended, for the one write that ends it.
struct JobEnd {
  enum class Kind {
    kFinish,   ///< _cpi_finish_job with `status` (empty: by the file rows)
    kRelease,  ///< _cpi_release_job with reason `status` (empty: "stop")
    kNothing,  ///< nothing may be written any more
  };
  Kind kind = Kind::kFinish;
  std::string status;
  std::string message;      ///< the job's last_error, or the note of a job that found no file
  bool unresolved = false;  ///< kRelease: this attempt cannot tell whether a load of its own was committed
};

/// Runs the attempt on the calling thread. Does not throw for failures of target, source or files. Throws store::Fenced
/// when a write was refused, store::Unreachable when `abandon` was requested while the management database was away.
JobEnd run_job(const store::Claim& claim, JobContext& context);

}  // namespace cpi::import
