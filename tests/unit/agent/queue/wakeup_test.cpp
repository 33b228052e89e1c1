// Hints to workers are kept while all are busy, but never pile up.
#include "queue/wakeup.h"

#include <gtest/gtest.h>

#include <thread>

namespace cpi::queue {
namespace {

using namespace std::chrono_literals;

TEST(Wakeup, AHintBeforeTheWaitIsNotLost) {
  Wakeup wakeup(1);
  wakeup.hint();
  wakeup.wait(std::chrono::hours(1), std::stop_token());  // would hang
}

TEST(Wakeup, AStormOfHintsWakesEachWorkerOnce) {
  Wakeup wakeup(2);
  for (int i = 0; i < 1000; ++i) wakeup.hint();
  wakeup.wait(std::chrono::hours(1), std::stop_token());
  wakeup.wait(std::chrono::hours(1), std::stop_token());
  const auto before = std::chrono::steady_clock::now();
  wakeup.wait(20ms, std::stop_token());
  EXPECT_GE(std::chrono::steady_clock::now() - before, 20ms);
}

TEST(Wakeup, AStopEndsTheWait) {
  Wakeup wakeup(1);
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  wakeup.wait(std::chrono::hours(1), stop.get_token());
}

}  // namespace
}  // namespace cpi::queue
