// A database of its own, and loads into it without files: tests write staging rows as SQL and run the real commit.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "import/commit.h"
#include "support/cluster.h"
#include "target/catalog.h"

namespace cpi::target {
inline void PrintTo(const Counts& c, std::ostream* out) {
  *out << "read " << c.read << ", inserted " << c.inserted << ", updated " << c.updated << ", skipped " << c.skipped
       << ", duplicates " << c.duplicates << ", rejected " << c.rejected;
}
}  // namespace cpi::target

namespace cpi::import {

/// A column of the load under the same name in file, staging and table.
inline PlannedColumn new_column(const std::string& name, std::uint32_t type_oid, const std::string& type) {
  PlannedColumn column;
  column.file_column = name;
  column.table_column = name;
  column.type = {type_oid, -1, type};
  column.staging_type = type;
  return column;
}

class LoadFixture : public testing::Test {
 protected:
  LoadFixture() : database_(test::Cluster::shared().create_database()), connection_(connect()) {}

  db::Connection connect() const { return test::Cluster::shared().connect(database_); }
  db::Rows sql(const std::string& statements) { return connection_.exec(statements); }

  /// The answer of a query as text: columns joined by '|', rows by ' '.
  std::string query(const std::string& statement) {
    const db::Rows rows = connection_.exec(statement);
    std::string text;
    for (int row = 0; row < rows.size(); ++row) {
      if (row > 0) text += ' ';
      for (int column = 0; column < rows.columns(); ++column) {
        if (column > 0) text += '|';
        text += rows.is_null(row, column) ? "NULL" : rows.str(row, column);
      }
    }
    return text;
  }

  /// A plan that loads `columns` of an existing table, staged in the types below their domains.
  Plan plan_for(const std::string& table, const std::vector<std::string>& columns,
                const std::vector<std::string>& key) {
    const auto found = target::read_table(connection_, {"public", table});
    if (!found) throw std::runtime_error("no table " + table);
    Plan plan;
    plan.table = found->name;
    plan.fingerprint = found->fingerprint;
    plan.key = key;
    for (const std::string& name : columns) {
      const target::Column* column = found->column(name);
      if (column == nullptr) throw std::runtime_error("no column " + name);
      PlannedColumn planned;
      planned.file_index = plan.columns.size();
      planned.file_column = name;
      planned.table_column = name;
      planned.type = column->type;
      planned.staging_type = column->base_type.name;
      planned.insert_only = column->identity_always;
      plan.columns.push_back(planned);
      if (!column->sequence.empty()) plan.sequences.push_back(column->sequence);
    }
    return plan;
  }

  /// Stages a column as text, as for types that only the server can read.
  static void stage_as_text(Plan& plan, const std::string& column) {
    for (PlannedColumn& planned : plan.columns) {
      if (planned.table_column != column) continue;
      planned.staging_type = "text";
      planned.needs_cast = true;
    }
  }

  /// Rows as SQL value lists ("1, 'a'"), in staging under lines 2, 3, ….
  target::Staging stage(const Plan& plan, const std::vector<std::string>& rows) {
    std::vector<target::StagingColumn> columns;
    for (const PlannedColumn& column : plan.columns) columns.push_back({column.table_column, column.staging_type});
    target::Staging staging = target::create_staging(connection_, "load-" + std::to_string(++loads_), 1, columns);
    for (const std::string& row : rows) {
      sql("INSERT INTO " + staging.qualified + " VALUES (" + row + ", " + std::to_string(++staging.copied + 1) + ")");
    }
    return staging;
  }

  CommitRequest request_for(const target::Staging& staging) const {
    CommitRequest request;
    std::string sha256 = std::to_string(loads_);
    sha256.insert(0, 64 - sha256.size(), 'a');
    request.identity = {"load-" + std::to_string(loads_), "", "items.csv", sha256, 10, ""};
    request.rows_read = staging.copied;
    return request;
  }

  Result<CommitOutcome> commit(const Plan& plan, const target::Staging& staging, const CommitRequest& request) {
    rejects_ = RejectSink();
    return commit_load(connection_, plan, staging, request, rejects_, [this] { return connect(); });
  }

  /// Stages and commits.
  Result<CommitOutcome> load(const Plan& plan, const std::vector<std::string>& rows) {
    const target::Staging staging = stage(plan, rows);
    return commit(plan, staging, request_for(staging));
  }

  /// Stages and commits; the counts of a load that must succeed.
  target::Counts counts_of(const Plan& plan, const std::vector<std::string>& rows) {
    auto outcome = load(plan, rows);
    if (!outcome) {
      ADD_FAILURE() << outcome.error().message << "; " << outcome.error().detail << "; " << outcome.error().hint;
      return {};
    }
    return outcome->counts;
  }

  /// "line:column:reason" of every kept reject.
  std::vector<std::string> rejected() const {
    std::vector<std::string> texts;
    for (const csv::Reject& reject : rejects_.kept()) {
      texts.push_back(std::to_string(reject.line) + ":" + reject.column + ":" +
                      std::string(csv::reason_name(reject.reason)));
    }
    return texts;
  }

  static target::Counts counts(std::int64_t read, std::int64_t inserted, std::int64_t updated, std::int64_t skipped,
                               std::int64_t duplicates = 0, std::int64_t rejected = 0) {
    return {read, inserted, updated, skipped, duplicates, rejected, 0};
  }

  std::string database_;
  db::Connection connection_;
  RejectSink rejects_;
  int loads_ = 0;
};

}  // namespace cpi::import
