// See widen.h. The types form ladders, each ending in text but that of boolean, which has one rung:
//   integer → bigint → numeric      integer → double precision → numeric      date → timestamp without time zone
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
    {"double precision", "bigint", "numeric"},
    {"double precision", "numeric", "numeric"},
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

std::optional<std::string> widen(std::string_view current, std::string_view observed, const Widening& rules) {
  if (std::find(std::begin(kInferred), std::end(kInferred), current) == std::end(kInferred)) return std::nullopt;
  if (current == observed || current == "text" || current == "boolean") return std::string(current);
  const auto* step = std::find_if(std::begin(kSteps), std::end(kSteps), [&](const Step& candidate) {
    return candidate.current == current && candidate.observed == observed;
  });
  if (step == std::end(kSteps)) return "text";
  if (current == "double precision" && step->wide == "numeric" && !rules.numeric_holds_infinity) return "text";
  if (rules.as_written && step->wide == "timestamp without time zone") return "text";
  return std::string(step->wide);
}

}  // namespace cpi::value
