// One request from its headers to its answer: who asks, which route, which arguments, the call, what became of it.
// Knows nothing of sockets; the session (session.h) hands a whole request in and writes the response out.
//
//   request ─► foreign page? ─► route ─► key, role ─► fields ─► call (or the agent's own handler) ─► response
//                 403           404 405    401 403     400 415     the function's own refusals
//                                                      422
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "db/blocking_calls.h"
#include "http/auth.h"
#include "http/backend.h"
#include "http/error_response.h"
#include "http/events.h"
#include "http/message.h"
#include "http/server.h"

namespace cpi::http {

struct Call;

/// Lives on one executor's thread.
class Api {
 public:
  Api(Backend& backend, const ServerOptions& options);

  /// Never throws: every failure is a response. `request` must live until then.
  boost::asio::awaitable<Response> handle(const Request& request);

  /// How large the body of a request may be of which `head` is there alone: large ones are for those who may send
  /// content. Never throws.
  boost::asio::awaitable<std::size_t> body_limit(const Request& head);

  /// Gives up what runs on threads of its own, so that no request waits for it.
  void stop() { blocking_.abandon(); }

 private:
  struct Exchange;  ///< a request under way with what is known about it

  boost::asio::awaitable<void> admit(Exchange& exchange);
  boost::asio::awaitable<Response> answer(Exchange& exchange);
  boost::asio::awaitable<Role> authenticate(const Request& request);
  /// The role of a key of cpi_api_keys, as the extension says now; nothing when it is not valid.
  boost::asio::awaitable<std::optional<Role>> ask_for_role(std::string key);
  /// For streams: is this key of cpi_api_keys still valid? Never throws.
  boost::asio::awaitable<Standing> standing_of(std::string key);
  std::optional<Role> known_role(const Digest& key);
  boost::asio::awaitable<Response> serve(Exchange& exchange);
  boost::asio::awaitable<Response> call_function(Exchange& exchange);
  boost::asio::awaitable<Response> call_for_csv(const Exchange& exchange, const Call& call);
  boost::asio::awaitable<std::string> run(const Exchange& exchange, const Call& call);
  boost::asio::awaitable<std::string> status_of_job(const Exchange& exchange, std::string job_id);
  boost::asio::awaitable<std::string> wait_for_end(const Exchange& exchange, const Call& call, std::string first);
  boost::asio::awaitable<Response> health();
  boost::asio::awaitable<Response> openapi(const Exchange& exchange);
  boost::asio::awaitable<Response> test_connection(Exchange& exchange);
  boost::asio::awaitable<Response> test_source(Exchange& exchange);
  boost::asio::awaitable<Response> events(const Exchange& exchange);
  boost::asio::awaitable<Response> rpc(Exchange& exchange);
  Call bind_call(Exchange& exchange, const std::vector<NameValue>& path);
  Response preflight(const Request& request, const std::string& allow) const;
  void add_cors(const Request& request, Response& response) const;

  Backend& backend_;
  const ServerOptions& options_;
  std::optional<Digest> environment_key_;
  KeyCache keys_;
  std::uint64_t revocations_seen_ = 0;
  std::set<Digest> asking_;     ///< keys that a stream is asking about at this moment
  db::BlockingCalls blocking_;  ///< tests of targets and sources
};

}  // namespace cpi::http
