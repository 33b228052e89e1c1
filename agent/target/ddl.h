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

/// A column of an inferred type that gets another.
struct TypeChange {
  std::string name;
  std::string from;
  std::string to;
};

/// One `ALTER TABLE … ALTER COLUMN … TYPE …, ALTER COLUMN …`. A double becomes numeric by its shortest spelling, which
/// is what the table showed: PostgreSQL's own cast keeps 15 digits only.
std::string alter_types_statement(const db::Connection& connection, const TableName& table,
                                  const std::vector<TypeChange>& changes);

/// The comment on a column whose type cpi inferred. It is how a later load knows that the type was nobody's choice. It
/// ends with the column, another type or another comment, and, as it names the table and the column, when either is
/// renamed or another table is made with copies of the comments (LIKE … INCLUDING ALL). `as_written`: of a key, whose
/// every value is stored in the letters of the file.
std::string inferred_note(const TableName& table, std::string_view column, std::string_view type, bool as_written);

/// `COMMENT ON COLUMN … IS …` with `inferred_note`; without a note for text, which nothing can widen.
std::string note_statement(const db::Connection& connection, const TableName& table, std::string_view column,
                           std::string_view type, bool as_written);

/// `CREATE UNIQUE INDEX ON "schema"."table" ("a", "b");`, for hints.
std::string unique_index_statement(const db::Connection& connection, const TableName& table,
                                   const std::vector<std::string>& columns);

/// `"a", "b"`, quoted for SQL.
std::string column_list(const db::Connection& connection, const std::vector<std::string>& columns);

}  // namespace cpi::target
