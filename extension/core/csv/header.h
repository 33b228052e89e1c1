// From header rows and the option `columns` to column names. Names are as the file gives them: making them legal and
// unique is text/identifier.h's work.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/dialect.h"
#include "core/result.h"

namespace cpi::csv {

/// Collects the header rows of one file.
class Header {
 public:
  /// Adds one header row; names are trimmed and joined by a blank with those above them.
  void add(const std::vector<std::string>& fields);

  /// The names: the rows' or, where given, those of the dialect. `line` is that of the last header row, for messages.
  /// A nameless last one may be no column: it does not count for the limit. Fails with kInvalidHeader when no name is
  /// left or `columns` has another length, with kLimitExceeded.
  Result<std::vector<std::string>> names(const Dialect& dialect, const Limits& limits, std::int64_t line) const;

 private:
  std::vector<std::string> names_;
};

/// Without blanks and control characters at either end.
std::string_view trimmed(std::string_view text);

}  // namespace cpi::csv
