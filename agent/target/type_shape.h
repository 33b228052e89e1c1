// How the types of a table's columns are put together: what lies within arrays, ranges and rows, below all domains.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "core/value/shape.h"
#include "db/connection.h"

namespace cpi::target {

/// The shapes of these types, by oid; a type that has gone meanwhile is absent. Throws db::Error.
std::map<std::uint32_t, std::shared_ptr<const value::Shape>> read_shapes(db::Connection& connection,
                                                                         const std::vector<std::uint32_t>& types);

}  // namespace cpi::target
