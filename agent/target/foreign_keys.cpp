#include "target/foreign_keys.h"

#include <algorithm>
#include <string>

namespace cpi::target {

std::vector<std::pair<TableName, TableName>> foreign_keys(db::Connection& connection,
                                                          const std::vector<TableName>& tables) {
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  for (const TableName& table : tables) {
    schemas.push_back(table.schema);
    names.push_back(table.table);
  }
  const db::Rows rows = connection.exec(
      "WITH named AS (SELECT c.oid, n.nspname, c.relname FROM unnest($1::text[], $2::text[]) AS t(s, r) "
      "JOIN pg_catalog.pg_namespace n ON n.nspname = t.s "
      "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.r) "
      "SELECT DISTINCT child.nspname, child.relname, parent.nspname, parent.relname FROM pg_catalog.pg_constraint f "
      "JOIN named child ON child.oid = f.conrelid JOIN named parent ON parent.oid = f.confrelid "
      "WHERE f.contype = 'f' AND f.conrelid <> f.confrelid",
      {db::array_literal(schemas), db::array_literal(names)});
  std::vector<std::pair<TableName, TableName>> out;
  for (int i = 0; i < rows.size(); ++i) {
    out.push_back({{rows.str(i, 0), rows.str(i, 1)}, {rows.str(i, 2), rows.str(i, 3)}});
  }
  return out;
}

std::vector<std::size_t> parents_first(const std::vector<TableName>& tables,
                                       const std::vector<std::pair<TableName, TableName>>& child_parent) {
  std::vector<std::size_t> order;
  std::vector<bool> placed(tables.size(), false);
  const auto waits = [&](std::size_t child) {
    return std::any_of(child_parent.begin(), child_parent.end(), [&](const auto& key) {
      if (!(key.first == tables[child])) return false;
      const auto parent = std::find(tables.begin(), tables.end(), key.second);
      return parent != tables.end() && !placed[static_cast<std::size_t>(parent - tables.begin())];
    });
  };
  while (order.size() < tables.size()) {
    // The first free table; when all wait for one another, the first that is left breaks the circle.
    std::size_t next = tables.size();
    for (std::size_t i = 0; i < tables.size(); ++i) {
      if (placed[i]) continue;
      if (next == tables.size()) next = i;
      if (!waits(i)) {
        next = i;
        break;
      }
    }
    placed[next] = true;
    order.push_back(next);
  }
  return order;
}

}  // namespace cpi::target
