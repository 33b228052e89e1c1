#include "core/csv/meaning.h"

#include <algorithm>

namespace cpi::csv {

std::optional<Reading> read_as(Meaning meaning, const Grammar& grammar, const char* begin, const char* end,
                               bool final) {
  const std::size_t quote = grammar.quote().size();
  const std::size_t longest = std::max({grammar.delimiter().size(), quote, grammar.escape().size()});
  const ByteCursor cursor{grammar, end};
  // A token, and the one behind it, must be whole to be told.
  const auto cut = [&](const char* at) { return !final && static_cast<std::size_t>(end - at) < 2 * longest + 1; };
  Reading reading{nullptr, nullptr, 0, 1};
  bool in_quotes = false;
  bool at_start = true;  // of a field
  for (const char* at = begin; true;) {
    at = at_start ? grammar.skip_blanks(at, end) : cursor.next(at);
    if (at == end && final) {
      if (!in_quotes) reading.content_end = reading.next = end;
      return reading;
    }
    if (cut(at)) return std::nullopt;
    const bool field_begins = at_start;
    at_start = false;
    bool may_close = false;  // behind a quote: where the field ends if it does
    if (is_break(*at)) {
      const char* next = at + (*at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1);
      if (!in_quotes) {
        reading.content_end = at;
        reading.next = next;
        return reading;
      }
      ++reading.breaks;
      at = next;
    } else if (grammar.is_escape(at, end)) {
      at += grammar.escape().size();
      if (at < end && grammar.is_quote(at, end)) {
        at += quote;
        may_close = in_quotes && meaning == Meaning::kEscapedCloses;
      } else if (in_quotes && at < end && grammar.is_escape(at, end)) {
        at += grammar.escape().size();
      }
    } else if (grammar.is_quote(at, end)) {
      at += quote;
      if (!in_quotes) {
        in_quotes = field_begins || meaning == Meaning::kToggles;
      } else if (grammar.doubles_quotes() && at < end && grammar.is_quote(at, end)) {
        at += quote;
        may_close = meaning == Meaning::kEscapedCloses;
      } else {
        in_quotes = meaning != Meaning::kToggles;
        may_close = in_quotes;
      }
    } else if (!in_quotes && grammar.is_delimiter(at, end)) {
      at += grammar.delimiter().size();
      ++reading.fields;
      at_start = true;
    } else {
      ++at;
    }
    if (may_close) {
      const char* behind = grammar.skip_blanks(at, end);
      if (!final && static_cast<std::size_t>(end - behind) < longest) return std::nullopt;
      in_quotes = behind < end && !is_break(*behind) && !grammar.is_delimiter(behind, end);
    }
  }
}

}  // namespace cpi::csv
