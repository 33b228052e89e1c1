#include "target/ddl.h"

#include <set>

namespace cpi::target {

namespace {

// NAMEDATALEN - 1, src/include/pg_config_manual.h.
constexpr std::size_t kMostIdentifierBytes = 63;

Error bad_name(std::string message, std::string hint) {
  return {Code::kInvalidHeader, std::move(message), "", std::move(hint)};
}

std::string shortened(const std::string& name) { return name.size() <= 80 ? name : name.substr(0, 77) + "..."; }

Result<void> check_name(const std::string& name, const char* what) {
  if (name.empty()) return bad_name(std::string("a ") + what + " has no name", "Give every column of the file a name.");
  if (name.find('\0') != std::string::npos) {
    return bad_name(std::string("the name of a ") + what + " holds a NUL byte", "Check the encoding of the file.");
  }
  if (name.size() > kMostIdentifierBytes) {
    return bad_name(std::string("the name of ") + what + " \"" + shortened(name) + "\" has " +
                        std::to_string(name.size()) + " bytes; PostgreSQL allows 63",
                    "Give it a shorter name with column_mapping or target_table.");
  }
  return {};
}

Result<void> check_columns(const std::vector<ColumnDefinition>& columns) {
  std::set<std::string_view> seen;
  for (const ColumnDefinition& column : columns) {
    if (auto good = check_name(column.name, "column"); !good) return good.error();
    if (!seen.insert(column.name).second) {
      return bad_name("column \"" + column.name + "\" would be there twice",
                      "Give one of the two another name with column_mapping.");
    }
  }
  return {};
}

std::string definition(const db::Connection& connection, const ColumnDefinition& column) {
  return connection.quote_identifier(column.name) + " " + column.type + (column.not_null ? " NOT NULL" : "");
}

/// "<table>_pkey" as PostgreSQL itself would name it: the table's part is cut, at a character, never the ending.
std::string key_name(std::string table) {
  constexpr std::string_view kEnding = "_pkey";
  while (table.size() + kEnding.size() > kMostIdentifierBytes) {
    while ((static_cast<unsigned char>(table.back()) & 0xC0) == 0x80) table.pop_back();
    table.pop_back();
  }
  return table.append(kEnding);
}

}  // namespace

std::string column_list(const db::Connection& connection, const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) {
    if (!list.empty()) list += ", ";
    list += connection.quote_identifier(column);
  }
  return list;
}

Result<std::string> create_table_statement(const db::Connection& connection, const TableName& table,
                                           const std::vector<ColumnDefinition>& columns,
                                           const std::vector<std::string>& key) {
  if (auto good = check_name(table.schema, "schema"); !good) return good.error();
  if (auto good = check_name(table.table, "table"); !good) return good.error();
  if (auto good = check_columns(columns); !good) return good.error();
  std::string sql = "CREATE TABLE " + table.quoted(connection) + " (";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    sql += (i == 0 ? "" : ", ") + definition(connection, columns[i]);
  }
  if (!key.empty()) {
    sql += ", CONSTRAINT " + connection.quote_identifier(key_name(table.table)) + " PRIMARY KEY (" +
           column_list(connection, key) + ")";
  }
  return sql + ")";
}

Result<std::string> add_columns_statement(const db::Connection& connection, const TableName& table,
                                          const std::vector<ColumnDefinition>& columns) {
  if (auto good = check_columns(columns); !good) return good.error();
  std::string sql = "ALTER TABLE " + table.quoted(connection);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    sql += (i == 0 ? " ADD COLUMN " : ", ADD COLUMN ") + definition(connection, columns[i]);
  }
  return sql;
}

std::string alter_types_statement(const db::Connection& connection, const TableName& table,
                                  const std::vector<TypeChange>& changes) {
  std::string sql = "ALTER TABLE " + table.quoted(connection);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const TypeChange& change = changes[i];
    const std::string name = connection.quote_identifier(change.name);
    sql += (i == 0 ? " ALTER COLUMN " : ", ALTER COLUMN ") + name + " TYPE " + change.to;
    if (change.from == "double precision" && change.to == "numeric") sql += " USING " + name + "::text::numeric";
  }
  return sql;
}

std::string inferred_note(const TableName& table, std::string_view column, std::string_view type, bool as_written) {
  return "Type inferred by cpi for " + table.display() + "." + std::string(column) + ": " + std::string(type) +
         (as_written ? ", a key written as in the files" : "") +
         ". A later file may widen it; change this comment to keep it.";
}

std::string note_statement(const db::Connection& connection, const TableName& table, std::string_view column,
                           std::string_view type, bool as_written) {
  return "COMMENT ON COLUMN " + table.quoted(connection) + "." + connection.quote_identifier(column) + " IS " +
         (type == "text" ? "NULL" : connection.quote_literal(inferred_note(table, column, type, as_written)));
}

std::string unique_index_statement(const db::Connection& connection, const TableName& table,
                                   const std::vector<std::string>& columns) {
  return "CREATE UNIQUE INDEX ON " + table.quoted(connection) + " (" + column_list(connection, columns) + ");";
}

}  // namespace cpi::target
