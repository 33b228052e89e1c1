#include "core/csv/recovery.h"

#include <algorithm>

namespace cpi::csv {
namespace {

/// The start of the physical line that holds `at`.
const char* line_start(const char* begin, const char* at) {
  while (at > begin && at[-1] != '\n' && !(at[-1] == '\r' && *at != '\n')) --at;
  return at;
}

}  // namespace

Recovery::Fit Recovery::fits(const char* begin, const char* end, bool final, std::size_t width, const char** next,
                             std::int64_t* lines) {
  // A window of fixed size, so that the answer does not depend on how much input happens to be at hand.
  const bool clipped = static_cast<std::size_t>(end - begin) > kRowBytes;
  const char* stop = clipped ? begin + kRowBytes : end;
  scratch_.clear();
  const ByteCursor cursor{grammar_, stop};
  const ParsedRow row =
      parse_row(grammar_, limits_, begin, stop, final && !clipped, Strictness::kStrict, cursor, scratch_);
  if (row.status == RowStatus::kIncomplete && !clipped) return Fit::kNeedMore;
  if (row.status != RowStatus::kComplete || scratch_.size() != width) return Fit::kNo;
  *next = row.next;
  *lines = row.breaks + 1;
  return Fit::kYes;
}

bool Recovery::ignorable(const Line& line, const char* begin) const {
  const auto size = static_cast<std::size_t>(line.content_end - begin);
  return size == 0 || (!comment_.empty() && std::string_view(begin, size).starts_with(comment_));
}

Recovery::Score Recovery::score(const char* begin, const char* stop, const char* end, bool final, std::size_t width) {
  Score score;
  const char* at = begin;
  for (std::int64_t line_count = 0;
       at < stop && line_count < kLines && static_cast<std::size_t>(at - begin) < kBytes;) {
    const Line line = physical_line(at, end, final);
    if (line.next == nullptr) {
      score.need_more = true;
      return score;
    }
    const char* next = nullptr;
    std::int64_t lines = 1;
    if (ignorable(line, at)) {
      next = line.next;
    } else {
      switch (fits(at, end, final, width, &next, &lines)) {
        case Fit::kNeedMore: score.need_more = true; return score;
        case Fit::kYes: ++score.fits; break;
        case Fit::kNo:
          ++score.misfits;
          next = line.next;
          break;
      }
    }
    line_count += lines;
    at = next;
  }
  return score;
}

std::optional<BadRow> Recovery::until_fit(const char* begin, const char* end, bool final, std::size_t width,
                                          int in_a_row) {
  Line line = physical_line(begin, end, final);
  if (line.next == nullptr) return std::nullopt;
  BadRow bad{line.content_end, line.next, 1, false};
  while (bad.next < end) {
    const char* at = bad.next;
    int fitting = 0;
    while (fitting < in_a_row && at < end) {
      const char* next = nullptr;
      std::int64_t lines = 0;
      const Fit fit = fits(at, end, final, width, &next, &lines);
      if (fit == Fit::kNeedMore) return std::nullopt;
      if (fit == Fit::kNo) break;
      ++fitting;
      at = next;
    }
    if (fitting > 0 && (fitting == in_a_row || at == end)) return bad;
    line = physical_line(bad.next, end, final);
    if (line.next == nullptr) return std::nullopt;
    bad.content_end = line.content_end;
    bad.next = line.next;
    ++bad.lines;
  }
  return final ? std::optional(bad) : std::nullopt;
}

std::optional<BadRow> Recovery::lenient_extent(const char* begin, const char* end, bool final, std::size_t* fields,
                                               bool* complete) {
  const bool clipped = static_cast<std::size_t>(end - begin) > kBytes;
  const char* stop = clipped ? begin + kBytes : end;
  scratch_.clear();
  const ByteCursor cursor{grammar_, stop};
  const ParsedRow row =
      parse_row(grammar_, limits_, begin, stop, final && !clipped, Strictness::kLenient, cursor, scratch_);
  if (row.status == RowStatus::kIncomplete && !clipped) return std::nullopt;
  *complete = row.status == RowStatus::kComplete;
  *fields = scratch_.size();
  return BadRow{row.content_end, row.next, row.breaks + 1, false};
}

std::optional<BadRow> Recovery::single_line_error(const ParsedRow& parsed, const char* begin, const char* end,
                                                  bool final, std::size_t width) {
  // All lines up to the error belong to the row; do more?
  const Line line = physical_line(parsed.error_at, end, final);
  if (line.next == nullptr) return std::nullopt;
  const BadRow here{line.content_end, line.next, parsed.breaks + 1, false};

  std::size_t fields = 0;
  bool complete = false;
  const std::optional<BadRow> lenient = lenient_extent(begin, end, final, &fields, &complete);
  if (!lenient) return std::nullopt;
  if (!complete || lenient->next <= here.next) return here;
  if (parsed.breaks == 0) {
    // With its quotes literal the line may be a whole row by itself.
    std::size_t delimiters = 0;
    for (const char* at = begin; at < here.content_end;) {
      if (grammar_.is_delimiter(at, here.content_end)) {
        ++delimiters;
        at += grammar_.delimiter().size();
      } else {
        ++at;
      }
    }
    if (delimiters + 1 == width) return here;
  }
  const Score behind = score(here.next, lenient->next, end, final, width);
  if (behind.need_more) return std::nullopt;
  return behind.fits > behind.misfits ? here : *lenient;
}

std::optional<BadRow> Recovery::extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                       std::size_t width) {
  const bool endless = parsed.status != RowStatus::kStrayQuote;
  if (!endless && parsed.breaks == 0) return single_line_error(parsed, begin, end, final, width);

  const Line first = physical_line(begin, end, final);
  if (first.next == nullptr) return std::nullopt;
  // The lines to be judged: up to the error, or all that the limit let into the field, or the rest of the file.
  const char* stop = end;
  const bool too_long = parsed.status == RowStatus::kFieldTooLong || parsed.status == RowStatus::kRowTooLong;
  if (too_long) {
    stop = begin + std::min(static_cast<std::size_t>(end - begin), std::min(limits_.field_bytes, limits_.row_bytes));
  } else if (!endless) {
    const Line last = physical_line(parsed.error_at, end, final);
    if (last.next == nullptr) return std::nullopt;
    stop = last.next;
  }
  const Score lines = score(first.next, stop, end, final, width);
  if (lines.need_more) return std::nullopt;
  if (lines.fits > lines.misfits) return until_fit(begin, end, final, width, 1);
  if (!endless) return single_line_error(parsed, begin, end, final, width);
  if (too_long) {
    BadRow bad;
    bad.too_long = true;
    return bad;
  }
  // Nothing that looks like rows right behind it: where the table plainly goes on, so do we.
  return until_fit(begin, end, final, width, 2);
}

std::optional<BadRow> Recovery::ragged_extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                              std::size_t width) {
  const BadRow whole{parsed.content_end, parsed.next, parsed.breaks + 1, false};
  if (parsed.breaks < 3 || width < 2) return whole;
  // The first and last line hold the quotes in question; those between them tell.
  const Line first = physical_line(begin, end, final);
  const char* last = line_start(begin, parsed.content_end);
  const Score between = score(first.next, last, end, final, width);
  if (between.need_more) return std::nullopt;
  if (between.fits < 2 || between.misfits > 0) return whole;
  return until_fit(begin, end, final, width, 1);
}

}  // namespace cpi::csv
