// The staging table of one load: unlogged, in schema cpi of the target, the plan's columns plus `cpi_line bigint`.
// Where schema cpi cannot be created: a temporary table, on the session that applies it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "db/connection.h"

namespace cpi::target {

/// A column of a staging table, in the order of the COPY tuples; `cpi_line` comes last and is not listed.
struct StagingColumn {
  std::string name;
  std::string type;  ///< as DDL writes it
};

/// A staging table that exists in the target. Dropped by `drop`, or by the sweep when its load is over.
struct Staging {
  std::string qualified;  ///< quoted for SQL, with schema
  std::vector<StagingColumn> columns;
  bool temporary = false;
  std::int64_t copied = 0;  ///< sum of the COPY tags: must equal count(*) before anything is applied
};

/// Creates the staging table of `load_id` for this attempt. Its name holds load id and attempt, so that a zombie's
/// writes cannot reach a later attempt's table. Throws db::Error.
Staging create_staging(db::Connection& connection, const std::string& load_id, int attempt,
                       std::vector<StagingColumn> columns);

/// `COPY staging (…, cpi_line) FROM STDIN (FORMAT binary)`, with the binary header already sent.
db::CopyIn copy_into(db::Connection& connection, const Staging& staging);

/// Drops the table when it exists; never throws for a table that is gone.
void drop_staging(db::Connection& connection, const Staging& staging);

/// Drops staging tables whose load is in the ledger or that are older than `age_seconds`. Returns how many.
int sweep_staging(db::Connection& connection, std::int64_t age_seconds);

}  // namespace cpi::target
