// Fields of a request become the named arguments of a function, checked against its signature before anything is sent:
//   {"project": "a", "force": true}  →  SELECT public.cpi_import("project" => $1::text, "force" => $2::boolean)
// What a value means is the function's business; here only its name and its type are looked at.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "db/connection.h"
#include "http/catalog.h"

namespace cpi::http {

/// Where fields come from. `path` and `header` are by argument name already.
struct Fields {
  std::vector<NameValue> path;
  std::vector<NameValue> query;
  std::vector<NameValue> header;
  const nlohmann::json* body = nullptr;  ///< an object, or null
};

struct Call {
  std::string sql;
  db::Params params;
};

/// The outcome of `bind`: a call, or findings that name every field that is unknown, missing, given twice or of the
/// wrong type. `path_mismatch` says why a value of the path itself cannot be of its type: nothing can be there, 404.
struct Binding {
  Call call;
  Findings findings;
  std::optional<std::string> path_mismatch = std::nullopt;
};

/// A field that is null, or empty where its type has no empty value, counts as missing. A missing field is left out, so
/// that the function's default holds. `waits`: a body field `wait` gets a hint to the query. `no_answer`: the
/// function's value is of no interest (204), so it may be of any type, void included.
Binding bind(const Function& function, const Fields& fields, bool waits, bool no_answer);

}  // namespace cpi::http
