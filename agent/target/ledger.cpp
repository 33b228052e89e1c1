#include "target/ledger.h"

#include "target/schema.h"

namespace cpi::target {

namespace {

constexpr const char* kExists = R"(
SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'cpi' AND c.relname = 'import_ledger'))";

constexpr const char* kMissingRights = R"(
SELECT concat_ws(', ',
         CASE WHEN NOT pg_catalog.has_table_privilege(l.oid, 'SELECT') THEN 'SELECT' END,
         CASE WHEN NOT pg_catalog.has_table_privilege(l.oid, 'INSERT') THEN 'INSERT' END,
         CASE WHEN NOT pg_catalog.has_table_privilege(l.oid, 'UPDATE') THEN 'UPDATE' END),
       pg_catalog.quote_ident(current_user)
FROM pg_catalog.pg_class l JOIN pg_catalog.pg_namespace n ON n.oid = l.relnamespace
WHERE n.nspname = 'cpi' AND l.relname = 'import_ledger')";

// Counts are NULL only inside the transaction that fills them in.
constexpr const char* kCreate = R"(
CREATE TABLE IF NOT EXISTS cpi.import_ledger (
  load_id text NOT NULL CONSTRAINT import_ledger_pkey PRIMARY KEY,
  job_id text,
  file text NOT NULL,
  sha256 text NOT NULL,
  size bigint NOT NULL,
  modified_at text NOT NULL,
  table_schema text NOT NULL,
  table_name text NOT NULL,
  rows_read bigint,
  inserted bigint,
  updated bigint,
  skipped bigint,
  duplicates bigint,
  rejected bigint,
  deleted bigint,
  strategy text,
  strategy_reason text,
  loaded_by text NOT NULL DEFAULT session_user,
  committed_at timestamptz,
  CONSTRAINT import_ledger_counts_add_up CHECK (rows_read = inserted + updated + skipped + duplicates + rejected)
);
CREATE INDEX IF NOT EXISTS import_ledger_content_idx ON cpi.import_ledger (table_schema, table_name, sha256);
REVOKE ALL ON cpi.import_ledger FROM PUBLIC;
COMMENT ON TABLE cpi.import_ledger IS
  'One row per applied load, written in the transaction that applied it: a load that is here is never applied again.';
COMMENT ON COLUMN cpi.import_ledger.load_id IS 'Identifies the load in the management database.';
COMMENT ON COLUMN cpi.import_ledger.job_id IS 'The job; null for an import without a management database.';
COMMENT ON COLUMN cpi.import_ledger.file IS 'Path of the file as the source listed it.';
COMMENT ON COLUMN cpi.import_ledger.sha256 IS 'SHA-256 of the bytes that were loaded, in hex.';
COMMENT ON COLUMN cpi.import_ledger.size IS 'Number of those bytes.';
COMMENT ON COLUMN cpi.import_ledger.modified_at IS 'Modification time of the file as the source gave it.';
COMMENT ON COLUMN cpi.import_ledger.rows_read IS 'Rows of the file: inserted + updated + skipped + duplicates + rejected.';
COMMENT ON COLUMN cpi.import_ledger.skipped IS 'Rows that the table held already, unchanged.';
COMMENT ON COLUMN cpi.import_ledger.duplicates IS 'Rows whose key came again in the same load.';
COMMENT ON COLUMN cpi.import_ledger.deleted IS 'Rows of the table that the whole content lacked.';
COMMENT ON COLUMN cpi.import_ledger.strategy IS
  'How the rows reached the table; given up: no row of this load was applied, and none ever will be.';
COMMENT ON COLUMN cpi.import_ledger.loaded_by IS 'The login that loaded it.';
COMMENT ON COLUMN cpi.import_ledger.committed_at IS 'When the load was about to be committed.')";

constexpr const char* kSelect = R"(
SELECT load_id, coalesce(job_id, ''), file, sha256, size, modified_at, table_schema, table_name,
       rows_read, inserted, updated, skipped, duplicates, rejected, deleted,
       coalesce(strategy, ''), coalesce(strategy_reason, ''),
       to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM cpi.import_ledger )";

std::optional<LedgerEntry> read_entry(const db::Rows& rows) {
  if (rows.empty()) return std::nullopt;
  LedgerEntry entry;
  entry.identity = {rows.str(0, 0), rows.str(0, 1), rows.str(0, 2), rows.str(0, 3), rows.int64(0, 4), rows.str(0, 5)};
  entry.table = {rows.str(0, 6), rows.str(0, 7)};
  entry.counts = {rows.int64(0, 8),  rows.int64(0, 9),  rows.int64(0, 10), rows.int64(0, 11),
                  rows.int64(0, 12), rows.int64(0, 13), rows.int64(0, 14)};
  entry.strategy = rows.str(0, 15);
  entry.strategy_reason = rows.str(0, 16);
  entry.committed_at = rows.str(0, 17);
  return entry;
}

bool ledger_exists(db::Connection& connection) { return connection.exec(kExists).boolean(0, 0); }

}  // namespace

void ensure_ledger(db::Connection& connection) {
  if (!ledger_exists(connection)) {
    ensure_schema(connection);
    const SchemaRights rights = schema_rights(connection);
    if (!rights.creatable) {
      throw db::Error("no right to create the ledger in schema cpi", "42501", "",
                      "As its owner: GRANT USAGE, CREATE ON SCHEMA cpi TO " + rights.role + ";");
    }
    db::Transaction transaction(connection);
    connection.exec("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('cpi ledger', 0))");
    if (!ledger_exists(connection)) connection.exec(kCreate);
    transaction.commit();
  }
  ensure_schema(connection);
  const db::Rows missing = connection.exec(kMissingRights);
  if (!missing.empty() && !missing.text(0, 0).empty()) {
    throw db::Error("permission denied for table cpi.import_ledger", "42501",
                    "The ledger of what was loaded belongs to another role.",
                    "As its owner: GRANT SELECT, INSERT, UPDATE ON cpi.import_ledger TO " + missing.str(0, 1) + ";");
  }
}

std::optional<LedgerEntry> find_load(db::Connection& connection, const std::string& load_id) {
  if (!ledger_exists(connection)) return std::nullopt;
  return read_entry(connection.exec(std::string(kSelect) + "WHERE load_id = $1", {load_id}));
}

std::optional<LedgerEntry> find_content(db::Connection& connection, const TableName& table, const std::string& sha256) {
  if (!ledger_exists(connection)) return std::nullopt;
  return read_entry(connection.exec(std::string(kSelect) +
                                        "WHERE table_schema = $1 AND table_name = $2 AND sha256 = $3 "
                                        // Of which nothing was loaded, that was not loaded.
                                        "AND (rejected < rows_read OR rows_read = 0) "
                                        "ORDER BY committed_at DESC LIMIT 1",
                                    {table.schema, table.table, sha256}));
}

bool insert_load(db::Connection& connection, const LoadIdentity& identity, const TableName& table) {
  return connection
             .exec(
                 "INSERT INTO cpi.import_ledger (load_id, job_id, file, sha256, size, modified_at, table_schema, "
                 "table_name) VALUES ($1, nullif($2, ''), $3, $4, $5::bigint, $6, $7, $8) ON CONFLICT DO NOTHING",
                 {identity.load_id, identity.job_id, identity.file, identity.sha256, std::to_string(identity.size),
                  identity.modified_at, table.schema, table.table})
             .affected() == 1;
}

std::optional<LedgerEntry> give_up_load(db::Connection& connection, const LoadIdentity& identity,
                                        const TableName& table, std::chrono::milliseconds lock_timeout) {
  ensure_ledger(connection);
  db::Transaction transaction(connection, "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '" +
                                              std::to_string(lock_timeout.count()) + "ms'");
  if (!insert_load(connection, identity, table)) {
    std::optional<LedgerEntry> entry = find_load(connection, identity.load_id);
    if (!entry) throw db::Error("the ledger refused load " + identity.load_id, "");
    if (entry->given_up()) return std::nullopt;
    return entry;
  }
  complete_load(connection, identity.load_id, {}, std::string(LedgerEntry::kGivenUp),
                "the job ended before the load was applied");
  transaction.commit();
  return std::nullopt;
}

void complete_load(db::Connection& connection, const std::string& load_id, const Counts& counts,
                   const std::string& strategy, const std::string& strategy_reason) {
  const db::Rows done = connection.exec(
      "UPDATE cpi.import_ledger SET rows_read = $2::bigint, inserted = $3::bigint, updated = $4::bigint, "
      "skipped = $5::bigint, duplicates = $6::bigint, rejected = $7::bigint, deleted = $8::bigint, strategy = $9, "
      "strategy_reason = $10, committed_at = clock_timestamp() WHERE load_id = $1",
      {load_id, std::to_string(counts.read), std::to_string(counts.inserted), std::to_string(counts.updated),
       std::to_string(counts.skipped), std::to_string(counts.duplicates), std::to_string(counts.rejected),
       std::to_string(counts.deleted), strategy, strategy_reason});
  if (done.affected() != 1) throw db::Error("the ledger lost the row of load " + load_id, "");
}

}  // namespace cpi::target
