// What the target's catalog says of one table: the facts that the planner decides on. Reads only; changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/value/converter.h"
#include "db/connection.h"

namespace cpi::target {

/// A table's name, as the catalog spells it (never quoted).
struct TableName {
  std::string schema;
  std::string table;
  /// "schema"."table", quoted for SQL.
  std::string quoted(const db::Connection& connection) const;
  /// schema.table, for people.
  std::string display() const { return schema + "." + table; }
  bool operator==(const TableName&) const = default;
};

struct Column {
  std::string name;
  value::ColumnType type;       ///< a domain's own oid; `base_type` differs then
  value::ColumnType base_type;  ///< the type below all domains
  bool not_null = false;
  bool has_default = false;      ///< a DEFAULT, identity or serial
  bool generated = false;        ///< GENERATED ALWAYS AS (…) STORED: cannot be written
  bool identity_always = false;  ///< GENERATED ALWAYS AS IDENTITY: written with OVERRIDING SYSTEM VALUE on insert only
  std::string sequence;   ///< schema-qualified, quoted name of the sequence behind serial or identity; may be empty
  std::string cast_type;  ///< the base type without typmod, for a cast that an assignment then checks for length
  bool inferred = false;  ///< its type was inferred by cpi (inferred_note, ddl.h), and is still that: it may be widened
  bool as_written = false;  ///< likewise, as a key whose values are stored in the very letters of the files
  std::string collation;    ///< quoted name of the collation when it is nondeterministic, otherwise empty
};

/// A valid, non-partial, immediate unique index over plain columns.
struct UniqueIndex {
  std::string name;
  bool primary = false;
  std::vector<std::string> columns;
  std::vector<std::string> equals;  ///< per column the operator that the index calls equal: "OPERATOR(pg_catalog.=)"
};

struct Table {
  std::uint32_t oid = 0;
  TableName name;
  char kind = 'r';              ///< pg_class.relkind: r table, p partitioned, v view, m materialized view, f foreign
  std::vector<Column> columns;  ///< live user columns in attnum order
  std::vector<UniqueIndex> unique_indexes;
  bool has_rules = false;  ///< MERGE is refused on such tables
  bool has_row_triggers = false;
  double estimated_rows = -1;  ///< pg_class.reltuples; -1 unknown
  std::int64_t bytes = 0;      ///< of the heap, as last counted by the server
  /// Opaque. Changes whenever columns, types, keys, rules or triggers change: compared again inside the commit.
  std::string fingerprint;

  const Column* column(std::string_view name) const;
  const UniqueIndex* primary_key() const;
  /// The unique index over exactly these columns in any order, or null.
  const UniqueIndex* unique_index(const std::vector<std::string>& columns) const;
};

/// The table, or nothing when there is none of that name. Also finds views and other kinds, so that the planner can
/// refuse them by name. Throws db::Error.
std::optional<Table> read_table(db::Connection& connection, const TableName& name);

}  // namespace cpi::target
