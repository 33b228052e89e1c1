// The grammar of one dialect and the parser of one row. The only place that decides what a byte means; the reader's
// fast path, the header, and the recovery of bad rows all agree with it.
//
//   row     = field (delimiter field)* ending          ending  = LF | CRLF | CR | end of input
//   field   = quoted | unquoted                        quoted  = quote (any byte | escaped quote)* quote
//
// As PostgreSQL's CopyReadAttributesCSV: inside quotes the escape character counts only before a quote or an escape.
// Stricter than it: a quote within an unquoted field, and text after a closing quote, are errors (RFC 4180 section 2,
// rules 5 to 7) instead of being joined in silence.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/dialect.h"
#include "core/csv/kernels/kernel.h"

namespace cpi::csv {

inline bool is_break(char byte) { return byte == '\n' || byte == '\r'; }

inline std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// A field as it stands in the input.
struct RawField {
  const char* data = nullptr;
  std::size_t size = 0;
  bool quoted = false;
  bool escaped = false;  ///< holds escapes that `Grammar::unescape` takes out
};

/// A dialect prepared for parsing.
class Grammar {
 public:
  explicit Grammar(const Dialect& dialect);

  bool is_delimiter(const char* at, const char* end) const { return matches(at, end, delimiter_); }
  bool is_quote(const char* at, const char* end) const { return !quote_.empty() && matches(at, end, quote_); }
  /// An escape that is not the doubled quote.
  bool is_escape(const char* at, const char* end) const { return own_escape_ && matches(at, end, escape_); }
  bool is_structural(char byte) const { return structural_[static_cast<unsigned char>(byte)]; }
  /// What `trim` drops.
  bool is_blank(char byte) const { return trim_ && (byte == blanks_[0] || byte == blanks_[1]); }
  /// Past the blanks at `at` that `trim` drops: up to a delimiter, which may begin with one.
  const char* skip_blanks(const char* at, const char* end) const {
    while (at < end && is_blank(*at) && !is_delimiter(at, end)) ++at;
    return at;
  }

  /// Appends what the field says: as it stands, but without its escapes.
  void unescape(const RawField& field, std::string& out) const;

  const ByteSet& byte_set() const { return set_; }
  const std::string& delimiter() const { return delimiter_; }
  const std::string& quote() const { return quote_; }
  const std::string& escape() const { return escape_; }
  bool has_quote() const { return !quote_.empty(); }
  bool doubles_quotes() const { return !own_escape_; }
  /// True when every structural byte but the quote is a whole token, so that rows without quotes need no parser.
  bool is_simple() const { return delimiter_.size() == 1 && !trim_ && !(own_escape_ && quote_.empty()); }

 private:
  static bool matches(const char* at, const char* end, const std::string& token) {
    return *at == token[0] && (token.size() == 1 || (static_cast<std::size_t>(end - at) >= token.size() &&
                                                     std::memcmp(at, token.data(), token.size()) == 0));
  }

  std::string delimiter_;
  std::string quote_;
  std::string escape_;
  bool own_escape_ = false;
  bool trim_ = false;
  char blanks_[2] = {' ', '\t'};
  bool structural_[256] = {};
  ByteSet set_;
};

enum class RowStatus {
  kComplete,
  kIncomplete,  ///< the input at hand ends before the row does, and more may come
  kStrayQuote,
  kUnclosedQuote,  ///< the input ended within quotes
  kFieldTooLong,
  kRowTooLong,
};

/// What became of one row.
struct ParsedRow {
  RowStatus status = RowStatus::kIncomplete;
  const char* content_end = nullptr;  ///< past the last byte before the ending
  const char* next = nullptr;         ///< the first byte of the next row
  std::int64_t breaks = 0;            ///< line breaks within quotes, up to the end or to the error
  std::size_t fields = 0;             ///< complete ones, of which the first were given (see parse_row)
  const char* error_at = nullptr;     ///< the stray quote, or the start of the field that does not end
  bool after_closing = false;         ///< the stray quote closed its field, and text followed it
};

/// How a stray quote is taken.
enum class Strictness {
  kStrict,   ///< as an error
  kLenient,  ///< as text: used only to guess how far a bad row reaches
};

/// Finds structural bytes by looking at every byte.
struct ByteCursor {
  const Grammar& grammar;
  const char* end;
  const char* next(const char* from) const {
    while (from < end && !grammar.is_structural(*from)) ++from;
    return from;
  }
};

/// Finds structural bytes in the list that a kernel made.
struct PositionCursor {
  const char* base;
  const std::uint32_t* at;
  const std::uint32_t* last;
  const char* end;
  const char* next(const char* from) {
    while (at < last && base + *at < from) ++at;
    return at < last ? base + *at : end;
  }
};

/// Parses the row at `begin`. `final` says that nothing follows `end`. Fields are appended to the empty `fields`, two
/// more than `limits.columns` at most, so that a line of delimiters takes no more memory than its bytes. What it finds
/// depends on the bytes alone, never on how many of them are at hand: with fewer the answer is kIncomplete or the same.
template <class Cursor>
ParsedRow parse_row(const Grammar& grammar, const Limits& limits, const char* begin, const char* end, bool final,
                    Strictness strictness, Cursor& cursor, std::vector<RawField>& fields);

extern template ParsedRow parse_row(const Grammar&, const Limits&, const char*, const char*, bool, Strictness,
                                    const ByteCursor&, std::vector<RawField>&);
extern template ParsedRow parse_row(const Grammar&, const Limits&, const char*, const char*, bool, Strictness,
                                    PositionCursor&, std::vector<RawField>&);

/// Whether a quote or an escape and a delimiter begin alike, so that no reader can tell them apart; an empty `token` is
/// none.
inline bool begin_alike(std::string_view delimiter, std::string_view token) {
  return !token.empty() && (delimiter.starts_with(token) || token.starts_with(delimiter));
}

/// The end of the physical line at `begin`, quotes being text.
struct Line {
  const char* content_end = nullptr;
  const char* next = nullptr;  ///< null: the line is not complete yet
};
Line physical_line(const char* begin, const char* end, bool final);

}  // namespace cpi::csv
