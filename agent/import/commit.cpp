#include "import/commit.h"

#include <algorithm>
#include <thread>

#include "import/failures.h"
#include "import/planner_parts.h"
#include "import/widen_columns.h"
#include "target/ddl.h"

namespace cpi::import {

namespace {

// Keyed by (database, table): advisory locks belong to a database. Released with the transaction, whoever ends it.
void lock_table_name(db::Connection& connection, const target::TableName& table) {
  connection.exec("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('cpi load ' || $1, 0))",
                  {table.quoted(connection)});
}

// All LOCAL: behind a transaction pooler the session is somebody else's a moment later. synchronous_commit is only ever
// raised: remote_apply is more than on.
std::string begin_statement(std::chrono::milliseconds lock_timeout) {
  return "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; SET LOCAL "
         "idle_in_transaction_session_timeout = '5min'; "
         "SET LOCAL lock_timeout = '" +
         std::to_string(lock_timeout.count()) +
         "ms'; SELECT set_config('synchronous_commit', 'on', true) "
         "WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')";
}

Error table_changed(const target::TableName& table) {
  return {Code::kStagingLost, "table " + table.display() + " changed while the file was being copied",
          "Its columns, keys, rules or triggers are no longer those that the load was planned for.",
          "Nothing was applied; the load is planned anew."};
}

Error missing_right(const std::string& what, const std::string& grant) {
  return {Code::kTargetRefused, "permission denied for " + what, "", "As its owner: " + grant};
}

/// Rights are asked for beforehand: afterwards a refusal with the same SQLSTATE is row level security's, about one row.
Result<void> check_rights(db::Connection& connection, const Plan& plan, const target::Table& table) {
  std::vector<std::string> names;
  for (const PlannedColumn& column : plan.columns) names.push_back(column.table_column);
  const bool updates = !plan.key.empty();
  const db::Rows rights = connection.exec(R"(
SELECT pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE'),
       pg_catalog.has_table_privilege(c.oid, 'INSERT') OR
         (SELECT bool_and(pg_catalog.has_column_privilege(c.oid, name, 'INSERT')) FROM unnest($2::text[]) AS name),
       pg_catalog.has_table_privilege(c.oid, 'SELECT') OR
         (SELECT bool_and(pg_catalog.has_column_privilege(c.oid, name, 'SELECT')) FROM unnest($2::text[]) AS name),
       pg_catalog.has_table_privilege(c.oid, 'UPDATE') OR
         (SELECT bool_and(pg_catalog.has_column_privilege(c.oid, name, 'UPDATE')) FROM unnest($2::text[]) AS name),
       pg_catalog.quote_ident(current_user)
FROM pg_catalog.pg_class c WHERE c.oid = $1::oid)",
                                          {std::to_string(table.oid), db::array_literal(names)});
  if (rights.empty()) return table_changed(table.name);
  const std::string role = rights.str(0, 4);
  const std::string schema = connection.quote_identifier(table.name.schema);
  if (!rights.boolean(0, 0)) {
    return missing_right("schema " + table.name.schema, "GRANT USAGE ON SCHEMA " + schema + " TO " + role + ";");
  }
  if (!rights.boolean(0, 1) || (updates && !(rights.boolean(0, 2) && rights.boolean(0, 3)))) {
    return missing_right("table " + table.name.display(), std::string("GRANT ") +
                                                              (updates ? "SELECT, INSERT, UPDATE" : "INSERT") + " ON " +
                                                              table.name.quoted(connection) + " TO " + role + ";");
  }
  return {};
}

Result<void> create_table(db::Connection& connection, const Plan& plan) {
  const db::Rows schema = connection.exec(
      "SELECT pg_catalog.has_schema_privilege(oid, 'CREATE'), pg_catalog.quote_ident(current_user) "
      "FROM pg_catalog.pg_namespace WHERE nspname = $1",
      {plan.table.schema});
  const std::string name = connection.quote_identifier(plan.table.schema);
  if (schema.empty()) {
    return Error{Code::kTargetRefused, "schema " + plan.table.schema + " does not exist", "",
                 "Create it: CREATE SCHEMA " + name + ";"};
  }
  if (!schema.boolean(0, 0)) {
    return missing_right("schema " + plan.table.schema,
                         "GRANT USAGE, CREATE ON SCHEMA " + name + " TO " + schema.str(0, 1) + ";");
  }
  std::vector<target::ColumnDefinition> columns;
  for (const PlannedColumn& column : plan.columns) {
    columns.push_back({column.table_column, column.type.name, column.not_null});
  }
  auto statement = target::create_table_statement(connection, plan.table, columns,
                                                  plan.key_is_new ? plan.key : std::vector<std::string>{});
  if (!statement) return statement.error();
  connection.exec(*statement);
  return {};
}

Result<void> add_columns(db::Connection& connection, const Plan& plan) {
  std::vector<target::ColumnDefinition> columns;
  for (const PlannedColumn& column : plan.columns) {
    if (column.add_to_table) columns.push_back({column.table_column, column.type.name, false});
  }
  if (columns.empty()) return {};
  auto statement = target::add_columns_statement(connection, plan.table, columns);
  if (!statement) return statement.error();
  try {
    connection.exec(*statement);
  } catch (const db::Error& error) {
    if (error.sqlstate() != "42501") throw;
    return Error{Code::kTargetRefused, std::string(error.what()),
                 "The file has columns that table " + plan.table.display() + " lacks; only its owner may add them.",
                 "As its owner: " + *statement + "; or set new_columns to ignore."};
  }
  return {};
}

/// Says on columns of inferred types that they are.
void note_inferred(db::Connection& connection, const Plan& plan) {
  for (const PlannedColumn& column : plan.columns) {
    if (!column.inferred || (column.type.name == "text" && column.widened_from.empty())) continue;
    connection.exec(
        target::note_statement(connection, plan.table, column.table_column, column.type.name, column.as_written));
  }
}

/// Nobody alters the table from here on. Rights on single columns do not suffice for LOCK TABLE: then the first write
/// takes the lock, and a change that comes in between fails that write or harms nothing.
void keep_from_altering(db::Connection& connection, const target::TableName& table) {
  connection.exec("SAVEPOINT cpi_lock");
  try {
    connection.exec("LOCK TABLE " + table.quoted(connection) + " IN ROW EXCLUSIVE MODE");
  } catch (const db::Error& error) {
    if (error.sqlstate() != "42501") throw;
    connection.exec("ROLLBACK TO SAVEPOINT cpi_lock");
  }
  connection.exec("RELEASE SAVEPOINT cpi_lock");
}

/// Brings the table into the form that the plan says, and reads it as it is then. Where `not_widened` is filled in, it
/// has not got that form.
Result<target::Table> prepare_table(db::Connection& connection, const Plan& plan,
                                    std::map<std::string, std::string>& not_widened) {
  std::optional<target::Table> table = target::read_table(connection, plan.table);
  if (plan.create_table) {
    if (table) return table_changed(plan.table);
    if (auto done = create_table(connection, plan); !done) return done.error();
  } else {
    if (!table) return table_changed(plan.table);
    if (auto good = check_rights(connection, plan, *table); !good) return good.error();
    keep_from_altering(connection, plan.table);
    table = target::read_table(connection, plan.table);
    if (!table || table->fingerprint != plan.fingerprint) return table_changed(plan.table);
    if (auto done = add_columns(connection, plan); !done) return done.error();
    if (auto done = widen_columns(connection, plan, *table, not_widened); !done) return done.error();
    if (!not_widened.empty()) return std::move(*table);
  }
  note_inferred(connection, plan);
  table = target::read_table(connection, plan.table);
  if (!table) return table_changed(plan.table);
  return std::move(*table);
}

Result<target::Counts> account(const CommitRequest& request, const target::Counts& applied) {
  target::Counts counts = applied;
  counts.read = request.rows_read;
  counts.rejected += request.rejected_before;
  counts.skipped += request.unchanged_before;
  if (counts.add_up()) return counts;
  return Error{
      Code::kAccountingMismatch,
      "the rows do not add up: read " + std::to_string(counts.read) + ", inserted " + std::to_string(counts.inserted) +
          ", updated " + std::to_string(counts.updated) + ", skipped " + std::to_string(counts.skipped) +
          ", duplicates " + std::to_string(counts.duplicates) + ", rejected " + std::to_string(counts.rejected),
      "The load was rolled back.",
      "Look for triggers or rules of the table that write to it, or for a session that wrote at the same time."};
}

Error unresolved(const std::string& why) {
  return {Code::kCommitUnknown, "the answer to COMMIT was lost: " + why, "",
          "The ledger in the target says whether the load was applied; the next attempt reads it."};
}

/// The answer to COMMIT was lost. The old session may still be at work: the lock that it holds is waited for, then the
/// ledger tells.
Result<bool> committed_after_all(const CommitRequest& request, const Plan& plan,
                                 const std::function<db::Connection()>& reconnect) {
  constexpr int kAttempts = 5;
  std::string why;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(200) * (1 << attempt));
    try {
      db::Connection connection = reconnect();
      db::Transaction transaction(connection, begin_statement(request.lock_timeout));
      lock_table_name(connection, plan.table);
      const auto entry = target::find_load(connection, request.identity.load_id);
      return entry && !entry->given_up();
    } catch (const db::Error& error) {
      why = error.what();
      if (!error.retryable()) break;
    }
  }
  return unresolved(why);
}

class Commit {
 public:
  Commit(db::Connection& connection, const Plan& plan, const target::Staging& staging, const CommitRequest& request,
         RejectSink& rejects)
      : connection_(connection), plan_(plan), staging_(staging), request_(request), rejects_(rejects) {}

  /// Everything up to COMMIT.
  Result<CommitOutcome> prepare() {
    lock_table_name(connection_, plan_.table);
    if (request_.stop.stop_requested()) return stopped();
    if (auto known = content_appended_meanwhile()) return known_content(*known);
    request_.failpoint("ledger_before");
    if (!target::insert_load(connection_, request_.identity, plan_.table)) return stored();
    request_.failpoint("ledger_after");
    std::map<std::string, std::string> not_widened;
    auto table = prepare_table(connection_, plan_, not_widened);
    if (!table) return table.error();
    if (!not_widened.empty()) return CommitOutcome{{}, false, {}, std::move(not_widened)};
    auto applied = apply_merge(connection_, plan_, *table, staging_, request_.rows_read, request_.dry_run, rejects_);
    if (!applied) return applied.error();
    if (plan_.create_table) connection_.exec("ANALYZE " + plan_.table.quoted(connection_));
    request_.failpoint("applied");
    if (request_.stop.stop_requested()) return stopped();
    auto counts = account(request_, applied->counts);
    if (!counts) return counts.error();
    target::complete_load(connection_, request_.identity.load_id, *counts, std::string(strategy_name(plan_.strategy)),
                          plan_.strategy_reason);
    if (request_.about_to_commit && !request_.dry_run) request_.about_to_commit(*counts);
    request_.failpoint("prepared");
    if (request_.source_unchanged) {
      if (auto same = request_.source_unchanged(); !same) return same.error();
    }
    return CommitOutcome{*counts, false, std::move(applied->warnings), {}};
  }

 private:
  /// Another load may have appended the same bytes since this one looked; from here on the lock keeps others out.
  std::optional<target::LedgerEntry> content_appended_meanwhile() {
    if (!plan_.key.empty() || plan_.create_table || request_.force) return std::nullopt;
    if (target::find_load(connection_, request_.identity.load_id)) return std::nullopt;
    return target::find_content(connection_, plan_.table, request_.identity.sha256);
  }

  Result<CommitOutcome> stored() {
    const auto entry = target::find_load(connection_, request_.identity.load_id);
    if (!entry) return Error{Code::kInternal, "the ledger refused load " + request_.identity.load_id, "", ""};
    if (entry->given_up()) return given_up();
    return CommitOutcome{entry->counts, true, {}, {}};
  }

  db::Connection& connection_;
  const Plan& plan_;
  const target::Staging& staging_;
  const CommitRequest& request_;
  RejectSink& rejects_;
};

}  // namespace

CommitOutcome known_content(const target::LedgerEntry& entry) {
  CommitOutcome outcome;
  outcome.already_applied = true;
  outcome.counts.read = entry.counts.read;
  outcome.counts.skipped = entry.counts.read;
  outcome.warnings.push_back("the same content was loaded at " + entry.committed_at + " from \"" + entry.identity.file +
                             "\": skipped, because the table has no key; force loads it again");
  return outcome;
}

Result<CommitOutcome> commit_load(db::Connection& connection, const Plan& plan, const target::Staging& staging,
                                  const CommitRequest& request, RejectSink& rejects,
                                  const std::function<db::Connection()>& reconnect) {
  target::ensure_ledger(connection);
  db::Transaction transaction(connection, begin_statement(request.lock_timeout));
  auto outcome = Commit(connection, plan, staging, request, rejects).prepare();
  if (!outcome || outcome->already_applied || !outcome->not_widened.empty() || request.dry_run) return outcome;
  request.failpoint("commit_before");
  if (request.stop.stop_requested()) return stopped();
  try {
    transaction.commit();
  } catch (const db::Error& error) {
    if (!error.poisons_connection()) throw;
    auto committed = committed_after_all(request, plan, reconnect);
    if (!committed) return committed.error();
    if (!*committed) {
      return Error{Code::kTargetUnreachable, "the connection to the target was lost before the load was committed", "",
                   "Nothing was applied; the load is tried again."};
    }
  }
  request.failpoint("commit_after");
  return outcome;
}

}  // namespace cpi::import
