// Where remote files are kept while they are loaded: nameless files below CPI_DATA_DIR, so that nothing is left of them
// whatever becomes of the process, and no more of them at a time than CPI_SPOOL_MAX allows to all jobs of the agent.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <stop_token>

#include "core/result.h"
#include "source/descriptor.h"

namespace cpi::source {

class Spool;

/// An open file of the spool. Its disk space and its share of the limit are free again when it goes. Must not outlive
/// its Spool.
class SpoolFile {
 public:
  SpoolFile(SpoolFile&& other) noexcept;
  SpoolFile& operator=(SpoolFile&&) = delete;
  ~SpoolFile();

  int descriptor() const { return descriptor_.get(); }
  /// Writes all of it at `offset`. Fails with kSpoolFull when the disk is full or fails.
  Result<void> write(const char* data, std::size_t size, std::int64_t offset);

 private:
  friend class Spool;
  SpoolFile(Spool& spool, Descriptor descriptor, std::int64_t bytes);

  Spool* spool_;
  Descriptor descriptor_;
  std::int64_t bytes_;
};

/// The agent's one spool, shared by its jobs. Thread-safe.
class Spool {
 public:
  /// Removes what an agent has left there that was killed in the one moment when such a file has a name.
  Spool(std::filesystem::path directory, std::int64_t max_bytes);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// An empty file for `bytes` bytes, whose disk space is taken at once where the file system can. Waits while other
  /// jobs have the room. Fails with kLimitExceeded (the file alone is over the limit), kSpoolFull (no disk space, or
  /// the directory cannot be used) or kStopped.
  Result<SpoolFile> take(std::int64_t bytes, const std::stop_token& stop);

 private:
  friend class SpoolFile;
  void give_back(std::int64_t bytes);
  Result<Descriptor> open_nameless() const;

  const std::filesystem::path directory_;
  const std::int64_t max_bytes_;
  std::mutex mutex_;
  std::condition_variable_any freed_;
  std::int64_t used_ = 0;
};

}  // namespace cpi::source
