#include "probe/target_test.h"

#include <libpq-fe.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/config/url.h"
#include "db/vetted.h"
#include "observe/observe.h"

namespace cpi::probe {

namespace {

using nlohmann::ordered_json;

constexpr int kOldestServer = 130000;

/// Where to look when no server answered; a login that one refused comes with a hint of its own. Decided on libpq's
/// words, since there is no code for it: a wrong guess costs a hint, nothing more.
std::string hint_for(std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (says("Connection refused")) return "Check host and port, and that PostgreSQL listens on that address.";
  if (says("SSL")) return "Check sslmode: the server may offer no TLS, or ask for it.";
  return "";
}

/// libpq breaks its messages into lines for terminals.
std::string one_line(std::string text) {
  for (std::size_t at = text.find("\n\t"); at != std::string::npos; at = text.find("\n\t")) text.replace(at, 2, " ");
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

ordered_json finding(const char* rule, std::string message, std::string hint) {
  return {
      {"rule", rule}, {"message", std::move(message)}, {"hint", hint.empty() ? ordered_json() : ordered_json(hint)}};
}

std::string answer(bool success, const std::string& message, ordered_json findings) {
  ordered_json out;
  out["success"] = success;
  out["message"] = message;
  out["findings"] = std::move(findings);
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string inspect(db::Connection& connection, std::chrono::milliseconds timeout) {
  connection.exec("SELECT set_config('statement_timeout', $1, false)", {std::to_string(timeout.count())});
  const db::Rows rows = connection.exec(
      "SELECT current_database(), current_user, has_database_privilege(current_database(), 'CREATE'),"
      " (SELECT has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE') FROM "
      "pg_catalog.pg_namespace AS n WHERE n.nspname = 'public'),"
      " pg_is_in_recovery(), current_setting('server_version')");
  const std::string database = rows.str(0, 0);
  const std::string user = rows.str(0, 1);
  ordered_json findings = ordered_json::array();
  const bool encrypted = PQsslInUse(connection.get()) != 0;
  const char* host = PQhost(connection.get());
  const bool local_socket = host != nullptr && host[0] == '/';
  findings.push_back(
      finding("tls", encrypted ? "the connection is encrypted with TLS" : "the connection is not encrypted",
              encrypted || local_socket ? "" : "Add sslmode=require to the URL if the server offers TLS."));
  bool usable = true;
  std::string message = "connected to " + database + " as " + user + ", PostgreSQL " + rows.str(0, 5);
  if (connection.server_version() < kOldestServer) {
    usable = false;
    message = "PostgreSQL " + rows.str(0, 5) + " is too old";
    findings.push_back(finding("server_version", message, "Targets need PostgreSQL 13 or later."));
  } else {
    findings.push_back(finding("server_version", "PostgreSQL " + rows.str(0, 5), ""));
  }
  if (rows.boolean(0, 4)) {
    usable = false;
    message = "the server is a standby: it takes no writes";
    findings.push_back(
        finding("read_only", message, "Give the URL of the primary, or target_session_attrs=read-write."));
  }
  if (!rows.boolean(0, 2)) {
    findings.push_back(
        finding("create_schema", "user " + user + " may not create schemas in database " + database,
                "cpi keeps staging tables and its ledger in a schema cpi: run GRANT CREATE ON DATABASE " +
                    connection.quote_identifier(database) + " TO " + connection.quote_identifier(user) + ";"));
  }
  if (rows.is_null(0, 3)) {
    findings.push_back(
        finding("create_table", "there is no schema public", "Name another one in the project: schema."));
  } else if (!rows.boolean(0, 3)) {
    findings.push_back(finding("create_table", "user " + user + " may not create tables in schema public",
                               "Tables that exist can be loaded; for new ones run GRANT USAGE, CREATE ON SCHEMA public"
                               " TO " +
                                   connection.quote_identifier(user) + ";"));
  }
  return answer(usable, message, std::move(findings));
}

/// Connects and looks around; what keeps it from that becomes the answer.
std::string test(const std::function<db::Connection()>& connect, std::chrono::milliseconds timeout) {
  try {
    db::Connection connection = connect();
    return inspect(connection, timeout);
  } catch (const db::Error& error) {
    const std::string message = one_line(observe::mask(error.what()));
    const std::string hint = error.hint().empty() ? hint_for(message) : error.hint();
    return answer(false, message, ordered_json::array({finding("connect", message, hint)}));
  } catch (const std::exception& error) {
    return answer(false, one_line(observe::mask(error.what())), ordered_json::array());
  }
}

}  // namespace

std::string test_target(const std::string& database_url, const net::EgressPolicy& egress,
                        std::chrono::milliseconds timeout) {
  const Result<config::ConnectionUrl> url = config::parse_connection_url(database_url);
  if (!url) {
    return answer(false, url.error().message,
                  ordered_json::array({finding("database_url", url.error().message, url.error().hint)}));
  }
  return test([&] { return db::connect_vetted(database_url, egress, timeout, "cpi test"); }, timeout);
}

std::string test_own_target(const std::string& conninfo, std::chrono::milliseconds timeout) {
  return test([&] { return db::Connection::connect(conninfo, timeout, "cpi test"); }, timeout);
}

}  // namespace cpi::probe
