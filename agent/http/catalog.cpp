#include "http/catalog.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

namespace cpi::http {

namespace {

using nlohmann::json;

ArgumentType argument_type(std::string_view sql_type) {
  constexpr std::pair<std::string_view, ArgumentType> kTypes[] = {
      {"text", ArgumentType::kText},         {"character varying", ArgumentType::kText},
      {"name", ArgumentType::kText},         {"uuid", ArgumentType::kUuid},
      {"smallint", ArgumentType::kSmallint}, {"integer", ArgumentType::kInteger},
      {"bigint", ArgumentType::kBigint},     {"boolean", ArgumentType::kBoolean},
      {"jsonb", ArgumentType::kJson},        {"json", ArgumentType::kJson},
      {"text[]", ArgumentType::kTextArray},  {"timestamp with time zone", ArgumentType::kTimestamp},
      {"numeric", ArgumentType::kNumber},    {"double precision", ArgumentType::kNumber},
      {"real", ArgumentType::kNumber},
  };
  for (const auto& [name, type] : kTypes) {
    if (name == sql_type) return type;
  }
  return ArgumentType::kOther;
}

std::string text_of(const json& row, const char* key) {
  const auto it = row.find(key);
  return it != row.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// "public.cpi_get_job" → "cpi_get_job"; a name that needs quotes keeps them and is not reached by /rpc.
std::string bare_name(const std::string& qualified) { return qualified.substr(qualified.rfind('.') + 1); }

std::shared_ptr<const Function> parse_function(const json& row) {
  auto function = std::make_shared<Function>();
  function->call = text_of(row, "function");
  function->name = bare_name(function->call);
  function->read_only = row.at("stable").get<bool>();
  function->returns_json = row.at("returns_json").get<bool>();
  for (const json& argument : row.at("arguments")) {
    const std::string sql_type = text_of(argument, "type");
    function->arguments.push_back(
        {text_of(argument, "name"), argument_type(sql_type), sql_type, argument.at("required").get<bool>()});
  }
  return function;
}

void add_own_pages(Catalog& catalog) {
  struct Page {
    const char* path;
    const char* native;
  };
  // A row of cpi_routes for the same path has come first and stays.
  for (const Page page : {Page{"/", "root"}, Page{"/health", "health"}, Page{"/docs", "docs"},
                          Page{"/docs/{asset}", "docs_asset"}, Page{"/openapi.json", "openapi"}}) {
    Route route;
    route.method = "GET";
    route.path = page.path;
    route.role = Role::kAnyone;
    route.native = page.native;
    if (catalog.router.add(route.method, route.path, catalog.routes.size())) catalog.routes.push_back(route);
  }
}

}  // namespace

const Argument* Function::argument(std::string_view argument_name) const {
  for (const Argument& argument : arguments) {
    if (argument.name == argument_name) return &argument;
  }
  return nullptr;
}

std::optional<Role> parse_role(std::string_view name) {
  if (name.starts_with("cpi_")) name.remove_prefix(4);
  if (name == "anyone") return Role::kAnyone;
  if (name == "viewer") return Role::kViewer;
  if (name == "operator") return Role::kOperator;
  if (name == "admin") return Role::kAdmin;
  return std::nullopt;
}

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kAnyone: return "anyone";
    case Role::kViewer: return "viewer";
    case Role::kOperator: return "operator";
    case Role::kAdmin: return "admin";
  }
  return "";
}

std::string_view database_role(Role role) {
  switch (role) {
    case Role::kAnyone:
    case Role::kViewer: return "cpi_viewer";
    case Role::kOperator: return "cpi_operator";
    case Role::kAdmin: return "cpi_admin";
  }
  return "";
}

std::string_view find_extension_sql() {
  return "SELECT pg_catalog.quote_ident(n.nspname), e.extversion FROM pg_catalog.pg_extension AS e"
         " JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'cpi'";
}

Catalog parse_catalog(std::string schema, std::string version, std::string_view text) {
  Catalog catalog;
  catalog.schema = std::move(schema);
  catalog.version = std::move(version);
  try {
    for (const json& row : json::parse(text)) {
      Route route;
      route.method = text_of(row, "method");
      route.path = text_of(row, "path");
      route.native = text_of(row, "native");
      route.location = text_of(row, "location");
      route.status = row.value("success_status", 200U);
      route.waits = row.value("waits", false);
      const std::string label = route.method + " " + route.path;
      const std::optional<Role> role = parse_role(text_of(row, "role"));
      if (!role) {
        catalog.problems.push_back("route " + label + " has an unknown role \"" + text_of(row, "role") + "\"");
        continue;
      }
      route.role = *role;
      if (!text_of(row, "function").empty()) route.function = parse_function(row);
      if (const auto headers = row.find("header_arguments"); headers != row.end() && headers->is_object()) {
        for (const auto& [header, argument] : headers->items()) {
          if (argument.is_string()) route.header_arguments.emplace_back(header, argument.get<std::string>());
        }
      }
      if (Result<void> added = catalog.router.add(route.method, route.path, catalog.routes.size()); !added) {
        catalog.problems.push_back(added.error().message);
        continue;
      }
      if (route.function) catalog.functions.emplace(route.function->name, route.function);
      catalog.routes.push_back(std::move(route));
    }
  } catch (const json::exception& error) {
    throw std::runtime_error(std::string("the routes of the management database cannot be read: ") + error.what());
  }
  add_own_pages(catalog);
  return catalog;
}

Catalog builtin_catalog() {
  Catalog catalog;
  add_own_pages(catalog);
  return catalog;
}

}  // namespace cpi::http
