#include "http/backend.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "observe/observe.h"

namespace cpi::http {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {
constexpr auto kPauseBetweenAttempts = 500ms;
constexpr auto kFirstCatalogPatience = 5s;
constexpr auto kLoadTimeout = 30s;
}  // namespace

Backend::Backend(asio::any_io_executor executor, db::PoolOptions options)
    : executor_(executor),
      pool_(executor, std::move(options)),
      catalog_(std::make_shared<const Catalog>(builtin_catalog())),
      pause_(executor),
      loaded_(executor, Clock::time_point::max()) {
  pool_.on_change([this](bool reachable, const std::string& reason) {
    if (reachable) {
      observe::emit({observe::Kind::kManagementConnected, {{"part", "http"}}});
    } else {
      observe::emit({observe::Kind::kManagementLost, {{"part", "http"}, {"message", reason}}});
      loaded_.cancel();
    }
  });
}

void Backend::start() {
  pool_.start();
  listening_ = true;
  asio::co_spawn(executor_, listen(), asio::detached);
}

void Backend::stop() {
  stopping_ = true;
  hurry();
  pause_.cancel();
  loaded_.cancel();
  if (listener_) listener_->cut();
  pool_.stop();
}

void Backend::hurry() {
  hurrying_ = true;
  feed_.wake_all();
}

void Backend::reload_soon() {
  if (loading_again_ || stopping_) return;
  loading_again_ = true;
  asio::co_spawn(executor_, load_again(), asio::detached);
}

asio::awaitable<std::shared_ptr<const Catalog>> Backend::catalog() {
  if (!ready_ && !pool_.away() && !extension_missing_ && !stopping_) {
    const Clock::time_point until = Clock::now() + kFirstCatalogPatience;
    asio::steady_timer limit(executor_, until);
    limit.async_wait([this](const boost::system::error_code& error) {
      if (!error) loaded_.cancel();
    });
    while (!ready_ && !pool_.away() && !extension_missing_ && !stopping_ && Clock::now() < until) {
      co_await loaded_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }
  co_return catalog_;
}

asio::awaitable<void> Backend::load() {
  const db::Rows extension = co_await pool_.call("", std::string(find_extension_sql()), {}, true);
  extension_missing_ = extension.empty();
  if (extension_missing_) {
    loaded_.cancel();
    throw db::Error("extension cpi is not in the management database", "", "",
                    "Run `cpi init` with a superuser's URL of that database.");
  }
  const std::string schema = extension.str(0, 0);
  const db::Rows rows = co_await pool_.call("", "SELECT " + schema + "._cpi_catalog()", {}, true);
  auto catalog = std::make_shared<const Catalog>(parse_catalog(schema, extension.str(0, 1), rows.text(0, 0)));
  for (const std::string& problem : catalog->problems) observe::emit(observe::warning("http", problem));
  observe::emit({observe::Kind::kRoutesLoaded, {{"routes", catalog->routes.size()}, {"version", catalog->version}}});
  catalog_ = std::move(catalog);
  openapi.clear();
  ready_ = true;
  loaded_.cancel();
}

asio::awaitable<void> Backend::load_again() {
  try {
    co_await load();
  } catch (const std::exception& error) {
    // The listening session reads the catalog whenever it begins anew: this was only to be earlier.
    if (!pool_.away()) observe::emit(observe::warning("http", std::string("cannot read the routes: ") + error.what()));
  }
  loading_again_ = false;
}

/// One life of the listening session. The catalog is read after LISTEN, so that no change falls between the two.
asio::awaitable<void> Backend::listen_once() {
  listener_ = co_await pool_.dedicated("cpi http listener");
  std::vector<db::Statement> listen(3);
  listen[0].sql = "LISTEN cpi_routes";
  listen[1].sql = "LISTEN cpi_jobs";
  listen[2].sql = "LISTEN cpi_keys";
  co_await listener_->run(listen, Clock::now() + kLoadTimeout, false);
  co_await load();
  if (has_listened_) feed_.missed();
  has_listened_ = true;
  failures_ = 0;
  while (!stopping_) {
    const auto [channel, payload] = co_await listener_->next_notification();
    if (channel == "cpi_jobs") {
      feed_.publish(payload);
    } else if (channel == "cpi_keys") {
      ++revocations_;
      feed_.wake_all();
    } else {
      co_await load();
    }
  }
}

asio::awaitable<void> Backend::listen() {
  std::string last_problem;
  while (!stopping_) {
    try {
      co_await listen_once();
    } catch (const std::exception& error) {
      // The pool tells when the database goes away, which it may not know yet; what is wrong beyond that is told when
      // it comes again, and once, not twice a second.
      const bool again = ++failures_ > 1;
      if (again && !stopping_ && !pool_.away() && last_problem != error.what()) {
        last_problem = error.what();
        observe::emit(observe::warning("http", "cannot listen to the management database: " + last_problem));
      }
    }
    listener_.reset();
    if (stopping_) break;
    pause_.expires_after(kPauseBetweenAttempts);
    co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  listening_ = false;
}

}  // namespace cpi::http
