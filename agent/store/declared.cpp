#include "store/declared.h"

namespace cpi::store {

namespace {

using nlohmann::json;

/// SELECT schema.function(first => $1, …) with every argument bound; names of arguments are ours, never a user's.
void call(Management& management, const std::string& function, const Arguments& arguments) {
  std::string list;
  db::Params params;
  for (const auto& [name, value] : arguments) {
    params.push_back(value);
    list += (list.empty() ? "" : ", ") + name + " => $" + std::to_string(params.size());
  }
  management.connection().exec("SELECT " + management.schema() + "." + function + "(" + list + ")", params);
}

void write(Management& management, const std::string& kind, const std::string& id, const std::string& name, bool create,
           Arguments arguments) {
  arguments[create ? "name" : id] = name;
  call(management, (create ? "cpi_create_" : "cpi_update_") + kind, arguments);
}

}  // namespace

json exported(Management& management) {
  return json::parse(management.connection().exec("SELECT " + management.schema() + "._cpi_export()").text(0, 0));
}

json exported_secrets(Management& management, const std::vector<std::string>& connections,
                      const std::vector<std::string>& sources, const std::vector<std::string>& projects) {
  const db::Rows rows = management.connection().exec(
      "SELECT " + management.schema() + "._cpi_export_secrets($1, $2, $3)",
      {db::array_literal(connections), db::array_literal(sources), db::array_literal(projects)});
  return json::parse(rows.text(0, 0));
}

void write_connection(Management& management, const std::string& name, bool create, const Arguments& arguments) {
  write(management, "connection", "id", name, create, arguments);
}

void write_source(Management& management, const std::string& name, bool create, const Arguments& arguments) {
  write(management, "source", "id", name, create, arguments);
}

void write_project(Management& management, const std::string& name, bool create, const Arguments& arguments) {
  write(management, "project", "project", name, create, arguments);
}

void lock_declarations(Management& management) {
  management.connection().exec("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('cpi apply', 0))");
}

std::string database_url_of(Management& management, const std::string& connection) {
  return management.connection()
      .exec("SELECT " + management.schema() + ".cpi_get_connection(id => $1) ->> 'database_url'", {connection})
      .str(0, 0);
}

json source_of(Management& management, const std::string& source) {
  const db::Rows rows =
      management.connection().exec("SELECT " + management.schema() + ".cpi_get_source(id => $1)", {source});
  return json::parse(rows.text(0, 0));
}

json test_connection(Management& management, const std::string& connection) {
  const db::Rows rows =
      management.connection().exec("SELECT " + management.schema() + ".cpi_test_connection(id => $1)", {connection});
  return json::parse(rows.text(0, 0));
}

}  // namespace cpi::store
