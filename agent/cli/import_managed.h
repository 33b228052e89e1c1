// `cpi import PROJECT [FILE…]` and `cpi import --replay JOB [FILE]`: the import as a job of the management database,
// carried out by an agent that serves it. Speaks SQL to the management database; loads nothing itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cpi::cli {

/// Rejected rows of an ended job that are tried again.
struct Replay {
  std::string job_id;
  std::string mended;    ///< path of the mended rows; empty: those that are kept, as they are
  std::string file;      ///< of which file of the job; empty: the only one
  std::string encoding;  ///< of `mended`; empty: as the file that they came from
};

/// What the person asked for.
struct ManagedImport {
  std::string project;
  std::vector<std::string> files;  ///< `local_files`, made absolute; empty: what the project's source lists
  std::optional<Replay> replay;    ///< instead of both
  bool force = false;
  bool dry_run = false;
  bool no_wait = false;      ///< print the job's id and leave
  bool json = false;         ///< the job as JSON on standard output instead of the summary table
  bool quiet = false;        ///< no progress bar
  std::string rejects_file;  ///< where to write the rejected rows as CSV; empty: nowhere
  std::optional<std::string> callback_url;
};

/// Enqueues the import and, unless `no_wait`, follows the job with a progress bar until it ends. Ctrl-C asks the job to
/// be cancelled. Returns the exit code: 0 all loaded, 1 failed, 2 usage (unknown project, say), 3 partial.
int run_managed_import(const ManagedImport& request);

}  // namespace cpi::cli
