// How far a load is: for the progress bar, the job row and the event streams.
#pragma once

#include <atomic>
#include <cstdint>

namespace cpi::import {

/// How far a load is. Written by the loading thread, read by any.
struct Progress {
  std::atomic<std::int64_t> bytes_total = 0;
  std::atomic<std::int64_t> bytes_read = 0;
  std::atomic<std::int64_t> rows_read = 0;
  std::atomic<std::int64_t> rows_rejected = 0;
  std::atomic<const char*> phase = "waiting";  ///< waiting, fetching, reading, copying, applying, done
};

}  // namespace cpi::import
