// The texts of rejects, worded as the server words the same refusals.
#pragma once

#include <string>
#include <string_view>

namespace cpi::value {

/// `value` in double quotes, cut at a character boundary to 80 characters (then ending in "…").
std::string quote_value(std::string_view value);

/// invalid input syntax for type integer: "12a"
std::string invalid_syntax(std::string_view type, std::string_view value);

/// value "99999" is out of range for type smallint
std::string out_of_range(std::string_view type, std::string_view value);

}  // namespace cpi::value
