// The texts of an apply's statements. Every identifier is quoted; nothing of a row's content is ever part of a text.
#include <algorithm>
#include <array>

#include "import/apply_parts.h"

namespace cpi::import {

namespace {

/// Equal values of these types are identical bytes, so that a matched key column need be neither compared nor set:
/// bool, bytea, "char", name, int8, int2, int4, text, oid, varchar, date, timestamp, timestamptz, uuid
/// (pg_type.dat). Others, such as numeric (1.0 = 1.00) or citext, can match and still differ.
constexpr std::array<std::uint32_t, 14> kIdenticalWhenEqual = {16, 17, 18,   19,   20,   21,   23,
                                                               25, 26, 1043, 1082, 1114, 1184, 2950};

/// What is computed above a join has both images of a row side by side below it, in a list that the server bounds
/// (MaxTupleAttributeNumber in access/htup_details.h: 1664). A condition of the join itself has no such list, but then
/// the join runs once for each count.
constexpr std::size_t kMostComparedAboveAJoin = 800;

bool identical_when_equal(const target::Column& column) {
  return column.collation.empty() && std::find(kIdenticalWhenEqual.begin(), kIdenticalWhenEqual.end(),
                                               column.base_type.oid) != kIdenticalWhenEqual.end();
}

void append(std::string& list, std::string_view separator, std::string_view item) {
  if (!list.empty()) list += separator;
  list += item;
}

}  // namespace

ApplyStatements::ApplyStatements(const db::Connection& connection, const Plan& plan, const target::Table& table,
                                 const target::Staging& staging)
    : staging_(staging.qualified), target_(table.name.quoted(connection)) {
  const target::UniqueIndex* index = plan.key.empty() ? nullptr : table.unique_index(plan.key);
  if (index != nullptr) {
    for (std::size_t i = 0; i < index->columns.size(); ++i) {
      const std::string name = connection.quote_identifier(index->columns[i]);
      append(match_, " AND ", "t." + name + " " + index->equals[i] + " s." + name);
      const target::Column* column = table.column(index->columns[i]);
      append(staging_key_, ", ", column->collation.empty() ? name : name + " COLLATE " + column->collation);
      if (i == 0) unmatched_ = "t." + name + " IS NULL";
    }
  }

  std::string target_row;
  std::string source_row;
  const auto add = [&](const target::Column& column, const std::string& value) {
    const std::string name = connection.quote_identifier(column.name);
    append(columns_, ", ", name);
    append(values_, ", ", value);
    if (column.identity_always) overriding_ = " OVERRIDING SYSTEM VALUE";
    const bool key = std::find(plan.key.begin(), plan.key.end(), column.name) != plan.key.end();
    if (column.identity_always || (key && identical_when_equal(column))) return;
    append(assignments_, ", ", name + " = " + value);
    append(target_row, ", ", "t." + name);
    ++compared_columns_;
    append(source_row, ", ", value);
  };
  for (const PlannedColumn& planned : plan.columns) {
    const target::Column* column = table.column(planned.table_column);
    if (column == nullptr || column->generated) continue;
    add(*column, "s." + connection.quote_identifier(planned.table_column));
  }
  for (const std::string& missing : plan.null_columns) {
    const target::Column* column = table.column(missing);
    if (column == nullptr || column->generated || column->identity_always) continue;
    add(*column, "NULL::" + column->type.name);
  }
  // The casts keep the grammar from taking this for a row-wise comparison, which has no such operator.
  differs_ = assignments_.empty()
                 ? "false"
                 : "ROW(" + target_row + ")::record OPERATOR(pg_catalog.*<>) ROW(" + source_row + ")::record";
}

std::string ApplyStatements::range(std::int64_t first, std::int64_t last) const {
  return "(SELECT * FROM " + staging_ + " WHERE cpi_line BETWEEN " + std::to_string(first) + " AND " +
         std::to_string(last) + ")";
}

std::string ApplyStatements::count(const std::string& source) const {
  if (!has_key()) return "SELECT count(*), 0, 0 FROM " + source + " AS s";
  if (compared_columns_ > kMostComparedAboveAJoin) {
    const std::string join = "FROM " + source + " AS s JOIN " + target_ + " AS t ON " + match_;
    return "SELECT total - matched, changed, matched - changed FROM (SELECT (SELECT count(*) FROM " + source +
           " AS s) AS total, (SELECT count(*) " + join + ") AS matched, (SELECT count(*) " + join + " WHERE " +
           differs_ + ") AS changed) AS counted";
  }
  // The server computes equal aggregates once: the images are compared once a row. (A CASE or GROUP BY over the verdict
  // would read better, but kept the join from running in parallel and took twice as long.)
  const std::string matched = "count(*) FILTER (WHERE NOT (" + unmatched_ + "))";
  const std::string changed = "count(*) FILTER (WHERE NOT (" + unmatched_ + ") AND " + differs_ + ")";
  return "SELECT count(*) FILTER (WHERE " + unmatched_ + "), " + changed + ", " + matched + " - " + changed + " FROM " +
         source + " AS s LEFT JOIN " + target_ + " AS t ON " + match_;
}

std::string ApplyStatements::merge(const std::string& source) const {
  return "MERGE INTO " + target_ + " AS t USING " + source + " AS s ON " + match_ + " WHEN MATCHED AND " + differs_ +
         " THEN UPDATE SET " + assignments_ + " WHEN NOT MATCHED THEN INSERT (" + columns_ + ")" + overriding_ +
         " VALUES (" + values_ + ")";
}

std::string ApplyStatements::update(const std::string& source) const {
  return "UPDATE " + target_ + " AS t SET " + assignments_ + " FROM " + source + " AS s WHERE " + match_ + " AND " +
         differs_;
}

std::string ApplyStatements::insert(const std::string& source) const {
  return "INSERT INTO " + target_ + " (" + columns_ + ")" + overriding_ + " SELECT " + values_ + " FROM " + source +
         " AS s" +
         (has_key() ? " WHERE NOT EXISTS (SELECT FROM " + target_ + " AS t WHERE " + match_ + ")" : std::string());
}

std::string ApplyStatements::update_naming_suppressed(const std::string& source, std::size_t most) const {
  // Both parts see the table as it was before the statement.
  return "WITH updated AS (" + update(source) + " RETURNING s.cpi_line) SELECT cpi_line, count(*) OVER () FROM (" +
         "SELECT s.cpi_line FROM " + source + " AS s JOIN " + target_ + " AS t ON " + match_ + " WHERE " + differs_ +
         " EXCEPT SELECT cpi_line FROM updated) AS kept ORDER BY 1 LIMIT " + std::to_string(most);
}

std::string ApplyStatements::absent(const std::string& source, std::size_t most) const {
  return "SELECT s.cpi_line, count(*) OVER () FROM " + source + " AS s WHERE NOT EXISTS (SELECT FROM " + target_ +
         " AS t WHERE " + match_ + ") ORDER BY 1 LIMIT " + std::to_string(most);
}

}  // namespace cpi::import
