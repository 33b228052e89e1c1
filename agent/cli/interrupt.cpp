#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <ctime>
#include <utility>

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

Interrupt::Interrupt(std::string note, int stop_at) {
  const sigset_t signals = our_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  watcher_ = std::jthread([this, signals, stop_at, note = "\n" + std::move(note) + "\n"](const std::stop_token& ended) {
    constexpr timespec kTick{0, 100'000'000};
    while (!ended.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &kTick) < 0) continue;
      if (source_.stop_requested()) ::_exit(130);
      if (++count_ == 1) {
        [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, note.data(), note.size());
      }
      if (count_ >= stop_at) source_.request_stop();
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
