// What the management database publishes: its routes and the signatures of the functions behind them, as _cpi_catalog
// tells them, kept as one immutable value that is replaced as a whole (NOTIFY cpi_routes, or after a reconnect).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/message.h"
#include "http/router.h"

namespace cpi::http {

/// How a field of a request is checked and handed on. All reach the server as text with a cast to `Argument::sql_type`.
enum class ArgumentType {
  kText,
  kUuid,
  kSmallint,
  kInteger,
  kBigint,
  kNumber,
  kBoolean,
  kJson,
  kTextArray,
  kTimestamp,
  kOther
};

struct Argument {
  std::string name;
  ArgumentType type = ArgumentType::kText;
  std::string sql_type;   ///< as format_type writes it, such as "timestamp with time zone"
  bool required = false;  ///< the function has no default for it
};

struct Function {
  std::string name;        ///< without schema
  std::string call;        ///< qualified and quoted: public.cpi_get_job
  bool read_only = false;  ///< STABLE or IMMUTABLE: running it twice does no harm, and GET /rpc may call it
  bool returns_json = true;
  std::vector<Argument> arguments;

  const Argument* argument(std::string_view argument_name) const;
};

enum class Role { kAnyone, kViewer, kOperator, kAdmin };

/// "viewer" → kViewer, with or without the prefix "cpi_"; nothing for other words.
std::optional<Role> parse_role(std::string_view name);
/// The PostgreSQL role that a call runs under; whoever came without a key is a viewer to the functions open to anyone.
std::string_view database_role(Role role);
std::string_view role_name(Role role);

struct Route {
  std::string method;
  std::string path;
  std::shared_ptr<const Function> function;  ///< null: `native` alone serves it
  unsigned status = 200;
  Role role = Role::kAdmin;
  std::string native;                       ///< the agent's own handler, or empty
  std::string location;                     ///< template over the answer's fields, such as "/jobs/{job_id}", or empty
  std::vector<NameValue> header_arguments;  ///< header → argument
  bool waits = false;
};

struct Catalog {
  std::string schema;   ///< quoted
  std::string version;  ///< of the extension
  std::vector<Route> routes;
  Router router;
  std::unordered_map<std::string, std::shared_ptr<const Function>> functions;  ///< those of routes, by name, for /rpc
  std::vector<std::string> problems;  ///< rows that cannot be served, told for the log; the others are served
};

/// Answers one row: schema (quoted) and version of the extension; none when it is not installed.
std::string_view find_extension_sql();
/// Builds the catalog from what _cpi_catalog answers, and adds the agent's own pages. Throws std::runtime_error when it
/// is not of the expected form.
Catalog parse_catalog(std::string schema, std::string version, std::string_view json);

/// What is served while no catalog could be read yet.
Catalog builtin_catalog();

}  // namespace cpi::http
