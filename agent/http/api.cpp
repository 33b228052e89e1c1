#include "http/api.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "core/text/identifier.h"
#include "http/exchange.h"
#include "http/pages.h"
#include "observe/observe.h"

namespace cpi::http {

namespace asio = boost::asio;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {
/// Each holds a thread until its target has answered, or for ten seconds.
constexpr int kMostTargetTests = 8;
/// How long a stream waits for another that asks about the same key, and how often it looks.
constexpr std::chrono::seconds kOthersAskTime{5};
constexpr std::chrono::milliseconds kLookAgainTime{20};
}  // namespace

Api::Api(Backend& backend, const ServerOptions& options)
    : backend_(backend), options_(options), blocking_(backend.executor(), kMostTargetTests) {
  if (!options.api_key.empty()) environment_key_ = sha256(options.api_key);
}

asio::awaitable<Response> Api::handle(const Request& request) {
  const Clock::time_point began = Clock::now();
  Exchange exchange{request};
  Response response;
  Failure failure;
  bool refused = true;
  try {
    response = co_await answer(exchange);
    refused = false;
  } catch (const Refusal& refusal) {
    failure = refusal.failure;
  } catch (const db::Error& error) {
    failure = failure_of(error, exchange.role == Role::kAnyone);
    if (error.is("42883")) backend_.reload_soon();
    if (failure.status >= 500 && failure.status != 503) observe::emit(observe::problem("http", error));
  } catch (const std::exception& error) {
    failure = {};
    failure.message = "the agent failed to serve this request";
    failure.hint = "The agent's log says more, under this request's id.";
    observe::emit(
        {observe::Kind::kProblem, {{"message", error.what()}, {"where", "http"}, {"request_id", request.id}}});
  }
  if (refused) response = error_response(failure);
  add_cors(request, response);
  response.set("X-Request-Id", request.id);
  // Answers hold what may be secret and is out of date in a moment; only the files of /docs may be kept.
  if (response.asset.empty()) response.set("Cache-Control", "no-store");
  const auto took = std::chrono::duration<double, std::milli>(Clock::now() - began).count();
  // While the database is away every request ends with 503; that it is away was told once.
  const bool failed = response.status >= 500 && response.status != 503;
  const auto kind = failed ? observe::Kind::kRequestFailed : observe::Kind::kRequestServed;
  observe::emit({kind,
                 {{"method", request.method},
                  {"path", request.path()},
                  {"status", response.status},
                  {"ms", took},
                  {"request_id", request.id}}});
  co_return response;
}

/// Finds the route and who asks for it, and refuses what may not be. Without a route in `exchange` the path is none, or
/// the request is a preflight.
asio::awaitable<void> Api::admit(Exchange& exchange) {
  const Request& request = exchange.request;
  if (!environment_key_) {
    if (const std::optional<std::string> why = refuse_foreign_page(request, options_.cors_origins)) {
      throw Refusal{forbidden(*why,
                              "Without an API_KEY the agent serves this machine alone. Set one to be reached by"
                              " other names, or list the site in CORS_ORIGINS.")};
    }
  }
  exchange.catalog = co_await backend_.catalog();
  exchange.match = exchange.catalog->router.match(request.method, request.path());
  switch (exchange.match.kind) {
    case Match::Kind::kBrokenEncoding:
      throw Refusal{bad_request("the path cannot be decoded", "", "Percent-encode it as UTF-8 (% itself is %25).")};
    case Match::Kind::kNoPath: {
      if (!backend_.ready()) co_return;
      const std::string path(request.path());
      const std::string near = text::nearest(path, exchange.catalog->router.templates());
      throw Refusal{not_found("no such path: " + path,
                              near.empty() ? "GET /docs lists what there is." : "Did you mean " + near + "?")};
    }
    case Match::Kind::kOtherMethod:
      if (request.method == "OPTIONS") co_return;
      throw Refusal{method_not_allowed(request.method, request.path(), exchange.match.allow)};
    case Match::Kind::kFound: break;
  }
  exchange.route = &exchange.catalog->routes[exchange.match.route];
  if (exchange.route->role != Role::kAnyone) {
    exchange.role = co_await authenticate(request);
    if (exchange.role < exchange.route->role) {
      throw Refusal{forbidden("this API key is for role " + std::string(role_name(exchange.role)) + "; " +
                                  exchange.route->method + " " + exchange.route->path + " needs " +
                                  std::string(role_name(exchange.route->role)),
                              "Ask an admin for a key of that role (POST /api-keys).")};
    }
  }
}

asio::awaitable<Response> Api::answer(Exchange& exchange) {
  co_await admit(exchange);
  if (exchange.match.kind == Match::Kind::kOtherMethod) co_return preflight(exchange.request, exchange.match.allow);
  co_return co_await serve(exchange);
}

asio::awaitable<Role> Api::authenticate(const Request& request) {
  const std::optional<std::string> key = presented_key(request);
  if (!key) {
    if (!environment_key_) co_return Role::kAdmin;
    throw Refusal{unauthorized("no API key", "Send one as X-API-Key, as a Bearer token, or as the password of Basic.")};
  }
  const Digest digest = sha256(*key);
  if (environment_key_ && same_digest(digest, *environment_key_)) co_return Role::kAdmin;
  if (const std::optional<Role> role = known_role(digest)) co_return *role;
  const std::optional<Role> role = co_await ask_for_role(*key);
  if (!role) throw Refusal{forbidden("this API key is not valid", "It is wrong, expired, or has been revoked.")};
  co_return *role;
}

std::optional<Role> Api::known_role(const Digest& key) {
  if (revocations_seen_ != backend_.revocations()) {
    revocations_seen_ = backend_.revocations();
    keys_.clear();
  }
  return keys_.find(key, Clock::now());
}

asio::awaitable<std::optional<Role>> Api::ask_for_role(std::string key) {
  const std::shared_ptr<const Catalog> catalog = co_await backend_.catalog();
  if (!backend_.ready()) throw Refusal{unavailable("the management database cannot be reached", "")};
  const Digest digest = sha256(key);
  const std::uint64_t revocations = backend_.revocations();
  db::Params parameters = one_parameter(std::move(key));
  const db::Rows rows = co_await backend_.pool().call("", "SELECT " + catalog->schema + "._cpi_authenticate($1::text)",
                                                      std::move(parameters), false);
  std::optional<Role> role;
  if (!rows.empty() && !rows.is_null(0, 0)) {
    const json identity = json::parse(rows.text(0, 0), nullptr, false);
    if (identity.is_object()) role = parse_role(identity.value("role", ""));
  }
  // An answer from before a revocation that was heard of meanwhile is not kept.
  if (role && revocations == backend_.revocations()) keys_.store(digest, *role, Clock::now());
  co_return role;
}

/// Many streams with one key wake at once: one of them asks, the others wait for what it hears.
asio::awaitable<Standing> Api::standing_of(std::string key) {
  const Digest digest = sha256(key);
  const Clock::time_point until = Clock::now() + kOthersAskTime;
  asio::steady_timer timer(backend_.executor());
  for (;;) {
    if (known_role(digest)) co_return Standing::kValid;
    if (!backend_.ready() || backend_.pool().away() || Clock::now() > until) co_return Standing::kUnknown;
    if (asking_.insert(digest).second) break;
    timer.expires_after(kLookAgainTime);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  Standing standing = Standing::kUnknown;
  try {
    standing = co_await ask_for_role(std::move(key)) ? Standing::kValid : Standing::kEnded;
  } catch (const Refusal&) {
  } catch (const std::exception&) {
    // That the database does not answer is told by the pool.
  }
  asking_.erase(digest);
  co_return standing;
}

asio::awaitable<Response> Api::serve(Exchange& exchange) {
  if (exchange.route == nullptr || (exchange.route->native.empty() && !exchange.route->function)) {
    throw Refusal{backend_.extension_missing() ? unavailable("extension cpi is not in the management database",
                                                             "Run `cpi init` with a superuser's URL of that database.")
                                               : unavailable("the management database cannot be reached",
                                                             "Nothing is lost: try again when it is back.")};
  }
  const std::string& native = exchange.route->native;
  if (native == "root") {
    const std::string* accept = exchange.request.header("Accept");
    co_return root_page(accept != nullptr ? *accept : "");
  }
  if (native == "docs") co_return docs_page();
  if (native == "docs_asset") {
    if (std::optional<Response> asset = docs_asset(exchange.match.parameters[0].second)) co_return std::move(*asset);
    throw Refusal{not_found("no such path: " + std::string(exchange.request.path()), "")};
  }
  if (native == "health") co_return co_await health();
  if (native == "openapi" || (exchange.route->function && exchange.route->function->name == "cpi_openapi")) {
    co_return co_await openapi(exchange);
  }
  if (native == "test_connection") co_return co_await test_connection(exchange);
  if (native == "test_source" && options_.test_source) co_return co_await test_source(exchange);
  if (native == "events") co_return co_await events(exchange);
  if (native == "rpc") co_return co_await rpc(exchange);
  if (!exchange.route->function) {
    throw Refusal{{501, "this agent does not serve " + native, "", "It is older than the extension.", "", "", {}}};
  }
  co_return co_await call_function(exchange);
}

Response Api::preflight(const Request& request, const std::string& allow) const {
  Response response;
  response.status = 204;
  response.set("Allow", allow);
  if (request.header("Access-Control-Request-Method") != nullptr) {
    response.set("Access-Control-Allow-Methods", allow);
    response.set("Access-Control-Allow-Headers",
                 "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-API-Key, X-Request-Id");
    response.set("Access-Control-Max-Age", "600");
  }
  return response;
}

void Api::add_cors(const Request& request, Response& response) const {
  const std::string* origin = request.header("Origin");
  if (options_.cors_origins.empty()) return;
  response.set("Vary", "Origin");
  if (origin == nullptr || !allowed_origin(*origin, options_.cors_origins)) return;
  response.set("Access-Control-Allow-Origin", *origin);
  response.set("Access-Control-Expose-Headers",
               "Cpi-Kept, Cpi-Total, Cpi-Whole, Link, Location, Retry-After, X-Request-Id");
}

}  // namespace cpi::http
