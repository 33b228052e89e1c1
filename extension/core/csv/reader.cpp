#include "core/csv/reader.h"

#include "core/csv/reader_impl.h"
#include "core/text/utf8.h"

namespace cpi::csv {
namespace {

// A batch is made of about this much input, so that its fields are still in the processor's cache when they are used.
constexpr std::size_t kSegment = std::size_t{64} << 10;
// Up to this size positions are listed; a row that does not fit is parsed byte by byte.
constexpr std::size_t kLargestSegment = std::size_t{1} << 20;
// How much more input to wait for at most, after a row that was not complete.
constexpr std::size_t kLongestWait = std::size_t{4} << 20;

}  // namespace

Result<Reader::Event> Reader::Impl::next(Batch& batch) {
  batch.rows_.clear();
  batch.rejects.clear();
  arena.clear();
  fields_used = 0;
  if (failure) return *failure;
  while (phase != Phase::kEnd) {
    if (!final && window.size() < retry_at) return Event::kNeedBytes;
    const char* before = window.begin();
    Result<Step> step = phase == Phase::kStart     ? start()
                        : phase == Phase::kSkip    ? skip()
                        : phase == Phase::kHeader  ? read_header()
                        : phase == Phase::kShape   ? find_shape()
                        : phase == Phase::kDiscard ? discard(batch)
                                                   : read_rows(batch);
    if (!step.ok()) {
      failure = step.error();
      // The rows before it are given first, so that they do not depend on where a batch happens to end.
      if (!batch.empty()) return Event::kBatch;
      return *failure;
    }
    if (!batch.empty()) {
      retry_at = 0;
      return Event::kBatch;
    }
    // Whoever has skipped lines and then met a row that a segment cuts looks again from there, in a longer one.
    if (*step == Step::kNeedMore && window.begin() == before) {
      retry_at = window.size() + std::clamp(window.size(), std::size_t{1}, kLongestWait);
      return Event::kNeedBytes;
    }
  }
  drop_rest();
  return Event::kEnd;
}

/// What comes behind the table's end is counted, not read.
void Reader::Impl::drop_rest() {
  if (table_end) {
    table_end->bytes += static_cast<std::int64_t>(window.size());
    table_end->text = table_end->text || std::any_of(window.begin(), window.end(), [](char byte) {
                        return byte != ' ' && byte != '\t' && !is_break(byte);
                      });
  }
  window.consume(window.end());
}

Result<Reader::Impl::Step> Reader::Impl::read_rows(Batch& batch) {
  if (window.size() == 0) {
    if (!final) return Step::kNeedMore;
    phase = Phase::kEnd;
    return Step::kDone;
  }
  const char* before = window.begin();
  for (std::size_t size = kSegment; size <= kLargestSegment; size *= 4) {
    const std::size_t taken = std::min(size, window.size());
    Result<Step> step = read_segment(batch, window.begin() + taken);
    if (!step.ok() || window.begin() != before || phase != Phase::kRows) return step;
    if (taken == window.size()) break;
  }
  return read_alone(batch);
}

/// A row for which no segment was long enough, or one whose line does not end: by the parser, without a list of
/// positions, which for such a row would need more memory than the row.
Result<Reader::Impl::Step> Reader::Impl::read_alone(Batch& batch) {
  check_rows = true;
  if (std::optional<Result<Step>> step = read_special_line()) return *step;
  return take_row(batch, parse_at(window.begin()));
}

/// A line that is no row: a comment, the end of the table, an empty line. Nothing when it is a row.
std::optional<Result<Reader::Impl::Step>> Reader::Impl::read_special_line() {
  const char* begin = window.begin();
  const std::optional<Lines::Kind> kind = kinds.kind(begin, window.end(), final);
  if (!kind) return Step::kNeedMore;
  if (*kind == Lines::Kind::kEnd) {
    phase = Phase::kEnd;
    table_end = Stop{line, file_offset(window.begin()), 0, false};
    return Step::kDone;
  }
  if (*kind == Lines::Kind::kRow || (*kind == Lines::Kind::kEmpty && width == 1)) return std::nullopt;
  const Line found = line_at(begin);
  if (longer_than(limits.row_bytes, begin, found)) return row_too_long(line, limits);
  if (found.next == nullptr) return Step::kNeedMore;
  consume(found.next, 1);
  return Step::kDone;
}

Result<Reader::Impl::Step> Reader::Impl::read_segment(Batch& batch, const char* segment_end) {
  segment = window.begin();
  const auto size = static_cast<std::size_t>(segment_end - segment);
  const bool final_segment = final && segment_end == window.end();
  if (positions.size() < size + Kernel::kSlack) positions.resize(size + Kernel::kSlack);
  const Found found = kernel->find(segment, size, grammar.byte_set(), positions.data());
  position_count = found.count;

  // Rows end at a line break; what is behind the last one belongs to the next segment.
  std::size_t breaks = position_count;
  while (breaks > 0 && !is_break(segment[positions[breaks - 1]])) --breaks;
  const char* last_break = breaks == 0 ? nullptr : segment + positions[breaks - 1];
  // A CR at the very end may be half of a CRLF.
  if (last_break != nullptr && *last_break == '\r' && last_break + 1 == segment_end && !final_segment) {
    do --breaks;
    while (breaks > 0 && !is_break(segment[positions[breaks - 1]]));
    last_break = breaks == 0 ? nullptr : segment + positions[breaks - 1];
  }
  const char* stop = final_segment ? segment_end : last_break == nullptr ? segment : last_break + 1;
  if (stop == segment) return Step::kNeedMore;
  const std::size_t sentinel = breaks;  // fast rows never look at a position behind the last line break

  check_rows = found.nul || (found.non_ascii && !text::valid_utf8(between(segment, stop)));
  const bool fast = grammar.is_simple() && !check_rows && size <= limits.field_bytes && size <= limits.row_bytes;

  const std::uint32_t* position = positions.data();
  const std::uint32_t* last_position = positions.data() + position_count;
  while (window.begin() < stop) {
    const char* begin = window.begin();
    while (position < last_position && segment + *position < begin) ++position;
    if (fast && position < positions.data() + sentinel) {
      fast_rows(batch, position, positions.data() + sentinel);
      if (window.begin() != begin) continue;
    }
    if (std::optional<Result<Step>> special = read_special_line()) {
      if (!special->ok() || **special == Step::kNeedMore || phase == Phase::kEnd) return *special;
      continue;
    }
    PositionCursor cursor{segment, position, last_position, segment_end};
    raw_fields.clear();
    Result<Step> step = take_row(
        batch, parse_row(grammar, limits, begin, segment_end, final_segment, Strictness::kStrict, cursor, raw_fields));
    if (!step.ok() || *step == Step::kNeedMore || phase != Phase::kRows) return step;
  }
  return Step::kDone;
}

/// Rows of the right width without escapes and without line breaks in quotes, each ending at a line break before
/// `last`: no parser, no checks but these.
void Reader::Impl::fast_rows(Batch& batch, const std::uint32_t*& position, const std::uint32_t* last) {
  // Room for all fields that the positions can make; rows that were padded before may have used more than theirs.
  const std::size_t room = fields_used + static_cast<std::size_t>(last - position) + 2;
  if (batch.fields_.size() < room) batch.fields_.resize(room);
  const char delimiter = dialect.delimiter[0];
  const bool has_quote = grammar.quote().size() == 1;
  const char quote = has_quote ? grammar.quote()[0] : '\0';
  const char* begin = window.begin();
  const std::int64_t offset = window.offset(begin);
  const char* const first = begin;
  std::int64_t rows = 0;
  while (position < last && !kinds.may_begin(*begin)) {
    const std::uint32_t* at = position;
    Field* const fields = batch.fields_.data() + fields_used;
    Field* field = fields;
    const char* start = begin;
    const char* found = nullptr;
    bool plain = true;
    while (true) {
      const bool quoted = has_quote && *start == quote;
      const char* content_end = nullptr;
      if (quoted) {
        // Up to the closing quote; a line break, an escape or a doubled quote leave the row to the parser.
        do found = segment + *++at;
        while (*found == delimiter);
        content_end = found;
        found = *content_end == quote ? segment + *++at : content_end;
        plain = found == content_end + 1;
        if (!plain) break;
        ++start;
      } else {
        found = content_end = segment + *at;
      }
      field->data = start;
      field->size = static_cast<std::uint32_t>(content_end - start);
      field->quoted = quoted;
      if (*found != delimiter) break;
      ++field;
      start = found + 1;
      ++at;
    }
    if (!plain || !is_break(*found)) break;
    ++field;
    const auto count = static_cast<std::size_t>(field - fields);
    if (count != width || (trailing && (field[-1].size != 0 || field[-1].quoted))) break;
    batch.rows_.push_back({line + rows, offset + (begin - first), fields_used, names.size(), between(begin, found)});
    fields_used += count;
    ++rows;
    ++at;
    begin = found + 1;
    if (*found == '\r' && at < last && begin == segment + *at && *begin == '\n') {
      ++begin;
      ++at;
    }
    position = at;
  }
  consume(begin, rows);
}

Reader::Reader(Dialect dialect, Limits limits) : impl_(std::make_unique<Impl>(std::move(dialect), limits)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

void Reader::set_origin(Origin origin) { impl_->origin = std::move(origin); }

std::span<char> Reader::space(std::size_t bytes) { return impl_->window.space(bytes); }

void Reader::commit(std::size_t bytes) {
  impl_->window.commit(bytes);
  if (impl_->phase == Impl::Phase::kEnd) impl_->drop_rest();
}

void Reader::finish() { impl_->final = true; }

Result<Reader::Event> Reader::next(Batch& batch) { return impl_->next(batch); }

const std::vector<std::string>& Reader::header() const { return impl_->names; }

const std::optional<Reader::Stop>& Reader::stop() const { return impl_->table_end; }

std::int64_t Reader::bytes_read() const { return impl_->window.consumed(); }

}  // namespace cpi::csv
