// One row at a time, by the grammar: quotes, escapes, long delimiters, and everything that may be wrong with a row.
#include "core/csv/reader_impl.h"
#include "core/text/utf8.h"

namespace cpi::csv {

Result<Reader::Impl::Step> Reader::Impl::take_row(Batch& batch, const ParsedRow& row) {
  const char* begin = window.begin();
  if (row.status == RowStatus::kIncomplete) return Step::kNeedMore;
  if (row.status != RowStatus::kComplete) return reject_bad(batch, row);

  const std::size_t columns = names.size();
  const std::size_t count = row.fields;
  // A value behind the delimiter with which the rows end.
  const bool over = trailing && count == width && (raw_fields.back().size != 0 || raw_fields.back().quoted);
  if (count != width || over || (row.breaks > 0 && recovery.may_hold_rows(row, begin, width))) {
    // Its lines may be rows that a missing quote has swallowed: then nothing else about it counts.
    const std::optional<BadRow> bad =
        recovery.ragged_extent(row, begin, window.end(), final, width, window.offset(begin));
    if (!bad) return Step::kNeedMore;
    if (bad->next != row.next) {
      batch.rejects.push_back(unclosed_quote(place(begin, bad->content_end), "", dialect));
      consume(bad->next, bad->lines);
      return Step::kDone;
    }
  }
  if (check_rows && spoilt(batch, row)) {
    consume(row.next, row.breaks + 1);
    return Step::kDone;
  }
  if ((count != width || over) && dialect.ragged != (count < width ? Ragged::kPad : Ragged::kCut)) {
    const Place here = place(begin, row.content_end);
    batch.rejects.push_back(over ? value_after_trailing_delimiter(here, columns)
                                 : wrong_field_count(here, count, columns, trailing, dialect));
    consume(row.next, row.breaks + 1);
    return Step::kDone;
  }
  raw_fields.resize(columns, RawField{row.content_end, 0, false, false});
  emit(batch, row);
  consume(row.next, row.breaks + 1);
  return Step::kDone;
}

/// Whether the line at `at`, in the row at hand, does not end within the longest row.
bool Reader::Impl::is_endless(const char* at) const {
  const char* begin = window.begin();
  if (window.size() <= limits.row_bytes) return false;
  const char* stop = begin + limits.row_bytes + 1;
  return at < stop && std::none_of(at, stop, is_break);
}

Result<Reader::Impl::Step> Reader::Impl::reject_bad(Batch& batch, const ParsedRow& row) {
  const char* begin = window.begin();
  const bool too_long = row.status == RowStatus::kFieldTooLong || row.status == RowStatus::kRowTooLong;
  const bool quoted = row.error_at < window.end() && grammar.is_quote(row.error_at, window.end());
  if (too_long && !quoted) return begin_discard(row, false);
  // A line without an end: whatever is wrong with the row, nothing tells where else it might end.
  if (is_endless(begin) || is_endless(row.error_at)) return begin_discard(row, too_long);
  const std::optional<BadRow> bad = recovery.extent(row, begin, window.end(), final, width, window.offset(begin));
  if (!bad) return Step::kNeedMore;
  if (bad->too_long) return begin_discard(row, true);
  const Place here = place(begin, bad->content_end);
  const auto at = static_cast<std::size_t>(row.error_at - begin);
  // The quote that was met in the wrong place may be the next row's opening one: then this row's own was never closed.
  const bool closed_elsewhere = row.error_at >= bad->content_end;
  batch.rejects.push_back(row.status == RowStatus::kStrayQuote && !closed_elsewhere
                              ? stray_quote(here, at, row.after_closing, column_name(row.fields), dialect)
                              : unclosed_quote(here, column_name(row.fields), dialect));
  consume(bad->next, bad->lines);
  return Step::kDone;
}

/// Whether the row holds bytes for which the dialect rejects it; then it has been.
bool Reader::Impl::spoilt(Batch& batch, const ParsedRow& row) {
  const char* begin = window.begin();
  const std::string_view raw = between(begin, row.content_end);
  const auto column_at = [&](const char* byte) {
    for (std::size_t i = 0; i < raw_fields.size(); ++i) {
      if (byte < raw_fields[i].data + raw_fields[i].size) return column_name(i);
    }
    return std::string();
  };
  const std::size_t nul = raw.find('\0');
  if (nul != std::string_view::npos && dialect.on_nul == OnNul::kReject) {
    batch.rejects.push_back(nul_at(place(begin, row.content_end), begin + nul, column_at(begin + nul)));
    return true;
  }
  if (dialect.invalid_bytes == InvalidBytes::kReject) {
    const std::size_t invalid = text::first_invalid_utf8(raw);
    if (invalid != std::string_view::npos) {
      batch.rejects.push_back(invalid_at(place(begin, row.content_end), begin + invalid, column_at(begin + invalid)));
      return true;
    }
  }
  return false;
}

/// The text as the dialect wants NUL and invalid bytes treated. Valid until the next call.
std::string_view Reader::Impl::clean(std::string_view text) {
  cleaned.clear();
  text::append_replacing_invalid(text, cleaned);
  std::erase(cleaned, '\0');
  return cleaned;
}

void Reader::Impl::emit(Batch& batch, const ParsedRow& row) {
  if (batch.fields_.size() < fields_used + raw_fields.size()) {
    batch.fields_.resize((fields_used + raw_fields.size()) * 2);
  }
  Field* field = batch.fields_.data() + fields_used;
  for (const RawField& raw : raw_fields) {
    std::string_view text(raw.data, raw.size);
    if (raw.escaped) {
      scratch.clear();
      grammar.unescape(raw, scratch);
      text = scratch;
    }
    if (check_rows) text = clean(text);
    if (raw.escaped || check_rows) text = arena.store(text);
    *field++ = {text.data(), static_cast<std::uint32_t>(text.size()), raw.quoted};
  }
  const char* begin = window.begin();
  batch.rows_.push_back({line, window.offset(begin), fields_used, raw_fields.size(), between(begin, row.content_end)});
  fields_used += raw_fields.size();
}

}  // namespace cpi::csv
