#include "source/watchdog.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace cpi::source {

namespace {

/// How late a deadline may be noticed. Arming is then no more than a store: it is done for every packet.
constexpr std::chrono::milliseconds kLook{200};

}  // namespace

Watchdog::Watchdog(int socket, std::stop_token stop)
    : socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 0)),
      stop_(std::move(stop)),
      on_stop_(stop_, Cut{this}),
      thread_([this](const std::stop_token& end) { run(end); }) {}

void Watchdog::arm(std::chrono::milliseconds time) { deadline_ = (Clock::now() + time).time_since_epoch().count(); }

void Watchdog::run(const std::stop_token& end) {
  std::mutex mutex;
  std::condition_variable_any tick;
  std::unique_lock lock(mutex);
  while (!tick.wait_for(lock, end, kLook, [&end] { return end.stop_requested(); })) {
    if (Clock::now().time_since_epoch().count() < deadline_) continue;
    expired_ = true;
    cut();
    return;
  }
}

void Watchdog::cut() {
  cut_ = true;
  ::shutdown(socket_.get(), SHUT_RDWR);
}

}  // namespace cpi::source
