// What comes before the first row: byte order mark, skipped lines, header, and the table's shape.
#include "core/csv/reader_impl.h"
#include "core/text/utf8.h"

namespace cpi::csv {
namespace {

// So many of the first rows tell, by majority, what is the table's habit.
constexpr int kFirstRows = 9;

}  // namespace

std::optional<Error> flaw(const Dialect& dialect) {
  const auto breaks = [](const std::string& text) { return text.find_first_of("\r\n") != std::string::npos; };
  if (dialect.delimiter.empty()) return unusable_dialect("the delimiter is empty");
  if (breaks(dialect.delimiter) || breaks(dialect.quote) || breaks(dialect.escape)) {
    return unusable_dialect("delimiter, quote and escape cannot hold a line break");
  }
  if (begin_alike(dialect.delimiter, dialect.quote)) return unusable_dialect("delimiter and quote begin alike");
  if (begin_alike(dialect.delimiter, dialect.escape)) return unusable_dialect("delimiter and escape begin alike");
  const std::string& stop = dialect.stop_at;
  if (breaks(stop) && stop != "\n" && stop != "\r\n" && stop != "\r") {
    return unusable_dialect("stop_at holds a line break and more: \"\\n\" alone is an empty line");
  }
  if (breaks(dialect.comment)) return unusable_dialect("comment holds a line break");
  return std::nullopt;
}

/// The byte order mark.
Result<Reader::Impl::Step> Reader::Impl::start() {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  const std::string_view text = between(window.begin(), window.end());
  if (!final && text.size() < kMark.size() && kMark.starts_with(text)) return Step::kNeedMore;
  if (text.starts_with(kMark)) window.consume(window.begin() + kMark.size());
  phase = Phase::kSkip;
  return Step::kDone;
}

Result<Reader::Impl::Step> Reader::Impl::skip() {
  while (skipped < dialect.skip_rows && !(final && window.size() == 0)) {
    const Line found = line_at(window.begin());
    if (longer_than(limits.row_bytes, window.begin(), found)) return row_too_long(line, limits);
    if (found.next == nullptr) return Step::kNeedMore;
    consume(found.next, 1);
    ++skipped;
  }
  phase = Phase::kHeader;
  return Step::kDone;
}

Result<Reader::Impl::Step> Reader::Impl::read_header() {
  while (header_rows < dialect.header_rows) {
    if (final && window.size() == 0) {
      if (header_rows == 0 && skipped > 0) return all_skipped(dialect.skip_rows);
      return no_header(header_rows == 0
                           ? "the file is empty: there is no header"
                           : "the file ends before its header of " + std::to_string(dialect.header_rows) + " rows");
    }
    const char* begin = window.begin();
    const Line found = line_at(begin);
    const bool comment = !dialect.comment.empty() && between(begin, found.content_end).starts_with(dialect.comment);
    if (!comment && limits.header_bytes < limits.row_bytes && longer_than(limits.header_bytes, begin, found)) {
      return header_too_long(line, limits, false);
    }
    if (longer_than(limits.row_bytes, begin, found)) return row_too_long(line, limits);
    if (found.next == nullptr) return Step::kNeedMore;
    if (kinds.ignorable(between(begin, found.content_end))) {
      consume(found.next, 1);
      continue;
    }
    const ParsedRow row = parse_at(begin);
    const char* content_end = row.content_end;
    bool decided = row.status != RowStatus::kIncomplete;
    if (row.status == RowStatus::kStrayQuote) {
      const Line last = line_at(row.error_at);
      content_end = last.content_end;
      decided = last.next != nullptr;
    }
    if (row.status == RowStatus::kIncomplete || row.status == RowStatus::kUnclosedQuote) content_end = window.end();
    if (row.status == RowStatus::kFieldTooLong) content_end = row.error_at + limits.field_bytes;
    if (row.status == RowStatus::kRowTooLong) content_end = begin + limits.row_bytes;
    if (static_cast<std::size_t>(content_end - begin) > limits.header_bytes) {
      return header_too_long(line, limits, grammar.has_quote() && !longer_than(limits.header_bytes, begin, found));
    }
    if (!decided) return Step::kNeedMore;
    if (row.status == RowStatus::kFieldTooLong) return field_too_long(line, row.fields, limits);
    if (row.status == RowStatus::kRowTooLong) return row_too_long(line, limits);
    if (row.status != RowStatus::kComplete) {
      const Place here = place(begin, content_end);
      return bad_header(
          line, row.status == RowStatus::kStrayQuote
                    ? stray_quote(here, static_cast<std::size_t>(row.error_at - begin), row.after_closing, "", dialect)
                    : unclosed_quote(here, "", dialect));
    }
    const std::string_view raw = between(begin, row.content_end);
    const std::size_t invalid = text::first_invalid_utf8(raw);
    if (invalid != std::string_view::npos && dialect.invalid_bytes == InvalidBytes::kReject) {
      return bad_header(line, invalid_at(place(begin, row.content_end), begin + invalid, ""));
    }
    const std::size_t nul = raw.find('\0');
    if (nul != std::string_view::npos && dialect.on_nul == OnNul::kReject) {
      return bad_header(line, nul_at(place(begin, row.content_end), begin + nul, ""));
    }
    // One more for a delimiter at its end.
    if (row.fields > limits.columns + 1) return too_many_columns(line, row.fields, limits);
    std::vector<std::string> fields;
    for (const RawField& field : raw_fields) {
      scratch.assign(field.data, field.size);
      if (field.escaped) {
        scratch.clear();
        grammar.unescape(field, scratch);
      }
      fields.emplace_back(clean(scratch));
    }
    header.add(fields);
    header_line = line;
    consume(row.next, row.breaks + 1);
    ++header_rows;
  }
  if (dialect.header_rows > 0) {
    Result<std::vector<std::string>> found = header.names(dialect, limits, header_line);
    if (!found.ok()) return found.error();
    names = std::move(*found);
  } else {
    names = dialect.columns;
    if (names.size() > limits.columns) return too_many_columns(line, names.size(), limits);
  }
  phase = Phase::kShape;
  return Step::kDone;
}

/// Looks at the first rows, without consuming them: how many fields they mostly have, where nothing names the columns,
/// and whether rows end in a delimiter that separates nothing. Without names that cannot be told from a last column
/// that is empty.
Result<Reader::Impl::Step> Reader::Impl::find_shape() {
  struct Width {
    std::size_t fields;
    std::int64_t line;  // of the first row that has it
    int rows;
  };
  std::vector<Width> widths;  // in the order of the rows
  const std::size_t named = names.size();
  const bool blank_last = named > 1 && dialect.columns.empty() && names.back().empty();
  int seen = 0;
  int bad = 0;
  int with_delimiter = 0;
  std::int64_t lines = 0;
  std::int64_t breaks = 0;
  const char* at = window.begin();
  while (seen < kFirstRows && lines < Recovery::kLines) {
    if (at == window.end()) {
      if (!final) return Step::kNeedMore;
      break;
    }
    const Line found = line_at(at);
    if (longer_than(limits.row_bytes, at, found)) {
      if (named > 0 || seen > 0) break;  // what is said by the rows before it must do
      return row_too_long(line + lines + breaks, limits);
    }
    if (found.next == nullptr) return Step::kNeedMore;
    const Lines::Kind kind = *kinds.kind(at, found.content_end, true);
    if (kind == Lines::Kind::kComment && at == window.begin()) {
      consume(found.next, 1);
      at = window.begin();
      continue;
    }
    ++lines;
    // A table without header that ends at once has the names of what is there.
    if (kind == Lines::Kind::kEnd && (lines > 1 || dialect.header_rows > 0)) break;
    if (kinds.ignorable(between(at, found.content_end))) {
      at = found.next;
      continue;
    }
    const ParsedRow row = parse_at(at);
    if (row.status == RowStatus::kIncomplete) return Step::kNeedMore;
    if (row.status != RowStatus::kComplete) {
      ++bad;
      at = found.next;
      continue;
    }
    at = row.next;
    ++seen;
    const std::size_t fields = row.fields;
    if (named == 0) {
      const auto same =
          std::find_if(widths.begin(), widths.end(), [&](const Width& one) { return one.fields == fields; });
      if (same == widths.end()) {
        widths.push_back({fields, line + lines + breaks - 1, 1});
      } else {
        ++same->rows;
      }
    } else {
      const bool last_empty = raw_fields.back().size == 0 && !raw_fields.back().quoted;
      with_delimiter += last_empty && fields == named + (blank_last ? 0 : 1) ? 1 : 0;
    }
    breaks += row.breaks;
  }
  if (!widths.empty()) {
    // The first of those that most rows have: one damaged row must not decide on all others.
    const auto usual = std::max_element(widths.begin(), widths.end(),
                                        [](const Width& one, const Width& other) { return one.rows < other.rows; });
    if (usual->fields > limits.columns) return too_many_columns(usual->line, usual->fields, limits);
    for (std::size_t i = 0; i < usual->fields; ++i) names.push_back("column" + std::to_string(i + 1));
  } else if (named == 0 && (bad > 0 || at != window.end())) {
    return no_header("none of the first " + std::to_string(lines) + " lines can be read as a row");
  } else if (named == 0 && skipped > 0) {
    return all_skipped(dialect.skip_rows);
  }
  trailing = with_delimiter * 2 > seen;
  if (blank_last && (trailing || seen == 0)) names.pop_back();
  if (names.size() > limits.columns) return too_many_columns(header_line, names.size(), limits);
  width = names.size() + (trailing ? 1 : 0);
  phase = Phase::kRows;
  return Step::kDone;
}

}  // namespace cpi::csv
