// Where a bad row ends. A quote too many or too few makes it unknown which line breaks belong to the row; this file
// weighs two readings and takes the one for which the lines themselves speak:
//
//   1. the quote is a mistake, and the lines behind it are rows of their own:  the reader goes on at the first that
//   fits;
//   2. the field really spans lines, and the mistake is at its end:            all these lines are the bad row.
//
// A row *fits* when it parses without an error and has as many fields as the table. Reading 1 is taken from the first
// line on from which more rows fit than not, up to and including the line where the mistake was noticed: under reading
// 2 that line is the end of a text and hardly fits. So text inside of quotes is not loaded as if it were rows. All
// decisions depend on the bytes alone, never on how the input was cut; each looks ahead a bounded distance.
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

/// Decides for one reader. Keeps references to what it is made from.
class Recovery {
 public:
  /// Lines and bytes that one decision looks at, at most, and bytes of one row among them.
  static constexpr std::int64_t kLines = 100;
  static constexpr std::size_t kBytes = std::size_t{1} << 20;
  static constexpr std::size_t kRowBytes = std::size_t{64} << 10;

  Recovery(const Grammar& grammar, const std::string& comment, const Limits& limits)
      : grammar_(grammar), comment_(comment), limits_(limits) {}

  /// The extent of the row at `begin`, which `parsed` says is bad. `width` is the number of fields of a row that fits,
  /// `offset` that of `begin` in the stream. Nothing when more input is needed to decide.
  std::optional<BadRow> extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                               std::size_t width, std::int64_t offset);

  /// The extent of a row that parsed but has the wrong number of fields: itself, unless it spans lines that are clearly
  /// rows of their own. Nothing when more input is needed.
  std::optional<BadRow> ragged_extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                      std::size_t width);

 private:
  /// What a physical line is when a row is read from its start.
  enum class Kind {
    kFits,
    kIgnorable,  ///< empty, or a comment
    kDamaged,    ///< a single line with the right number of delimiters, but a quote in the wrong place
    kMisfit,
  };
  struct JudgedLine {
    const char* begin = nullptr;
    const char* content_end = nullptr;
    const char* next = nullptr;      // the next physical line
    const char* row_next = nullptr;  // the next row; another line when a row that fits spans several
    Kind kind = Kind::kMisfit;
  };
  struct Score {
    std::int64_t fits = 0;
    std::int64_t misfits = 0;
  };

  /// Judges the physical lines that begin in `[begin, stop)`, within the bounds above, into `lines_`. False when more
  /// input is needed.
  bool judge(const char* begin, const char* stop, const char* end, bool final, std::size_t width);
  std::optional<JudgedLine> judge_line(const char* begin, const char* end, bool final, std::size_t width);
  /// Counts rows from the judged line `index` on.
  Score score_from(std::size_t index) const;
  /// The bad row that ends before the judged line `index`.
  BadRow before(const Line& first, std::size_t index) const;
  /// After an unclosed quote with nothing that fits right behind: to where two rows in a row fit, else to the end.
  std::optional<BadRow> until_table_goes_on(const char* begin, const char* end, bool final, std::size_t width);
  std::optional<BadRow> line_of_error(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                      std::size_t width, std::int64_t offset);
  bool literally_fits(const char* begin, const char* content_end, std::size_t width) const;

  const Grammar& grammar_;
  const std::string& comment_;
  const Limits& limits_;
  std::vector<RawField> scratch_;
  std::vector<JudgedLine> lines_;
  // Up to this offset a lenient reading has led nowhere: it is not tried again for each bad row on the way, or hostile
  // input would take time by the square of its size.
  std::int64_t barren_until_ = 0;
};

}  // namespace cpi::csv
