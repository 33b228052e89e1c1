#include "queue/live_threads.h"

#include <exception>
#include <utility>

#include "observe/observe.h"
#include "store/session.h"

namespace cpi::queue {

void LiveThreads::start(std::string name, Body body) {
  {
    const std::lock_guard lock(mutex_);
    ++alive_;
  }
  try {
    threads_.emplace_back([this, name = std::move(name), body = std::move(body)](const std::stop_token& stop) {
      run(name, body, stop);
      const std::lock_guard lock(mutex_);
      --alive_;
      changed_.notify_all();
    });
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --alive_;
    throw;
  }
}

void LiveThreads::run(const std::string& name, const Body& body, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      return body(stop);
    } catch (const std::exception& error) {
      observe::emit(observe::problem(name, error.what()));
    } catch (...) {
      observe::emit(observe::problem(name, "an exception of an unknown kind"));
    }
    store::sleep_for(std::chrono::seconds(1), stop);
  }
}

void LiveThreads::request_stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

bool LiveThreads::wait(std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return alive_ == 0; });
}

}  // namespace cpi::queue
