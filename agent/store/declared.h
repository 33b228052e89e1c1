// Named SQL for `cpi apply` and `cpi export`: connections, sources and projects by name. Refusals are db::Errors with
// SQLSTATE PTnnn, whose detail may be a JSON list of findings (sql/README.md).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "store/management.h"

namespace cpi::store {

/// _cpi_export: {"connections":[…],"sources":[…],"projects":[…]}, ordered by name, without secrets.
nlohmann::json exported(Management& management);
/// _cpi_export_secrets of the entries with these names. The login must be an admin.
nlohmann::json exported_secrets(Management& management, const std::vector<std::string>& connections,
                                const std::vector<std::string>& sources, const std::vector<std::string>& projects);

/// Arguments of a function by their names; an empty text clears an optional field.
using Arguments = std::map<std::string, std::string>;

/// cpi_create_connection and its kin, or cpi_update_… of the entry with that name. Nothing but the arguments changes.
void write_connection(Management& management, const std::string& name, bool create, const Arguments& arguments);
void write_source(Management& management, const std::string& name, bool create, const Arguments& arguments);
void write_project(Management& management, const std::string& name, bool create, const Arguments& arguments);

/// Lets one `cpi apply` at a time change things, until the transaction ends.
void lock_declarations(Management& management);

/// cpi_get_connection's database_url, for a test from this machine. The login must be an admin.
std::string database_url_of(Management& management, const std::string& connection);
/// cpi_get_source: the source with its credentials. The login must be an admin.
nlohmann::json source_of(Management& management, const std::string& source);
/// cpi_test_connection: the same question from the management database's server.
nlohmann::json test_connection(Management& management, const std::string& connection);

}  // namespace cpi::store
