// The extension and the agent's login in a management database: made by `cpi init`, and by `cpi serve` on the embedded
// one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "db/connection.h"

namespace cpi::app {

/// What is there and what is missing.
struct InstallState {
  std::optional<std::string> installed_version;  ///< of the extension in this database
  std::optional<std::string> available_version;  ///< that the server's files offer; nothing: `make install` is missing
  bool superuser = false;                        ///< this session may create the extension
};

/// Reads the state of the database that `connection` is in. Throws db::Error.
InstallState read_install_state(db::Connection& connection);

/// The statements that bring a database from `state` to this program's version with login `login`: what `install` runs,
/// and what an administrator is shown. Empty when nothing is missing. `login_exists`: the role is there already.
std::vector<std::string> install_statements(db::Connection& connection, const InstallState& state,
                                            const std::string& schema, const std::string& login,
                                            const std::optional<std::string>& password);

/// Runs `statements` in one transaction, as superuser. Throws db::Error.
void install(db::Connection& connection, const std::vector<std::string>& statements);

/// Creates database `name` when it is missing; `connection` is to another one of the same server.
void ensure_database(db::Connection& connection, const std::string& name);

}  // namespace cpi::app
