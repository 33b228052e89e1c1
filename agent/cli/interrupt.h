// Ctrl-C and SIGTERM as a stop token: the first asks the work to roll back and end, the second ends the process at
// once.
#pragma once

#include <stop_token>
#include <thread>

namespace cpi::cli {

/// Takes the two signals over for its lifetime. Make it before any thread starts: threads inherit the blocked signals.
class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  std::stop_token token() const { return source_.get_token(); }
  bool requested() const { return source_.stop_requested(); }

 private:
  std::stop_source source_;
  std::jthread watcher_;
};

}  // namespace cpi::cli
