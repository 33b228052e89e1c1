#include "core/csv/null_rule.h"

#include <algorithm>

namespace cpi::csv {

NullRule::NullRule(const std::vector<std::string>& null_if) {
  for (const std::string& text : null_if) {
    if (text.empty()) {
      empty_is_null_ = true;
    } else {
      texts_.push_back(text);
    }
  }
}

bool NullRule::is_listed(std::string_view text) const {
  return std::find(texts_.begin(), texts_.end(), text) != texts_.end();
}

}  // namespace cpi::csv
