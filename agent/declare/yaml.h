// YAML text to nodes. The syntax is yaml-cpp's affair (YAML 1.2); what it leaves open is settled here: a key given
// twice is an error, aliases are bounded (a file of a few lines may stand for billions of values), tags but !!str are
// refused.
#pragma once

#include <string>
#include <string_view>

#include "declare/node.h"

namespace cpi::declare {

inline constexpr std::size_t kMostBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMostValues = 200'000;  ///< in one file, copies made for aliases included
inline constexpr int kMostLevels = 64;

/// The documents of one file, empty ones left out. `file` is its name in places. What is wrong goes to `problems`; the
/// result is meant to be looked at only when nothing was.
std::vector<Node> read_yaml(std::string_view text, const std::string& file, Problems& problems);

}  // namespace cpi::declare
