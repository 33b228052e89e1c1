// Which tables of the target depend on which: parents are loaded before their children.
#pragma once

#include <utility>
#include <vector>

#include "db/connection.h"
#include "target/catalog.h"

namespace cpi::target {

/// Foreign keys between two different tables of `tables`, as (child, parent); tables that do not exist have none.
/// Throws db::Error.
std::vector<std::pair<TableName, TableName>> foreign_keys(db::Connection& connection,
                                                          const std::vector<TableName>& tables);

/// The positions of `tables` with parents before children, otherwise in the given order. Tables in a circle keep the
/// given order among themselves. A pure function.
std::vector<std::size_t> parents_first(const std::vector<TableName>& tables,
                                       const std::vector<std::pair<TableName, TableName>>& child_parent);

}  // namespace cpi::target
