// The REST carrier: an HTTP/1.1 server that turns requests into calls of the extension's functions, as the rows of
// cpi_routes say. It knows no endpoint by itself except those that SQL cannot serve (README.md lists them).
// No TLS: listen on loopback, or behind a proxy that ends it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/egress.h"

namespace cpi::http {

/// Tests a source, given as its JSON with credentials; answers the JSON of the response. Blocking; must not throw.
using TestSource = std::function<std::string(const std::string& source)>;

struct ServerOptions {
  std::string host = "127.0.0.1";  ///< an address or a name; "::" listens on IPv4 and IPv6
  int port = 8000;                 ///< 0: any free port
  /// An admin key. Empty: only a loopback address may be listened on, Host and Origin are checked, and requests
  /// without a key run as admin.
  std::string api_key;
  std::vector<std::string> cors_origins;  ///< such as "https://n8n.example.com"; "*" allows every origin
  std::string conninfo;                   ///< the management database, as the agent's login
  net::EgressPolicy egress;               ///< where a target that is tested may be
  int pool_size = 8;                      ///< sessions in the management database, besides one that listens

  TestSource test_source;  ///< for POST /sources/{id}/test

  std::chrono::milliseconds statement_timeout{30'000};  ///< for one call of a function
  std::chrono::milliseconds header_timeout{5'000};      ///< from the first byte of a request to the end of its headers
  std::chrono::milliseconds idle_timeout{65'000};       ///< between two requests of a connection
  std::size_t max_body_bytes = 1'000'000;
  /// Of CSV for an argument `content`, from whoever may call the function: what a file keeps of its rejected rows fits.
  std::size_t max_content_bytes = std::size_t{32} << 20;
  std::size_t max_header_bytes = 16'384;
  std::size_t min_body_rate = 10'000;    ///< bytes a second, after five seconds of grace
  std::size_t max_connections = 12'000;  ///< beyond it new connections are closed at once
};

/// One listening server with its own thread. `start` and `stop` are called once, from one thread.
class Server {
 public:
  explicit Server(ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Stops without grace when `stop` was not called.
  ~Server();

  /// Binds, then serves on a thread of its own. The management database may be away: requests are answered with 503
  /// until it is there. Throws std::runtime_error that names the address and what to do when it cannot be bound, or
  /// when no API key is set and the address is not a loopback one.
  void start();

  /// The port that is listened on; 0 before `start`.
  std::uint16_t port() const;

  /// Accepts nothing more, closes idle connections, answers waiting requests with what is known, lets requests in
  /// flight end within `grace`, cuts the rest. Returns when the thread has ended.
  void stop(std::chrono::milliseconds grace);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cpi::http
