// Ends a blocking conversation on a socket when it takes too long or is not wanted any more. libssh's own timeouts
// start anew with every packet, so that a server that says little for ever would be waited for for ever.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <thread>

#include "source/descriptor.h"

namespace cpi::source {

/// Shuts the socket down once an armed time has passed without disarming, or when a stop is requested. Whoever reads or
/// writes it then gets an error at once. `arm` and `disarm` are for one thread.
class Watchdog {
 public:
  /// Works on a duplicate of `socket`: closing the socket elsewhere does no harm.
  Watchdog(int socket, std::stop_token stop);

  void arm(std::chrono::milliseconds time);
  void disarm() { deadline_ = kNever; }

  /// Shuts the socket down now.
  void cut();

  bool expired() const { return expired_; }
  bool stopped() const { return stop_.stop_requested(); }
  bool was_cut() const { return cut_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::rep kNever = Clock::duration::max().count();

  void run(const std::stop_token& end);

  Descriptor socket_;
  std::stop_token stop_;
  std::atomic<Clock::rep> deadline_ = kNever;
  std::atomic<bool> expired_ = false;
  std::atomic<bool> cut_ = false;
  struct Cut {
    Watchdog* watchdog;
    void operator()() const { watchdog->cut(); }
  };
  std::stop_callback<Cut> on_stop_;
  std::jthread thread_;
};

}  // namespace cpi::source
