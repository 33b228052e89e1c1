#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <ctime>
#include <string_view>

namespace cpi::cli {

namespace {

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t signals = our_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  watcher_ = std::jthread([this, signals](const std::stop_token& ended) {
    constexpr timespec kTick{0, 100'000'000};
    while (!ended.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &kTick) < 0) continue;
      if (source_.stop_requested()) ::_exit(130);
      constexpr std::string_view kNote = "\ncpi: stopping, what is under way is rolled back (again to quit at once)\n";
      [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kNote.data(), kNote.size());
      source_.request_stop();
    }
  });
}

Interrupt::~Interrupt() {
  watcher_.request_stop();
  watcher_.join();
  const sigset_t signals = our_signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace cpi::cli
