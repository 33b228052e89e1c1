#include "target/staging.h"

#include <array>
#include <charconv>

#include "target/schema.h"

namespace cpi::target {

namespace {

constexpr std::string_view kLineColumn = "cpi_line";

/// staging_<load id>_<attempt>_<hash>: people can read which load it is; the hash (FNV-1a) keeps apart what cutting and
/// replacing odd characters made equal.
std::string staging_name(const std::string& load_id, int attempt) {
  constexpr std::size_t kMostOfLoadId = 36;
  std::uint32_t hash = 2166136261u;
  for (const unsigned char c : load_id) hash = (hash ^ c) * 16777619u;
  std::string readable;
  for (const char c : load_id.substr(0, kMostOfLoadId)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    readable += plain ? c : '_';
  }
  std::array<char, 8> hex{};
  const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), hash, 16).ptr;
  return "staging_" + readable + "_" + std::to_string(attempt) + "_" + std::string(hex.data(), end);
}

std::string definitions(const db::Connection& connection, const std::vector<StagingColumn>& columns) {
  std::string list;
  for (const StagingColumn& column : columns) {
    if (column.name == kLineColumn) {
      throw db::Error("a column may not be called cpi_line: that name is taken for the line numbers", "42701", "",
                      "Give the column another name with column_mapping.");
    }
    list += connection.quote_identifier(column.name) + " " + column.type + ", ";
  }
  return list + "cpi_line bigint NOT NULL";
}

void create_in_schema(db::Connection& connection, const Staging& staging, const std::string& load_id) {
  // Nothing but the load itself looks at the table: autovacuum would only get in its way.
  db::Transaction transaction(connection);
  connection.exec("DROP TABLE IF EXISTS " + staging.qualified);
  connection.exec("CREATE UNLOGGED TABLE " + staging.qualified + " (" + definitions(connection, staging.columns) +
                  ") WITH (autovacuum_enabled = false)");
  connection.exec("REVOKE ALL ON " + staging.qualified + " FROM PUBLIC");
  // The sweep needs age and load, which the catalog does not keep. COMMENT takes no parameters.
  const std::string note = connection
                               .exec(
                                   "SELECT json_build_object('load_id', $1::text, 'created_at', "
                                   "extract(epoch FROM clock_timestamp()))::text",
                                   {load_id})
                               .str(0, 0);
  connection.exec("COMMENT ON TABLE " + staging.qualified + " IS " + connection.quote_literal(note));
  transaction.commit();
}

// The note is looked at as text: whoever else writes a comment on such a table must not make the cast to json fail.
constexpr const char* kOrphans = R"sql(
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.obj_description(c.oid, 'pg_class') AS note) AS d
WHERE n.nspname = 'cpi' AND c.relkind = 'r' AND c.relpersistence = 'u' AND c.relname LIKE 'staging\_%'
  AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
  AND (extract(epoch FROM clock_timestamp()) - substring(d.note FROM '"created_at" : ([0-9]{1,15})')::numeric
         > $1::bigint
       OR EXISTS (SELECT FROM cpi.import_ledger
                  WHERE load_id = substring(d.note FROM '"load_id" : "([^"\\]*)"'))))sql";

}  // namespace

Staging create_staging(db::Connection& connection, const std::string& load_id, int attempt,
                       std::vector<StagingColumn> columns) {
  const std::string name = connection.quote_identifier(staging_name(load_id, attempt));
  Staging staging{"cpi." + name, std::move(columns), false, 0};
  try {
    ensure_schema(connection);
    create_in_schema(connection, staging, load_id);
    return staging;
  } catch (const db::Error& error) {
    if (error.sqlstate() != "42501") throw;
  }
  staging.temporary = true;
  staging.qualified = "pg_temp." + name;
  connection.exec("DROP TABLE IF EXISTS " + staging.qualified + "; CREATE TEMPORARY TABLE " + name + " (" +
                  definitions(connection, staging.columns) + ")");
  return staging;
}

db::CopyIn copy_into(db::Connection& connection, const Staging& staging) {
  std::string list;
  for (const StagingColumn& column : staging.columns) list += connection.quote_identifier(column.name) + ", ";
  db::CopyIn copy =
      connection.copy_in("COPY " + staging.qualified + " (" + list + "cpi_line) FROM STDIN (FORMAT binary)");
  // Signature, no flags, no header extension: "Binary Format" in the manual's page on COPY.
  constexpr std::array<char, 19> kHeader = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', '\377', '\r', '\n', '\0'};
  copy.put(kHeader);
  return copy;
}

void drop_staging(db::Connection& connection, const Staging& staging) {
  connection.exec("DROP TABLE IF EXISTS " + staging.qualified);
}

int sweep_staging(db::Connection& connection, std::int64_t age_seconds) {
  if (!schema_rights(connection).usable) return 0;
  db::Rows orphans = [&] {
    try {
      return connection.exec(kOrphans, {std::to_string(age_seconds)});
    } catch (const db::Error& error) {
      // No ledger yet, or not ours to read: then there is nothing that this role could know to be an orphan.
      if (error.sqlstate() == "42P01" || error.sqlstate() == "42501") return connection.exec("SELECT 1 WHERE false");
      throw;
    }
  }();
  int dropped = 0;
  for (int row = 0; row < orphans.size(); ++row) {
    try {
      // NOWAIT: a table that a session is working on is no orphan yet.
      db::Transaction transaction(connection);
      connection.exec("LOCK TABLE " + orphans.str(row, 0) + " IN ACCESS EXCLUSIVE MODE NOWAIT; DROP TABLE " +
                      orphans.str(row, 0));
      transaction.commit();
      ++dropped;
    } catch (const db::Error& error) {
      if (error.poisons_connection()) throw;
    }
  }
  return dropped;
}

}  // namespace cpi::target
