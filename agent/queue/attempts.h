// The attempts that this agent is making now, and the ways to end one early. Shared by the workers, which make them,
// the heartbeat, which renews them, and the watchdog, which stops those that could not be renewed in time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "job/context.h"
#include "job/progress.h"
#include "store/management.h"

namespace cpi::queue {

using Clock = std::chrono::steady_clock;
using job::Interrupt;
using job::JobProgress;

/// One claim of one job. Thread-safe.
class Attempt {
 public:
  /// `claimed` is taken before the claim was sent: the server's lease cannot have begun earlier.
  Attempt(store::JobKey key, std::chrono::milliseconds lease, Clock::time_point claimed);

  const store::JobKey& key() const { return key_; }
  JobProgress& progress() { return progress_; }

  /// Ends the attempt: the running load is stopped and rolls back. A graver reason replaces a lighter one. With a lost
  /// lease or another attempt on its way, writes to the management database are given up as well. Returns at once:
  /// stopping a load may wait for a server that does not answer, which must hold up neither heartbeat nor watchdog.
  void interrupt(Interrupt why);
  /// For a graceful stop: like interrupt(kStopping), but a load that is being committed is left alone (true).
  bool drain();
  /// Gives up writes to the management database: the grace time is over.
  void abandon() { abandon_.request_stop(); }

  Interrupt interrupted() const { return why_.load(); }
  std::stop_token load_stop() const { return load_.get_token(); }
  std::stop_token abandoned() const { return abandon_.get_token(); }

  /// The lease was renewed by a call that began at `asked`.
  void renewed(Clock::time_point asked);
  /// When the attempt must stop itself: two thirds of the lease after the last renewal.
  Clock::time_point deadline() const;

 private:
  const store::JobKey key_;
  const std::chrono::milliseconds lease_;
  std::atomic<Clock::rep> renewed_;
  std::atomic<Interrupt> why_ = Interrupt::kNone;
  std::stop_source load_;
  std::stop_source abandon_;
  JobProgress progress_;
  std::once_flag stopping_;
  std::jthread stopper_;  ///< runs the callbacks of `load_`; last, so that it is joined before anything else goes
};

/// The set of running attempts. Thread-safe.
class Attempts {
 public:
  std::shared_ptr<Attempt> add(store::JobKey key, std::chrono::milliseconds lease, Clock::time_point claimed);
  void remove(const std::shared_ptr<Attempt>& attempt);
  /// Removes an attempt that could not write how it ended. Its lease runs out and is charged: the job still counts as
  /// held, or one that never can be ended would be given back and claimed for ever.
  void forsake(const std::shared_ptr<Attempt>& attempt);
  std::vector<std::shared_ptr<Attempt>> all() const;
  /// What this agent knows to hold: all attempts, and the latest forsaken ones.
  std::vector<store::JobKey> held() const;
  /// The attempt at that job, or nothing.
  std::shared_ptr<Attempt> find(const std::string& job_id) const;
  /// Waits until there is none, at most until `deadline`; false when some are left.
  bool wait_until_none(Clock::time_point deadline) const;

  /// Stops attempts whose deadline has passed, until `stop`. Needs no database, so that nothing can hold it up: the
  /// body of the watchdog's thread.
  void watch(const std::stop_token& stop);

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
  std::deque<store::JobKey> forsaken_;
};

}  // namespace cpi::queue
