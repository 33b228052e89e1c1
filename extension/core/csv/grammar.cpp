#include "core/csv/grammar.h"

#include <algorithm>

namespace cpi::csv {

Grammar::Grammar(const Dialect& dialect)
    : delimiter_(dialect.delimiter),
      quote_(dialect.quote),
      escape_(dialect.escape.empty() ? dialect.quote : dialect.escape),
      own_escape_(!dialect.escape.empty() && dialect.escape != dialect.quote),
      trim_(dialect.trim) {
  set_.bytes = {'\n', '\r', delimiter_[0], quote_.empty() ? '\n' : quote_[0], own_escape_ ? escape_[0] : '\n'};
  for (const char byte : set_.bytes) structural_[static_cast<unsigned char>(byte)] = true;
  // A blank that is the delimiter separates; it is no blank around a field. One that is a part of it may be both.
  if (delimiter_.find_first_not_of(" \t") == std::string::npos) {
    const bool blank_free = delimiter_.find(' ') == std::string::npos;
    const bool tab_free = delimiter_.find('\t') == std::string::npos;
    blanks_[0] = blank_free ? ' ' : '\t';
    blanks_[1] = tab_free ? '\t' : ' ';
    if (!blank_free && !tab_free) trim_ = false;
  }
}

void Grammar::unescape(const RawField& field, std::string& out) const {
  const char* at = field.data;
  const char* end = at + field.size;
  const char* copied = at;
  // With quotes in the dialect an unquoted field has no escapes but those before a quote.
  const bool removes_escape = field.quoted || !has_quote();
  while (at < end) {
    if (*at != escape_[0] || !matches(at, end, escape_)) {
      ++at;
      continue;
    }
    const char* following = at + escape_.size();
    const bool removes =
        following < end && (is_quote(following, end) || (removes_escape && matches(following, end, escape_)) ||
                            (!has_quote() && (is_delimiter(following, end) || is_break(*following))));
    if (removes) {
      out.append(copied, at);
      copied = following;
      at = following + 1;
    } else {
      at = following;
    }
  }
  out.append(copied, end);
}

namespace {

/// Steps over the line break at `at`. Null: a CR at the very end, an LF may follow.
const char* after_break(const char* at, const char* end, bool final) {
  if (*at == '\n') return at + 1;
  if (at + 1 == end) return final ? end : nullptr;
  return at[1] == '\n' ? at + 2 : at + 1;
}

}  // namespace

Line physical_line(const char* begin, const char* end, bool final) {
  const char* at = begin;
  while (at < end && !is_break(*at)) ++at;
  if (at == end) return {end, final ? end : nullptr};
  return {at, after_break(at, end, final)};
}

template <class Cursor>
ParsedRow parse_row(const Grammar& grammar, const Limits& limits, const char* begin, const char* end, bool final,
                    Strictness strictness, Cursor& cursor, std::vector<RawField>& fields) {
  ParsedRow row;
  const std::size_t most_fields = limits.columns + 2;
  const auto fail = [&](RowStatus status, const char* at) {
    row.status = status;
    row.error_at = at;
    return row;
  };
  // The limit that is broken first counts, so that the answer is the same however much input is at hand.
  const auto too_long = [&](const char* field, const char* at) {
    const auto before = static_cast<std::size_t>(field - begin);
    if (static_cast<std::size_t>(at - begin) <= std::min(limits.row_bytes, before + limits.field_bytes)) {
      return RowStatus::kComplete;
    }
    return before + limits.field_bytes < limits.row_bytes ? RowStatus::kFieldTooLong : RowStatus::kRowTooLong;
  };
  const std::size_t quote_size = grammar.quote().size();
  // Near the end of what is at hand a token may be cut in two: wait for the rest.
  const std::size_t longest =
      std::max({grammar.delimiter().size(), grammar.quote().size(), grammar.escape().size(), std::size_t{1}});
  const auto cut = [&](const char* at) { return !final && static_cast<std::size_t>(end - at) < longest; };

  const char* at = begin;
  while (true) {
    const char* start = grammar.skip_blanks(at, end);
    if (static_cast<std::size_t>(start - begin) > limits.row_bytes) return fail(RowStatus::kRowTooLong, at);
    if (start < end && cut(start)) return row;
    RawField field;
    const char* scan = start;
    const char* content_end = nullptr;  // of the field, once known
    if (start < end && grammar.is_quote(start, end)) {
      const char* content = start + quote_size;
      scan = content;
      while (true) {
        scan = cursor.next(scan);
        if (const RowStatus status = too_long(content, scan); status != RowStatus::kComplete)
          return fail(status, start);
        if (scan >= end) return final ? fail(RowStatus::kUnclosedQuote, start) : row;
        if (is_break(*scan)) {
          scan = after_break(scan, end, final);
          if (scan == nullptr) return row;
          ++row.breaks;
          continue;
        }
        if (cut(scan)) return row;
        if (grammar.is_escape(scan, end)) {
          const char* following = scan + grammar.escape().size();
          if (following == end ? !final : cut(following)) return row;
          if (following < end && (grammar.is_quote(following, end) || grammar.is_escape(following, end))) {
            field.escaped = true;
            following += grammar.is_quote(following, end) ? quote_size : grammar.escape().size();
          }
          scan = following;
          continue;
        }
        if (grammar.is_quote(scan, end)) {
          const char* following = scan + quote_size;
          if (following == end ? !final : cut(following)) return row;
          if (grammar.doubles_quotes() && following < end && grammar.is_quote(following, end)) {
            field.escaped = true;
            scan = following + quote_size;
            continue;
          }
          break;
        }
        ++scan;
      }
      const char* closing = scan;
      scan = grammar.skip_blanks(scan + quote_size, end);
      if (scan == end ? !final : cut(scan) && !is_break(*scan)) return row;
      field.data = content;
      field.size = static_cast<std::size_t>(closing - content);
      field.quoted = true;
      if (scan == end || is_break(*scan) || grammar.is_delimiter(scan, end)) {
        content_end = closing;
      } else if (strictness == Strictness::kStrict) {
        row.after_closing = true;
        return fail(RowStatus::kStrayQuote, closing);
      } else {
        field = {};
      }
    }
    if (content_end == nullptr) {
      while (true) {
        scan = cursor.next(scan);
        if (const RowStatus status = too_long(start, scan); status != RowStatus::kComplete) return fail(status, start);
        if (scan >= end) {
          if (!final) return row;
          scan = end;
          break;
        }
        if (is_break(*scan)) break;
        if (cut(scan)) return row;
        if (grammar.is_escape(scan, end)) {
          const char* following = scan + grammar.escape().size();
          if (following == end ? !final : cut(following)) return row;
          // With quotes the escape means nothing outside of them, except that an escaped quote is no stray one.
          if (following < end && grammar.has_quote() && grammar.is_quote(following, end)) {
            field.escaped = true;
            following += quote_size;
          } else if (following < end && !grammar.has_quote()) {
            if (is_break(*following)) {
              following = after_break(following, end, final);
              if (following == nullptr) return row;
              field.escaped = true;
              ++row.breaks;
            } else if (grammar.is_delimiter(following, end)) {
              field.escaped = true;
              following += grammar.delimiter().size();
            } else if (grammar.is_escape(following, end)) {
              field.escaped = true;
              following += grammar.escape().size();
            }
          }
          scan = following;
          continue;
        }
        if (grammar.is_delimiter(scan, end)) break;
        if (strictness == Strictness::kStrict && grammar.is_quote(scan, end)) {
          return fail(RowStatus::kStrayQuote, scan);
        }
        ++scan;
      }
      content_end = scan;
      while (content_end > start && grammar.is_blank(content_end[-1])) --content_end;
      field.data = start;
      field.size = static_cast<std::size_t>(content_end - start);
    }
    if (row.fields < most_fields) fields.push_back(field);
    ++row.fields;
    if (scan < end && !is_break(*scan)) {
      at = scan + grammar.delimiter().size();
      // An input that ends right after a delimiter ends with an empty field.
      if (at == end && !final) return row;
      continue;
    }
    row.content_end = scan;
    row.next = scan == end ? end : after_break(scan, end, final);
    if (row.next == nullptr) return row;
    row.status = RowStatus::kComplete;
    return row;
  }
}

template ParsedRow parse_row(const Grammar&, const Limits&, const char*, const char*, bool, Strictness,
                             const ByteCursor&, std::vector<RawField>&);
template ParsedRow parse_row(const Grammar&, const Limits&, const char*, const char*, bool, Strictness, PositionCursor&,
                             std::vector<RawField>&);

}  // namespace cpi::csv
