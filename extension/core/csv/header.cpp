#include "core/csv/header.h"

#include <algorithm>

#include "core/csv/complaint.h"

namespace cpi::csv {

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

void Header::add(const std::vector<std::string>& fields) {
  if (names_.size() < fields.size()) names_.resize(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view name = trimmed(fields[i]);
    if (name.empty()) continue;
    if (!names_[i].empty()) names_[i] += ' ';
    names_[i] += name;
  }
}

Result<std::vector<std::string>> Header::names(const Dialect& dialect, const Limits& limits, std::int64_t line) const {
  // A delimiter at the end of the header may turn out to make no column.
  const bool nameless_last = !names_.empty() && names_.back().empty();
  if (names_.size() > limits.columns + (nameless_last ? 1 : 0)) return too_many_columns(line, names_.size(), limits);
  if (!dialect.columns.empty()) {
    const bool trailing = names_.size() == dialect.columns.size() + 1 && nameless_last;
    if (names_.size() != dialect.columns.size() && !trailing) {
      return columns_do_not_match(line, dialect.columns.size(), names_.size());
    }
    return dialect.columns;
  }
  if (std::all_of(names_.begin(), names_.end(), [](const std::string& name) { return name.empty(); })) {
    return no_header("the header at line " + std::to_string(line) + " names no column");
  }
  return names_;
}

}  // namespace cpi::csv
