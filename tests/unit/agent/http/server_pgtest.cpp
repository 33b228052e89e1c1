// The server from outside, against the extension in a real PostgreSQL. Routes of our own stand beside the extension's,
// so that a function may fail, sleep or say who calls it. Skipped where the extension is not installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "http/server.h"
#include "support/cluster.h"
#include "unit/agent/http/http_client.h"

namespace cpi::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFunctions = R"sql(
CREATE FUNCTION test_whoami() RETURNS text LANGUAGE sql STABLE AS 'SELECT current_user::text';
CREATE FUNCTION test_fail(state text) RETURNS jsonb LANGUAGE plpgsql AS
  $$BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = 'refused'; END$$;
CREATE FUNCTION test_sleep(seconds double precision) RETURNS jsonb LANGUAGE sql AS
  $$SELECT jsonb_build_object('slept', pg_sleep(seconds)::text)$$;
CREATE FUNCTION test_echo(id text, list text[] DEFAULT NULL, object jsonb DEFAULT NULL, big bigint DEFAULT NULL,
                          flag boolean DEFAULT NULL, "when" timestamptz DEFAULT NULL, key text DEFAULT 'none')
  RETURNS jsonb LANGUAGE sql STABLE AS
  $$SELECT jsonb_build_object('id', id, 'list', list, 'object', object, 'big', big, 'flag', flag, 'when', "when",
                              'key', key)$$;
CREATE FUNCTION test_nothing() RETURNS void LANGUAGE sql AS '';
INSERT INTO cpi_routes (method, path, function, success_status, role, header_arguments, location, summary) VALUES
  ('GET', '/test/whoami', 'test_whoami', 200, 'viewer', '{}', NULL, 'test'),
  ('POST', '/test/fail', 'test_fail', 200, 'viewer', '{}', NULL, 'test'),
  ('POST', '/test/sleep', 'test_sleep', 200, 'viewer', '{}', NULL, 'test'),
  ('PUT', '/test/echo/{id}', 'test_echo', 201, 'operator', '{"X-Key": "key"}', '/test/echo/{id}', 'test'),
  ('GET', '/test/echo/{id}', 'test_echo', 200, 'viewer', '{}', NULL, 'test'),
  ('DELETE', '/test/nothing', 'test_nothing', 204, 'admin', '{}', NULL, 'test');
)sql";

bool extension_is_installed(db::Connection& connection) {
  return !connection.exec("SELECT FROM pg_available_extensions WHERE name = 'cpi'").empty();
}

/// While it lives, the server's processes stand still: connections are neither answered nor refused.
class Frozen {
 public:
  explicit Frozen(test::Cluster& cluster) {
    db::Connection connection = cluster.connect();
    const db::Rows rows = connection.exec(
        "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " UNION ALL SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int");
    for (int i = 0; i < rows.size(); ++i) pids_.push_back(static_cast<pid_t>(rows.int64(i, 0)));
    for (pid_t pid : pids_) ::kill(pid, SIGSTOP);
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  ~Frozen() {
    for (pid_t pid : pids_) ::kill(pid, SIGCONT);
  }

 private:
  std::vector<pid_t> pids_;
};

class ServerTest : public ::testing::Test {
 protected:
  /// One database for all tests; those that stop PostgreSQL have a cluster of their own.
  static std::optional<std::string> make_database(test::Cluster& cluster) {
    db::Connection connection = cluster.connect();
    if (!extension_is_installed(connection)) return std::nullopt;
    const std::string database = cluster.create_database();
    db::Connection session = cluster.connect(database);
    session.exec("CREATE EXTENSION cpi");
    session.exec("GRANT USAGE ON SCHEMA public TO PUBLIC");
    session.exec(kFunctions);
    session.exec("DO $$BEGIN IF to_regrole('http_login') IS NULL THEN CREATE ROLE http_login LOGIN; END IF; END$$");
    session.exec("GRANT cpi_admin, cpi_agent TO http_login");
    return database;
  }

  void SetUp() override {
    static const std::optional<std::string> database = make_database(test::Cluster::shared());
    if (!database) GTEST_SKIP() << "the extension cpi is not installed: make install";
    database_ = *database;
    options_.port = 0;
    options_.conninfo = test::Cluster::shared().conninfo(database_) + " user=http_login";
  }

  /// Starts and waits until the database is reached.
  Server& start() {
    server_ = std::make_unique<Server>(options_);
    server_->start();
    for (int i = 0; i < 200 && client().request("GET", "/health").status != 200; ++i) std::this_thread::sleep_for(50ms);
    return *server_;
  }
  Client client() { return Client(server_->port()); }
  Reply request(const std::string& method, const std::string& target, const std::string& body = "",
                const std::string& headers = "") {
    return client().request(method, target, body, headers);
  }
  /// A pending job of a project of its own; nobody will claim it.
  std::string new_job() {
    return sql()
        .exec(
            "WITH p AS (INSERT INTO cpi_projects (name, config) VALUES (gen_random_uuid() || '-p', '{}')"
            " RETURNING id, name) INSERT INTO cpi_jobs (project_id, project_name, status)"
            " SELECT p.id, p.name, 'pending' FROM p RETURNING id")
        .str(0, 0);
  }
  db::Connection sql() { return test::Cluster::shared().connect(database_); }

  ServerOptions options_;
  std::string database_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, CarriesPathQueryBodyAndHeadersToTheFunction) {
  start();
  const Reply reply = request("PUT", "/test/echo/a%2Fb?big=9007199254740993",
                              R"({"list": ["x,\"y", ""], "object": {"n": [1, null]}, "flag": false,
                                  "when": "2026-11-23T22:00:00+01:00"})",
                              "X-Key: k1\r\n");
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.header("Location"), "/test/echo/a%2Fb");
  EXPECT_EQ(reply.header("Cache-Control"), "no-store");
  const nlohmann::json body = reply.json();
  EXPECT_EQ(body["id"], "a/b");
  EXPECT_EQ(body["list"], nlohmann::json({"x,\"y", ""}));
  EXPECT_EQ(body["object"]["n"][1], nullptr);
  EXPECT_EQ(body["big"], 9007199254740993);
  EXPECT_EQ(body["flag"], false);
  EXPECT_EQ(body["key"], "k1");
  EXPECT_EQ(request("GET", "/test/echo/a").json()["key"], "none") << "a missing field leaves the default";
}

TEST_F(ServerTest, RunsEachCallUnderTheRoleOfItsKey) {
  options_.api_key = "secret";
  start();
  EXPECT_EQ(request("GET", "/test/whoami").status, 401);
  EXPECT_THAT(request("GET", "/test/whoami").head, HasSubstr("WWW-Authenticate: "));
  EXPECT_EQ(request("GET", "/test/whoami", "", "X-API-Key: wrong\r\n").status, 403);
  EXPECT_EQ(request("GET", "/test/whoami", "", "X-API-Key: secret\r\n").json(), "cpi_admin");
  EXPECT_EQ(request("GET", "/test/whoami", "", "Authorization: Bearer secret\r\n").json(), "cpi_admin");
  EXPECT_EQ(request("GET", "/test/whoami", "", "Authorization: Basic eDpzZWNyZXQ=\r\n").json(), "cpi_admin");

  const std::string key =
      request("POST", "/api-keys", R"({"name": "looks", "role": "viewer"})", "X-API-Key: secret\r\n").json()["key"];
  const std::string header = "X-API-Key: " + key + "\r\n";
  EXPECT_EQ(request("GET", "/test/whoami", "", header).json(), "cpi_viewer");
  EXPECT_EQ(request("PUT", "/test/echo/a", "", header).status, 403);
  EXPECT_EQ(request("DELETE", "/api-keys/looks", "", "X-API-Key: secret\r\n").status, 204);
  std::this_thread::sleep_for(1s);
  EXPECT_EQ(request("GET", "/test/whoami", "", header).status, 403) << "a revoked key is out within a second";
}

TEST_F(ServerTest, OpensHealthAndDocsToAnyone) {
  options_.api_key = "secret";
  start();
  EXPECT_EQ(request("GET", "/health").json()["management_db"], true);
  EXPECT_EQ(request("GET", "/").json()["name"], "cpi");
  EXPECT_THAT(request("GET", "/", "", "Accept: text/html,*/*\r\n").body, HasSubstr("<!doctype html>"));
  EXPECT_EQ(request("GET", "/openapi.json").json()["openapi"], "3.1.0");
  const Reply docs = request("GET", "/docs");
  EXPECT_THAT(docs.header("Content-Security-Policy"), HasSubstr("default-src 'none'; script-src 'self'"));
  EXPECT_THAT(docs.body, Not(HasSubstr("://"))) << "nothing is asked of another site";
  EXPECT_EQ(request("GET", "/docs/swagger-ui-bundle.js").status, 200);
  EXPECT_THAT(request("GET", "/docs/init.js").body, HasSubstr("validatorUrl: null"));
  EXPECT_EQ(request("GET", "/docs/nothing.js").status, 404);
}

TEST_F(ServerTest, TellsMissingPathsFromOtherMethods) {
  start();
  EXPECT_EQ(request("GET", "/conections").status, 404);
  EXPECT_THAT(request("GET", "/conections").json()["hint"], HasSubstr("/connections"));
  const Reply other = request("PATCH", "/test/whoami");
  EXPECT_EQ(other.status, 405);
  EXPECT_EQ(other.header("Allow"), "GET, HEAD, OPTIONS");
  const Reply options = request("OPTIONS", "/test/whoami");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Allow"), "GET, HEAD, OPTIONS");
  const Reply head = request("HEAD", "/test/whoami");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "11");
  EXPECT_EQ(request("DELETE", "/test/nothing").status, 204);
  EXPECT_EQ(request("GET", "/jobs/not-a-uuid").status, 404);
}

TEST_F(ServerTest, AnswersBadBodiesWithTheirStatus) {
  start();
  EXPECT_EQ(request("PUT", "/test/echo/a", "{\"list\": [}").status, 400);
  EXPECT_EQ(request("PUT", "/test/echo/a", "[]").status, 422);
  EXPECT_EQ(request("GET", "/test/echo/a", "{}").status, 400) << "a body of GET would be ignored in silence";
  const Reply field = request("PUT", "/test/echo/a", R"({"lst": []})");
  EXPECT_EQ(field.status, 422);
  EXPECT_EQ(field.json()["errors"][0]["path"], "lst");
  EXPECT_EQ(field.json()["errors"][0]["hint"], "Did you mean \"list\"?");
  EXPECT_EQ(request("PUT", "/test/echo/a", "{\"key\": \"" + std::string(1'100'000, 'x') + "\"}").status, 413);
  Client form = client();
  form.send(
      "PUT /test/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: 3\r\n\r\na=b");
  EXPECT_EQ(form.receive().status, 415);
  Client chunked = client();
  chunked.send(
      "PUT /test/echo/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "7\r\n{\"key\":\r\n4\r\n\"c\"}\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.receive().json()["key"], "c");
}

TEST_F(ServerTest, MapsWhatAFunctionSays) {
  start();
  const std::pair<const char*, int> kCases[] = {{"PT404", 404}, {"PT409", 409}, {"23505", 409}, {"42501", 403},
                                                {"22003", 422}, {"P0001", 400}, {"53300", 503}, {"XX000", 500}};
  for (const auto& [state, status] : kCases) {
    const Reply reply = request("POST", "/test/fail", std::string(R"({"state": ")") + state + "\"}");
    EXPECT_EQ(reply.status, status) << state;
    EXPECT_EQ(reply.json()["code"], state);
    EXPECT_EQ(reply.json()["detail"], "refused");
    EXPECT_EQ(reply.header("Retry-After").empty(), status != 503);
  }
}

TEST_F(ServerTest, RefusesMalformedAndAmbiguousRequests) {
  start();
  const std::pair<const char*, int> kCases[] = {
      {"POST /import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"POST /import HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
       400},
      {"POST /import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {"POST /import HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505},
      {"\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03", 400},
      {"nonsense\r\n\r\n", 400},
  };
  for (const auto& [bytes, status] : kCases) {
    Client raw = client();
    raw.send(bytes);
    EXPECT_EQ(raw.receive().status, status) << bytes;
    EXPECT_TRUE(raw.closed());
  }
  Client large = client();
  large.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n");
  EXPECT_EQ(large.receive().status, 431);
}

TEST_F(ServerTest, ServesPipelinedRequestsInOrderOnOneConnection) {
  start();
  Client one = client();
  one.send(
      "GET /test/echo/1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /test/echo/2 HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /test/echo/3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(one.receive().json()["id"], "1");
  EXPECT_EQ(one.receive().json()["id"], "2");
  EXPECT_EQ(one.receive().json()["id"], "3");
  EXPECT_TRUE(one.closed());
}

TEST_F(ServerTest, GivesUpOnClientsThatTakeTooLong) {
  options_.header_timeout = 300ms;
  options_.idle_timeout = 300ms;
  start();
  Client slow = client();
  slow.send("GET / HTTP/1.1\r\nHost: loc");
  EXPECT_EQ(slow.receive().status, 408);
  Client idle = client();
  EXPECT_TRUE(idle.closed());
}

TEST_F(ServerTest, ClosesConnectionsBeyondTheLimit) {
  options_.max_connections = 2;
  start();
  Client a = client();
  Client b = client();
  EXPECT_EQ(a.request("GET", "/").status, 200);
  EXPECT_EQ(b.request("GET", "/").status, 200);
  Client c = client();
  EXPECT_TRUE(c.closed());
  EXPECT_EQ(a.request("GET", "/").status, 200);
}

TEST_F(ServerTest, RepeatsTheRequestIdOfTheClientWhenItIsPlain) {
  start();
  EXPECT_EQ(request("GET", "/", "", "X-Request-Id: abc-1\r\n").header("X-Request-Id"), "abc-1");
  EXPECT_EQ(request("GET", "/", "", "X-Request-Id: a b\r\n").header("X-Request-Id").size(), 16U);
}

TEST_F(ServerTest, AllowsTheOriginsOfItsListOnly) {
  options_.api_key = "secret";
  options_.cors_origins = {"https://n8n.example.com"};
  start();
  const Reply preflight =
      request("OPTIONS", "/import", "", "Origin: https://n8n.example.com\r\nAccess-Control-Request-Method: POST\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "https://n8n.example.com");
  EXPECT_THAT(preflight.header("Access-Control-Allow-Headers"), HasSubstr("Idempotency-Key"));
  EXPECT_EQ(
      request("GET", "/health", "", "Origin: https://other.example.com\r\n").header("Access-Control-Allow-Origin"), "");
}

TEST_F(ServerTest, WithoutAKeyServesThisMachineAlone) {
  start();
  Client rebound = client();
  rebound.send("GET /jobs HTTP/1.1\r\nHost: rebound.example.com\r\n\r\n");
  EXPECT_EQ(rebound.receive().status, 403);
  EXPECT_EQ(request("GET", "/jobs", "", "Origin: https://example.com\r\n").status, 403);
  EXPECT_EQ(request("GET", "/test/whoami").json(), "cpi_admin");

  ServerOptions open = options_;
  open.host = "0.0.0.0";
  Server refused(open);
  try {
    refused.start();
    FAIL() << "listens on every address without a key";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("API_KEY"));
  }
}

TEST_F(ServerTest, NamesTheAddressThatItCannotBind) {
  start();
  ServerOptions same = options_;
  same.port = server_->port();
  Server second(same);
  try {
    second.start();
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1 port " + std::to_string(same.port)));
  }
}

TEST_F(ServerTest, ServesANewRouteWithoutARestart) {
  start();
  EXPECT_EQ(request("GET", "/test/later").status, 404);
  sql().exec("CREATE OR REPLACE FUNCTION test_later() RETURNS jsonb LANGUAGE sql STABLE AS 'SELECT ''1''::jsonb'");
  sql().exec(
      "INSERT INTO cpi_routes (method, path, function, role, summary) VALUES"
      " ('GET', '/test/later', 'test_later', 'viewer', 'test')");
  int status = 0;
  for (int i = 0; i < 200 && status != 200; ++i) {
    status = request("GET", "/test/later").status;
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(status, 200);
  EXPECT_EQ(request("GET", "/rpc/test_later").json(), 1);
  EXPECT_EQ(request("GET", "/rpc/test_sleep").status, 405) << "GET calls only what changes nothing";
  EXPECT_EQ(request("POST", "/rpc/test_latr").status, 404);
}

TEST_F(ServerTest, HoldsTheAnswerBackUntilTheJobHasEnded) {
  start();
  const std::string id = new_job();
  std::future<Reply> waiting =
      std::async(std::launch::async, [&] { return request("GET", "/jobs/" + id + "?wait=30"); });
  EXPECT_EQ(waiting.wait_for(500ms), std::future_status::timeout) << "the job has not ended";
  EXPECT_EQ(request("POST", "/jobs/" + id + "/cancel").status, 200);
  EXPECT_EQ(waiting.get().json()["status"], "cancelled");
  EXPECT_EQ(request("GET", "/jobs/" + id + "?wait=61").status, 422);
  EXPECT_EQ(request("GET", "/jobs/" + id + "?wait=30").json()["status"], "cancelled");
}

TEST_F(ServerTest, WaitsForManyJobsWithoutHoldingAConnection) {
  options_.pool_size = 1;
  start();
  const std::string id = new_job();
  std::vector<std::future<Reply>> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(std::async(std::launch::async, [&] { return request("GET", "/jobs/" + id + "?wait=2"); }));
  }
  EXPECT_EQ(request("GET", "/test/whoami").status, 200);
  for (auto& reply : waiting) EXPECT_EQ(reply.get().json()["status"], "pending");
}

TEST_F(ServerTest, StreamsWhatHappensToJobs) {
  start();
  const std::string id = new_job();
  Client all = client();
  all.send("GET /jobs/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(all.receive_until("retry: 3000\n\n"));
  Client one = client();
  one.send("GET /jobs/" + id + "/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(one.receive_until("\"pending\""));
  const std::string note = R"({"job_id": ")" + id + R"(", "project": "p", "status": "running", "event": "test"})";
  sql().exec("SELECT pg_notify('cpi_jobs', $1)", {note});
  EXPECT_TRUE(one.receive_until("\"running\""));
  ASSERT_TRUE(all.receive_until("\"running\"")) << "the stream of all jobs has it too";

  // Comes back after having missed one: gets it, and not what it had.
  const std::string text = all.text();
  const std::size_t at = text.rfind("id: ") + 4;
  const std::string last = text.substr(at, text.find('\n', at) - at);
  sql().exec("SELECT pg_notify('cpi_jobs', $1)", {R"({"job_id": ")" + id + R"(", "status": "missed"})"});
  EXPECT_TRUE(all.receive_until("\"missed\""));
  Client again = client();
  again.send("GET /jobs/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: " + last + "\r\n\r\n");
  EXPECT_TRUE(again.receive_until("\"missed\""));
  EXPECT_THAT(again.text(), Not(HasSubstr("\"running\"")));

  EXPECT_EQ(request("GET", "/jobs/00000000-0000-0000-0000-000000000000/events").status, 404);
  server_->stop(5s);
  EXPECT_TRUE(one.closed());
}

TEST_F(ServerTest, CutsACallThatTakesTooLong) {
  options_.statement_timeout = 200ms;
  start();
  const Reply reply = request("POST", "/test/sleep", R"({"seconds": 30})");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.json()["code"], "57014");
}

TEST_F(ServerTest, LetsRequestsInFlightEndWhenItStops) {
  start();
  const std::string id = new_job();
  std::future<Reply> waiting =
      std::async(std::launch::async, [&] { return request("GET", "/jobs/" + id + "?wait=60"); });
  ASSERT_EQ(waiting.wait_for(300ms), std::future_status::timeout);
  std::future<Reply> slow =
      std::async(std::launch::async, [&] { return request("POST", "/test/sleep", R"({"seconds": 1})"); });
  Client idle = client();
  ASSERT_EQ(idle.request("GET", "/").status, 200);
  while (sql()
             .exec("SELECT FROM pg_stat_activity WHERE query LIKE '%test_sleep%' AND state = 'active'"
                   " AND pid <> pg_backend_pid()")
             .empty()) {
    std::this_thread::sleep_for(20ms);
  }
  const std::uint16_t port = server_->port();
  server_->stop(10s);
  EXPECT_EQ(slow.get().status, 200);
  EXPECT_EQ(waiting.get().json()["status"], "pending");
  EXPECT_TRUE(idle.closed());
  EXPECT_THROW(Client{port}, std::runtime_error);
}

TEST_F(ServerTest, CutsRequestsThatOutlastTheGrace) {
  start();
  std::future<Reply> slow =
      std::async(std::launch::async, [&] { return request("POST", "/test/sleep", R"({"seconds": 25})"); });
  while (sql()
             .exec("SELECT FROM pg_stat_activity WHERE query LIKE '%test_sleep%' AND state = 'active'"
                   " AND pid <> pg_backend_pid()")
             .empty()) {
    std::this_thread::sleep_for(20ms);
  }
  server_->stop(100ms);
  EXPECT_EQ(slow.get().status, 0);
}

TEST_F(ServerTest, OutlivesTheManagementDatabase) {
  test::Cluster cluster;
  const std::optional<std::string> database = make_database(cluster);
  ASSERT_TRUE(database);
  options_.conninfo = cluster.conninfo(*database) + " user=http_login";
  start();
  EXPECT_EQ(request("GET", "/test/whoami").status, 200);
  cluster.stop_immediately();
  const Reply away = request("GET", "/test/whoami");
  EXPECT_EQ(away.status, 503);
  EXPECT_NE(away.header("Retry-After"), "");
  EXPECT_THAT(away.body, Not(HasSubstr("socket")));
  const Reply health = request("GET", "/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(health.json()["status"], "unhealthy");
  EXPECT_EQ(health.json()["management_db"], false);
  EXPECT_EQ(request("GET", "/").status, 200);
  EXPECT_EQ(request("GET", "/docs").status, 200);
  cluster.start();
  int status = 0;
  for (int i = 0; i < 200 && status != 200; ++i) {
    status = request("GET", "/test/whoami").status;
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(status, 200);
}

TEST_F(ServerTest, SaysOnStreamsThatEventsMayHaveBeenMissed) {
  test::Cluster cluster;
  const std::optional<std::string> database = make_database(cluster);
  ASSERT_TRUE(database);
  options_.conninfo = cluster.conninfo(*database) + " user=http_login";
  start();
  Client stream = client();
  stream.send("GET /jobs/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(stream.receive_until("retry: 3000\n\n"));
  EXPECT_THAT(stream.text(), Not(HasSubstr("missed")));
  cluster.crash();
  EXPECT_TRUE(stream.receive_until("\"missed\"")) << "the agent did not listen for a while";

  Client stranger = client();
  stranger.send("GET /jobs/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: another-7\r\n\r\n");
  EXPECT_TRUE(stranger.receive_until("\"missed\"")) << "the id is of another agent";
  const std::string text = stream.text();
  const std::size_t at = text.rfind("id: ") + 4;
  const std::string last = text.substr(at, text.find('\n', at) - at);
  Client back = client();
  back.send("GET /jobs/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: " + last + "\r\n\r\n");
  ASSERT_TRUE(back.receive_until("retry: 3000\n\n"));
  cluster.connect(*database).exec("SELECT pg_notify('cpi_jobs', '{\"job_id\": \"x\", \"status\": \"next\"}')");
  EXPECT_TRUE(back.receive_until("\"next\""));
  EXPECT_THAT(back.text(), Not(HasSubstr("missed"))) << "nothing came after its last event";
}

TEST_F(ServerTest, StopsAlthoughTheManagementDatabaseStandsStill) {
  test::Cluster cluster;
  const std::optional<std::string> database = make_database(cluster);
  ASSERT_TRUE(database);
  options_.conninfo = cluster.tcp_conninfo(*database) + " user=http_login";
  start();
  EXPECT_EQ(request("GET", "/test/whoami").status, 200);
  // Some sessions are lost, so that the pool is connecting, and others are in use.
  cluster.connect().exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'cpi http%' AND pid % 2 = 0");
  const Frozen frozen(cluster);
  std::vector<std::future<Reply>> waiting;
  for (int i = 0; i < 16; ++i) {
    waiting.push_back(std::async(std::launch::async, [this] { return request("GET", "/test/whoami"); }));
  }
  // One that met a session just lost may have its 503 already; the others wait for what does not come.
  std::this_thread::sleep_for(700ms);
  EXPECT_TRUE(std::any_of(waiting.begin(), waiting.end(),
                          [](const auto& reply) { return reply.wait_for(0ms) == std::future_status::timeout; }));
  std::future<void> stopped = std::async(std::launch::async, [this] { server_->stop(100ms); });
  EXPECT_EQ(stopped.wait_for(4s), std::future_status::ready) << "shorter than any timeout of a connection";
}

TEST_F(ServerTest, StartsAndStopsWhileTheManagementDatabaseStandsStill) {
  test::Cluster cluster;
  const Frozen frozen(cluster);
  options_.conninfo = cluster.tcp_conninfo() + " user=postgres";
  server_ = std::make_unique<Server>(options_);
  server_->start();
  std::future<void> stopped = std::async(std::launch::async, [this] { server_->stop(0ms); });
  EXPECT_EQ(stopped.wait_for(4s), std::future_status::ready) << "shorter than the time it may take to connect";
}

TEST_F(ServerTest, StartsWhileTheManagementDatabaseIsAway) {
  options_.conninfo = "host=/nonexistent dbname=x user=y";
  server_ = std::make_unique<Server>(options_);
  server_->start();
  EXPECT_EQ(request("GET", "/health").status, 503);
  EXPECT_EQ(request("GET", "/jobs").status, 503);
  EXPECT_EQ(request("GET", "/").status, 200);
}

TEST_F(ServerTest, SaysThatTheExtensionIsMissing) {
  options_.conninfo = test::Cluster::shared().conninfo(test::Cluster::shared().create_database());
  server_ = std::make_unique<Server>(options_);
  server_->start();
  const Reply reply = request("GET", "/jobs");
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.json()["hint"], HasSubstr("cpi init"));
}

TEST_F(ServerTest, ReplacesSessionsThatWereTerminated) {
  start();
  EXPECT_EQ(request("GET", "/test/whoami").status, 200);
  sql().exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'cpi http%'"
      " AND datname = current_database()");
  for (int i = 0; i < 20; ++i) EXPECT_NE(request("GET", "/test/whoami").status, 500);
  int status = 0;
  for (int i = 0; i < 200 && status != 200; ++i) {
    status = request("GET", "/test/whoami").status;
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(status, 200);
}

}  // namespace
}  // namespace cpi::http
