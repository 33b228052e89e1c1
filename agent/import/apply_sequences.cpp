// Sequences behind serial and identity columns: rows that bring their own numbers leave the sequence behind, and the
// next INSERT of somebody else would meet a number that is taken.
#include <algorithm>

#include "import/apply_parts.h"

namespace cpi::import {

void raise_sequences(Apply& apply) {
  for (const std::string& sequence : apply.plan.sequences) {
    const auto owner = std::find_if(apply.table.columns.begin(), apply.table.columns.end(),
                                    [&](const target::Column& c) { return c.sequence == sequence; });
    if (owner == apply.table.columns.end()) continue;
    const auto planned = std::find_if(apply.plan.columns.begin(), apply.plan.columns.end(),
                                      [&](const PlannedColumn& c) { return c.table_column == owner->name; });
    if (planned == apply.plan.columns.end()) continue;
    const db::Rows rights = apply.connection.exec(
        "SELECT pg_catalog.has_sequence_privilege($1::regclass, 'SELECT') "
        "AND pg_catalog.has_sequence_privilege($1::regclass, 'UPDATE'), pg_catalog.quote_ident(current_user)",
        {sequence});
    if (!rights.boolean(0, 0)) {
      apply.result.warnings.push_back("sequence " + sequence + " could not be raised above the loaded numbers: GRANT " +
                                      "SELECT, UPDATE ON SEQUENCE " + sequence + " TO " + rights.str(0, 1) + ";");
      continue;
    }
    // setval is not undone by a rollback; the worst is a gap. A descending or exhausted sequence is left alone.
    apply.connection.exec(
        "SELECT pg_catalog.setval($1::regclass, loaded.highest) FROM (SELECT max(" +
            apply.connection.quote_identifier(owner->name) + ")::bigint AS highest FROM " + apply.sql.staging() +
            ") AS loaded, " + sequence +
            " AS current, pg_catalog.pg_sequence AS definition WHERE definition.seqrelid = "
            "$1::regclass AND definition.seqincrement > 0 AND loaded.highest <= definition.seqmax AND "
            "loaded.highest > current.last_value",
        {sequence});
  }
}

}  // namespace cpi::import
