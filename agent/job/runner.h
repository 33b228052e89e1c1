// One attempt at one job: config, source, manifest, then each file that is not done yet through load_file, its result
// written under the attempt's fence. How the job as a whole ends is answered, not written: queue/worker does that.
//
//   claim ─► config::parse ─► open_source ─► manifest (listed once) ─► tables in order of foreign keys ─► files by name
//         per file: load_file ─► _cpi_finish_file ─► after_import / on_failure
//
// A job never ends, cancelled or failed, while one of its loads may have been committed without a word: then the ledger
// is asked, and the job waits for as long as the target cannot be reached.
#pragma once

#include <string>

#include "job/context.h"
#include "store/management.h"

namespace cpi::job {

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

}  // namespace cpi::job
