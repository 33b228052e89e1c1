// Ending an attempt early, and the watchdog that ends one whose lease could not be renewed.
#include "queue/attempts.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace cpi::queue {
namespace {

using namespace std::chrono_literals;

/// Waits for a stop: fails by its own patience only when it never comes.
bool stopped_soon(const std::stop_token& token) {
  std::promise<void> stopped;
  const std::stop_callback callback(token, [&stopped] { stopped.set_value(); });
  return stopped.get_future().wait_for(30s) == std::future_status::ready;
}

TEST(Attempt, IsStoppedByACancelButMayStillWrite) {
  Attempt attempt({"job", 1}, 60s, Clock::now());
  attempt.interrupt(Interrupt::kCancelled);
  EXPECT_TRUE(stopped_soon(attempt.load_stop()));
  EXPECT_FALSE(attempt.abandoned().stop_requested());
  EXPECT_EQ(attempt.interrupted(), Interrupt::kCancelled);
}

TEST(Attempt, MayWriteNothingOnceFenced) {
  Attempt attempt({"job", 1}, 60s, Clock::now());
  attempt.interrupt(Interrupt::kFenced);
  EXPECT_TRUE(attempt.abandoned().stop_requested());
}

TEST(Attempt, KeepsTheGravestReason) {
  Attempt attempt({"job", 1}, 60s, Clock::now());
  attempt.interrupt(Interrupt::kFenced);
  attempt.interrupt(Interrupt::kStopping);
  attempt.interrupt(Interrupt::kCancelled);
  EXPECT_EQ(attempt.interrupted(), Interrupt::kFenced);
}

TEST(Attempt, DrainedLetsACommitFinishAndStopsAnythingElse) {
  Attempt committing({"job", 1}, 60s, Clock::now());
  committing.progress().begin_file("a.csv", "public.a")->phase = "applying";
  committing.drain();
  EXPECT_EQ(committing.interrupted(), Interrupt::kStopping);
  EXPECT_FALSE(committing.load_stop().stop_requested());

  Attempt copying({"job", 1}, 60s, Clock::now());
  copying.progress().begin_file("a.csv", "public.a")->phase = "copying";
  copying.drain();
  EXPECT_TRUE(stopped_soon(copying.load_stop()));
}

TEST(Attempt, AStopThatHangsHoldsNobodyUp) {
  Attempt attempt({"job", 1}, 60s, Clock::now());
  std::promise<void> release;
  const std::stop_callback hanging(attempt.load_stop(), [waits = release.get_future().share()] { waits.wait(); });
  attempt.interrupt(Interrupt::kCancelled);  // returns although the callback has not
  EXPECT_EQ(attempt.interrupted(), Interrupt::kCancelled);
  release.set_value();
}

TEST(Attempt, MustStopAtTwoThirdsOfTheLease) {
  const Clock::time_point claimed = Clock::now();
  Attempt attempt({"job", 1}, 60s, claimed);
  EXPECT_EQ(attempt.deadline(), claimed + 40s);
  attempt.renewed(claimed + 10s);
  EXPECT_EQ(attempt.deadline(), claimed + 50s);
}

TEST(Attempts, TheWatchdogStopsWhatWasNotRenewedAndNothingElse) {
  Attempts attempts;
  std::jthread watchdog([&attempts](const std::stop_token& stop) { attempts.watch(stop); });
  const auto kept = attempts.add({"kept", 1}, std::chrono::hours(1), Clock::now());
  const auto lost = attempts.add({"lost", 1}, 60s, Clock::now() - 41s);
  EXPECT_TRUE(stopped_soon(lost->load_stop()));
  EXPECT_EQ(lost->interrupted(), Interrupt::kLeaseLost);
  EXPECT_TRUE(lost->abandoned().stop_requested());
  EXPECT_EQ(kept->interrupted(), Interrupt::kNone);
}

TEST(Attempts, TheWatchdogWaitsForADeadlineThatLiesAhead) {
  Attempts attempts;
  std::jthread watchdog([&attempts](const std::stop_token& stop) { attempts.watch(stop); });
  const auto attempt = attempts.add({"job", 1}, 300ms, Clock::now());
  EXPECT_TRUE(stopped_soon(attempt->load_stop()));
  EXPECT_GE(Clock::now(), attempt->deadline());
}

TEST(Attempts, WaitsUntilTheLastOneIsGone) {
  Attempts attempts;
  const auto attempt = attempts.add({"job", 1}, 60s, Clock::now());
  EXPECT_FALSE(attempts.wait_until_none(Clock::now()));
  std::jthread remover([&] { attempts.remove(attempt); });
  EXPECT_TRUE(attempts.wait_until_none(Clock::now() + 30s));
  EXPECT_EQ(attempts.find("job"), nullptr);
}

}  // namespace
}  // namespace cpi::queue
