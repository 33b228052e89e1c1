// See widen.h. The types form three ladders, each ending in text:
//   integer → bigint → numeric      integer → double precision      date → timestamp without time zone
#include "core/value/widen.h"

#include <algorithm>
#include <iterator>

namespace cpi::value {

namespace {

struct Step {
  std::string_view current;
  std::string_view observed;
  std::string_view wide;
};

/// Pairs with a type narrower than text that holds both; every other pair of different types becomes text.
constexpr Step kSteps[] = {
    {"integer", "bigint", "bigint"},
    {"integer", "numeric", "numeric"},
    {"integer", "double precision", "double precision"},  // a double keeps every integer of 32 bits
    {"bigint", "integer", "bigint"},
    {"bigint", "numeric", "numeric"},
    {"bigint", "double precision", "numeric"},
    {"numeric", "integer", "numeric"},
    {"numeric", "bigint", "numeric"},
    {"numeric", "double precision", "numeric"},
    {"double precision", "integer", "double precision"},
    {"double precision", "bigint", "double precision"},  // the column has said that its numbers are floating
    {"double precision", "numeric", "double precision"},
    {"date", "timestamp without time zone", "timestamp without time zone"},
    {"timestamp without time zone", "date", "timestamp without time zone"},
};

constexpr std::string_view kInferred[] = {"boolean",
                                          "integer",
                                          "bigint",
                                          "numeric",
                                          "double precision",
                                          "date",
                                          "timestamp without time zone",
                                          "timestamp with time zone",
                                          "uuid",
                                          "text"};

}  // namespace

std::optional<std::string> widen(std::string_view current, std::string_view observed) {
  if (std::find(std::begin(kInferred), std::end(kInferred), current) == std::end(kInferred)) return std::nullopt;
  if (current == observed || current == "text") return std::string(current);
  const auto* step = std::find_if(std::begin(kSteps), std::end(kSteps), [&](const Step& candidate) {
    return candidate.current == current && candidate.observed == observed;
  });
  return std::string(step == std::end(kSteps) ? "text" : step->wide);
}

}  // namespace cpi::value
