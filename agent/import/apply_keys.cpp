// Rows that cannot be written whatever the table holds: without a key, without a value that the table demands, or with
// a key that came before. All three are found by one statement over staging each, before the table is touched.
#include <algorithm>

#include "import/apply_parts.h"

namespace cpi::import {

namespace {

/// Rejects the rows of staging that have no value in `column`.
Result<void> reject_null(Apply& apply, const std::string& column, csv::Reason reason, const std::string& message) {
  const std::string name = apply.connection.quote_identifier(column);
  const std::string rows = apply.sql.staging() + " WHERE " + name + " IS NULL";
  if (apply.plan.continue_on_error) {
    return apply.reject_all("DELETE FROM " + rows + " RETURNING cpi_line, NULL::text, " +
                                apply.connection.quote_literal(message) + "::text",
                            apply.file_column(column), reason);
  }
  const db::Rows first = apply.connection.exec("SELECT cpi_line FROM " + rows + " ORDER BY cpi_line LIMIT 1");
  if (first.empty()) return {};
  return apply.stopped_at(first.int64(0, 0), apply.file_column(column), message);
}

/// Whether the table takes NULL away from a row only by refusing it: a BEFORE trigger may fill it in.
bool demands_value(const Apply& apply, const target::Column& column) {
  return column.not_null && !apply.table.has_row_triggers && !column.generated;
}

}  // namespace

Result<void> reject_missing_values(Apply& apply) {
  struct Demand {
    const target::Column* column;
    bool key;
  };
  std::vector<Demand> demands;
  std::string counts;
  for (const PlannedColumn& planned : apply.plan.columns) {
    const target::Column* column = apply.table.column(planned.table_column);
    const bool key =
        std::find(apply.plan.key.begin(), apply.plan.key.end(), planned.table_column) != apply.plan.key.end();
    if (column == nullptr || !(key || demands_value(apply, *column))) continue;
    demands.push_back({column, key});
    counts += (counts.empty() ? "" : ", ") +
              ("count(*) FILTER (WHERE " + apply.connection.quote_identifier(column->name) + " IS NULL)");
  }
  if (demands.empty()) return {};
  const db::Rows missing = apply.connection.exec("SELECT " + counts + " FROM " + apply.sql.staging());
  for (std::size_t i = 0; i < demands.size(); ++i) {
    if (missing.int64(0, static_cast<int>(i)) == 0) continue;
    const auto [column, key] = demands[i];
    const std::string message =
        key ? "no value in \"" + column->name + "\", which is part of the key of table " + apply.table.name.display()
            : "no value in \"" + column->name + "\", where table " + apply.table.name.display() + " demands one";
    auto done = reject_null(apply, column->name, key ? csv::Reason::kNullKey : csv::Reason::kNotNullViolation, message);
    if (!done) return done;
  }
  return {};
}

Result<void> resolve_duplicates(Apply& apply) {
  if (!apply.sql.has_key()) return {};
  db::Connection& connection = apply.connection;
  const std::string& staging = apply.sql.staging();
  const std::string& key = apply.sql.staging_key();
  if (connection.exec("SELECT FROM " + staging + " GROUP BY " + key + " HAVING count(*) > 1 LIMIT 1").empty())
    return {};

  const std::string ranked =
      "(SELECT cpi_line, lag(cpi_line) OVER same AS earlier, lead(cpi_line) OVER same AS later FROM " + staging +
      " WINDOW same AS (PARTITION BY " + key + " ORDER BY cpi_line)) AS ranked";
  if (apply.plan.duplicates != config::Duplicates::kError) {
    const char* superseded = apply.plan.duplicates == config::Duplicates::kLast ? "later" : "earlier";
    apply.result.counts.duplicates += connection
                                          .exec("DELETE FROM " + staging + " WHERE cpi_line IN (SELECT cpi_line FROM " +
                                                ranked + " WHERE " + superseded + " IS NOT NULL)")
                                          .affected();
    return {};
  }
  const std::string file_column =
      apply.plan.key.size() == 1 ? apply.file_column(apply.plan.key.front()) : std::string();
  const std::string message = "'the key came before, in line ' || earlier";
  const std::string value = "concat_ws(', ', " + key + ")";
  if (apply.plan.continue_on_error) {
    return apply.reject_all("WITH again AS (SELECT * FROM " + ranked + " WHERE earlier IS NOT NULL) DELETE FROM " +
                                staging +
                                " AS s USING again WHERE s.cpi_line = again.cpi_line RETURNING s.cpi_line, left(" +
                                value + ", 100), " + message,
                            file_column, csv::Reason::kDuplicateKey);
  }
  const db::Rows first =
      connection.exec("SELECT ranked.cpi_line, left(" + value + ", 100), " + message + " FROM " + ranked + " JOIN " +
                      staging + " AS s USING (cpi_line) WHERE earlier IS NOT NULL ORDER BY 1 LIMIT 1");
  return apply.stopped_at(first.int64(0, 0), file_column,
                          first.str(0, 2) + " (value \"" + shortened(first.text(0, 1)) + "\")",
                          "Two rows of the file have the same key, and duplicates is \"error\".");
}

}  // namespace cpi::import
