// A place to say something to the management database that survives its restarts: connects when needed, and says it
// again after a lost connection. What is said must therefore be safe to say twice, as every function of sql/README.md
// is.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <type_traits>

#include "store/management.h"

namespace cpi::store {

/// Sleeps for `time` or until `stop`; true when the time is over, false when stopped.
bool sleep_for(std::chrono::milliseconds time, const std::stop_token& stop);

/// The management database could not be reached before the caller's patience ended.
class Unreachable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Owns at most one connection. Not thread-safe: one session per thread.
class Session {
 public:
  Session(std::string conninfo, std::chrono::milliseconds connect_timeout, std::string application_name);

  /// Calls `work(Management&)`; when the connection is lost or the server says "later", waits (growing, jittered, at
  /// most 15 s) and calls it again until it succeeds. Throws Unreachable once `stop` is requested meanwhile, and
  /// whatever else `work` throws.
  template <typename Work>
  auto call(const std::stop_token& stop, Work&& work) -> std::invoke_result_t<Work, Management&> {
    for (int failures = 0;; ++failures) {
      try {
        return work(management());
      } catch (const db::Error& error) {
        again_after(error, failures, stop);
      }
    }
  }

  /// Calls `work` once, connecting first when needed; a lost connection is dropped and its db::Error thrown on.
  template <typename Work>
  auto once(Work&& work) -> std::invoke_result_t<Work, Management&> {
    try {
      return work(management());
    } catch (const db::Error& error) {
      drop_if_lost(error);
      throw;
    }
  }

  /// Drops the connection: the next call connects anew.
  void reset() { management_.reset(); }
  bool connected() const { return management_.has_value(); }

 private:
  Management& management();
  void drop_if_lost(const db::Error& error);
  /// Throws on what waiting cannot mend; otherwise waits.
  void again_after(const db::Error& error, int failures, const std::stop_token& stop);

  std::string conninfo_;
  std::chrono::milliseconds connect_timeout_;
  std::string application_name_;
  std::optional<Management> management_;
  std::minstd_rand random_;
};

/// How long to wait before trying to connect again: doubles from 100 ms to 15 s; `jitter` in [0, 1) takes away up to
/// half.
std::chrono::milliseconds reconnect_delay(int failures, double jitter);

}  // namespace cpi::store
