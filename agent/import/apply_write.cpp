// One write of staging rows into the table, in a savepoint, with counts that are known and not inferred.
//
// What must happen is counted by a join beforehand; what did happen by the statements. When the two differ, either
// somebody else wrote meanwhile or a trigger kept rows out: the write is undone and done again with other writers
// locked out, after which a shortfall can only be a trigger's (or a row security policy's), and the rows concerned are
// named.
#include <algorithm>

#include "import/apply_parts.h"

namespace cpi::import {

namespace {

struct Expected {
  std::int64_t added = 0;
  std::int64_t changed = 0;
  std::int64_t same = 0;
};

struct Done {
  std::int64_t inserted = 0;
  std::int64_t updated = 0;
};

// Rows that this transaction has written so far, in the table and all that is below it. A move between partitions
// counts as one row deleted and one inserted.
std::string counters(const Apply& apply) {
  return "WITH RECURSIVE tree(oid) AS (SELECT " + std::to_string(apply.table.oid) +
         "::oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.oid) "
         "SELECT coalesce(sum(pg_catalog.pg_stat_get_xact_tuples_inserted(oid)), 0)::bigint, "
         "coalesce(sum(pg_catalog.pg_stat_get_xact_tuples_updated(oid)), 0)::bigint FROM tree";
}

Expected count(Apply& apply, const std::string& source) {
  const db::Rows rows = apply.connection.exec(apply.sql.count(source));
  return {rows.int64(0, 0), rows.int64(0, 1), rows.int64(0, 2)};
}

/// MERGE tells only how many rows it wrote in all; the server's own counters tell inserts from updates. Nothing when
/// the counters do not add up to the tag: they are switched off (track_counts), or a trigger writes to the table as
/// well.
std::optional<Done> merge(Apply& apply, const std::string& source) {
  const std::vector<db::Rows> answers =
      apply.connection.exec_all(counters(apply) + ";" + apply.sql.merge(source) + ";" + counters(apply));
  const db::Rows& before = answers.at(0);
  const db::Rows& after = answers.at(2);
  const auto delta = [&](int column) { return after.int64(0, column) - before.int64(0, column); };
  const Done done{delta(0), delta(1)};
  if (done.inserted + done.updated != answers.at(1).affected()) return std::nullopt;
  return done;
}

/// UPDATE and INSERT, whose tags are exact.
Done update_and_insert(Apply& apply, const std::string& source, const Expected& expected) {
  Done done;
  if (expected.changed > 0) done.updated = apply.connection.exec(apply.sql.update(source)).affected();
  if (expected.added > 0) done.inserted = apply.connection.exec(apply.sql.insert(source)).affected();
  return done;
}

Done write_rows(Apply& apply, const std::string& source, const Expected& expected, bool& merge_counts) {
  Done done;
  const bool both = expected.added > 0 && expected.changed > 0;
  if (both && merge_counts && apply.plan.use_merge_statement) {
    const std::optional<Done> merged = merge(apply, source);
    if (!merged) {
      apply.connection.exec("ROLLBACK TO SAVEPOINT cpi_write");
      merge_counts = false;
      return write_rows(apply, source, expected, merge_counts);
    }
    done = *merged;
  } else {
    done = update_and_insert(apply, source, expected);
  }
  apply.connection.exec("SET CONSTRAINTS ALL IMMEDIATE");
  return done;
}

/// Keeps other writers out until the transaction ends. A role that may only insert cannot take the lock: it goes on
/// without, and the accounting decides.
void lock_out_writers(Apply& apply) {
  apply.locked = true;
  apply.connection.exec("SAVEPOINT cpi_lock");
  try {
    apply.connection.exec("LOCK TABLE " + apply.sql.target() + " IN SHARE ROW EXCLUSIVE MODE");
    apply.connection.exec("RELEASE SAVEPOINT cpi_lock");
  } catch (const db::Error& error) {
    if (error.sqlstate() != "42501") throw;
    apply.connection.exec("ROLLBACK TO SAVEPOINT cpi_lock; RELEASE SAVEPOINT cpi_lock");
  }
}

/// Writes while other writers are locked out, naming the rows that the table's triggers keep out.
Written write_naming_suppressed(Apply& apply, const std::string& source, const Expected& expected) {
  Written written;
  if (!apply.sql.has_key()) {
    written.unnamed = true;
    return written;
  }
  written.skipped = expected.same;
  const std::size_t most = std::max<std::size_t>(apply.rejects.room(), 1);
  const auto keep = [&](const db::Rows& rows) {
    for (int row = 0; row < rows.size(); ++row) written.suppressed_lines.push_back(rows.int64(row, 0));
    const std::int64_t kept_out = rows.empty() ? 0 : rows.int64(0, 1);
    written.suppressed += kept_out;
    return kept_out;
  };
  if (expected.changed > 0) {
    written.updated = expected.changed - keep(apply.connection.exec(apply.sql.update_naming_suppressed(source, most)));
  }
  if (expected.added > 0) {
    // By key and not by the tag: a trigger that stores the row elsewhere in the table's inheritance tree answers NULL
    // too.
    apply.connection.exec(apply.sql.insert(source));
    written.inserted = expected.added - keep(apply.connection.exec(apply.sql.absent(source, most)));
  }
  apply.connection.exec("SET CONSTRAINTS ALL IMMEDIATE");
  return written;
}

}  // namespace

Written write_source(Apply& apply, const std::string& source) {
  bool merge_counts = true;
  for (;;) {
    apply.connection.exec("SAVEPOINT cpi_write");
    try {
      const Expected expected = count(apply, source);
      const Done done = write_rows(apply, source, expected, merge_counts);
      if (done.inserted == expected.added && done.updated == expected.changed) {
        apply.connection.exec("RELEASE SAVEPOINT cpi_write");
        return {done.inserted, done.updated, expected.same};
      }
      apply.connection.exec("ROLLBACK TO SAVEPOINT cpi_write");
      if (apply.locked) {
        Written written = write_naming_suppressed(apply, source, expected);
        apply.connection.exec("RELEASE SAVEPOINT cpi_write");
        return written;
      }
    } catch (const db::Error& error) {
      if (error.poisons_connection()) throw;
      apply.connection.exec("ROLLBACK TO SAVEPOINT cpi_write; RELEASE SAVEPOINT cpi_write");
      // A key that somebody else has just inserted, or a real violation: with writers locked out it will be told.
      if (apply.locked || error.sqlstate() != "23505") throw;
      lock_out_writers(apply);
      continue;
    }
    apply.connection.exec("RELEASE SAVEPOINT cpi_write");
    lock_out_writers(apply);
  }
}

}  // namespace cpi::import
