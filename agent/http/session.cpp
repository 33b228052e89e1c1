#include "http/session.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <random>

#include "http/api.h"
#include "http/backend.h"
#include "http/error_response.h"
#include "http/events.h"
#include "http/message.h"
#include "observe/observe.h"

namespace cpi::http {

namespace asio = boost::asio;
namespace beast = boost::beast::http;
using namespace std::chrono_literals;

namespace {

constexpr auto kBodyGrace = 5'000ms;
constexpr auto kWriteGrace = 30'000ms;
constexpr auto kLingerTime = 2'000ms;
constexpr std::size_t kReadBytes = 4096;
/// A request waits for its function, or with ?wait for a job; both have limits of their own below this one.
constexpr auto kServingLimit = 180'000ms;
/// Between two events there is a heartbeat every few seconds: this is only a net below it.
constexpr auto kStreamingLimit = 60'000ms;
constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool usable_request_id(std::string_view id) {
  if (id.empty() || id.size() > 128) return false;
  for (char c : id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == ':';
    if (!plain) return false;
  }
  return true;
}

std::string new_request_id() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id(16, '0');
  std::uint64_t bits = random();
  for (char& c : id) {
    c = kHex[bits & 15];
    bits >>= 4;
  }
  return id;
}

/// "GET http://host/path" means the same as "GET /path" (RFC 9112 section 3.2.2).
std::string_view origin_form(std::string_view target) {
  if (!target.starts_with("http://") && !target.starts_with("https://")) return target;
  const std::size_t slash = target.find('/', target.find("://") + 3);
  return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
}

}  // namespace

struct Session::Buffer {
  boost::beast::flat_buffer bytes;
};

/// A request while it is being read.
struct Session::Incoming {
  beast::request_parser<beast::string_body> parser;
  Request request;
  bool keep_alive = false;
};

Session::Session(asio::ip::tcp::socket socket, Api& api, Backend& backend, const ServerOptions& options)
    : socket_(std::move(socket)),
      api_(api),
      backend_(backend),
      options_(options),
      buffer_(std::make_shared<Buffer>()),
      deadline_(Clock::now() + options.idle_timeout) {}

void Session::enter(State state, std::chrono::milliseconds allowed) {
  state_ = state;
  deadline_ = Clock::now() + allowed;
}

void Session::expire(Clock::time_point now) {
  if (now < deadline_ || expired_) return;
  expired_ = true;
  boost::system::error_code ignored;
  // What is being read can still be answered with 408; what is being written has nobody who listens.
  if (state_ == State::kReading) {
    socket_.cancel(ignored);
  } else {
    socket_.close(ignored);
  }
}

void Session::finish() {
  finishing_ = true;
  boost::system::error_code ignored;
  if (state_ == State::kIdle) socket_.close(ignored);
}

void Session::cut() {
  finishing_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> Session::run() {
  try {
    while (!finishing_ && socket_.is_open() && co_await serve_one()) continue;
  } catch (const std::exception& error) {
    observe::emit(observe::problem("http", error.what()));
  }
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

/// One request and its answer. False: the connection ends here.
asio::awaitable<bool> Session::serve_one() {
  if (buffer_->bytes.size() == 0) {
    enter(State::kIdle, options_.idle_timeout);
    const auto [error, size] = co_await socket_.async_read_some(buffer_->bytes.prepare(kReadBytes), kUseTuple);
    if (error) co_return false;
    buffer_->bytes.commit(size);
  }
  Request request;
  bool keep_alive = false;
  {
    // The parser's memory is gone before the request is served: many wait for a long time.
    auto incoming = std::make_unique<Incoming>();
    if (!co_await read_request(*incoming)) co_return false;
    request = std::move(incoming->request);
    keep_alive = incoming->keep_alive;
  }
  if (buffer_->bytes.size() == 0 && buffer_->bytes.capacity() > 2 * kReadBytes) buffer_->bytes = {};

  enter(State::kServing, kServingLimit);
  const Response response = co_await api_.handle(request);
  keep_alive = keep_alive && !finishing_;
  if (response.events) {
    const bool head_only = request.method == "HEAD";
    request = {};
    if (co_await write(response, head_only, false) && !head_only) co_await stream(*response.events);
    co_return false;
  }
  co_return co_await write(response, request.method == "HEAD", keep_alive) && keep_alive;
}

asio::awaitable<bool> Session::read_request(Incoming& incoming) {
  enter(State::kReading, options_.header_timeout);
  beast::request_parser<beast::string_body>& parser = incoming.parser;
  parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
  parser.body_limit(boost::none);  // it depends on what is asked, and by whom
  {
    const auto [error, size] = co_await beast::async_read_header(socket_, buffer_->bytes, parser, kUseTuple);
    if (error) {
      if (expired_) {
        co_await refuse(408, "the headers took too long");
      } else if (error == beast::error::header_limit) {
        co_await refuse(431, "the headers are too large", options_.max_header_bytes);
      } else if (error == beast::error::bad_version) {
        co_await refuse(505, "this server speaks HTTP/1.1");
      } else if (error != beast::error::end_of_stream && error != asio::error::operation_aborted &&
                 error.category() == beast::make_error_code(beast::error::bad_method).category()) {
        co_await refuse(400, "the request is malformed");
      }
      co_return false;
    }
  }
  const auto& head = parser.get();
  const auto encoding = head.find(beast::field::transfer_encoding);
  if (encoding != head.end() && !same_header(view(encoding->value()), "chunked")) {
    co_await refuse(501, "the only Transfer-Encoding served is chunked");
    co_return false;
  }
  // Both together are how requests are smuggled past proxies (RFC 9112 section 6.3).
  if (encoding != head.end() && head.count(beast::field::content_length) > 0) {
    co_await refuse(400, "Content-Length and Transfer-Encoding exclude each other");
    co_return false;
  }
  // "5, 5" is one length said twice (RFC 9110 section 8.6); not all that read it think so.
  if (view(head[beast::field::content_length]).find(',') != std::string_view::npos) {
    co_await refuse(400, "Content-Length is given more than once");
    co_return false;
  }
  if (head.count(beast::field::host) != 1 && (head.version() >= 11 || head.count(beast::field::host) > 1)) {
    co_await refuse(400, "a request names exactly one Host");
    co_return false;
  }
  Request& request = incoming.request;
  request.method = std::string(view(head.method_string()));
  request.target = std::string(origin_form(view(head.target())));
  for (const auto& header : head) request.headers.emplace_back(view(header.name_string()), view(header.value()));
  const auto length = parser.content_length();
  std::size_t limit = options_.max_body_bytes;
  if (!parser.is_done() && (parser.chunked() || (length && *length > limit))) {
    enter(State::kServing, kServingLimit);
    limit = co_await api_.body_limit(request);
    if (length && *length > limit) {
      co_await refuse(413, "the body is too large", limit);
      co_return false;
    }
    parser.body_limit(limit);
    enter(State::kReading, kBodyGrace);
  }
  if (same_header(view(head[beast::field::expect]), "100-continue") && !parser.is_done()) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [error, size] = co_await asio::async_write(socket_, asio::buffer(kContinue), kUseTuple);
    if (error) co_return false;
  }

  const Clock::time_point began = Clock::now();
  std::size_t received = 0;
  while (!parser.is_done()) {
    const auto floor = std::chrono::milliseconds(received * 1000 / std::max<std::size_t>(options_.min_body_rate, 1));
    deadline_ = began + kBodyGrace + floor;
    const auto [error, size] = co_await beast::async_read_some(socket_, buffer_->bytes, parser, kUseTuple);
    received += size;
    if (error) {
      if (expired_) {
        co_await refuse(408, "the body came too slowly");
      } else if (error == beast::error::body_limit) {
        co_await refuse(413, "the body is too large", limit);
      } else if (error != asio::error::operation_aborted &&
                 error.category() == beast::make_error_code(beast::error::bad_method).category()) {
        co_await refuse(400, "the body is malformed or was cut short");
      }
      co_return false;
    }
  }

  auto message = parser.release();
  request.body = std::move(message.body());
  const std::string* id = request.header("X-Request-Id");
  request.id = id != nullptr && usable_request_id(*id) ? *id : new_request_id();
  // HTTP/1.0 clients get their answer and an end: few know how to ask for more.
  incoming.keep_alive = message.version() >= 11 && message.keep_alive();
  co_return true;
}

asio::awaitable<bool> Session::write(const Response& response, bool head_only, bool keep_alive) {
  const std::string_view content = response.content();
  const std::string head = response_head(response, content.size(), keep_alive);
  const bool bodiless = head_only || response.status == 204 || response.status == 304;
  enter(State::kWriting, kWriteGrace + std::chrono::milliseconds(content.size() / 10));
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head),
                                                  bodiless ? asio::const_buffer() : asio::buffer(content)};
  const auto [error, size] = co_await asio::async_write(socket_, buffers, kUseTuple);
  co_return !error;
}

/// Sends events until the client goes away (which a write tells) or the agent stops.
asio::awaitable<void> Session::stream(EventSource& events) {
  buffer_->bytes = {};
  for (;;) {
    enter(State::kStreaming, kStreamingLimit);
    const std::string text = co_await events.next();
    if (text.empty() || !socket_.is_open()) co_return;
    enter(State::kWriting, kWriteGrace);
    const auto [error, size] = co_await asio::async_write(socket_, asio::buffer(text), kUseTuple);
    if (error) co_return;
  }
}

/// Answers what never became a request, and ends the connection.
asio::awaitable<void> Session::refuse(unsigned status, const char* message, std::size_t limit) {
  Failure failure;
  failure.status = status;
  failure.message = message;
  if (limit > 0) failure.hint = "The limit is " + std::to_string(limit) + " bytes.";
  expired_ = false;
  const Response response = error_response(failure);
  observe::emit({observe::Kind::kRequestServed, {{"status", status}, {"message", message}}});
  if (co_await write(response, false, false)) co_await linger();
}

/// Reads on for a moment: closing with unread bytes would reset the connection and take the answer away from a client
/// that is still sending.
asio::awaitable<void> Session::linger() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  enter(State::kWriting, kLingerTime);
  std::array<char, kReadBytes> waste;
  for (;;) {
    const auto [error, size] = co_await socket_.async_read_some(asio::buffer(waste), kUseTuple);
    if (error) co_return;
  }
}

}  // namespace cpi::http
