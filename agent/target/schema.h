// Schema "cpi" of a target: where the ledger and the staging tables are. Nobody but its owner and those whom the owner
// grants it can look inside.
#pragma once

#include <string>

#include "db/connection.h"

namespace cpi::target {

/// What the current role finds of the schema.
struct SchemaRights {
  bool exists = false;
  bool usable = false;     ///< USAGE
  bool creatable = false;  ///< CREATE in it or, when it does not exist, the right to create it
  std::string role;        ///< current_user, quoted for SQL
  std::string database;    ///< the database's name, quoted for SQL
};

SchemaRights schema_rights(db::Connection& connection);

/// Creates schema cpi when it is missing; safe when many do so at once. Call it outside a transaction. Throws db::Error
/// with SQLSTATE 42501 and the statements that give the right as hint when the role may not.
void ensure_schema(db::Connection& connection);

}  // namespace cpi::target
