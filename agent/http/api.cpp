#include "http/api.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/text/identifier.h"
#include "http/arguments.h"
#include "http/events.h"
#include "http/json_body.h"
#include "http/pages.h"
#include "http/target_test.h"
#include "http/url.h"
#include "observe/observe.h"

namespace cpi::http {

namespace asio = boost::asio;
using nlohmann::json;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr double kLongestWaitSeconds = 60;
constexpr auto kRereadPeriod = 2s;
constexpr auto kTargetTestTimeout = 10s;

/// A failure on its way to `handle`: requests are refused in many places, and answered in one.
struct Refusal {
  Failure failure;
};

bool is_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return same_header(type, "application/json") ||
         (type.size() > 5 && type.starts_with("application/") && same_header(type.substr(type.size() - 5), "+json"));
}

/// "/jobs/{job_id}" with the answer's fields, percent-encoded; empty when one is not there.
std::string fill_template(std::string_view text, const json& fields) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    out.append(text.substr(0, open));
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) return "";
    const auto field = fields.find(std::string(text.substr(open + 1, close - open - 1)));
    if (field == fields.end() || !field->is_string()) return "";
    out += percent_encode(field->get<std::string>());
    text.remove_prefix(close + 1);
  }
  return out;
}

/// The field `wait` of the query in seconds; 0 without one. Takes it out of `query`.
std::chrono::milliseconds take_wait(std::vector<NameValue>& query) {
  const auto it =
      std::find_if(query.begin(), query.end(), [](const NameValue& field) { return field.first == "wait"; });
  if (it == query.end()) return 0ms;
  const std::string text = it->second;
  query.erase(it);
  if (text.empty()) return 0ms;
  double seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !(seconds >= 0 && seconds <= kLongestWaitSeconds)) {
    throw Refusal{invalid_fields({{"wait", "out_of_range", "\"" + text.substr(0, 40) + "\" is no number from 0 to 60",
                                   "It counts seconds; ask again for a longer wait."}})};
  }
  return std::chrono::milliseconds(static_cast<int>(seconds * 1000));
}

/// In a statement of its own: g++ 12 miscompiles braced lists inside a co_await expression.
db::Params one_parameter(std::string value) {
  db::Params parameters;
  parameters.emplace_back(std::move(value));
  return parameters;
}

/// The job that an answer is about.
std::string job_id_of(const json& answer) {
  for (const char* name : {"job_id", "id"}) {
    const auto id = answer.find(name);
    if (id != answer.end() && id->is_string()) return id->get<std::string>();
  }
  return "";
}

std::string status_field(const json& answer) {
  const auto status = answer.find("status");
  return status != answer.end() && status->is_string() ? status->get<std::string>() : "";
}

}  // namespace

struct Api::Exchange {
  const Request& request;
  std::shared_ptr<const Catalog> catalog = nullptr;
  const Route* route = nullptr;
  Match match = {};
  Role role = Role::kAnyone;
  std::chrono::milliseconds wait{0};
};

Api::Api(Backend& backend, const ServerOptions& options) : backend_(backend), options_(options) {
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

asio::awaitable<Response> Api::answer(Exchange& exchange) {
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
      if (!backend_.ready()) co_return co_await serve(exchange);
      const std::string path(request.path());
      const std::string near = text::nearest(path, exchange.catalog->router.templates());
      throw Refusal{not_found("no such path: " + path,
                              near.empty() ? "GET /docs lists what there is." : "Did you mean " + near + "?")};
    }
    case Match::Kind::kOtherMethod:
      if (request.method == "OPTIONS") co_return preflight(request, exchange.match.allow);
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
  if (const std::optional<Role> role = keys_.find(digest, Clock::now())) co_return *role;
  const std::shared_ptr<const Catalog> catalog = co_await backend_.catalog();
  std::optional<Role> role;
  if (backend_.ready()) {
    db::Params parameters = one_parameter(*key);
    const db::Rows rows = co_await backend_.pool().call(
        "", "SELECT " + catalog->schema + "._cpi_authenticate($1::text)", std::move(parameters), false);
    if (!rows.empty() && !rows.is_null(0, 0)) {
      const json identity = json::parse(rows.text(0, 0), nullptr, false);
      if (identity.is_object()) role = parse_role(identity.value("role", ""));
    }
  } else {
    throw Refusal{unavailable("the management database cannot be reached", "")};
  }
  if (!role) throw Refusal{forbidden("this API key is not valid", "It is wrong, expired, or has been revoked.")};
  keys_.store(digest, *role, Clock::now());
  co_return *role;
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

/// Reads the request's fields and binds them to the route's function.
Call Api::bind_call(Exchange& exchange, const std::vector<NameValue>& path) {
  const Request& request = exchange.request;
  const Route& route = *exchange.route;
  Fields fields;
  fields.path = path;
  std::optional<std::vector<NameValue>> query = parse_query(request.query());
  if (!query) {
    throw Refusal{bad_request("the query cannot be decoded", "", "Percent-encode it as UTF-8 (% itself is %25).")};
  }
  fields.query = std::move(*query);
  if (route.waits) exchange.wait = take_wait(fields.query);
  for (const auto& [header, argument] : route.header_arguments) {
    if (const std::string* value = request.header(header)) {
      if (!is_utf8(*value)) throw Refusal{bad_request("header " + header + " is not UTF-8", "", "")};
      fields.header.emplace_back(argument, *value);
    }
  }
  json body = json::object();
  if (!request.body.empty()) {
    if (request.method == "GET" || request.method == "HEAD") {
      throw Refusal{bad_request("GET takes no body", "", "Put the fields into the query: ?name=value.")};
    }
    const std::string* type = request.header("Content-Type");
    if (type != nullptr && !is_json(*type)) throw Refusal{unsupported_media_type(*type)};
    std::variant<json, Failure> parsed = parse_json_body(request.body);
    if (std::holds_alternative<Failure>(parsed)) throw Refusal{std::get<Failure>(std::move(parsed))};
    body = std::get<json>(std::move(parsed));
  }
  fields.body = &body;
  Binding binding = bind(*route.function, fields, route.waits, route.status == 204);
  if (binding.path_mismatch) {
    throw Refusal{not_found("no such path: " + std::string(request.path()), *binding.path_mismatch)};
  }
  if (!binding.findings.empty()) throw Refusal{invalid_fields(binding.findings)};
  return std::move(binding.call);
}

asio::awaitable<std::string> Api::run(const Exchange& exchange, const Call& call) {
  const db::Rows rows = co_await backend_.pool().call(std::string(database_role(exchange.role)), call.sql, call.params,
                                                      exchange.route->function->read_only);
  if (rows.empty() || rows.is_null(0, 0) || rows.text(0, 0).empty()) co_return "null";
  co_return rows.str(0, 0);
}

asio::awaitable<Response> Api::call_function(Exchange& exchange) {
  const Route& route = *exchange.route;
  const Call call = bind_call(exchange, exchange.match.parameters);
  Response response;
  response.status = route.status;
  response.body = co_await run(exchange, call);
  if (exchange.wait > 0ms) response.body = co_await wait_for_end(exchange, call, std::move(response.body));
  if (!route.location.empty()) {
    const json fields = json::parse(response.body, nullptr, false);
    if (std::string location = fill_template(route.location, fields); fields.is_object() && !location.empty()) {
      response.set("Location", std::move(location));
    }
  }
  if (route.status == 204) response.body.clear();
  co_return response;
}

asio::awaitable<std::string> Api::status_of_job(const Exchange& exchange, std::string job_id) {
  db::Params parameters = one_parameter(std::move(job_id));
  const db::Rows rows = co_await backend_.pool().call(
      std::string(database_role(Role::kViewer)),
      "SELECT j.status FROM " + exchange.catalog->schema + ".cpi_jobs AS j WHERE j.id = $1::uuid",
      std::move(parameters), true);
  co_return rows.empty() ? std::string() : rows.str(0, 0);
}

/// Holds the answer back until the job has ended or the time is over. A call that only reads is made again; the answer
/// of one that did something gets the status by then.
asio::awaitable<std::string> Api::wait_for_end(const Exchange& exchange, const Call& call, std::string first) {
  nlohmann::ordered_json answer = nlohmann::ordered_json::parse(first, nullptr, false);
  if (!answer.is_object()) co_return first;
  const std::string job_id = job_id_of(answer);
  std::string status = status_field(answer);
  if (job_id.empty() || status.empty() || is_final_status(status)) co_return first;

  const Clock::time_point until = Clock::now() + exchange.wait;
  JobFeed::Waiter waiter(backend_.feed(), backend_.executor(), job_id, JobFeed::Wake::kFinal);
  for (;;) {
    // The waiter stands before the first look, so that no end of the job falls between the two.
    try {
      status = co_await status_of_job(exchange, job_id);
    } catch (const db::Error& error) {
      if (!error.poisons_connection()) throw;
    }
    const Clock::time_point now = Clock::now();
    if (status.empty() || is_final_status(status) || now >= until || backend_.hurrying()) break;
    co_await waiter.sleep(std::min(until, now + kRereadPeriod));
  }
  if (exchange.route->function->read_only) co_return co_await run(exchange, call);
  if (!status.empty()) answer["status"] = status;
  co_return answer.dump();
}

asio::awaitable<Response> Api::health() {
  Response response;
  const std::shared_ptr<const Catalog> catalog = co_await backend_.catalog();
  if (backend_.ready()) {
    try {
      const db::Rows rows = co_await backend_.pool().call(std::string(database_role(Role::kAnyone)),
                                                          "SELECT " + catalog->schema + ".cpi_health()", {}, true);
      response.body = rows.str(0, 0);
      co_return response;
    } catch (const db::Error&) {
      // Whatever it is, the management database does not serve.
    }
  }
  response.status = 503;
  response.set("Retry-After", "2");
  response.body = R"({"status": "unhealthy", "management_db": false, "version": ")" CPI_VERSION R"("})";
  co_return response;
}

asio::awaitable<Response> Api::openapi(const Exchange& exchange) {
  Response response;
  if (!backend_.ready()) {
    throw Refusal{unavailable("the management database cannot be reached", "It holds the OpenAPI document.")};
  }
  if (backend_.openapi.empty()) {
    const db::Rows rows = co_await backend_.pool().call(
        std::string(database_role(Role::kAnyone)), "SELECT " + exchange.catalog->schema + ".cpi_openapi()", {}, true);
    response.body = rows.str(0, 0);
    // Another catalog may have come into force meanwhile.
    if (co_await backend_.catalog() == exchange.catalog) backend_.openapi = response.body;
    co_return response;
  }
  response.body = backend_.openapi;
  co_return response;
}

asio::awaitable<Response> Api::test_connection(Exchange& exchange) {
  bind_call(exchange, exchange.match.parameters);  // refuses what the function does not know
  // The URL is for admins; whoever may test a connection does not get to see it.
  db::Params parameters = one_parameter(exchange.match.parameters[0].second);
  const db::Rows rows = co_await backend_.pool().call(
      std::string(database_role(Role::kAdmin)),
      "SELECT " + exchange.catalog->schema + ".cpi_get_connection(\"id\" => $1::text)->>'database_url'",
      std::move(parameters), true);
  std::function<std::string()> work = [this, url = rows.str(0, 0)] {
    return test_target(url, options_.egress, kTargetTestTimeout);
  };
  co_return co_await on_helper(std::move(work));
}

asio::awaitable<Response> Api::test_source(Exchange& exchange) {
  bind_call(exchange, exchange.match.parameters);
  db::Params parameters = one_parameter(exchange.match.parameters[0].second);
  const db::Rows rows = co_await backend_.pool().call(
      std::string(database_role(Role::kAdmin)),
      "SELECT " + exchange.catalog->schema + ".cpi_get_source(\"id\" => $1::text)", std::move(parameters), true);
  if (rows.empty() || rows.is_null(0, 0)) {
    throw Refusal{not_found("source \"" + exchange.match.parameters[0].second + "\" does not exist", "")};
  }
  std::function<std::string()> work = [this, source = rows.str(0, 0)] { return options_.test_source(source); };
  co_return co_await on_helper(std::move(work));
}

/// The answer of something that blocks, from a thread that may.
asio::awaitable<Response> Api::on_helper(std::function<std::string()> work) {
  Response response;
  asio::steady_timer done(backend_.executor(), Clock::time_point::max());
  bool finished = false;
  // On the way out the coroutine is still there: it waits for `finished`, whatever happens to the request.
  asio::post(helpers_, [&, executor = backend_.executor()] {
    std::string body = work();
    asio::post(executor, [&, body = std::move(body)]() mutable {
      response.body = std::move(body);
      finished = true;
      done.cancel();
    });
  });
  while (!finished) co_await done.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return response;
}

/// A stream for one job begins with the job's state, so that whoever comes late does not wait for what has been.
asio::awaitable<Response> Api::events(const Exchange& exchange) {
  std::string job_id;
  std::string first;
  if (!exchange.match.parameters.empty()) {
    job_id = exchange.match.parameters[0].second;
    db::Params parameters = one_parameter(job_id);
    const db::Rows rows = co_await backend_.pool().call(
        std::string(database_role(Role::kViewer)),
        "SELECT j.id, pg_catalog.jsonb_build_object('job_id', j.id, 'project', j.project_name, 'status', j.status,"
        " 'event', 'state') FROM " +
            exchange.catalog->schema + ".cpi_jobs AS j WHERE j.id::text = lower($1)",
        std::move(parameters), true);
    if (rows.empty()) throw Refusal{not_found("job \"" + job_id + "\" does not exist", "")};
    job_id = rows.str(0, 0);
    first = rows.str(0, 1);
  }
  const std::string* last = exchange.request.header("Last-Event-ID");
  Response response;
  response.content_type = "text/event-stream";
  response.set("X-Accel-Buffering", "no");
  response.events = std::make_shared<EventSource>(backend_, job_id, last != nullptr ? *last : "", std::move(first));
  co_return response;
}

asio::awaitable<Response> Api::rpc(Exchange& exchange) {
  const std::string& name = exchange.match.parameters[0].second;
  const auto function = exchange.catalog->functions.find(name);
  if (function == exchange.catalog->functions.end()) {
    std::vector<std::string> names;
    for (const auto& [known, _] : exchange.catalog->functions) names.push_back(known);
    const std::string near = text::nearest(name, names);
    throw Refusal{not_found("no function " + name + " is published",
                            near.empty() ? "GET /openapi.json lists what is." : "Did you mean " + near + "?")};
  }
  if (exchange.route->method == "GET" && !function->second->read_only) {
    throw Refusal{method_not_allowed("GET", exchange.request.path(), "OPTIONS, POST")};
  }
  // The function's own grants say who may call it.
  Route route = *exchange.route;
  route.function = function->second;
  exchange.route = &route;
  const Call call = bind_call(exchange, {});
  Response response;
  response.body = co_await run(exchange, call);
  co_return response;
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
  response.set("Access-Control-Expose-Headers", "Location, Retry-After, X-Request-Id");
}

}  // namespace cpi::http
