#include "import/widen_columns.h"

#include <set>
#include <vector>

#include "import/planner_parts.h"
#include "target/ddl.h"

namespace cpi::import {

namespace {

using Obstacles = std::map<std::string, std::set<std::string>>;

std::string joined(const std::set<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

/// What keeps columns of the table from getting another type, in words, by column: what PostgreSQL refuses to carry
/// over (views and what is made of them, functions, policies, triggers, generated columns, an identity), and `rebuilt`
/// the indexes and constraints that it makes anew, which may turn out not to work with the new type. Not among them are
/// those that always do: plain indexes, primary keys and unique constraints.
Obstacles obstacles(db::Connection& connection, std::uint32_t table, const std::vector<std::string>& columns,
                    bool rebuilt) {
  const db::Rows rows = connection.exec(R"(
WITH RECURSIVE direct AS (
  SELECT a.attname, d.classid, d.objid
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = a.attrelid
                             AND d.refobjsubid = a.attnum
  WHERE a.attrelid = $1::oid AND a.attname = ANY ($2::text[])
    AND CASE d.classid
          WHEN 'pg_catalog.pg_attrdef'::regclass THEN d.deptype = 'n'  -- the column's own default is automatic
          WHEN 'pg_catalog.pg_constraint'::regclass THEN $3::boolean AND EXISTS (
            SELECT FROM pg_catalog.pg_constraint c WHERE c.oid = d.objid AND c.contype NOT IN ('p', 'u'))
          WHEN 'pg_catalog.pg_class'::regclass THEN $3::boolean AND EXISTS (
            SELECT FROM pg_catalog.pg_index i
            WHERE i.indexrelid = d.objid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
          WHEN 'pg_catalog.pg_statistic_ext'::regclass THEN false
          ELSE true
        END),
reached AS (
  SELECT * FROM direct
  UNION
  SELECT r.attname, d.classid, d.objid
  FROM reached r
  JOIN pg_catalog.pg_rewrite w ON r.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = r.objid
                              AND w.ev_class <> $1::oid
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = w.ev_class
  WHERE d.deptype = 'n'),
named AS (
  SELECT r.attname, CASE WHEN w.ev_class <> $1::oid
                      THEN pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, w.ev_class, 0)
                    WHEN f.oid IS NOT NULL
                      THEN pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, f.adrelid, f.adnum)
                    ELSE pg_catalog.pg_describe_object(r.classid, r.objid, 0) END AS name
  FROM reached r
  LEFT JOIN pg_catalog.pg_rewrite w ON r.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = r.objid
  LEFT JOIN pg_catalog.pg_attrdef f ON r.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = r.objid
  UNION
  SELECT a.attname, 'the identity of column ' || a.attname
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = $1::oid AND a.attname = ANY ($2::text[]) AND a.attidentity <> '' AND $3::boolean)
SELECT attname, name FROM named)",
                                        {std::to_string(table), db::array_literal(columns), rebuilt ? "t" : "f"});
  Obstacles found;
  for (int row = 0; row < rows.size(); ++row) found[rows.str(row, 0)].insert(rows.str(row, 1));
  return found;
}

/// Why the columns did not get their wider types. Where rows may be rejected the load goes on without: `not_widened`
/// then has a reason for each column that stands in the way, or for all where none does.
Result<void> widening_refused(const Plan& plan, const std::string& statement,
                              const std::vector<target::TypeChange>& changes, const db::Error& error,
                              const Obstacles& obstacles, std::map<std::string, std::string>& not_widened) {
  std::vector<std::string> names;
  std::set<std::string> all;
  for (const target::TypeChange& change : changes) {
    names.push_back(change.name);
    const auto found = obstacles.find(change.name);
    if (found != obstacles.end()) {
      all.insert(found->second.begin(), found->second.end());
      not_widened.emplace(change.name,
                          std::string(error.what()) + " (what depends on it: " + joined(found->second) + ")");
    } else if (obstacles.empty()) {
      not_widened.emplace(change.name, error.what());
    }
  }
  const std::string list = joined(all);
  if (plan.continue_on_error) return {};
  constexpr std::string_view kInvalidTableDefinition = "42P16";  // a column of the partition key, an inherited column
  std::string way_out;
  if (error.sqlstate() == kInvalidTableDefinition) {
    way_out = "Such a column cannot be altered: make the table anew with the wider type and move its rows.";
  } else if (list.empty()) {
    way_out = "As the table's owner run: " + statement + ".";
  } else {
    way_out = "As the table's owner drop what depends on it, run: " + statement + "; and make it again.";
  }
  return Error{
      Code::kTargetRefused, "cannot widen " + quoted_list(names) + " of " + plan.table.display() + ": " + error.what(),
      "The file has values that the column's type does not hold" +
          (list.empty() ? std::string(".") : "; what depends on the column: " + list + "."),
      way_out +
          " Or keep the type: change the column's comment, or set on_error to continue, and such rows are rejected."};
}

}  // namespace

Result<void> widen_columns(db::Connection& connection, const Plan& plan, const target::Table& table,
                           std::map<std::string, std::string>& not_widened) {
  std::vector<target::TypeChange> changes;
  std::vector<std::string> names;
  bool to_text = false;
  for (const PlannedColumn& column : plan.columns) {
    if (column.widened_from.empty()) continue;
    changes.push_back({column.table_column, column.widened_from, column.type.name});
    names.push_back(column.table_column);
    to_text |= column.type.name == "text";
  }
  if (changes.empty()) return {};
  const std::string statement = target::alter_types_statement(connection, plan.table, changes);
  const db::Rows settings = connection.exec(
      "SELECT current_setting('DateStyle'), current_setting('TimeZone'), current_setting('extra_float_digits'), "
      "set_config('DateStyle', 'ISO', true), set_config('TimeZone', $1, true), "
      "set_config('extra_float_digits', '3', true)",
      {plan.cast_timezone});
  connection.exec("SAVEPOINT cpi_widen");
  try {
    connection.exec(statement);
  } catch (const db::Error& error) {
    // Something depends on the column (0A000), does not work with the new type (42804, 42883), the column is an
    // identity or holds what the new type does not (22), or the table is not ours.
    if (!error.is("0A") && !error.is("42") && !error.is("22")) throw;
    connection.exec("ROLLBACK TO SAVEPOINT cpi_widen");
    // Whoever does not own the table, or partitions it by the column, is not helped by what depends on it.
    const bool depends = !error.is("42501") && !error.is("42P16");
    return widening_refused(plan, statement, changes, error,
                            depends ? obstacles(connection, table.oid, names, to_text || !error.is("0A")) : Obstacles(),
                            not_widened);
  }
  connection.exec("RELEASE SAVEPOINT cpi_widen");
  connection.exec(
      "SELECT set_config('DateStyle', $1, true), set_config('TimeZone', $2, true), "
      "set_config('extra_float_digits', $3, true)",
      {settings.str(0, 0), settings.str(0, 1), settings.str(0, 2)});
  return {};
}

}  // namespace cpi::import
