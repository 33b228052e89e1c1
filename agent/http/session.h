// One client's connection: reads requests one after the other (pipelined ones wait in the buffer), hands each to the
// Api and writes the answer. All limits against slow, large or malformed input are kept here.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>

#include "http/server.h"

namespace cpi::http {

class Api;
class Backend;

/// Lives on one executor's thread. Deadlines are not timers of their own: the server calls `expire` twice a second.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Clock = std::chrono::steady_clock;

  Session(boost::asio::ip::tcp::socket socket, Api& api, Backend& backend, const ServerOptions& options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Serves until the connection ends.
  boost::asio::awaitable<void> run();
  /// Gives up what takes longer than it may.
  void expire(Clock::time_point now);
  /// Serves what has begun, then closes; an idle connection closes at once.
  void finish();
  /// Closes at once.
  void cut();

 private:
  struct Incoming;
  enum class State { kIdle, kReading, kServing, kWriting, kStreaming };

  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> read_request(Incoming& incoming);
  boost::asio::awaitable<bool> write(const struct Response& response, bool head_only, bool keep_alive);
  boost::asio::awaitable<void> stream(class EventSource& events);
  boost::asio::awaitable<void> refuse(unsigned status, const char* message, std::size_t limit = 0);
  boost::asio::awaitable<void> linger();
  void enter(State state, std::chrono::milliseconds allowed);

  boost::asio::ip::tcp::socket socket_;
  Api& api_;
  Backend& backend_;
  const ServerOptions& options_;
  struct Buffer;
  std::shared_ptr<Buffer>
      buffer_;  ///< bytes read and not yet parsed; behind a pointer so that Beast stays in session.cpp
  State state_ = State::kIdle;
  Clock::time_point deadline_;
  bool expired_ = false;
  bool finishing_ = false;
};

}  // namespace cpi::http
