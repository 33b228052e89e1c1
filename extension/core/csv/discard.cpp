// A row that is longer than the limits: read past, in pieces that are dropped at once, to where the next row begins. It
// costs itself alone; memory stays as bounded as the limits.
#include "core/csv/reader_impl.h"

namespace cpi::csv {

/// Makes the reject while the row's beginning is at hand, and goes on in the field that is too long. `quoted`: that
/// field stands in quotes, so the row ends behind a closing one; else at the line's end, whatever quotes there are.
/// A quote behind the field counts where it follows a delimiter at once.
Reader::Impl::Step Reader::Impl::begin_discard(const ParsedRow& row, bool quoted) {
  const char* begin = window.begin();
  const bool field = row.status == RowStatus::kFieldTooLong;
  const char* known = field ? row.error_at + limits.field_bytes : begin + limits.row_bytes;
  const Place here = place(begin, std::min(known, window.end()));
  discarded.reject = field ? overlong_field(here, column_name(row.fields), limits) : overlong_row(here, limits);
  discarded.endless = field ? field_too_long(line, row.fields, limits) : row_too_long(line, limits);
  discarded.in_quotes = quoted;
  discarded.quotes_count = quoted;
  // What stands before the field is sound, whatever quotes and line breaks it holds.
  std::int64_t breaks = 0;
  for (const char* at = begin; at < row.error_at; ++at) breaks += *at == '\n' || (*at == '\r' && at[1] != '\n') ? 1 : 0;
  consume(row.error_at + (quoted ? grammar.quote().size() : 0), breaks);
  phase = Phase::kDiscard;
  return Step::kDone;
}

/// Reads on to the end of the row. Fails when the file ends within quotes: then all that follows is in doubt.
Result<Reader::Impl::Step> Reader::Impl::discard(Batch& batch) {
  const char* at = window.begin();
  const char* end = window.end();
  const std::size_t longest =
      std::max({grammar.delimiter().size(), grammar.quote().size(), grammar.escape().size(), std::size_t{1}});
  std::int64_t breaks = 0;
  bool& in_quotes = discarded.in_quotes;
  const auto wait = [&](const char* from) {
    consume(from, breaks);
    return Step::kNeedMore;
  };
  const auto ended = [&](const char* from) {
    consume(from, breaks);
    batch.rejects.push_back(std::move(discarded.reject));
    phase = Phase::kRows;
    return Step::kDone;
  };
  const ByteCursor cursor{grammar, end};
  while (true) {
    at = cursor.next(at);
    if (at == end) {
      if (!final) return wait(at);
      if (in_quotes) return discarded.endless;
      return ended(at);
    }
    // A token, and the one that an escape or a quote may make a pair with, must be whole.
    if (!final && static_cast<std::size_t>(end - at) < 2 * longest + 1) return wait(at);
    if (is_break(*at)) {
      at += *at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
      ++breaks;
      if (!in_quotes) return ended(at);
    } else if ((in_quotes || !grammar.has_quote()) && grammar.is_escape(at, end)) {
      at += grammar.escape().size();
      if (at < end && !in_quotes && is_break(*at)) {
        at += *at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
        ++breaks;
      } else if (at < end && grammar.is_quote(at, end)) {
        at += grammar.quote().size();
      } else if (at < end && grammar.is_escape(at, end)) {
        at += grammar.escape().size();
      }
    } else if (in_quotes && grammar.is_quote(at, end)) {
      at += grammar.quote().size();
      if (grammar.doubles_quotes() && at < end && grammar.is_quote(at, end)) {
        at += grammar.quote().size();
      } else {
        in_quotes = false;
      }
    } else if (!in_quotes && discarded.quotes_count && grammar.is_delimiter(at, end)) {
      at += grammar.delimiter().size();
      if (at < end && grammar.is_quote(at, end)) {
        at += grammar.quote().size();
        in_quotes = true;
      }
    } else {
      ++at;
    }
  }
}

}  // namespace cpi::csv
