#include "app/install.h"

#include <libpq-fe.h>

#include <memory>

namespace cpi::app {

InstallState read_install_state(db::Connection& connection) {
  const db::Rows rows = connection.exec(
      "SELECT (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'cpi'),"
      "       (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = 'cpi'),"
      "       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)");
  return {rows.optional(0, 0), rows.optional(0, 1), rows.boolean(0, 2)};
}

namespace {

bool login_is_ready(db::Connection& connection, const std::string& login) {
  const db::Rows rows = connection.exec(
      "SELECT count(*) = 2 FROM pg_catalog.pg_auth_members m"
      "  JOIN pg_catalog.pg_roles g ON g.oid = m.roleid JOIN pg_catalog.pg_roles l ON l.oid = m.member"
      " WHERE l.rolname = $1 AND l.rolcanlogin AND g.rolname IN ('cpi_agent', 'cpi_admin')"
      "   AND EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = l.oid"
      "                AND s.setconfig::text LIKE '%log_parameter_max_length=0%')",
      {login});
  return rows.boolean(0, 0);
}

bool role_exists(db::Connection& connection, const std::string& name) {
  return !connection.exec("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", {name}).empty();
}

/// The SCRAM verifier of a password: the password itself would reach the server's log and pg_stat_activity with the
/// statement.
std::string verifier_of(db::Connection& connection, const std::string& login, const std::string& password) {
  std::unique_ptr<char, void (*)(void*)> verifier(
      PQencryptPasswordConn(connection.get(), password.c_str(), login.c_str(), "scram-sha-256"), PQfreemem);
  if (!verifier) throw db::Error("the login's password cannot be encrypted", "");
  return verifier.get();
}

}  // namespace

std::vector<std::string> install_statements(db::Connection& connection, const InstallState& state,
                                            const std::string& schema, const std::string& login,
                                            const std::optional<std::string>& password) {
  std::vector<std::string> statements;
  if (!state.installed_version) {
    const std::string quoted = connection.quote_identifier(schema);
    if (connection.exec("SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", {schema}).empty())
      statements.push_back("CREATE SCHEMA " + quoted);
    statements.push_back("CREATE EXTENSION cpi SCHEMA " + quoted);
  } else if (state.available_version && *state.installed_version != *state.available_version) {
    statements.push_back("ALTER EXTENSION cpi UPDATE TO " + connection.quote_literal(*state.available_version));
  }
  if (!login_is_ready(connection, login)) {
    const std::string quoted = connection.quote_identifier(login);
    if (!role_exists(connection, login)) statements.push_back("CREATE ROLE " + quoted + " LOGIN");
    statements.push_back("GRANT cpi_agent, cpi_admin TO " + quoted);
    // Secrets travel as bind parameters; these two keep them out of the server's log whatever log_statement says.
    statements.push_back("ALTER ROLE " + quoted + " SET log_parameter_max_length = 0");
    statements.push_back("ALTER ROLE " + quoted + " SET log_parameter_max_length_on_error = 0");
  }
  if (password)
    statements.push_back("ALTER ROLE " + connection.quote_identifier(login) + " PASSWORD " +
                         connection.quote_literal(verifier_of(connection, login, *password)));
  return statements;
}

void install(db::Connection& connection, const std::vector<std::string>& statements) {
  if (statements.empty()) return;
  db::Transaction transaction(connection);
  for (const std::string& statement : statements) connection.exec(statement);
  transaction.commit();
}

void ensure_database(db::Connection& connection, const std::string& name) {
  if (!connection.exec("SELECT FROM pg_catalog.pg_database WHERE datname = $1", {name}).empty()) return;
  connection.exec("CREATE DATABASE " + connection.quote_identifier(name) + " TEMPLATE template0 ENCODING 'UTF8'");
}

}  // namespace cpi::app
