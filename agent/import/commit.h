// The one transaction in the target that makes a load happen exactly once:
// BEGIN, advisory lock of (database, table), ledger row, DDL, apply, accounting, source still the same?, COMMIT.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "import/apply.h"

namespace cpi::import {

struct CommitRequest {
  target::LoadIdentity identity;
  bool dry_run = false;  ///< everything but COMMIT
  bool force = false;    ///< without a key: append content that the table has had before
  std::chrono::milliseconds lock_timeout{30000};
  std::int64_t rows_read = 0;         ///< rows that the reader saw, rejected ones included
  std::int64_t rejected_before = 0;   ///< rejected by reader and converters
  std::int64_t unchanged_before = 0;  ///< left out by the filter
  std::stop_token stop;               ///< asked between the steps, last just before COMMIT: kStopped, rolled back
  /// Called when all is applied and accounted, before `source_unchanged` is asked; what it throws rolls back.
  std::function<void(const target::Counts&)> about_to_commit;
  std::function<Result<void>()> source_unchanged;  ///< asked just before COMMIT; an error rolls back
  std::function<void(const char*)> failpoint = [](const char*) {};
};

struct CommitOutcome {
  target::Counts counts;
  bool already_applied = false;       ///< the ledger had the load: `counts` are the stored ones
  std::vector<std::string> warnings;  ///< for the file result, such as a sequence that could not be raised
  /// Not empty: nothing was done, plan again without widening these columns, which PostgreSQL refused, and why. Only
  /// where rows may be rejected.
  std::map<std::string, std::string> not_widened;
};

/// What is reported of content that a table without a key has had already: every row skipped, and a warning.
CommitOutcome known_content(const target::LedgerEntry& entry);

/// Applies `staging` to the table by `plan`. When the answer to COMMIT is lost, `reconnect` gives a new connection and
/// the ledger decides. Fails as apply does, and with kAccountingMismatch, kFileChanged or kTargetUnreachable; a plan
/// whose fingerprint is out of date fails with kStagingLost ("the table changed meanwhile"), to be planned anew.
Result<CommitOutcome> commit_load(db::Connection& connection, const Plan& plan, const target::Staging& staging,
                                  const CommitRequest& request, RejectSink& rejects,
                                  const std::function<db::Connection()>& reconnect);

}  // namespace cpi::import
