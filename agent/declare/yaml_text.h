// JSON values to YAML text that reads back as the same values: block style, two blanks a level, a text in quotes
// wherever any reader of YAML, 1.1 included, could take it for something else.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace cpi::declare {

/// `value` as the lines below a key at `indent` blanks; a map begins with its first key.
std::string yaml_text(const nlohmann::ordered_json& value, std::size_t indent = 0);

/// One text, in quotes when it must be.
std::string yaml_scalar(std::string_view text);

}  // namespace cpi::declare
