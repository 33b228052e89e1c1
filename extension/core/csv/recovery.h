// Where a bad row ends. A quote too many or too few makes it unknown which line breaks belong to the row. Every line
// behind the row's beginning is a place where the next row may begin; this file takes the place that explains the lines
// at hand with the least to wonder at:
//
//   - a bad row that is *explained*: one mistake suffices, because up to there it has the right number of delimiters,
//     quotes being text, or because some way to take its quotes gives it the right number of fields and ends it there;
//   - as few lines as possible within the bad row that would be rows of their own (the quote was never closed, and
//     those are the next rows);
//   - as few lines as possible behind it that are no rows (the field does span lines, and those are its text).
//
// A row *fits* when it parses without an error and has as many fields as the table, or more of which `ragged` cuts the
// rest. Of two places that explain as much the farther one is taken: a good row that stands in a reject is seen and can
// be replayed, but a line of somebody's text that is loaded as if it were a row is not seen. The line that stops the
// table is the end of the input: only a row that parses may hold it as a text. All decisions depend on the bytes alone,
// never on how the input was cut; each looks ahead a bounded distance, and all of them together a bounded multiple of
// the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/csv/grammar.h"
#include "core/csv/lines.h"
#include "core/csv/meaning.h"

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

  Recovery(const Grammar& grammar, const Lines& kinds, const Dialect& dialect, const Limits& limits)
      : grammar_(grammar), kinds_(kinds), dialect_(dialect), limits_(limits) {}

  /// The extent of the row at `begin`, which `parsed` says is bad. `width` is the number of fields of a row that fits,
  /// `offset` that of `begin` in the stream. Nothing when more input is needed to decide.
  std::optional<BadRow> extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                               std::size_t width, std::int64_t offset);

  /// Whether every line of a row over several lines has as many delimiters as a row: two damaged quotes may have made
  /// one field of what stands between them. Hardly any field of several lines is such a text.
  bool may_hold_rows(const ParsedRow& parsed, const char* begin, std::size_t width) const;

  /// The extent of a row that parsed, but into `fields` instead of `width`: itself, unless it spans lines that rather
  /// are rows of their own. Nothing when more input is needed.
  std::optional<BadRow> ragged_extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                      std::size_t width, std::int64_t offset);

 private:
  /// What a physical line is when a row is read from its start.
  enum class Kind {
    kFits,
    kNeutral,  ///< empty, or a comment, or a short row that would be padded: any text may be one
    kDamaged,  ///< the right number of delimiters, but a quote in the wrong place
    kMisfit,
    kTableEnd,  ///< never a part of a bad row: for a recovery the input ends before it
    kEndless,   ///< longer than all that a decision looks at
  };
  struct JudgedLine {
    const char* begin = nullptr;
    const char* content_end = nullptr;
    const char* next = nullptr;      // the next physical line
    const char* row_next = nullptr;  // the next row; another line when a row that fits spans several
    Kind kind = Kind::kMisfit;
    std::size_t delimiters = 0;
  };
  /// One try at a decision: what was looked at counts only once it is made, or the answer would depend on the chunks.
  struct Look {
    const char* begin;
    const char* end;
    bool final;
    std::size_t width;
    std::size_t cost = 0;  // bytes
  };

  std::optional<BadRow> decide(Look& look, const ParsedRow& parsed);
  /// Into `ends_`: where other ways to take the quotes end the row so that one mistake explains it. False when more
  /// input is needed.
  bool read_otherwise(Look& look, const ParsedRow& parsed);
  /// Judges the physical lines that begin in `[from, stop)` and `lines_behind` more, within the bounds above, into
  /// `lines_`. Where the table ends among them, `look` does from then on. False when more input is needed.
  bool judge(Look& look, const char* from, const char* stop, std::size_t lines_behind);
  std::optional<JudgedLine> judge_line(Look& look, const char* at);
  /// How many of `lines_` belong to the bad row whose first line is `first`. `whole` is the farthest that it may reach;
  /// `parses`: that is a row by the grammar, though not of the right width.
  std::size_t lines_of_bad_row(const Look& look, const Line& first, const BadRow& whole, bool parses);
  /// After an unclosed quote with nothing that fits behind it: from `bad` on to where two rows in a row fit, else to
  /// the end.
  std::optional<BadRow> until_table_goes_on(Look& look, BadRow bad);
  /// After a stray quote that the lines that were judged did not come to: from `bad` on to where the table ends, else
  /// `whole`.
  BadRow until_table_ends(Look& look, BadRow bad, const BadRow& whole);
  std::size_t delimiters_in(const char* begin, const char* end) const;
  bool may_look(std::int64_t offset) const;

  const Grammar& grammar_;
  const Lines& kinds_;
  const Dialect& dialect_;
  const Limits& limits_;
  std::vector<RawField> scratch_;
  std::vector<JudgedLine> lines_;
  std::size_t before_stop_ = 0;  // how many of them begin before the stop
  std::vector<BadRow> ends_;
  std::size_t looked_ = 0;  // bytes, in all decisions so far
};

}  // namespace cpi::csv
