// A constraint that has refused one row of a load has often refused thousands. Foreign keys and checks can be asked in
// one statement which rows of staging break them, where halving would take several statements a row. What cannot be
// asked so (a right is missing, a trigger may change the row, the constraint looks at columns that the file lacks) is
// left to halving; nothing here decides that a row is good.
#include <algorithm>

#include "import/apply_parts.h"
#include "import/failures.h"

namespace cpi::import {

namespace {

// Foreign keys are checked with the owner's rights and without row security; ours may see less of the parent.
constexpr const char* kReadConstraint = R"(
SELECT c.oid, c.contype, c.confrelid = c.conrelid,
       pg_catalog.quote_ident(pn.nspname) || '.' || pg_catalog.quote_ident(p.relname), p.relname,
       c.contype = 'c' OR (c.confmatchtype = 's' AND pg_catalog.has_schema_privilege(pn.oid, 'USAGE')
                           AND pg_catalog.has_table_privilege(p.oid, 'SELECT')
                           AND NOT pg_catalog.row_security_active(p.oid)),
       pg_catalog.pg_get_expr(c.conbin, c.conrelid)
FROM pg_catalog.pg_constraint c
LEFT JOIN pg_catalog.pg_class p ON p.oid = c.confrelid
LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
WHERE c.conrelid = $1::oid AND c.conname = $2 AND c.contype IN ('c', 'f') AND c.convalidated)";

constexpr const char* kReadConstraintColumns = R"(
SELECT own.attname, parent.attname,
       'OPERATOR(' || pg_catalog.quote_ident(n.nspname) || '.' || o.oprname || ')'
FROM pg_catalog.pg_constraint c
CROSS JOIN LATERAL pg_catalog.generate_subscripts(c.conkey, 1) AS k(i)
JOIN pg_catalog.pg_attribute own ON own.attrelid = c.conrelid AND own.attnum = c.conkey[k.i]
LEFT JOIN pg_catalog.pg_attribute parent ON parent.attrelid = c.confrelid AND parent.attnum = c.confkey[k.i]
LEFT JOIN pg_catalog.pg_operator o ON o.oid = c.conpfeqop[k.i]
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE c.oid = $1::oid
ORDER BY k.i)";

bool staged(const Apply& apply, std::string_view column) {
  return std::any_of(apply.plan.columns.begin(), apply.plan.columns.end(),
                     [&](const PlannedColumn& c) { return c.table_column == column; });
}

/// The constraint put as a question to staging (alias s).
struct Violation {
  std::string condition;  ///< true for rows that break it
  std::string value;      ///< the columns at fault, as text
  std::string message;    ///< as the server would say it
  std::string column;     ///< the first column at fault, of the table
};

std::optional<Violation> foreign_key(Apply& apply, const db::Rows& constraint, const db::Rows& columns,
                                     const std::string& name) {
  Violation violation;
  std::string match_parent;
  std::string match_staged;
  std::string names;
  std::string values;
  const bool self = constraint.boolean(0, 2);
  for (int i = 0; i < columns.size(); ++i) {
    if (!staged(apply, columns.text(i, 0)) || (self && !staged(apply, columns.text(i, 1)))) return std::nullopt;
    const std::string own = "s." + apply.connection.quote_identifier(columns.text(i, 0));
    const std::string parent = apply.connection.quote_identifier(columns.text(i, 1));
    const std::string separator = i == 0 ? "" : " AND ";
    violation.condition += separator + own + " IS NOT NULL";
    match_parent += separator + "p." + parent + " " + columns.str(i, 2) + " " + own;
    match_staged += separator + "q." + parent + " " + columns.str(i, 2) + " " + own;
    names += (i == 0 ? "" : ", ") + columns.str(i, 0);
    values += (i == 0 ? "" : ", ") + own;
  }
  violation.condition += " AND NOT EXISTS (SELECT FROM " + constraint.str(0, 3) + " AS p WHERE " + match_parent + ")";
  if (self) {
    violation.condition += " AND NOT EXISTS (SELECT FROM " + apply.sql.staging() + " AS q WHERE " + match_staged + ")";
  }
  violation.column = columns.str(0, 0);
  violation.value = "left(concat_ws(', ', " + values + "), 100)";
  violation.message = "violates foreign key constraint \"" + name + "\": (" + names + ") is not present in table \"" +
                      constraint.str(0, 4) + "\"";
  return violation;
}

std::optional<Violation> check(Apply& apply, const db::Rows& constraint, const db::Rows& columns,
                               const std::string& name) {
  if (apply.table.has_row_triggers || columns.empty()) return std::nullopt;
  Violation violation;
  std::string values;
  for (int i = 0; i < columns.size(); ++i) {
    if (!staged(apply, columns.text(i, 0))) return std::nullopt;
    values += (i == 0 ? "s." : ", s.") + apply.connection.quote_identifier(columns.text(i, 0));
  }
  // The expression names its columns bare: staging is the only table of the query, and has columns of the same names.
  violation.condition = "NOT (" + constraint.str(0, 6) + ")";
  violation.value = "left(concat_ws(', ', " + values + "), 100)";
  violation.message = "violates check constraint \"" + name + "\"";
  violation.column = columns.str(0, 0);
  return violation;
}

std::optional<Violation> find_violation(Apply& apply, const db::Error& refusal) {
  if (!refusal.is("23503") && !refusal.is("23514")) return std::nullopt;
  const db::Rows constraint =
      apply.connection.exec(kReadConstraint, {std::to_string(apply.table.oid), refusal.constraint});
  if (constraint.size() != 1 || !constraint.boolean(0, 5)) return std::nullopt;
  const db::Rows columns = apply.connection.exec(kReadConstraintColumns, {constraint.str(0, 0)});
  return constraint.text(0, 1) == "f" ? foreign_key(apply, constraint, columns, refusal.constraint)
                                      : check(apply, constraint, columns, refusal.constraint);
}

}  // namespace

Result<bool> remove_violations(Apply& apply, const db::Error& refusal) {
  const std::optional<Violation> violation = find_violation(apply, refusal);
  if (!violation) return false;
  const std::string from = apply.sql.staging() + " AS s WHERE " + violation->condition;
  if (!apply.plan.continue_on_error) {
    const db::Rows first =
        apply.connection.exec("SELECT cpi_line, " + violation->value + " FROM " + from + " ORDER BY cpi_line LIMIT 1");
    if (first.empty()) return false;
    return apply.stopped_at(first.int64(0, 0), apply.file_column(violation->column),
                            violation->message + " (value \"" + shortened(first.text(0, 1)) + "\")",
                            detail_without_row(refusal));
  }
  // Once more after every removal: a row that refers to a removed row of the same file breaks the key only then.
  const std::int64_t before = apply.result.counts.rejected;
  std::int64_t last = -1;
  while (last != apply.result.counts.rejected) {
    last = apply.result.counts.rejected;
    auto done = apply.reject_all("DELETE FROM " + from + " RETURNING s.cpi_line, " + violation->value + ", " +
                                     apply.connection.quote_literal(violation->message) + "::text",
                                 apply.file_column(violation->column), csv::Reason::kRefusedByServer);
    if (!done) return done.error();
  }
  return apply.result.counts.rejected > before;
}

}  // namespace cpi::import
