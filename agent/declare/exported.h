// What is stored, as a YAML file that `cpi apply` takes. Pure: the rows come from store/declared.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "declare/difference.h"

namespace cpi::declare {

/// One entry to be written. Of secrets, `present` holds the value, or, when they are to be left out, any text: a
/// variable stands in its place.
struct Exported {
  Kind kind;
  std::string name;
  Present present;
};

/// The YAML. With `placeholders` every secret is `${CPI_<NAME>_<FIELD>}` (capitals; what is no letter or digit becomes
/// _; a name that is taken already gets _2), and a comment at the top lists the variables.
std::string exported_yaml(const std::vector<Exported>& entries, bool placeholders);

}  // namespace cpi::declare
