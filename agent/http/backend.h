// The management database as the HTTP side sees it: the pool, the catalog that is in force, and the one session that
// listens (cpi_routes: read the catalog again; cpi_jobs: wake those who wait).
//
//   LISTEN session ── cpi_routes ──► catalog (replaced whole)        requests ──► catalog() ──► pool().call(…)
//                  └─ cpi_jobs ────► feed ──► waiters, streams
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "db/async_pool.h"
#include "db/async_session.h"
#include "http/catalog.h"
#include "http/job_feed.h"

namespace cpi::http {

/// Lives on one executor's thread.
class Backend {
 public:
  Backend(boost::asio::any_io_executor executor, db::PoolOptions options);

  /// Begins to connect and to listen. The object must live until `stopped`.
  void start();
  /// Ends waiting and listening; sessions in use are cut.
  void stop();
  bool stopped() const { return !listening_ && !loading_again_ && pool_.stopped(); }
  bool stopping() const { return stopping_; }
  /// Wakes whoever waits for a job, for good: the answer is what is known by then.
  void hurry();
  bool hurrying() const { return hurrying_; }

  /// The catalog in force; when none could be read yet, waits a moment for the first one while there is hope. Never
  /// null: without a database it holds the agent's own pages only.
  boost::asio::awaitable<std::shared_ptr<const Catalog>> catalog();
  /// Has a catalog been read since the start?
  bool ready() const { return ready_; }
  /// The extension was not found where it should be.
  bool extension_missing() const { return extension_missing_; }
  /// A function was not where the catalog says: read it again, soon.
  void reload_soon();

  db::AsyncPool& pool() { return pool_; }
  JobFeed& feed() { return feed_; }
  /// Counts how often keys were taken back, as far as this agent has heard: what is known about them is stale then.
  std::uint64_t revocations() const { return revocations_; }
  const boost::asio::any_io_executor& executor() const { return executor_; }

  /// The OpenAPI document as long as this catalog is in force; empty: not asked for yet.
  std::string openapi;

 private:
  boost::asio::awaitable<void> listen();
  boost::asio::awaitable<void> listen_once();
  boost::asio::awaitable<void> load();
  boost::asio::awaitable<void> load_again();

  boost::asio::any_io_executor executor_;
  db::AsyncPool pool_;
  JobFeed feed_;
  std::shared_ptr<const Catalog> catalog_;
  boost::asio::steady_timer pause_;   ///< between two attempts to listen
  boost::asio::steady_timer loaded_;  ///< cancelled when the first catalog is there, or the database is not
  std::shared_ptr<db::AsyncSession> listener_;
  bool ready_ = false;
  bool extension_missing_ = false;
  bool listening_ = false;
  bool has_listened_ = false;  ///< since the start, once at least
  std::uint64_t revocations_ = 0;
  int failures_ = 0;  ///< of listening, in a row
  bool loading_again_ = false;
  bool stopping_ = false;
  bool hurrying_ = false;
};

}  // namespace cpi::http
