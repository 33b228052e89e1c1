#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <stdexcept>
#include <thread>
#include <unordered_set>
#include <vector>

#include "http/api.h"
#include "http/auth.h"
#include "http/backend.h"
#include "http/session.h"
#include "observe/observe.h"

namespace cpi::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kSweepPeriod = 500ms;
constexpr auto kStopPollPeriod = 20ms;

db::PoolOptions pool_options(const ServerOptions& options) {
  db::PoolOptions pool;
  pool.conninfo = options.conninfo;
  pool.size = options.pool_size;
  pool.statement_timeout = options.statement_timeout;
  return pool;
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(ServerOptions options)
      : options_(std::move(options)),
        io_(1),
        backend_(io_.get_executor(), pool_options(options_)),
        api_(backend_, options_),
        sweep_(io_) {}

  ~Impl() {
    if (thread_.joinable()) stop(0ms);
  }

  void start() {
    bind();
    backend_.start();
    for (auto& acceptor : acceptors_) asio::co_spawn(io_, accept(acceptor), asio::detached);
    asio::co_spawn(io_, sweep(), asio::detached);
    thread_ = std::jthread([this] { run(); });
    observe::emit({observe::Kind::kServerListening,
                   {{"host", options_.host}, {"port", port_.load()}, {"api_key", !options_.api_key.empty()}}});
  }

  std::uint16_t port() const { return port_; }

  void stop(std::chrono::milliseconds grace) {
    if (!thread_.joinable()) return;
    asio::post(io_, [this, grace] { asio::co_spawn(io_, wind_down(grace), asio::detached); });
    thread_.join();
  }

 private:
  [[noreturn]] void refuse_open_address() const {
    throw std::runtime_error("no API_KEY is set, and " + options_.host +
                             " can be reached from other machines; set API_KEY, or HOST to 127.0.0.1");
  }

  void bind() {
    const std::string where = options_.host + " port " + std::to_string(options_.port);
    boost::system::error_code error;
    tcp::resolver resolver(io_);
    const auto found = resolver.resolve(options_.host, std::to_string(options_.port), tcp::resolver::passive, error);
    if (error) throw std::runtime_error("cannot listen on " + where + ": " + error.message() + "; check HOST");
    for (const auto& entry : found) {
      tcp::endpoint endpoint = entry.endpoint();
      if (options_.api_key.empty() && !is_loopback(endpoint.address().to_string())) refuse_open_address();
      // A name such as localhost stands for several addresses; with port 0 all of them share the first one's.
      if (endpoint.port() == 0 && port_ != 0) endpoint.port(port_);
      tcp::acceptor acceptor(io_);
      acceptor.open(endpoint.protocol(), error);
      if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
      if (!error && endpoint.protocol() == tcp::v6()) {
        acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
      }
      if (!error) acceptor.bind(endpoint, error);
      if (!error) acceptor.listen(1024, error);
      if (error) continue;
      port_ = acceptor.local_endpoint().port();
      acceptors_.push_back(std::move(acceptor));
    }
    if (acceptors_.empty()) {
      const bool taken = error == asio::error::address_in_use;
      throw std::runtime_error(
          "cannot listen on " + where + ": " + error.message() +
          (taken ? "; another program (another cpi serve?) holds it: stop it or set PORT" : "; check HOST and PORT"));
    }
  }

  /// What a handler throws (there is no memory left, say) costs that handler's connection, not the agent.
  void run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& error) {
        observe::emit(observe::problem("http", error.what()));
      }
    }
  }

  asio::awaitable<void> accept(tcp::acceptor& acceptor) {
    while (!stopping_) {
      auto [error, socket] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
      if (stopping_) co_return;
      if (error) {
        // Out of descriptors: the connections that end will give some back.
        asio::steady_timer pause(io_, 100ms);
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
        continue;
      }
      if (sessions_.size() >= options_.max_connections) continue;
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      try {
        asio::co_spawn(io_, serve(std::make_shared<Session>(std::move(socket), api_, backend_, options_)),
                       asio::detached);
      } catch (const std::exception& problem) {
        observe::emit(observe::problem("http", problem.what()));
      }
    }
  }

  asio::awaitable<void> serve(std::shared_ptr<Session> session) {
    sessions_.insert(session.get());
    co_await session->run();
    sessions_.erase(session.get());
  }

  asio::awaitable<void> sweep() {
    while (!stopping_) {
      sweep_.expires_after(kSweepPeriod);
      co_await sweep_.async_wait(asio::as_tuple(asio::use_awaitable));
      const Clock::time_point now = Clock::now();
      for (Session* session : sessions_) session->expire(now);
    }
  }

  asio::awaitable<void> until_no_session(Clock::time_point until) {
    asio::steady_timer poll(io_);
    while (!sessions_.empty() && Clock::now() < until) {
      poll.expires_after(kStopPollPeriod);
      co_await poll.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

  asio::awaitable<void> wind_down(std::chrono::milliseconds grace) {
    stopping_ = true;
    boost::system::error_code ignored;
    for (auto& acceptor : acceptors_) acceptor.close(ignored);
    sweep_.cancel();
    for (Session* session : sessions_) session->finish();
    backend_.hurry();
    co_await until_no_session(Clock::now() + grace);
    for (Session* session : sessions_) session->cut();
    api_.stop();
    backend_.stop();
    // Everything that is waited for was cut or abandoned: this is a matter of a few turns of the loop.
    asio::steady_timer poll(io_);
    while (!backend_.stopped() || !sessions_.empty()) {
      poll.expires_after(kStopPollPeriod);
      co_await poll.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    io_.stop();
  }

  ServerOptions options_;
  asio::io_context io_;
  Backend backend_;
  Api api_;
  asio::steady_timer sweep_;
  std::vector<tcp::acceptor> acceptors_;
  std::unordered_set<Session*> sessions_;
  std::atomic<std::uint16_t> port_ = 0;
  bool stopping_ = false;
  std::jthread thread_;
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Server::~Server() = default;

void Server::start() { impl_->start(); }

std::uint16_t Server::port() const { return impl_->port(); }

void Server::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }

}  // namespace cpi::http
