// Places where a test may break the program: FP("before_commit"). Compiled only with -DCPI_FAILPOINTS, into
// build/cpi-failpoints (agent/Makefile), never into what is installed.
//
// CPI_FAILPOINTS="name:action[:nth][,…]": at the nth time (1 by default) that the place is reached, "failpoint NAME" is
// written to standard error, and then `kill` ends the process as SIGKILL does, `error` throws a db::Error that says the
// connection was lost, `hang` sleeps for ever, `segv` crashes; `log` only writes, every time. The name * stands for
// all.
#pragma once

#ifdef CPI_FAILPOINTS

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "db/error.h"

namespace cpi::failpoint {

inline void hit(const char* name) {
  static std::mutex mutex;
  static std::map<std::string, int> hits;
  const char* environment = std::getenv("CPI_FAILPOINTS");
  if (environment == nullptr) return;
  int count = 0;
  {
    const std::lock_guard lock(mutex);
    count = ++hits[name];
  }
  std::string_view rest = environment;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view entry = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    const std::size_t colon = entry.find(':');
    if (colon == std::string_view::npos || (entry.substr(0, colon) != name && entry.substr(0, colon) != "*")) continue;
    std::string_view action = entry.substr(colon + 1);
    int nth = 1;
    if (const std::size_t second = action.find(':'); second != std::string_view::npos) {
      nth = std::atoi(std::string(action.substr(second + 1)).c_str());
      action = action.substr(0, second);
    }
    if (action == "log" || count == nth) std::fprintf(stderr, "failpoint %s\n", name);
    if (count != nth) continue;
    if (action == "kill") ::kill(::getpid(), SIGKILL);
    if (action == "segv") ::raise(SIGSEGV);
    if (action == "error") throw db::Error("failpoint " + std::string(name), "", "", "", true);
    while (action == "hang") ::pause();
  }
}

}  // namespace cpi::failpoint

#define FP(name) ::cpi::failpoint::hit(name)

#else

#define FP(name) static_cast<void>(name)

#endif
