// The texts of arrays, ranges, multiranges and rows, taken apart as the server's input functions do (arrayfuncs.c,
// rangetypes.c, multirangetypes.c and rowtypes.c in src/backend/utils/adt). Judges nothing: a text that is none of its
// type is left to the server, which refuses it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/value/shape.h"

namespace cpi::value {

/// A part of a value: its text without quotes and escapes, and its type.
struct Part {
  const Shape* shape;
  std::string text;
};

/// The parts of `text` that are no NULL: elements in order, bounds, fields. Empty for a plain type, and when the text
/// does not begin as its type's do.
std::vector<Part> parts_of(const Shape& shape, std::string_view text);

}  // namespace cpi::value
