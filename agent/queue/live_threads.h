// Threads that are counted while they live, so that whoever stops them need not wait for one that hangs for ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace cpi::queue {

/// Started and stopped by one thread. Its destructor asks all to stop and joins them.
class LiveThreads {
 public:
  using Body = std::function<void(const std::stop_token&)>;

  /// Runs `body` until a stop is requested. Whatever it throws is logged under `name`, and after a second the body
  /// begins anew: a lost thread would leave an agent that looks alive and is not.
  void start(std::string name, Body body);
  void request_stop();
  /// Waits until all have ended; false when some live on at `deadline`.
  bool wait(std::chrono::steady_clock::time_point deadline) const;

 private:
  void run(const std::string& name, const Body& body, const std::stop_token& stop);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int alive_ = 0;
  std::vector<std::jthread> threads_;  ///< last, so that they are joined before anything else goes
};

}  // namespace cpi::queue
