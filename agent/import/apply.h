// How staging becomes table. Runs inside the commit's transaction; knows no CSV.
//
//   staging ─ as many rows as were copied? ─► casts ─► keys: NULL, duplicates ─► write, whole or by halves ─► sequences
//
// What is refused on the way goes to the rejects with its line (apply_parts.h has the steps, one file each).
#pragma once

#include "db/connection.h"
#include "import/plan.h"
#include "import/rejects.h"
#include "target/ledger.h"
#include "target/staging.h"

namespace cpi::import {

/// What an apply did to the rows that were in staging.
struct Applied {
  target::Counts counts;              ///< read = rows in staging; they add up
  std::vector<std::string> warnings;  ///< for the file result
};

/// Strategy Merge: casts staged columns to the table's types (a failing cast is isolated row by row), rejects rows
/// without a key, resolves duplicates by cpi_line, then writes new and changed rows with exact counts. With
/// `plan.continue_on_error` rows that the server refuses go to `rejects` with line and reason (raw text empty: the
/// caller fills it in from the file); without it the first one fails the load. `table` is as read in this transaction;
/// `rows_read` is what a percentage of `plan.max_errors` is of. `dry_run` leaves out what a rollback would not undo
/// (sequences). Staging is changed: it is of no use afterwards. Fails with kTargetRefused, kStagingLost, kKeyNotUnique
/// or kTooManyErrors, the transaction being good for a rollback only; throws db::Error when the connection or the whole
/// statement is at fault (deadlock, disk full).
Result<Applied> apply_merge(db::Connection& connection, const Plan& plan, const target::Table& table,
                            const target::Staging& staging, std::int64_t rows_read, bool dry_run, RejectSink& rejects);

}  // namespace cpi::import
