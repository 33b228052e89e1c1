// When a later file brings values that a column made by cpi cannot hold: the type that holds both old and new.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cpi::value {

struct Widening {
  bool numeric_holds_infinity = true;  ///< so it does from PostgreSQL 14 on
  bool as_written = false;             ///< a key, whose values must go on being written as they are
};

/// The narrowest type that keeps every value of a column of type `current` and of values inferred as `observed`, both
/// spelled as Inference::types() does: `current` itself when it is wide enough already. Nothing when `current` is a
/// type that inference does not give (somebody else chose it): then values that do not fit are rejects.
///
/// No widening loses a digit: bigint with double precision becomes numeric, and so does double precision with a number
/// that it would round; a date with a zone becomes text. A boolean stays one whatever comes: as text it would hold
/// words that no file had.
std::optional<std::string> widen(std::string_view current, std::string_view observed, const Widening& rules = {});

}  // namespace cpi::value
