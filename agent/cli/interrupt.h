// Ctrl-C and SIGTERM, counted, and as a stop token that the first or a later one requests; the one after that ends the
// process at once.
#pragma once

#include <atomic>
#include <stop_token>
#include <string>
#include <thread>

namespace cpi::cli {

/// Takes the two signals over for its lifetime. Make it before any thread starts: threads inherit the blocked signals.
class Interrupt {
 public:
  /// `note` is written to standard error at the first signal; `stop_at` says which one requests the stop.
  explicit Interrupt(std::string note, int stop_at = 1);
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  std::stop_token token() const { return source_.get_token(); }
  bool requested() const { return source_.stop_requested(); }
  /// Signals so far. Thread-safe.
  int count() const { return count_; }

 private:
  std::stop_source source_;
  std::atomic<int> count_ = 0;
  std::jthread watcher_;
};

}  // namespace cpi::cli
