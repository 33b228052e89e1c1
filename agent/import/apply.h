// How staging becomes table. Runs inside the commit's transaction; knows no CSV.
#pragma once

#include "db/connection.h"
#include "import/plan.h"
#include "import/rejects.h"
#include "target/ledger.h"
#include "target/staging.h"

namespace cpi::import {

/// What an apply did to the rows that are in staging (read = rows in staging).
/// Strategy Merge: resolves duplicates by cpi_line, casts text columns to their types (a failing cast is isolated row by
/// row), then MERGE in a savepoint with exact counts; rows that a constraint or trigger refuses are isolated by halving
/// ranges of cpi_line when `plan.continue_on_error`, and go to `rejects` with line and reason (raw text empty: the caller
/// fills it in from the file). Without continue_on_error the first refusal fails the load.
/// Fails with kTargetRefused, kStagingLost or kTooManyErrors; throws db::Error when the connection or the whole statement
/// is at fault (deadlock, disk full).
Result<target::Counts> apply_merge(db::Connection& connection, const Plan& plan, const target::Staging& staging,
                                   RejectSink& rejects);

}  // namespace cpi::import
