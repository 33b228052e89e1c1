// Staging columns become the table's types. Whole columns first, which is fast and mostly enough; only when the server
// refuses a value, row by row with a function that catches the error (PostgreSQL 15 has no soft errors).
//
// A value is read into the base type without length and then assigned: an explicit cast to varchar(5) would cut in
// silence, the assignment refuses (coerce_type_typmod in src/backend/parser/parse_coerce.c).
#include "core/value/type_oid.h"
#include "import/apply_parts.h"
#include "target/type_input.h"

namespace cpi::import {

namespace {

struct Cast {
  const PlannedColumn* planned;
  const target::Column* column;
  std::string name;  ///< quoted
  std::string from;  ///< the staging column's type
  std::uint32_t from_oid;
  std::string function;  ///< qualified name of its try-cast function
};

/// The columns whose staging type is not that of the table.
std::vector<Cast> find_casts(Apply& apply) {
  const db::Rows staged = apply.connection.exec(
      "SELECT attname, atttypid, atttypmod, pg_catalog.format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute "
      "WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
      {apply.staging.qualified});
  std::vector<Cast> casts;
  for (const PlannedColumn& planned : apply.plan.columns) {
    const target::Column* column = apply.table.column(planned.table_column);
    if (column == nullptr) continue;
    for (int row = 0; row < staged.size(); ++row) {
      if (staged.text(row, 0) != planned.table_column) continue;
      if (staged.int64(row, 1) == column->type.oid && staged.int64(row, 2) == column->type.typmod) break;
      casts.push_back({&planned, column, apply.connection.quote_identifier(planned.table_column), staged.str(row, 3),
                       static_cast<std::uint32_t>(staged.int64(row, 1)),
                       "pg_temp.cpi_try_cast_" + std::to_string(casts.size())});
    }
  }
  return casts;
}

/// The value that `staged` becomes before it is assigned to the column.
std::string converted(Apply& apply, const Cast& cast, const std::string& staged) {
  if (cast.from_oid == value::kTextOid) return target::input_expression(apply.connection, *cast.column, staged);
  return staged + "::" + cast.column->cast_type;
}

void cast_whole(Apply& apply, const std::vector<Cast>& casts) {
  std::string actions;
  for (const Cast& cast : casts) {
    if (!actions.empty()) actions += ", ";
    actions +=
        "ALTER COLUMN " + cast.name + " TYPE " + cast.column->type.name + " USING " + converted(apply, cast, cast.name);
  }
  apply.connection.exec("ALTER TABLE " + apply.sql.staging() + " " + actions);
}

/// Answers the server's message for a value that does not cast, NULL for one that does. The inner block is there
/// because a block does not catch errors of its own declarations, where a domain that forbids NULL is checked.
void create_try_cast(Apply& apply, const Cast& cast) {
  const std::string body = "BEGIN DECLARE result " + cast.column->type.name + " := " + converted(apply, cast, "value") +
                           "; BEGIN RETURN NULL; END; EXCEPTION WHEN OTHERS THEN RETURN SQLERRM; END";
  apply.connection.exec("CREATE OR REPLACE FUNCTION " + cast.function + "(value " + cast.from +
                        ") RETURNS text LANGUAGE plpgsql VOLATILE AS " + apply.connection.quote_literal(body));
}

Result<void> reject_failing(Apply& apply, const Cast& cast) {
  create_try_cast(apply, cast);
  // OFFSET 0 keeps the planner from evaluating the function once more for the condition.
  const bool null_may_fail = cast.column->type.oid != cast.column->base_type.oid;
  const std::string verdicts =
      "SELECT cpi_line, left(" + cast.name + "::text, 100) AS value, message FROM (SELECT *, " + cast.function + "(" +
      cast.name + ") AS message FROM " + apply.sql.staging() +
      (null_may_fail ? "" : " WHERE " + cast.name + " IS NOT NULL") + " OFFSET 0) AS tried WHERE message IS NOT NULL";
  if (apply.plan.continue_on_error) {
    return apply.reject_all("DELETE FROM " + apply.sql.staging() + " AS s USING (" + verdicts +
                                ") AS bad WHERE s.cpi_line = bad.cpi_line RETURNING s.cpi_line, bad.value, bad.message",
                            cast.planned->file_column, csv::Reason::kInvalidValue);
  }
  const db::Rows first = apply.connection.exec(verdicts + " ORDER BY cpi_line LIMIT 1");
  if (first.empty()) return {};
  return apply.stopped_at(
      first.int64(0, 0), cast.planned->file_column,
      first.str(0, 2) + (first.is_null(0, 1) ? "" : " (value \"" + shortened(first.text(0, 1)) + "\")"),
      "Column \"" + cast.column->name + "\" of table " + apply.table.name.display() + " is of type " +
          cast.column->type.name + ".");
}

}  // namespace

Result<void> cast_columns(Apply& apply) {
  const std::vector<Cast> casts = find_casts(apply);
  if (casts.empty()) return {};
  db::Connection& connection = apply.connection;
  // What a date or time without a zone means is the file's to say; triggers keep the session's own settings.
  const db::Rows settings = connection.exec(
      "SELECT current_setting('DateStyle'), current_setting('TimeZone'), "
      "set_config('DateStyle', coalesce(nullif($1, ''), current_setting('DateStyle')), true), "
      "set_config('TimeZone', coalesce(nullif($2, ''), current_setting('TimeZone')), true)",
      {apply.plan.cast_datestyle, apply.plan.cast_timezone});
  connection.exec("SAVEPOINT cpi_cast");
  try {
    cast_whole(apply, casts);
  } catch (const db::Error& error) {
    // Types say what they like of a malformed value: a syntax error (jsonpath, tsquery), a missing relation (regclass),
    // an internal error (hstore). Were it not about a value, it would come again below.
    if (error.poisons_connection() || error.retryable()) throw;
    connection.exec("ROLLBACK TO SAVEPOINT cpi_cast");
    for (const Cast& cast : casts) {
      if (auto done = reject_failing(apply, cast); !done) return done;
    }
    cast_whole(apply, casts);
    for (const Cast& cast : casts) connection.exec("DROP FUNCTION " + cast.function);
  }
  connection.exec("RELEASE SAVEPOINT cpi_cast");
  connection.exec("SELECT set_config('DateStyle', $1, true), set_config('TimeZone', $2, true)",
                  {settings.str(0, 0), settings.str(0, 1)});
  return {};
}

}  // namespace cpi::import
