// See type_input.h. Mostly an explicit cast is the very thing: the parser makes a call of the input function of it. Not
// so where pg_cast has a function of its own for casts from text (regclass, types of users), and for what a modifier
// tells the input function: "12" is twelve hours to interval hour, and twelve seconds to interval.
#include "target/type_input.h"

namespace cpi::target {

namespace {

constexpr std::uint32_t kIntervalOid = 1186;

/// The input function when it can be called by name (those of arrays, rows, enums and ranges answer a pseudo-type,
/// which nothing casts), its number of arguments, what an array is made of, and whether text, or else which other type
/// of texts, is cast by the input function.
constexpr const char* kReadInput = R"(
SELECT CASE WHEN p.prorettype = t.oid
            THEN pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) END,
       p.pronargs,
       CASE WHEN t.typlen = -1 AND t.typelem <> 0 THEN t.typelem ELSE 0 END,
       EXISTS (SELECT FROM pg_catalog.pg_cast c
               WHERE c.castsource = 'pg_catalog.text'::regtype AND c.casttarget = t.oid AND c.castmethod = 'f'),
       (SELECT s.name FROM (VALUES (1, 'varchar', 'pg_catalog.varchar'::regtype),
                                   (2, 'bpchar', 'pg_catalog.bpchar'::regtype)) AS s(rank, name, oid)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_cast c WHERE c.castsource = s.oid AND c.casttarget = t.oid)
        ORDER BY s.rank LIMIT 1),
       CASE WHEN t.typelem <> 0 THEN t.typelem ELSE t.oid END
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_proc p ON p.oid = t.typinput
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE t.oid = $1::oid)";

}  // namespace

std::string input_expression(db::Connection& connection, const Column& column, const std::string& text) {
  const value::ColumnType& base = column.base_type;
  std::string plain = text + "::" + column.cast_type;
  const db::Rows input = connection.exec(kReadInput, {std::to_string(base.oid)});
  if (input.empty()) return plain;
  const std::string bytes = "pg_catalog.textout(" + text + ")";
  const std::string typmod = std::to_string(base.typmod) + "::pg_catalog.int4";
  const bool restricted = base.typmod >= 0;
  if (restricted && input.int64(0, 2) == kIntervalOid) {
    // The array's own text is exact, and read by the session that wrote it.
    return "pg_catalog.textin(pg_catalog.anyarray_out(pg_catalog.array_in(" + bytes + ", " +
           std::to_string(kIntervalOid) + "::pg_catalog.oid, " + typmod + ")))::" + column.cast_type;
  }
  const bool has_own_cast = input.boolean(0, 3);
  if (!has_own_cast && !(restricted && base.oid == kIntervalOid)) return plain;
  if (input.is_null(0, 0))
    return input.is_null(0, 4) ? plain : text + "::pg_catalog." + input.str(0, 4) + "::" + column.cast_type;
  std::string call = input.str(0, 0) + "(" + bytes;
  if (input.int64(0, 1) > 1) call += ", " + input.str(0, 5) + "::pg_catalog.oid";
  if (input.int64(0, 1) > 2) call += ", " + typmod;
  return call + ")";
}

}  // namespace cpi::target
