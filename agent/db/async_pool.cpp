#include "db/async_pool.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <random>
#include <vector>

#include "db/async_session.h"
#include "db/blocking_calls.h"

namespace cpi::db {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = AsyncSession::Clock;

namespace {

/// How far past statement_timeout we trust the network before a session counts as dead.
constexpr auto kNetworkGrace = 5s;
constexpr auto kSweepPeriod = 500ms;
constexpr auto kFirstPause = 100ms;
/// One that fills the pool up and one for a dedicated session.
constexpr int kMostConnecting = 2;

constexpr const char* kBecomeRole = "SELECT pg_catalog.set_config('role', $1::pg_catalog.text, true)";
constexpr const char* kSetTimeout = "SELECT pg_catalog.set_config('statement_timeout', $1::pg_catalog.text, false)";

/// The server has never heard of a statement that we prepared, or knows it already: a transaction pooler stands
/// between.
bool pooler_in_between(const Error& error) { return error.is("26000") || error.is("42P05"); }

/// Outside the coroutines: g++ 12 miscompiles braced lists in some of them.
std::vector<Statement> one_statement(std::string sql, std::string parameter) {
  std::vector<Statement> statements(1);
  statements[0].sql = std::move(sql);
  statements[0].params.emplace_back(std::move(parameter));
  return statements;
}

}  // namespace

class AsyncPool::Impl : public std::enable_shared_from_this<AsyncPool::Impl> {
 public:
  Impl(asio::any_io_executor executor, PoolOptions options)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        work_(executor_),
        sweep_(executor_),
        blocking_(executor_, kMostConnecting) {}

  void start() {
    asio::co_spawn(executor_, keep_connected(shared_from_this()), asio::detached);
    asio::co_spawn(executor_, sweep(shared_from_this()), asio::detached);
  }

  void stop() {
    stopping_ = true;
    work_.cancel();
    sweep_.cancel();
    for (Waiter* waiter : waiters_) waiter->timer.cancel();
    blocking_.abandon();
    for (AsyncSession* session : watched_) session->cut();
    for (const auto& dedicated : dedicated_) {
      if (const auto session = dedicated.lock()) session->cut();
    }
    idle_.clear();
  }

  bool stopped() const { return stopping_ && loops_ == 0 && watched_.empty(); }
  bool away() const { return live_ == 0 && !last_failure_.empty(); }

  asio::awaitable<Rows> call(std::string role, std::string sql, Params params, bool repeatable) {
    std::vector<Statement> statements;
    if (!role.empty()) statements = one_statement(kBecomeRole, std::move(role));
    statements.push_back(Statement{std::move(sql), std::move(params)});
    for (int attempt = 1;; ++attempt) {
      std::unique_ptr<AsyncSession> session = co_await acquire();
      Lease lease(*this, std::move(session));
      const bool prepared = prepared_;
      try {
        co_return co_await lease->run(statements, Clock::now() + options_.statement_timeout + kNetworkGrace, prepared);
      } catch (const Error& error) {
        const bool repeat = prepared && pooler_in_between(error);
        if (repeat) prepared_ = false;
        if (attempt > 1 || !(repeat || (repeatable && error.poisons_connection() && !stopping_))) throw;
      }
    }
  }

  asio::awaitable<std::shared_ptr<AsyncSession>> dedicated(std::string application_name) {
    std::shared_ptr<AsyncSession> session = co_await connect(std::move(application_name));
    std::erase_if(dedicated_, [](const auto& other) { return other.expired(); });
    dedicated_.push_back(session);
    co_return session;
  }

  std::function<void(bool, const std::string&)> changed;

 private:
  /// Somebody who waits for a session: woken by cancelling the timer.
  struct Waiter {
    asio::steady_timer timer;
    std::unique_ptr<AsyncSession> session;
  };

  /// While it lives, the session is cut when it is overdue, and when the pool stops.
  class Watch {
   public:
    Watch(Impl& pool, AsyncSession* session) : pool_(pool.shared_from_this()), session_(session) {
      pool_->watched_.push_back(session_);
      if (pool_->stopping_) session_->cut();
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { std::erase(pool_->watched_, session_); }

   private:
    std::shared_ptr<Impl> pool_;
    AsyncSession* session_;
  };

  /// Gives the session back on every way out.
  class Lease {
   public:
    Lease(Impl& pool, std::unique_ptr<AsyncSession> session)
        : pool_(pool.shared_from_this()), session_(std::move(session)), watch_(std::in_place, pool, session_.get()) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      watch_.reset();
      pool_->give_back(std::move(session_));
    }
    AsyncSession* operator->() { return session_.get(); }

   private:
    std::shared_ptr<Impl> pool_;
    std::unique_ptr<AsyncSession> session_;
    std::optional<Watch> watch_;
  };

  asio::awaitable<std::unique_ptr<AsyncSession>> connect(std::string application_name) {
    // The thread may outlive this object: it has copies.
    const std::function<Connection()> work = [conninfo = options_.conninfo, timeout = options_.connect_timeout,
                                              name = std::move(application_name)] {
      return Connection::connect(conninfo, timeout, name);
    };
    Connection connection = co_await blocking_.run<Connection>(work);
    auto session = std::make_unique<AsyncSession>(executor_, std::move(connection));
    const Watch watch(*this, session.get());
    const std::vector<Statement> setup = one_statement(kSetTimeout, std::to_string(options_.statement_timeout.count()));
    co_await session->run(setup, Clock::now() + options_.connect_timeout, false);
    co_return session;
  }

  /// A coroutine that runs for as long as the pool does.
  struct Loop {
    explicit Loop(Impl& pool) : loops(pool.loops_) { ++loops; }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop() { --loops; }
    int& loops;
  };

  Error away_error() const {
    // The reason names hosts and logins: it goes to the log (on_change), not to whoever asks.
    return Error("the management database cannot be reached", "", "", "Nothing is lost: try again when it is back.",
                 true);
  }

  asio::awaitable<std::unique_ptr<AsyncSession>> acquire() {
    while (!idle_.empty()) {
      std::unique_ptr<AsyncSession> session = std::move(idle_.back());
      idle_.pop_back();
      if (session->alive()) co_return session;
      lost(1);
    }
    if (stopping_) throw Error("the server is stopping", "57P01", "", "", true);
    if (away()) throw away_error();
    Waiter waiter{asio::steady_timer(executor_, options_.acquire_timeout), nullptr};
    waiters_.push_back(&waiter);
    co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (waiter.session) co_return std::move(waiter.session);
    std::erase(waiters_, &waiter);
    if (stopping_) throw Error("the server is stopping", "57P01", "", "", true);
    if (live_ == 0) throw away_error();
    throw Error("every connection to the management database is busy", "53300", "",
                "Try again, or give the agent a larger pool.");
  }

  void lost(std::size_t sessions) {
    live_ -= static_cast<int>(sessions);
    if (sessions > 0) work_.cancel();
  }

  void give_back(std::unique_ptr<AsyncSession> session) {
    if (stopping_) return;
    if (!session->alive()) {
      lost(1);
      return;
    }
    if (waiters_.empty()) {
      idle_.push_back(std::move(session));
      return;
    }
    Waiter* waiter = waiters_.front();
    waiters_.pop_front();
    waiter->session = std::move(session);
    waiter->timer.cancel();
  }

  void tell(bool reachable, const std::string& reason) {
    if (reachable_ == reachable && told_) return;
    told_ = true;
    reachable_ = reachable;
    if (changed) changed(reachable, reason);
  }

  /// Fills the pool up, one session at a time, for as long as the pool lives.
  asio::awaitable<void> keep_connected(std::shared_ptr<Impl> self) {
    const Loop loop(*self);
    std::chrono::milliseconds pause = kFirstPause;
    while (!stopping_) {
      if (live_ >= options_.size) {
        work_.expires_at(Clock::time_point::max());
        co_await work_.async_wait(asio::as_tuple(asio::use_awaitable));
        continue;
      }
      try {
        std::unique_ptr<AsyncSession> session = co_await connect(options_.application_name);
        ++live_;
        last_failure_.clear();
        pause = kFirstPause;
        tell(true, "");
        give_back(std::move(session));
        continue;
      } catch (const std::exception& error) {
        // No descriptor, thread or memory left is no reason to stop trying either.
        last_failure_ = error.what();
      }
      if (stopping_) break;
      if (live_ == 0) {
        tell(false, last_failure_);
        for (Waiter* waiter : waiters_) waiter->timer.cancel();
      }
      std::uniform_real_distribution<double> jitter(0.5, 1.0);
      work_.expires_after(std::chrono::milliseconds(static_cast<int>(pause.count() * jitter(random_))));
      pause = std::min(pause * 2, options_.longest_pause);
      if (!stopping_) co_await work_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

  /// Cuts sessions past their deadline and drops idle ones that died, so that the pool refills before the next call.
  asio::awaitable<void> sweep(std::shared_ptr<Impl> self) {
    const Loop loop(*self);
    while (!stopping_) {
      sweep_.expires_after(kSweepPeriod);
      co_await sweep_.async_wait(asio::as_tuple(asio::use_awaitable));
      const Clock::time_point now = Clock::now();
      for (AsyncSession* session : watched_) {
        if (session->overdue(now)) session->cut();
      }
      for (const auto& dedicated : dedicated_) {
        if (const auto session = dedicated.lock(); session && session->overdue(now)) session->cut();
      }
      lost(std::erase_if(idle_, [](const auto& session) { return !session->alive(); }));
    }
  }

  asio::any_io_executor executor_;
  PoolOptions options_;
  asio::steady_timer work_;  ///< keep_connected sleeps on it
  asio::steady_timer sweep_;
  std::vector<std::unique_ptr<AsyncSession>> idle_;  ///< the one used last is lent first: its caches are warm
  std::vector<AsyncSession*> watched_;               ///< lent ones, and those that are being set up
  std::vector<std::weak_ptr<AsyncSession>> dedicated_;
  std::deque<Waiter*> waiters_;
  int live_ = 0;  ///< sessions that are idle, lent, or on their way to a waiter
  std::string last_failure_;
  std::mt19937 random_{std::random_device{}()};
  bool prepared_ = true;
  bool stopping_ = false;
  bool reachable_ = false;
  bool told_ = false;
  int loops_ = 0;
  BlockingCalls blocking_;
};

AsyncPool::AsyncPool(asio::any_io_executor executor, PoolOptions options)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options))) {}

AsyncPool::~AsyncPool() = default;

void AsyncPool::start() { impl_->start(); }

void AsyncPool::stop() { impl_->stop(); }

bool AsyncPool::stopped() const { return impl_->stopped(); }

asio::awaitable<Rows> AsyncPool::call(std::string role, std::string sql, Params params, bool repeatable) {
  return impl_->call(std::move(role), std::move(sql), std::move(params), repeatable);
}

asio::awaitable<std::shared_ptr<AsyncSession>> AsyncPool::dedicated(std::string application_name) {
  return impl_->dedicated(std::move(application_name));
}

bool AsyncPool::away() const { return impl_->away(); }

void AsyncPool::on_change(std::function<void(bool, const std::string&)> callback) {
  impl_->changed = std::move(callback);
}

}  // namespace cpi::db
