#include "import/apply.h"

#include <algorithm>

#include "import/apply_parts.h"
#include "target/ddl.h"

namespace cpi::import {

namespace {

/// An unlogged table is empty after a crash of the server, and a session may have died between COPY and commit.
Result<void> check_staging(Apply& apply) {
  std::int64_t found = 0;
  try {
    found = apply.connection.exec("SELECT count(*) FROM " + apply.sql.staging()).int64(0, 0);
  } catch (const db::Error& error) {
    if (!apply.staging.temporary || error.sqlstate() != "42P01") throw;
    return Error{
        Code::kTargetRefused, "the temporary staging table belongs to another session",
        "The connection leads through a transaction pooler, and the right to create tables in schema cpi is "
        "missing.",
        "Grant that right (CREATE ON SCHEMA cpi, or CREATE on the database), or connect to the server directly."};
  }
  apply.result.counts.read = found;
  if (found == apply.staging.copied) return {};
  return Error{Code::kStagingLost,
               "the staging table holds " + std::to_string(found) + " of " + std::to_string(apply.staging.copied) +
                   " rows that were copied",
               "The target server has probably crashed meanwhile; staging tables are not logged.",
               "Nothing was applied; the load is tried again."};
}

Result<void> check_key(const Apply& apply) {
  if (apply.plan.key.empty() || apply.sql.has_key()) return {};
  return Error{Code::kKeyNotUnique,
               "table " + apply.table.name.display() + " has no unique index over its key (" +
                   target::column_list(apply.connection, apply.plan.key) + ")",
               "", "Create one: " + target::unique_index_statement(apply.connection, apply.table.name, apply.plan.key)};
}

}  // namespace

std::string shortened(std::string_view value, std::size_t most) {
  if (value.size() <= most) return std::string(value);
  std::size_t end = most - 3;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return std::string(value.substr(0, end)) + "...";
}

std::string Apply::file_column(std::string_view table_column) const {
  const auto found = std::find_if(plan.columns.begin(), plan.columns.end(),
                                  [&](const PlannedColumn& c) { return c.table_column == table_column; });
  return found == plan.columns.end() ? std::string(table_column) : found->file_column;
}

Result<void> Apply::check_limit() const {
  if (!plan.max_errors || !plan.max_errors->exceeded_by(rejects.count(), rows_read)) return {};
  return Error{Code::kTooManyErrors,
               std::to_string(rejects.count()) + " of " + std::to_string(rows_read) +
                   " rows were rejected, more than max_errors allows",
               "", "The table was not changed. The rejects say which rows and why."};
}

void Apply::reject(std::int64_t line, std::string column, csv::Reason reason, std::string message) {
  rejects.add({line, 0, std::move(column), reason, std::move(message), {}});
  ++result.counts.rejected;
}

void Apply::count_rejects(std::int64_t rows) {
  rejects.count_only(rows);
  result.counts.rejected += rows;
}

Result<void> Apply::reject_all(const std::string& statement, const std::string& column, csv::Reason reason) {
  // A data-modifying WITH must be at the top of a statement: the count is a window over it, not a subquery's.
  const std::size_t room = rejects.room();
  const db::Rows rows = connection.exec("WITH cpi_rejected(line, value, message) AS (" + statement +
                                        ") SELECT line, value, message, count(*) OVER () FROM cpi_rejected "
                                        "ORDER BY line LIMIT " +
                                        std::to_string(std::max<std::size_t>(room, 1)));
  if (rows.empty()) return {};
  const int kept = static_cast<int>(std::min<std::size_t>(room, static_cast<std::size_t>(rows.size())));
  for (int row = 0; row < kept; ++row) {
    const std::string value = rows.is_null(row, 1) ? "" : " (value \"" + shortened(rows.text(row, 1)) + "\")";
    reject(rows.int64(row, 0), column, reason, rows.str(row, 2) + value);
  }
  count_rejects(rows.int64(0, 3) - kept);
  return check_limit();
}

Error Apply::stopped_at(std::int64_t line, const std::string& column, const std::string& message,
                        std::string detail) const {
  return {Code::kTargetRefused,
          "line " + std::to_string(line) + (column.empty() ? "" : ", column \"" + column + "\"") + ": " + message,
          std::move(detail), "Mend the file or the table, or load the other rows with on_error: continue."};
}

Result<Applied> apply_merge(db::Connection& connection, const Plan& plan, const target::Table& table,
                            const target::Staging& staging, std::int64_t rows_read, bool dry_run, RejectSink& rejects) {
  Apply apply{connection, plan, table, staging, rows_read, rejects, ApplyStatements(connection, plan, table, staging),
              {},         false};
  if (auto good = check_key(apply); !good) return good.error();
  if (auto good = check_staging(apply); !good) return good.error();
  if (auto good = cast_columns(apply); !good) return good.error();
  if (auto good = reject_missing_values(apply); !good) return good.error();
  if (auto good = resolve_duplicates(apply); !good) return good.error();
  if (auto good = write_all(apply); !good) return good.error();
  if (!dry_run) raise_sequences(apply);
  return std::move(apply.result);
}

}  // namespace cpi::import
