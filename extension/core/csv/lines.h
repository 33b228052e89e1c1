// Lines that are no rows: comments, empty lines, and the one at which the table ends. The only place that decides it,
// for the reader, for what comes before the first row, and for the recovery of bad rows.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/csv/grammar.h"

namespace cpi::csv {

/// What a physical line is. Knows nothing of quotes: whoever asks does so only where a row may begin.
class Lines {
 public:
  enum class Kind {
    kRow,
    kComment,
    kEmpty,  ///< with `trim` also one of blanks
    kEnd,    ///< the table ends before it
  };

  /// Keeps references to `grammar` and `limits`.
  Lines(const Dialect& dialect, const Grammar& grammar, const Limits& limits);

  /// The line at `at`, which is before `end`. `final` says that nothing follows `end`, or that the line ends there.
  /// Nothing when more of it is needed to tell.
  std::optional<Kind> kind(const char* at, const char* end, bool final) const;
  /// Whether the complete `line` is a comment or empty, the table's end not being asked for.
  bool ignorable(std::string_view line) const;
  /// False: a line that begins with `byte` is a row or empty.
  bool may_begin(char byte) const { return first_bytes_[static_cast<unsigned char>(byte)]; }

 private:
  const Grammar& grammar_;
  const Limits& limits_;
  std::string comment_;
  std::string end_;
  bool ends_at_empty_ = false;
  bool first_bytes_[256] = {};
};

}  // namespace cpi::csv
