// The agent's own handlers: what no function can answer, or not from where the agent stands.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>

#include "http/arguments.h"
#include "http/events.h"
#include "http/exchange.h"
#include "probe/target_test.h"

namespace cpi::http {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {
constexpr auto kTargetTestTimeout = 10s;
}  // namespace

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
  const std::function<std::string()> work = [url = rows.str(0, 0), egress = options_.egress] {
    return probe::test_target(url, egress, kTargetTestTimeout);
  };
  Response response;
  response.body = co_await blocking_.run<std::string>(work);
  co_return response;
}

asio::awaitable<Response> Api::test_source(Exchange& exchange) {
  bind_call(exchange, exchange.match.parameters);
  db::Params parameters = one_parameter(exchange.match.parameters[0].second);
  const db::Rows rows = co_await backend_.pool().call(
      std::string(database_role(Role::kAdmin)),
      "SELECT " + exchange.catalog->schema + ".cpi_get_source(\"id\" => $1::text)", std::move(parameters), true);
  const std::function<std::string()> work = [test = options_.test_source, source = rows.str(0, 0)] {
    return test(source);
  };
  Response response;
  response.body = co_await blocking_.run<std::string>(work);
  co_return response;
}

/// A stream for one job begins with the job's state, so that whoever comes late does not wait for what has been.
asio::awaitable<Response> Api::events(const Exchange& exchange) {
  std::string job_id;
  std::string first;
  // Taken before the job is looked at: what happens meanwhile is sent after its state.
  const std::uint64_t since = backend_.feed().last_number();
  if (!exchange.match.parameters.empty()) {
    db::Params parameters = one_parameter(exchange.match.parameters[0].second);
    const db::Rows rows = co_await backend_.pool().call(
        std::string(database_role(Role::kViewer)),
        "SELECT job->>'id', pg_catalog.jsonb_build_object('job_id', job->'id', 'project', job->'project_name',"
        " 'status', job->'status', 'event', 'state') FROM " +
            exchange.catalog->schema + ".cpi_get_job($1::text, false) AS job",
        std::move(parameters), true);
    job_id = rows.str(0, 0);
    first = rows.str(0, 1);
  }
  std::function<asio::awaitable<Standing>()> standing;
  if (std::optional<std::string> key = presented_key(exchange.request);
      key && !(environment_key_ && same_digest(sha256(*key), *environment_key_))) {
    standing = [this, key = std::move(*key)] { return standing_of(key); };
  }
  const std::string* last = exchange.request.header("Last-Event-ID");
  Response response;
  response.content_type = "text/event-stream";
  response.set("X-Accel-Buffering", "no");
  response.events = std::make_shared<EventSource>(backend_, job_id, since, last != nullptr ? *last : "",
                                                  std::move(first), std::move(standing));
  co_return response;
}

}  // namespace cpi::http
