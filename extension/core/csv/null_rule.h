// Which fields mean NULL. Asked for every field that is loaded, inferred from or previewed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/csv/row.h"

namespace cpi::csv {

/// The texts of `null_if`, for unquoted fields only: as in COPY, what stands in quotes never is NULL.
class NullRule {
 public:
  explicit NullRule(const std::vector<std::string>& null_if);
  bool is_null(const Field& field) const {
    if (field.quoted) return false;
    if (field.size == 0) return empty_is_null_;
    return !texts_.empty() && is_listed(field.text());
  }

 private:
  bool is_listed(std::string_view text) const;
  bool empty_is_null_ = false;
  std::vector<std::string> texts_;  ///< the others
};

}  // namespace cpi::csv
