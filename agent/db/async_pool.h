// A pool of sessions in the management database for the HTTP side: coroutines of one thread share a few sessions, and
// none of them ever blocks that thread. Connecting happens on threads of their own, because libpq resolves names and
// computes SCRAM proofs while blocking; stopping does not wait for them.
//
// When the database is away, calls fail at once (the caller answers 503) while the pool tries again with a growing,
// jittered pause. A session that died while idle is noticed before it is lent.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "db/connection.h"

namespace cpi::db {

struct PoolOptions {
  std::string conninfo;
  int size = 8;
  std::string application_name = "cpi http";
  std::chrono::milliseconds statement_timeout{30'000};
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds acquire_timeout{10'000};  ///< how long a call may wait for a free session
  std::chrono::milliseconds longest_pause{2'000};     ///< between two attempts to connect
};

class AsyncSession;

/// Lives on one executor's thread; nothing here may be called from another.
class AsyncPool {
 public:
  AsyncPool(boost::asio::any_io_executor executor, PoolOptions options);
  AsyncPool(const AsyncPool&) = delete;
  AsyncPool& operator=(const AsyncPool&) = delete;
  ~AsyncPool();

  /// Begins to connect, in the background.
  void start();
  /// Fails waiting calls, cuts running ones (dedicated sessions too) and gives up connecting. The executor must run
  /// until `stopped`, which does not take longer because a server does not answer.
  void stop();
  bool stopped() const;

  /// Runs one statement in a transaction of its own, as `role` (empty: as the login). Throws db::Error; with an empty
  /// SQLSTATE and `poisons_connection()` when the database is away, with SQLSTATE 53300 when every session was busy for
  /// too long. `repeatable` says that running it twice does no harm: then a session that broke is replaced once.
  boost::asio::awaitable<Rows> call(std::string role, std::string sql, Params params, bool repeatable);

  /// A session of one's own, outside the pool, for LISTEN. It is cut when a `run` on it is overdue, and by `stop`.
  /// Throws db::Error when the database is away.
  boost::asio::awaitable<std::shared_ptr<AsyncSession>> dedicated(std::string application_name);

  /// The last attempt to connect failed and no session lives.
  bool away() const;
  /// Called with true when the database became reachable, with false and the reason when it went away.
  void on_change(std::function<void(bool reachable, const std::string& reason)> callback);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace cpi::db
