// The type of a column that cpi creates, from all of its values (`types: infer`): never narrower than the values allow,
// and text where meaning would be guessed (leading zeros, mixed or ambiguous values).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/value/format.h"

namespace cpi::value {

/// Watches every value of every column. Memory does not grow with the rows. Not thread-safe.
class Inference {
 public:
  Inference(std::size_t columns, Format format);

  /// Takes one non-NULL value of column `column` into account.
  void observe(std::size_t column, std::string_view text);

  /// The types so far, as DDL writes them: "boolean", "integer", "bigint", "numeric", "double precision", "date",
  /// "timestamp without time zone", "timestamp with time zone", "uuid" or "text" (also for a column without values).
  std::vector<std::string> types() const;

 private:
  struct Column {
    unsigned possible = ~0u;  ///< bit per candidate type
    bool seen = false;
  };
  std::vector<Column> columns_;
  Format format_;
};

}  // namespace cpi::value
