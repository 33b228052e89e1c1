// What idle workers sleep on: woken when something may be due, one worker for each hint.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace cpi::queue {

/// Hints are kept, at most `most` of them, so that one that comes while all workers are busy is not lost. Thread-safe.
class Wakeup {
 public:
  explicit Wakeup(int most) : most_(most) {}

  /// Something may be due.
  void hint() {
    {
      const std::lock_guard lock(mutex_);
      hints_ = std::min(hints_ + 1, most_);
    }
    changed_.notify_one();
  }

  /// Returns after a hint, after `time`, or when `stop` is requested.
  void wait(std::chrono::milliseconds time, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, stop, time, [this] { return hints_ > 0; })) --hints_;
  }

 private:
  const int most_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int hints_ = 0;
};

}  // namespace cpi::queue
