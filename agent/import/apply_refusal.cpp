// Which of the server's errors are about rows, and which column they mean.
#include <algorithm>
#include <array>

#include "import/apply_parts.h"

namespace cpi::import {

bool is_row_refusal(const db::Error& error) {
  // Appendix A of the manual. Triggers may raise any class of their own making, so the list is of what cannot be a
  // row's fault: connection, feature, transaction state, rollback, statement, resources, operator, system,
  // configuration, internal. 42501 is: row level security refuses rows with it (missing rights were looked for before).
  constexpr std::array<std::string_view, 17> kNotAboutRows = {"08", "0A", "0L", "0P", "25", "28", "2D", "3D", "3F",
                                                              "40", "42", "53", "55", "57", "58", "F0", "XX"};
  if (error.poisons_connection() || error.sqlstate().size() != 5) return false;
  if (error.sqlstate() == "42501") return true;
  // Of class 54 a row may be too big (54000); a statement that is too complex, or has too many columns, is our own.
  if (error.is("54001") || error.is("54011") || error.is("54023")) return false;
  return std::none_of(kNotAboutRows.begin(), kNotAboutRows.end(),
                      [&](std::string_view of_class) { return error.is(of_class); });
}

std::string refused_column(Apply& apply, const db::Error& error) {
  if (!error.column.empty()) return error.column;
  if (error.constraint.empty()) return {};
  // A unique index need not belong to a constraint.
  const db::Rows named = apply.connection.exec(R"(
SELECT a.attname
FROM (SELECT conkey[1] AS attnum, 1 AS preference FROM pg_catalog.pg_constraint WHERE conrelid = $1::oid AND conname = $2
      UNION ALL
      SELECT i.indkey[0], 2 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      WHERE i.indrelid = $1::oid AND c.relname = $2) AS k
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attnum = k.attnum
ORDER BY k.preference LIMIT 1)",
                                               {std::to_string(apply.table.oid), error.constraint});
  return named.empty() ? std::string() : named.str(0, 0);
}

}  // namespace cpi::import
