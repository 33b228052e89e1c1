// How far a job is, for its row in the management database: which file, how many of how many, and that file's Progress.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "import/progress.h"

namespace cpi::job {

/// Written by the job's thread, read by the heartbeat. Thread-safe.
class JobProgress {
 public:
  /// The manifest is known.
  void begin_job(std::size_t files_total, std::size_t files_done);
  /// A file begins; the answer is for its load to write to.
  std::shared_ptr<import::Progress> begin_file(const std::string& path, const std::string& table);
  /// The file is over, for this job.
  void end_file();
  /// The file's load ended, but it will be tried again.
  void pause_file();

  /// {"files_total","files_done","file","table","phase","bytes_total","bytes_read","rows_read","rows_rejected"}.
  nlohmann::json snapshot() const;
  /// A load is in its commit's transaction: better to let it finish than to stop it.
  bool applying() const;

 private:
  mutable std::mutex mutex_;
  std::size_t files_total_ = 0;
  std::size_t files_done_ = 0;
  std::string file_;
  std::string table_;
  std::shared_ptr<import::Progress> current_;
};

}  // namespace cpi::job
