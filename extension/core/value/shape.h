// How the values of a type are put together, for types whose texts the server takes apart: arrays, ranges, rows. What a
// format decides of numbers and dates must hold within them too.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace cpi::value {

/// One type as the target's catalog has it, below all domains. Immutable once made.
struct Shape {
  enum class Kind : std::uint8_t {
    kPlain,       ///< no parts, or none that show in its text
    kArray,       ///< `parts` has the element
    kRange,       ///< `parts` has the subtype
    kMultirange,  ///< `parts` has the range
    kRow,         ///< `parts` has the fields in order
  };
  Kind kind = Kind::kPlain;
  std::uint32_t oid = 0;
  bool textual = false;  ///< a plain type of an extension or a user, which is text to people: no numbers or dates in it
  char delimiter = ',';  ///< between an array's elements
  std::vector<std::shared_ptr<const Shape>> parts;
};

}  // namespace cpi::value
