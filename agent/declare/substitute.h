// ${NAME} in the values of a YAML file, from the environment. Happens to values after they were read, never to the text
// of the file: what a variable holds cannot become YAML.
//
//   ${NAME}            what the variable holds; an error when it is not set
//   ${NAME:-default}   the default when it is not set or empty
//   $${                a literal ${
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "declare/node.h"

namespace cpi::declare {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Exchanges the placeholders of every value at or below `node`; keys stay as they are.
void substitute(Node& node, const Environment& environment, Problems& problems);

/// `text` written so that `substitute` leaves it alone.
std::string escaped(std::string_view text);

}  // namespace cpi::declare
