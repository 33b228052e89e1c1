// The asynchronous pool against a real server: roles, errors, broken sessions, waiting calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <optional>

#include "db/async_pool.h"
#include "db/async_session.h"
#include "support/cluster.h"

namespace cpi::db {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class AsyncPoolTest : public ::testing::Test {
 protected:
  AsyncPoolTest() {
    options_.conninfo = test::Cluster::shared().conninfo(test::Cluster::shared().create_database());
    options_.size = 2;
  }

  /// Runs `work` on the pool's executor to its end, then stops the pool.
  void run(const std::function<asio::awaitable<void>(AsyncPool&)>& work) {
    AsyncPool pool(io_.get_executor(), options_);
    pool.start();
    std::exception_ptr failure;
    asio::co_spawn(
        io_, [&]() -> asio::awaitable<void> { co_await work(pool); },
        [&](std::exception_ptr thrown) {
          failure = thrown;
          pool.stop();
        });
    io_.run();
    EXPECT_TRUE(pool.stopped());
    if (failure) std::rethrow_exception(failure);
  }

  /// The error that a call ends with, if any.
  static asio::awaitable<std::optional<Error>> error_of_call(AsyncPool& pool, std::string sql,
                                                             bool repeatable = false) {
    std::optional<Error> failure;
    Params none;
    try {
      co_await pool.call("", std::move(sql), std::move(none), repeatable);
    } catch (const Error& error) {
      failure = error;
    }
    co_return failure;
  }

  asio::io_context io_;
  PoolOptions options_;
};

asio::awaitable<std::string> text(AsyncPool& pool, std::string sql, bool repeatable = false, std::string role = "") {
  Params none;
  const Rows rows = co_await pool.call(std::move(role), std::move(sql), std::move(none), repeatable);
  co_return rows.str(0, 0);
}

TEST_F(AsyncPoolTest, RunsACallUnderItsRoleForThatCallOnly) {
  test::Cluster::shared().connect().exec(
      "DO $$BEGIN IF to_regrole('pool_role') IS NULL THEN CREATE ROLE pool_role; END IF; END$$");
  options_.size = 1;
  run([&](AsyncPool& pool) -> asio::awaitable<void> {
    EXPECT_EQ(co_await text(pool, "SELECT current_user", false, "pool_role"), "pool_role");
    EXPECT_EQ(co_await text(pool, "SELECT current_user"), "postgres");
    const std::optional<Error> refused = co_await error_of_call(pool, "SELECT 1/0");
    EXPECT_TRUE(refused && refused->is("22012"));
    EXPECT_EQ(co_await text(pool, "SELECT current_user"), "postgres") << "an error leaves the session usable";
  });
}

TEST_F(AsyncPoolTest, BindsParametersAndNulls) {
  run([&](AsyncPool& pool) -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) {  // the first prepares, the others use the name
      Params params;
      params.emplace_back("it's");
      params.emplace_back(std::nullopt);
      const Rows rows = co_await pool.call("", "SELECT $1::text, $2::int IS NULL", std::move(params), true);
      EXPECT_EQ(rows.text(0, 0), "it's");
      EXPECT_TRUE(rows.boolean(0, 1));
    }
  });
}

TEST_F(AsyncPoolTest, RepeatsOnAnotherSessionWhatMayBeRepeated) {
  test::Cluster::shared().connect();
  run([&](AsyncPool& pool) -> asio::awaitable<void> {
    // The session ends itself in the middle of its own statement, so it is lost while lent.
    const std::optional<Error> once =
        co_await error_of_call(pool, "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)");
    EXPECT_TRUE(once && once->poisons_connection());
    co_await pool.call("", "CREATE TABLE attempts (n int)", Params(), false);
    co_await pool.call("", "CREATE SEQUENCE tries", Params(), false);
    EXPECT_EQ(co_await text(pool,
                            "SELECT CASE WHEN nextval('tries') = 1 THEN pg_terminate_backend(pg_backend_pid())::text"
                            " || pg_sleep(5)::text ELSE 'second' END",
                            true),
              "second");
  });
}

TEST_F(AsyncPoolTest, FailsAtOnceWhileTheDatabaseIsAway) {
  options_.conninfo = "host=/nonexistent dbname=x";
  run([&](AsyncPool& pool) -> asio::awaitable<void> {
    const std::optional<Error> first = co_await error_of_call(pool, "SELECT 1");
    EXPECT_TRUE(first && first->poisons_connection() && first->sqlstate().empty());
    EXPECT_TRUE(pool.away());
    const auto began = std::chrono::steady_clock::now();
    co_await error_of_call(pool, "SELECT 1");
    EXPECT_LT(std::chrono::steady_clock::now() - began, options_.acquire_timeout);
  });
}

TEST_F(AsyncPoolTest, SaysThatItIsBusyWhenNoSessionComesFree) {
  options_.size = 1;
  options_.acquire_timeout = 200ms;
  run([&](AsyncPool& pool) -> asio::awaitable<void> {
    EXPECT_EQ(co_await text(pool, "SELECT 'warm'"), "warm");
    asio::co_spawn(co_await asio::this_coro::executor, text(pool, "SELECT pg_sleep(1)"), asio::detached);
    asio::steady_timer pause(co_await asio::this_coro::executor, 50ms);
    co_await pause.async_wait(asio::use_awaitable);
    const std::optional<Error> busy = co_await error_of_call(pool, "SELECT 1");
    EXPECT_TRUE(busy && busy->is("53300")) << (busy ? busy->what() : "the call succeeded");
  });
}

TEST_F(AsyncPoolTest, GoesOnWithoutPreparedStatementsWhenTheServerForgetsThem) {
  options_.size = 1;
  run([&](AsyncPool& pool) -> asio::awaitable<void> {
    EXPECT_EQ(co_await text(pool, "SELECT 'a'"), "a");
    // What a transaction pooler does: the next statement reaches a server session that knows none of our names.
    co_await pool.call("", "DEALLOCATE ALL", Params(), false);
    EXPECT_EQ(co_await text(pool, "SELECT 'a'"), "a");
    EXPECT_EQ(co_await text(pool, "SELECT 'b'"), "b");
  });
}

TEST_F(AsyncPoolTest, ASessionOfItsOwnHearsNotifications) {
  run([&](AsyncPool& pool) -> asio::awaitable<void> {
    const std::shared_ptr<AsyncSession> listener = co_await pool.dedicated("listener");
    std::vector<Statement> listen(1);
    listen[0].sql = "LISTEN news";
    co_await listener->run(listen, AsyncSession::Clock::now() + 10s);
    co_await pool.call("", "SELECT pg_notify('news', 'it rains')", Params(), false);
    const auto [channel, payload] = co_await listener->next_notification();
    EXPECT_EQ(channel, "news");
    EXPECT_EQ(payload, "it rains");
  });
}

}  // namespace
}  // namespace cpi::db
