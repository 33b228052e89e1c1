// Calls on threads of their own: outcomes, the limit, and that nobody waits for one that was abandoned.
#include "db/blocking_calls.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "db/error.h"

namespace cpi::db {
namespace {

namespace asio = boost::asio;

class BlockingCallsTest : public ::testing::Test {
 protected:
  /// What became of a call, in `outcome_`.
  asio::awaitable<void> call(std::function<std::string()> work) {
    std::string outcome;
    try {
      outcome = co_await calls_.run<std::string>(work);
    } catch (const Error& error) {
      outcome = "db::Error " + error.sqlstate();
    } catch (const std::exception& error) {
      outcome = std::string("exception ") + error.what();
    }
    outcomes_.push_back(outcome);
  }
  void spawn(std::function<std::string()> work) { asio::co_spawn(io_, call(std::move(work)), asio::detached); }

  asio::io_context io_;
  BlockingCalls calls_{io_.get_executor(), 2};
  std::vector<std::string> outcomes_;
};

TEST_F(BlockingCallsTest, AnswersWhatTheWorkReturns) {
  spawn([] { return std::string("done"); });
  io_.run();
  EXPECT_EQ(outcomes_, std::vector<std::string>{"done"});
}

TEST_F(BlockingCallsTest, ThrowsWhatTheWorkThrowsWhateverItIs) {
  spawn([]() -> std::string { throw std::logic_error("no database error"); });
  io_.run();
  EXPECT_EQ(outcomes_, std::vector<std::string>{"exception no database error"});
}

TEST_F(BlockingCallsTest, RunsNoMoreThanItsLimitAtATimeAndAllInTheEnd) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  for (int i = 0; i < 12; ++i) {
    spawn([&] {
      const int now = ++running;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
      std::this_thread::yield();
      --running;
      return std::string("done");
    });
  }
  io_.run();
  EXPECT_EQ(outcomes_.size(), 12U);
  EXPECT_LE(most, 2);
}

TEST_F(BlockingCallsTest, DoesNotWaitForWorkThatWasAbandoned) {
  auto stuck = std::make_shared<std::promise<void>>();
  auto ended = std::make_shared<std::promise<void>>();
  spawn([stuck, ended] {
    stuck->get_future().wait();
    ended->set_value();
    return std::string("too late");
  });
  io_.poll();
  calls_.abandon();
  io_.run();  // returns although the work has not
  EXPECT_EQ(outcomes_, std::vector<std::string>{"db::Error 57P01"});
  stuck->set_value();
  ended->get_future().wait();
}

TEST_F(BlockingCallsTest, RefusesNewWorkOnceAbandoned) {
  calls_.abandon();
  spawn([] { return std::string("never"); });
  io_.run();
  EXPECT_EQ(outcomes_, std::vector<std::string>{"db::Error 57P01"});
}

}  // namespace
}  // namespace cpi::db
