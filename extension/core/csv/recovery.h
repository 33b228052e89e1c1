// Where a bad row ends. A quote too many or too few makes it unknown which line breaks belong to the row; this file
// weighs two readings and takes the one for which the lines themselves speak:
//
//   1. the quote is a mistake, and the lines behind it are rows of their own:  the reader goes on at the first that
//   fits;
//   2. the field really spans lines, and the mistake is at its end:            all these lines are the bad row.
//
// A row *fits* when it parses without an error and has as many fields as the table. When most of the lines in question
// fit, reading 1 is taken, otherwise 2, so that text inside of quotes is never loaded as if it were rows.
// All decisions depend on the bytes alone, never on how the input was cut; each looks ahead a bounded distance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/csv/grammar.h"

namespace cpi::csv {

/// How far a bad row reaches.
struct BadRow {
  const char* content_end = nullptr;
  const char* next = nullptr;
  std::int64_t lines = 1;  ///< physical lines
  bool too_long = false;   ///< no mistake found: the field really is longer than the limits allow
};

class Recovery {
 public:
  /// Lines and bytes that one decision looks at, at most.
  static constexpr std::int64_t kLines = 100;
  static constexpr std::size_t kBytes = std::size_t{1} << 20;
  static constexpr std::size_t kRowBytes = std::size_t{64} << 10;

  Recovery(const Grammar& grammar, const std::string& comment, const Limits& limits)
      : grammar_(grammar), comment_(comment), limits_(limits) {}

  /// The extent of the row at `begin`, which `parsed` says is bad. `width` is the number of fields of a row that fits.
  /// Nothing when more input is needed to decide.
  std::optional<BadRow> extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                               std::size_t width);

  /// The extent of a row that parsed but has the wrong number of fields: itself, unless it spans lines that are clearly
  /// rows of their own. Nothing when more input is needed.
  std::optional<BadRow> ragged_extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                      std::size_t width);

 private:
  struct Score {
    std::int64_t fits = 0;
    std::int64_t misfits = 0;
    bool need_more = false;
  };

  /// Whether the row at `begin` fits; `next` and `lines` then say how far it reaches.
  enum class Fit { kYes, kNo, kNeedMore };
  Fit fits(const char* begin, const char* end, bool final, std::size_t width, const char** next, std::int64_t* lines);
  bool ignorable(const Line& line, const char* begin) const;
  /// Judges the lines from `begin` on, before `stop`.
  Score score(const char* begin, const char* stop, const char* end, bool final, std::size_t width);
  /// The bad row from `begin` to before the first row that fits; `in_a_row` rows must fit. To the end when none does.
  std::optional<BadRow> until_fit(const char* begin, const char* end, bool final, std::size_t width, int in_a_row);
  std::optional<BadRow> single_line_error(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                          std::size_t width);
  /// How far the row reaches when stray quotes are text.
  std::optional<BadRow> lenient_extent(const char* begin, const char* end, bool final, std::size_t* fields,
                                       bool* complete);

  const Grammar& grammar_;
  const std::string& comment_;
  const Limits& limits_;
  std::vector<RawField> scratch_;
};

}  // namespace cpi::csv
