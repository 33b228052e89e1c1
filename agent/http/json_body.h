// A request's body as a JSON object. Stricter than a parser alone: a key that comes twice is refused (which one was
// meant?), and so is nesting beyond what any config needs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <variant>

#include "http/error_response.h"

namespace cpi::http {

/// How deep arrays and objects may be nested, the body itself included.
inline constexpr int kMaxJsonDepth = 32;

/// The object, or why it is none: 400 with line and column where it is no JSON or a key is repeated, 422 where it is
/// JSON but no object. An empty body is an empty object.
std::variant<nlohmann::json, Failure> parse_json_body(std::string_view body);

}  // namespace cpi::http
