// Reads pg_class, pg_attribute, pg_index and pg_trigger. Takes no lock on the table: a table that somebody holds
// exclusively is still described. What was read may be out of date at once; the commit compares fingerprints under a
// lock.
#include "target/catalog.h"

#include <algorithm>

#include "target/ddl.h"
#include "target/type_shape.h"

namespace cpi::target {

namespace {

// Size and row count are those of the last VACUUM or ANALYZE, summed over partitions: pg_relation_size would wait for
// locks. Rules: pg_rewrite, since relhasrules stays true after the last rule is gone.
constexpr const char* kReadRelation = R"(
WITH RECURSIVE relation AS (
  SELECT c.oid, c.relkind, c.relrowsecurity, c.relforcerowsecurity
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2),
tree AS (
  SELECT oid FROM relation
  UNION
  SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.oid)
SELECT r.oid, r.relkind,
       EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = r.oid),
       EXISTS (SELECT FROM pg_catalog.pg_trigger t
               WHERE t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND (t.tgtype & 1) = 1),
       (SELECT CASE WHEN bool_or(c.reltuples >= 0) THEN sum(greatest(c.reltuples, 0)) ELSE -1 END
        FROM tree JOIN pg_catalog.pg_class c USING (oid) WHERE c.relkind <> 'p'),
       (SELECT coalesce(sum(c.relpages::bigint), 0) * current_setting('block_size')::bigint
        FROM tree JOIN pg_catalog.pg_class c USING (oid)),
       concat_ws(' ', r.oid, r.relkind, r.relrowsecurity, r.relforcerowsecurity,
                 (SELECT string_agg(concat_ws(' ', w.rulename, w.ev_enabled), ',' ORDER BY w.rulename)
                  FROM pg_catalog.pg_rewrite w WHERE w.ev_class = r.oid),
                 (SELECT string_agg(concat_ws(' ', t.tgname, t.tgenabled, t.tgtype, t.tgfoid), ',' ORDER BY t.tgname)
                  FROM pg_catalog.pg_trigger t WHERE t.tgrelid = r.oid AND NOT t.tgisinternal),
                 (SELECT string_agg(tree.oid::text, ',' ORDER BY tree.oid) FROM tree))
FROM relation r)";

// A domain's own typmod is -1; that of its base is in pg_type.typtypmod (getBaseTypeAndTypmod in lsyscache.c).
constexpr const char* kReadColumns = R"(
WITH RECURSIVE base AS (
  SELECT a.attnum, a.atttypid AS type, a.atttypmod AS typmod
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attnum, t.typbasetype, t.typtypmod
  FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type AND t.typtype = 'd')
SELECT a.attname, a.atttypid, a.atttypmod, pg_catalog.format_type(a.atttypid, a.atttypmod),
       b.type, b.typmod, pg_catalog.format_type(b.type, b.typmod), pg_catalog.format_type(b.type, -1),
       a.attnotnull, (a.atthasdef AND a.attgenerated = '') OR a.attidentity <> '' OR own.typdefault IS NOT NULL,
       a.attgenerated <> '', a.attidentity = 'a',
       (SELECT pg_catalog.quote_ident(sn.nspname) || '.' || pg_catalog.quote_ident(s.relname)
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
          AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
        ORDER BY s.oid LIMIT 1),
       (SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(c.collname)
        FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace cn ON cn.oid = c.collnamespace
        WHERE c.oid = a.attcollation AND NOT c.collisdeterministic),
       concat_ws(' ', a.attnum, a.attidentity, a.attcollation),
       pg_catalog.col_description(a.attrelid, a.attnum),
       bt.typtype <> 'b' OR bt.typcategory = 'A' OR bt.oid >= 16384
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
JOIN base b ON b.attnum = a.attnum
JOIN pg_catalog.pg_type bt ON bt.oid = b.type AND bt.typtype <> 'd'
WHERE a.attrelid = $1::oid
ORDER BY a.attnum)";

// Strategy 3 of a btree operator family is equality. The operator is named with its schema: citext's own "=" may lie
// outside the search_path, where = would quietly mean text's.
constexpr const char* kReadUniqueIndexes = R"(
SELECT x.relname, i.indisprimary, a.attname,
       'OPERATOR(' || pg_catalog.quote_ident(opn.nspname) || '.' || o.oprname || ')'
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) AS k(position)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.position]
JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[k.position]
JOIN pg_catalog.pg_amop m ON m.amopfamily = oc.opcfamily AND m.amoplefttype = oc.opcintype
                         AND m.amoprighttype = oc.opcintype AND m.amopstrategy = 3
JOIN pg_catalog.pg_operator o ON o.oid = m.amopopr
JOIN pg_catalog.pg_namespace opn ON opn.oid = o.oprnamespace
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND NOT i.indisexclusion
  AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY NOT i.indisprimary, x.relname, k.position)";

value::ColumnType column_type(const db::Rows& rows, int row, int first) {
  return {static_cast<std::uint32_t>(rows.int64(row, first)), static_cast<std::int32_t>(rows.int64(row, first + 1)),
          rows.str(row, first + 2)};
}

Column read_column(const db::Rows& rows, int row, const TableName& table) {
  Column column;
  column.name = rows.str(row, 0);
  column.type = column_type(rows, row, 1);
  column.base_type = column_type(rows, row, 4);
  column.cast_type = rows.str(row, 7);
  column.not_null = rows.boolean(row, 8);
  column.has_default = rows.boolean(row, 9);
  column.generated = rows.boolean(row, 10);
  column.identity_always = rows.boolean(row, 11);
  column.sequence = rows.str(row, 12);
  column.collation = rows.str(row, 13);
  if (!rows.is_null(row, 15)) {
    const auto has_note = [&](bool as_written) {
      return rows.text(row, 15) == inferred_note(table, column.name, column.type.name, as_written);
    };
    column.as_written = has_note(true);
    column.inferred = column.as_written || has_note(false);
  }
  return column;
}

void append_fact(std::string& fingerprint, std::string_view fact) {
  fingerprint += fact;
  fingerprint += '\n';
}

}  // namespace

std::string TableName::quoted(const db::Connection& connection) const {
  return connection.quote_identifier(schema) + "." + connection.quote_identifier(table);
}

const Column* Table::column(std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

const UniqueIndex* Table::primary_key() const {
  const auto found =
      std::find_if(unique_indexes.begin(), unique_indexes.end(), [](const UniqueIndex& i) { return i.primary; });
  return found == unique_indexes.end() ? nullptr : &*found;
}

const UniqueIndex* Table::unique_index(const std::vector<std::string>& columns) const {
  const auto found = std::find_if(unique_indexes.begin(), unique_indexes.end(), [&](const UniqueIndex& index) {
    return std::is_permutation(index.columns.begin(), index.columns.end(), columns.begin(), columns.end());
  });
  return found == unique_indexes.end() ? nullptr : &*found;
}

std::optional<Table> read_table(db::Connection& connection, const TableName& name) {
  const db::Rows relation = connection.exec(kReadRelation, {name.schema, name.table});
  if (relation.empty()) return std::nullopt;
  const db::Param oid = relation.str(0, 0);

  Table table;
  table.oid = static_cast<std::uint32_t>(relation.int64(0, 0));
  table.name = name;
  table.kind = relation.text(0, 1).front();
  table.has_rules = relation.boolean(0, 2);
  table.has_row_triggers = relation.boolean(0, 3);
  table.estimated_rows = std::stod(relation.is_null(0, 4) ? "-1" : relation.str(0, 4));
  table.bytes = relation.int64(0, 5);
  append_fact(table.fingerprint, relation.text(0, 6));

  const db::Rows columns = connection.exec(kReadColumns, {oid});
  std::vector<std::uint32_t> with_shape;
  for (int row = 0; row < columns.size(); ++row) {
    table.columns.push_back(read_column(columns, row, name));
    if (columns.boolean(row, 16)) with_shape.push_back(table.columns.back().base_type.oid);
    for (int fact = 0; fact < columns.columns(); ++fact) append_fact(table.fingerprint, columns.text(row, fact));
  }
  const auto shapes = read_shapes(connection, with_shape);
  for (Column& column : table.columns) {
    if (const auto shape = shapes.find(column.base_type.oid); shape != shapes.end()) {
      column.base_type.shape = shape->second;
    }
  }

  const db::Rows indexes = connection.exec(kReadUniqueIndexes, {oid});
  for (int row = 0; row < indexes.size(); ++row) {
    if (table.unique_indexes.empty() || table.unique_indexes.back().name != indexes.text(row, 0)) {
      table.unique_indexes.push_back({indexes.str(row, 0), indexes.boolean(row, 1), {}, {}});
    }
    table.unique_indexes.back().columns.push_back(indexes.str(row, 2));
    table.unique_indexes.back().equals.push_back(indexes.str(row, 3));
    for (int fact = 0; fact < indexes.columns(); ++fact) append_fact(table.fingerprint, indexes.text(row, fact));
  }
  return table;
}

}  // namespace cpi::target
