// Statements that make or extend tables, as text. Runs nothing. Every identifier is quoted; a name that PostgreSQL
// would cut (more than 63 bytes) or refuse is an error here, because a cut name may silently be another column's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "db/connection.h"
#include "target/catalog.h"

namespace cpi::target {

/// A column to be created.
struct ColumnDefinition {
  std::string name;
  std::string type;  ///< as DDL writes it
  bool not_null = false;
};

/// `CREATE TABLE … (…, CONSTRAINT "<table>_pkey" PRIMARY KEY (key))`; without `key` no constraint. The constraint's
/// name is cut so that it fits. Fails with kInvalidHeader for a name that is empty, too long or there twice.
Result<std::string> create_table_statement(const db::Connection& connection, const TableName& table,
                                           const std::vector<ColumnDefinition>& columns,
                                           const std::vector<std::string>& key);

/// One `ALTER TABLE … ADD COLUMN …, ADD COLUMN …`. Fails likewise.
Result<std::string> add_columns_statement(const db::Connection& connection, const TableName& table,
                                          const std::vector<ColumnDefinition>& columns);

/// One `ALTER TABLE … ALTER COLUMN … TYPE …, ALTER COLUMN …` for the names and types of `columns`.
std::string alter_types_statement(const db::Connection& connection, const TableName& table,
                                  const std::vector<ColumnDefinition>& columns);

/// The comment on a column whose type cpi inferred. It is how a later load knows that the type was nobody's choice: it
/// goes wherever the column goes (a dump, another name), and ends with the column, another type or another comment.
std::string inferred_note(std::string_view type);

/// `COMMENT ON COLUMN … IS …` with `inferred_note`; without a note for text, which nothing can widen.
std::string note_statement(const db::Connection& connection, const TableName& table, const ColumnDefinition& column);

/// `CREATE UNIQUE INDEX ON "schema"."table" ("a", "b");`, for hints.
std::string unique_index_statement(const db::Connection& connection, const TableName& table,
                                   const std::vector<std::string>& columns);

/// `"a", "b"`, quoted for SQL.
std::string column_list(const db::Connection& connection, const std::vector<std::string>& columns);

}  // namespace cpi::target
