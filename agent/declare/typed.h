// Nodes as JSON: what an unquoted value is, by the core schema of YAML 1.2 (section 10.3.2). Only true and false (also
// True, TRUE, …) are truth values: yes, no, on and off are texts, 12:30 is a text, 0123 is the number 123.
#pragma once

#include <nlohmann/json.hpp>

#include "declare/node.h"

namespace cpi::declare {

using Json = nlohmann::json;

/// A scalar's value. A value that came from the environment is a text, however it looks.
Json scalar_value(const Node& node);
/// A scalar's value as if it had been written without quotes.
Json plain_value(std::string_view text);
/// The whole node. Nulls in maps are left out: an empty value means the default.
Json to_json(const Node& node);

}  // namespace cpi::declare
