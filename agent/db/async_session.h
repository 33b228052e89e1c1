// One session in PostgreSQL for Asio's coroutines: libpq in pipeline mode over a stream_descriptor. It connects nothing
// by itself (libpq resolves names while blocking: async_pool.cpp does that on a helper thread), and it has no timers:
// the owner looks at `overdue` now and then and calls `cut`.
//
//   run({set role, call}):  Parse/Bind/Execute × n, Sync ──► one transaction, one round trip, rows of the last
//   statement
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "db/connection.h"

namespace cpi::db {

struct Statement {
  std::string sql;  ///< one statement; it is prepared under a name and the name is reused for the same text
  Params params;
};

/// Not thread-safe: everything happens on the executor's thread. One `run` at a time.
class AsyncSession {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes over a connected session and puts it into pipeline mode.
  AsyncSession(const boost::asio::any_io_executor& executor, Connection connection);
  AsyncSession(const AsyncSession&) = delete;
  AsyncSession& operator=(const AsyncSession&) = delete;
  ~AsyncSession();

  /// Runs the statements in one transaction and answers the rows of the last. Throws db::Error: what the server said,
  /// or `poisons_connection()` when the session broke or `deadline` passed. `statements` must live until then.
  boost::asio::awaitable<Rows> run(const std::vector<Statement>& statements, Clock::time_point deadline,
                                   bool prepared = true);

  /// Waits for the next notification: channel and payload. Throws db::Error when the session broke or was cut.
  boost::asio::awaitable<std::pair<std::string, std::string>> next_notification();

  /// Looks without blocking whether an idle session still lives: one poll(2), no round trip.
  bool alive();
  /// A `run` is under way whose deadline has passed.
  bool overdue(Clock::time_point now) const { return running_ && now > deadline_; }
  /// Makes whoever waits on this session fail. The session serves nothing more.
  void cut();

 private:
  struct Sent;  ///< what one command of the pipeline was

  void send(const Statement& statement, bool prepared, std::vector<Sent>& sent);
  boost::asio::awaitable<void> wait(boost::asio::posix::stream_descriptor::wait_type what);
  [[noreturn]] void fail_lost(const char* what);

  Connection connection_;
  boost::asio::posix::stream_descriptor socket_;        ///< a view of libpq's descriptor: released, never closed, by us
  std::unordered_map<std::string, std::string> names_;  ///< statement text → its name in this session
  int next_name_ = 0;
  Clock::time_point deadline_;
  bool running_ = false;
  bool cut_ = false;
};

/// The db::Error that a result of the server stands for.
Error error_of(const pg_result* result, bool connection_lost);

}  // namespace cpi::db
