// What the notifications of channel cpi_jobs say, for those who wait: requests that wait for the end of a job, and
// streams of events. Notifications are hints only (reliability of the queue never depends on them), so waiters read
// again now and then as well.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace cpi::http {

/// What a stream says when events may have been lost: read again what matters.
inline constexpr std::string_view kMissed = R"({"event":"missed","job_id":null,"project":null,"status":null})";

/// completed, partial, failed or cancelled.
bool is_final_status(std::string_view status);

struct JobEvent {
  std::uint64_t number = 0;  ///< counts from one since this agent started
  std::string job_id;        ///< empty: concerns all
  std::string payload;       ///< JSON in one line
};

/// Lives on one executor's thread.
class JobFeed {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Wake { kFinal, kEvery };

  /// Somebody who sleeps until something happens to a job (empty id: to any job).
  class Waiter {
   public:
    Waiter(JobFeed& feed, const boost::asio::any_io_executor& executor, std::string job_id, Wake wake);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();
    /// Returns at `until`, or earlier when something happened since the last call, or at `wake_all`.
    boost::asio::awaitable<void> sleep(Clock::time_point until);
    void wake();

   private:
    friend class JobFeed;
    JobFeed& feed_;
    std::string job_id_;
    Wake wake_;
    boost::asio::steady_timer timer_;
    bool woken_ = false;
  };

  JobFeed();

  /// A word that no other run of an agent has: numbers mean something only together with it.
  const std::string& run() const { return run_; }

  /// Takes a payload of cpi_jobs; others than JSON objects with a job_id are dropped.
  void publish(const std::string& payload);
  /// Nobody listened for a while: whoever waits looks again, and every stream says so (kMissed).
  void missed();
  /// At the end nobody has anything left to wait for.
  void wake_all();

  std::uint64_t last_number() const { return next_ - 1; }
  /// Whether all events after `number` are still kept.
  bool remembers(std::uint64_t number) const;
  /// Events after `number`, of one job or (empty) of all, oldest first; only the last thousand are kept.
  std::vector<std::shared_ptr<const JobEvent>> after(std::uint64_t number, std::string_view job_id) const;

 private:
  std::unordered_map<std::string, std::unordered_set<Waiter*>> waiters_;  ///< by job id
  std::deque<std::shared_ptr<const JobEvent>> recent_;
  std::uint64_t next_ = 1;
  std::string run_;
};

}  // namespace cpi::http
