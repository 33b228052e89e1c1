// SQL-callable: can this server reach a target, and what would an import find there?
//
// Connects with libpq in its asynchronous form, so that a cancel or a shutdown of the session is noticed and the time
// is bounded; only the lookup of a host's name blocks (getaddrinfo). Decides on SQLSTATE and on how far the connection
// came, never on a message's text. Passwords do not appear in what is answered.
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <string>

#include "core/config/url.h"
#include "libpq-fe.h"
#include "pg/bridge.h"
#include "pg/prelude.h"

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using QueryResult = std::unique_ptr<PGresult, decltype(&PQclear)>;

/// Thrown when the session is cancelled or ends; the bottom slice then lets the server handle it.
struct Interrupted {};

Json finding(std::string_view rule, std::string message, std::string hint = {}) {
  return {{"rule", rule}, {"message", std::move(message)}, {"hint", hint.empty() ? Json() : Json(std::move(hint))}};
}

/// Waits for the socket; false when the time is over.
bool wait_for(PGconn* connection, short events, Clock::time_point deadline) {
  while (Clock::now() < deadline) {
    if (InterruptPending) throw Interrupted{};
    pollfd socket{PQsocket(connection), events, 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    // Short slices: a signal that arrives just before poll() would otherwise be noticed late.
    if (::poll(&socket, 1, static_cast<int>(std::clamp<long long>(left, 1, 100))) > 0) return true;
  }
  return false;
}

/// libpq's own texts hold no password; this is the second net. A short one is left: replaced in every word it would
/// make the text unreadable, and tell itself to whoever fills the gaps.
std::string scrubbed(std::string text, const std::string& password) {
  constexpr std::size_t kLeastSecret = 6;
  for (std::size_t at = 0; password.size() >= kLeastSecret && (at = text.find(password, at)) != std::string::npos;
       at += 3) {
    text.replace(at, password.size(), "***");
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text.substr(0, 1000);
}

/// One failed connection: what libpq says in its verbose form, and the stage that it failed in.
struct Failed {
  std::string sqlstate;
  std::string message;
  ConnStatusType stage = CONNECTION_STARTED;
};

Failed describe_failure(PGconn* connection, ConnStatusType stage, const std::string& password) {
  std::string text = PQerrorMessage(connection);
  Failed failed{"", "", stage};
  std::smatch match;
  if (std::regex_search(text, match, std::regex(":  ([0-9A-Z]{5}): "))) {
    failed.sqlstate = match[1];
    text = match.prefix().str() + ": " + match.suffix().str();  // without the code
  }
  if (const std::size_t location = text.find("\nLOCATION:"); location != std::string::npos) text.resize(location);
  failed.message = scrubbed(text, password);
  return failed;
}

Json failure_finding(const Failed& failed, const cpi::config::ConnectionUrl& url) {
  const std::string server = "\"" + url.host + "\", port " + url.port;
  const std::string& state = failed.sqlstate;
  if (state == "28P01" || state == "28000") {
    return finding("login_refused", "the server refuses the login of user \"" + url.username + "\"",
                   "Check user and password, and the server's pg_hba.conf.");
  }
  if (state == "3D000") {
    return finding("database_missing", "the server has no database \"" + url.database + "\"",
                   "Check the name, or create it: CREATE DATABASE \"" + url.database + "\"");
  }
  if (state == "42501") {
    return finding("connect_denied",
                   "user \"" + url.username + "\" may not connect to database \"" + url.database + "\"",
                   "Run there: GRANT CONNECT ON DATABASE \"" + url.database + "\" TO \"" + url.username + "\"");
  }
  if (state.starts_with("53")) {
    return finding("server_full", "the server takes no more connections",
                   "Raise max_connections there, or use its pooler.");
  }
  if (!state.empty()) return finding("refused", "the server refuses the connection (SQLSTATE " + state + ")");
  if (failed.stage == CONNECTION_SSL_STARTUP) {
    return finding("tls_failed", "no TLS connection could be made with " + server,
                   "Check sslmode and sslrootcert, and whether the server speaks TLS.");
  }
  if (failed.stage == CONNECTION_STARTED || failed.stage == CONNECTION_NEEDED || failed.stage == CONNECTION_BAD) {
    return finding("unreachable", "no connection to " + server + " from the management database's machine",
                   "Check host and port, and the firewalls between the two.");
  }
  return finding("not_postgresql", "what answers at " + server + " broke off before the login",
                 "Check that a PostgreSQL server listens there.");
}

constexpr const char* kQuestions =
    "SELECT current_setting('server_version'), current_setting('server_version_num')::int,"
    " has_database_privilege(current_database(), 'CREATE'), current_setting('transaction_read_only')::bool,"
    " EXISTS (SELECT FROM pg_namespace WHERE nspname = 'cpi' AND has_schema_privilege(oid, 'CREATE')),"
    " quote_ident(current_database()), quote_ident(current_user)";

void look_around(PGconn* connection, Clock::time_point deadline, Json& findings) {
  if (PQsslInUse(connection)) {
    const char* protocol = PQsslAttribute(connection, "protocol");
    findings.push_back(
        finding("tls", std::string("the connection is encrypted (") + (protocol ? protocol : "TLS") + ")"));
  } else if (*PQhost(connection) != '/') {
    findings.push_back(finding("no_tls", "the connection is not encrypted",
                               "Add sslmode=require to the URL; verify-full also proves that it is the right server."));
  }
  if (PQsendQuery(connection, kQuestions) == 0) return;
  while (PQisBusy(connection)) {
    if (!wait_for(connection, POLLIN, deadline)) {
      findings.push_back(finding("slow", "the server did not answer a query in time", "Try again, with more seconds."));
      return;
    }
    if (PQconsumeInput(connection) == 0) break;
  }
  const QueryResult result(PQgetResult(connection), &PQclear);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK || PQntuples(result.get()) != 1) {
    findings.push_back(finding("query_failed", "the server did not answer a query",
                               "Is it a PostgreSQL server of version 13 or later?"));
    return;
  }
  const auto value = [&](int column) { return std::string(PQgetvalue(result.get(), 0, column)); };
  const bool too_old = std::atoi(value(1).c_str()) < 130000;
  findings.push_back(finding(too_old ? "server_too_old" : "server_version", "the server is PostgreSQL " + value(0),
                             too_old ? "cpi imports into PostgreSQL 13 and later." : ""));
  if (value(3) == "t") {
    findings.push_back(finding("read_only", "the session is read-only", "Connect to the primary server."));
  }
  if (value(2) == "t" || value(4) == "t") {
    findings.push_back(finding("can_create", "the user may create schema \"cpi\" for staging"));
  } else {
    findings.push_back(finding("cannot_create", "the user may not create schema \"cpi\" for staging",
                               "Run there: GRANT CREATE ON DATABASE " + value(5) + " TO " + value(6)));
  }
}

Json probe(std::string_view text, int timeout_seconds) {
  cpi::Result<cpi::config::ConnectionUrl> url = cpi::config::parse_connection_url(text);
  if (!url) throw cpi::pg::Failure{cpi::pg::kUnprocessable, url.error()};
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(std::clamp(timeout_seconds, 1, 60));

  // The server's own password file must not lend a password to somebody else's connection.
  const std::string conninfo =
      url->to_conninfo() +
      " fallback_application_name='cpi' client_encoding='UTF8' gssencmode='disable' passfile='/dev/null'";
  const Connection connection(PQconnectStart(conninfo.c_str()), &PQfinish);
  if (!connection) throw std::bad_alloc();
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);

  Json findings = Json::array();
  ConnStatusType stage = PQstatus(connection.get());
  PostgresPollingStatusType next = stage == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  bool in_time = true;
  while (in_time && next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
    in_time = wait_for(connection.get(), next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
    if (PQstatus(connection.get()) != CONNECTION_BAD) stage = PQstatus(connection.get());
    if (in_time) next = PQconnectPoll(connection.get());
  }
  if (next == PGRES_POLLING_OK) {
    look_around(connection.get(), deadline, findings);
    return {{"success", true},
            {"message", "connected to database \"" + url->database + "\" on \"" + url->host + "\""},
            {"findings", findings}};
  }
  if (!in_time) {
    findings.push_back(finding("timeout", "\"" + url->host + "\", port " + url->port + " did not answer in time",
                               "Check host and port, and the firewalls between the two."));
    return {{"success", false}, {"message", "the connection was not made in time"}, {"findings", findings}};
  }
  const Failed failed = describe_failure(connection.get(), stage, url->password);
  findings.push_back(failure_finding(failed, *url));
  return {{"success", false}, {"message", failed.message}, {"findings", findings}};
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(cpi_probe);

// _cpi_probe(conninfo text, timeout_seconds int) → jsonb
Datum cpi_probe(PG_FUNCTION_ARGS) {
  const std::string_view conninfo = cpi::pg::text_argument(fcinfo, 0);
  const int timeout_seconds = PG_GETARG_INT32(1);
  cpi::pg::Outcome outcome;
  bool interrupted = false;
  do {
    interrupted = false;
    cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
      try {
        return probe(conninfo, timeout_seconds).dump(-1, ' ', false, Json::error_handler_t::replace);
      } catch (const Interrupted&) {
        interrupted = true;
        return std::nullopt;
      }
    });
    // A cancel or a shutdown ends the function here; after any lesser signal the probe starts again.
    if (interrupted) CHECK_FOR_INTERRUPTS();
  } while (interrupted);
  return cpi::pg::return_jsonb(fcinfo, outcome);
}
}
