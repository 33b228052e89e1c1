// How the server reads a staged text into a column's type: as COPY would, by the type's input function.
#pragma once

#include <string>

#include "db/connection.h"
#include "target/catalog.h"

namespace cpi::target {

/// An SQL expression that makes a value of `column`'s base type of `text`, an expression of type text that may be
/// evaluated more than once. Its length is not checked: the assignment to the column does that. Throws db::Error.
std::string input_expression(db::Connection& connection, const Column& column, const std::string& text);

}  // namespace cpi::target
