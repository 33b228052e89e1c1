// The ledger in the target: one row per applied load, written in the transaction that applies it (reliability.md G2).
// Schema cpi: import_ledger and the staging tables; revoked from PUBLIC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "db/connection.h"
#include "target/catalog.h"

namespace cpi::target {

/// Rows of one load, by what became of them: read = inserted + updated + skipped + duplicates + rejected.
struct Counts {
  std::int64_t read = 0;
  std::int64_t inserted = 0;
  std::int64_t updated = 0;
  std::int64_t skipped = 0;
  std::int64_t duplicates = 0;
  std::int64_t rejected = 0;
  std::int64_t deleted = 0;  ///< rows of the table that the whole content lacks; not part of the equation

  bool add_up() const { return read == inserted + updated + skipped + duplicates + rejected; }
  bool operator==(const Counts&) const = default;
};

/// What identifies a load and the bytes it came from.
struct LoadIdentity {
  std::string load_id;  ///< the ledger's primary key
  std::string job_id;   ///< empty for `cpi import --to`
  std::string file;     ///< the path as the manifest has it
  std::string sha256;   ///< hex, of the source's bytes
  std::int64_t size = 0;
  std::string modified_at;  ///< ISO 8601, as the source gave it
};

struct LedgerEntry {
  LoadIdentity identity;
  TableName table;
  Counts counts;
  std::string strategy;
  std::string strategy_reason;
  std::string committed_at;

  /// Nothing was applied, and nothing ever will be: see give_up_load.
  bool given_up() const { return strategy == kGivenUp; }
  static constexpr std::string_view kGivenUp = "given up";
};

/// Creates schema cpi and the ledger when they are missing; safe when many do so at once. Throws db::Error, with a hint
/// that names the missing right when there is one.
void ensure_ledger(db::Connection& connection);

/// The entry of an applied load, or of one that was given up, or nothing (also when there is no ledger yet).
std::optional<LedgerEntry> find_load(db::Connection& connection, const std::string& load_id);

/// An entry with the same bytes for the same table, some of whose rows were not rejected, for tables without a key
/// (content already loaded is skipped).
std::optional<LedgerEntry> find_content(db::Connection& connection, const TableName& table, const std::string& sha256);

/// Inserts the ledger row with ON CONFLICT DO NOTHING; false: the load has been applied already. In the apply
/// transaction.
bool insert_load(db::Connection& connection, const LoadIdentity& identity, const TableName& table);

/// Whatever attempt may still be on its way: from now on the load is either committed or never will be. Puts a row into
/// the ledger that keeps every later attempt out, unless the load is there. Waits for a transaction that is applying
/// it, at most `lock_timeout`. The entry of the applied load, or nothing: it was given up. Not in a transaction. Throws
/// db::Error.
std::optional<LedgerEntry> give_up_load(db::Connection& connection, const LoadIdentity& identity,
                                        const TableName& table,
                                        std::chrono::milliseconds lock_timeout = std::chrono::seconds(30));

/// Fills in counts and strategy of the row that `insert_load` made. In the same transaction.
void complete_load(db::Connection& connection, const std::string& load_id, const Counts& counts,
                   const std::string& strategy, const std::string& strategy_reason);

}  // namespace cpi::target
