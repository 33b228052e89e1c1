#include "target/schema.h"

namespace cpi::target {

namespace {

constexpr const char* kReadRights = R"(
SELECT n.oid IS NOT NULL,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false),
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'CREATE'),
                pg_catalog.has_database_privilege(current_database(), 'CREATE')),
       pg_catalog.quote_ident(current_user), pg_catalog.quote_ident(current_database())
FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'cpi')";

// IF NOT EXISTS looks first and creates then: two sessions can both find nothing. The lock is gone with the
// transaction.
constexpr const char* kLock = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('cpi schema', 0))";

constexpr const char* kCreate = R"(
CREATE SCHEMA IF NOT EXISTS cpi;
REVOKE ALL ON SCHEMA cpi FROM PUBLIC;
COMMENT ON SCHEMA cpi IS 'CSV imports by cpi: import_ledger says what was loaded; staging tables come and go.')";

}  // namespace

SchemaRights schema_rights(db::Connection& connection) {
  const db::Rows rows = connection.exec(kReadRights);
  return {rows.boolean(0, 0), rows.boolean(0, 1), rows.boolean(0, 2), rows.str(0, 3), rows.str(0, 4)};
}

void ensure_schema(db::Connection& connection) {
  const SchemaRights rights = schema_rights(connection);
  if (rights.exists && rights.usable) return;
  if (rights.exists) {
    throw db::Error("permission denied for schema cpi", "42501", "",
                    "As its owner: GRANT USAGE, CREATE ON SCHEMA cpi TO " + rights.role + ";");
  }
  if (!rights.creatable) {
    throw db::Error("no right to create schema cpi in database " + rights.database, "42501",
                    "The ledger of what was loaded and the staging tables live in a schema of their own.",
                    "As owner of the database: GRANT CREATE ON DATABASE " + rights.database + " TO " + rights.role +
                        "; or, as superuser: CREATE SCHEMA cpi AUTHORIZATION " + rights.role + ";");
  }
  db::Transaction transaction(connection);
  connection.exec(kLock);
  connection.exec(kCreate);
  transaction.commit();
}

}  // namespace cpi::target
