// See type_shape.h. One query for all types and what they are made of; the trees are put together here.
#include "target/type_shape.h"

#include <string>
#include <string_view>

namespace cpi::target {

namespace {

using ShapePtr = std::shared_ptr<const value::Shape>;

// The types that a type's text shows: elements of real arrays (not of point or name), subtypes, fields.
std::string parts_of_type(int server_version) {
  constexpr int kFirstVersionWithMultiranges = 140000;
  const std::string multirange = server_version < kFirstVersionWithMultiranges
                                     ? ""
                                     : "WHEN t.typtype = 'm' THEN ARRAY(SELECT r.rngtypid FROM pg_catalog.pg_range r "
                                       "WHERE r.rngmultitypid = t.oid) ";
  return "CASE WHEN t.typtype = 'd' THEN ARRAY[t.typbasetype] "
         "WHEN t.typtype = 'r' THEN ARRAY(SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) " +
         multirange +
         "WHEN t.typtype = 'c' THEN ARRAY(SELECT a.atttypid FROM pg_catalog.pg_attribute a "
         "WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) "
         "WHEN t.typcategory = 'A' AND t.typlen = -1 AND t.typelem <> 0 THEN ARRAY[t.typelem] "
         "ELSE '{}' END::pg_catalog.oid[]";
}

// Extensions whose values are text to people, though no category says so.
constexpr const char* kTextual =
    "t.typtype = 'e' OR t.typcategory = 'S' OR t.typname IN ('hstore', 'ltree', 'lquery', 'ltxtquery')";

struct Row {
  char kind;  ///< pg_type.typtype
  value::Shape shape;
  std::vector<std::uint32_t> parts;
};

std::vector<std::uint32_t> oids(std::string_view list) {
  std::vector<std::uint32_t> found;
  std::uint32_t oid = 0;
  for (const char c : list) {
    if (c >= '0' && c <= '9') {
      oid = oid * 10 + static_cast<std::uint32_t>(c - '0');
    } else if (c == ',' || c == '}') {
      if (oid != 0) found.push_back(oid);
      oid = 0;
    }
  }
  return found;
}

/// `made` keeps what was assembled before: types may hold one another many times over.
ShapePtr assemble(const std::map<std::uint32_t, Row>& rows, std::uint32_t type,
                  std::map<std::uint32_t, ShapePtr>& made) {
  const auto known = made.find(type);
  if (known != made.end()) return known->second;
  const auto found = rows.find(type);
  if (found == rows.end()) return nullptr;
  const Row& row = found->second;
  if (row.kind == 'd') return row.parts.empty() ? nullptr : assemble(rows, row.parts.front(), made);
  auto shape = std::make_shared<value::Shape>(row.shape);
  for (const std::uint32_t part : row.parts) {
    ShapePtr one = assemble(rows, part, made);
    if (one == nullptr) return nullptr;
    shape->parts.push_back(std::move(one));
  }
  made.emplace(type, shape);
  return shape;
}

value::Shape::Kind kind_of(char type, bool has_parts) {
  using Kind = value::Shape::Kind;
  if (!has_parts) return Kind::kPlain;
  switch (type) {
    case 'r': return Kind::kRange;
    case 'm': return Kind::kMultirange;
    case 'c': return Kind::kRow;
    default: return Kind::kArray;
  }
}

}  // namespace

std::map<std::uint32_t, ShapePtr> read_shapes(db::Connection& connection, const std::vector<std::uint32_t>& types) {
  if (types.empty()) return {};
  std::vector<std::string> wanted;
  wanted.reserve(types.size());
  for (const std::uint32_t type : types) wanted.push_back(std::to_string(type));
  const std::string facts =
      "t.oid, t.typtype, t.typdelim, " + std::string(kTextual) + ", " + parts_of_type(connection.server_version());
  const db::Rows answer = connection.exec(
      "WITH RECURSIVE type(oid, kind, delimiter, textual, parts) AS (SELECT " + facts +
          " FROM pg_catalog.pg_type t WHERE t.oid = ANY ($1::pg_catalog.oid[]) UNION SELECT " + facts +
          " FROM type JOIN pg_catalog.pg_type t ON t.oid = ANY (type.parts)) SELECT oid, kind, delimiter, textual, "
          "parts FROM type",
      {db::array_literal(wanted)});
  std::map<std::uint32_t, Row> rows;
  for (int i = 0; i < answer.size(); ++i) {
    Row row;
    row.kind = answer.text(i, 1).front();
    row.parts = oids(answer.text(i, 4));
    row.shape.oid = static_cast<std::uint32_t>(answer.int64(i, 0));
    row.shape.kind = kind_of(row.kind, !row.parts.empty());
    row.shape.delimiter = answer.text(i, 2).front();
    row.shape.textual = answer.boolean(i, 3);
    rows.emplace(row.shape.oid, std::move(row));
  }
  std::map<std::uint32_t, ShapePtr> made;
  std::map<std::uint32_t, ShapePtr> shapes;
  for (const std::uint32_t type : types) {
    if (ShapePtr shape = assemble(rows, type, made)) shapes.emplace(type, std::move(shape));
  }
  return shapes;
}

}  // namespace cpi::target
