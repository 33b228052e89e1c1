#include "core/csv/recovery.h"

#include <algorithm>

namespace cpi::csv {
namespace {

/// The start of the physical line that holds `at`.
const char* line_start(const char* begin, const char* at) {
  while (at > begin && at[-1] != '\n' && !(at[-1] == '\r' && *at != '\n')) --at;
  return at;
}

/// A window of fixed size, so that an answer does not depend on how much input happens to be at hand.
struct Clip {
  Clip(const char* begin, const char* end, bool last, std::size_t bytes)
      : clipped(static_cast<std::size_t>(end - begin) > bytes),
        stop(clipped ? begin + bytes : end),
        final(last && !clipped) {}
  bool clipped;
  const char* stop;
  bool final;
};

}  // namespace

bool Recovery::literally_fits(const char* begin, const char* content_end, std::size_t width) const {
  std::size_t fields = 1;
  for (const char* at = begin; at < content_end;) {
    if (grammar_.is_delimiter(at, content_end)) {
      ++fields;
      at += grammar_.delimiter().size();
    } else {
      ++at;
    }
  }
  return fields == width;
}

std::optional<Recovery::JudgedLine> Recovery::judge_line(const char* begin, const char* end, bool final,
                                                         std::size_t width) {
  const Line line = physical_line(begin, end, final);
  if (line.next == nullptr) return std::nullopt;
  JudgedLine judged{begin, line.content_end, line.next, line.next, Kind::kMisfit};
  const auto size = static_cast<std::size_t>(line.content_end - begin);
  if (size == 0 || (!comment_.empty() && std::string_view(begin, size).starts_with(comment_))) {
    judged.kind = Kind::kIgnorable;
    return judged;
  }
  const Clip clip(begin, end, final, kRowBytes);
  scratch_.clear();
  const ByteCursor cursor{grammar_, clip.stop};
  const ParsedRow row =
      parse_row(grammar_, limits_, begin, clip.stop, clip.final, Strictness::kStrict, cursor, scratch_);
  if (row.status == RowStatus::kIncomplete && !clip.clipped) return std::nullopt;
  if (row.status == RowStatus::kComplete && scratch_.size() == width) {
    judged.kind = Kind::kFits;
    judged.row_next = row.next;
  } else if (row.status != RowStatus::kComplete && literally_fits(begin, line.content_end, width)) {
    judged.kind = Kind::kDamaged;
  }
  return judged;
}

bool Recovery::judge(const char* begin, const char* stop, const char* end, bool final, std::size_t width) {
  lines_.clear();
  for (const char* at = begin; at < stop && lines_.size() < static_cast<std::size_t>(kLines) &&
                               static_cast<std::size_t>(at - begin) < kBytes;) {
    const std::optional<JudgedLine> line = judge_line(at, end, final, width);
    if (!line) return false;
    lines_.push_back(*line);
    at = line->next;
  }
  return true;
}

Recovery::Score Recovery::score_from(std::size_t index) const {
  Score score;
  while (index < lines_.size()) {
    const JudgedLine& line = lines_[index];
    if (line.kind == Kind::kFits) ++score.fits;
    if (line.kind == Kind::kMisfit) ++score.misfits;
    while (index < lines_.size() && lines_[index].begin < line.row_next) ++index;
  }
  return score;
}

BadRow Recovery::before(const Line& first, std::size_t index) const {
  if (index == 0) return {first.content_end, first.next, 1, false};
  const JudgedLine& last = lines_[index - 1];
  return {last.content_end, last.next, static_cast<std::int64_t>(index) + 1, false};
}

std::optional<BadRow> Recovery::until_table_goes_on(const char* begin, const char* end, bool final, std::size_t width) {
  const Line first = physical_line(begin, end, final);
  BadRow bad{first.content_end, first.next, 1, false};
  while (bad.next < end) {
    const std::optional<JudgedLine> line = judge_line(bad.next, end, final, width);
    if (!line) return std::nullopt;
    if (line->kind == Kind::kFits) {
      if (line->row_next == end) return bad;
      const std::optional<JudgedLine> second = judge_line(line->row_next, end, final, width);
      if (!second) return std::nullopt;
      if (second->kind == Kind::kFits) return bad;
    }
    bad.content_end = line->content_end;
    bad.next = line->next;
    ++bad.lines;
  }
  return final ? std::optional(bad) : std::nullopt;
}

std::optional<BadRow> Recovery::line_of_error(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                              std::size_t width, std::int64_t offset) {
  const Line line = physical_line(parsed.error_at, end, final);
  if (line.next == nullptr) return std::nullopt;
  const BadRow here{line.content_end, line.next, parsed.breaks + 1, false};

  // Does the row go on behind this line, in another quoted field? So it does when stray quotes are taken as text,
  // unless the line is a whole row by itself or rows are what follows.
  if (parsed.breaks == 0 && literally_fits(begin, here.content_end, width)) return here;
  if (offset < barren_until_) return here;
  const Clip clip(begin, end, final, kBytes);
  scratch_.clear();
  const ByteCursor cursor{grammar_, clip.stop};
  const ParsedRow lenient =
      parse_row(grammar_, limits_, begin, clip.stop, clip.final, Strictness::kLenient, cursor, scratch_);
  if (lenient.status == RowStatus::kIncomplete && !clip.clipped) return std::nullopt;
  if (lenient.status != RowStatus::kComplete) {
    const bool too_long = lenient.status == RowStatus::kFieldTooLong || lenient.status == RowStatus::kRowTooLong;
    barren_until_ = offset + ((too_long ? lenient.error_at : clip.stop) - begin);
    return here;
  }
  if (lenient.next <= here.next) return here;
  if (!judge(here.next, lenient.next, end, final, width)) return std::nullopt;
  const Score behind = score_from(0);
  if (behind.fits > behind.misfits) {
    barren_until_ = offset + (lenient.next - begin);
    return here;
  }
  return BadRow{lenient.content_end, lenient.next, lenient.breaks + 1, false};
}

std::optional<BadRow> Recovery::extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                       std::size_t width, std::int64_t offset) {
  const bool too_long = parsed.status == RowStatus::kFieldTooLong || parsed.status == RowStatus::kRowTooLong;
  const bool stray = parsed.status == RowStatus::kStrayQuote;
  if (stray && parsed.breaks == 0) return line_of_error(parsed, begin, end, final, width, offset);

  const Line first = physical_line(begin, end, final);
  if (first.next == nullptr) return std::nullopt;
  // The lines to be judged: up to the mistake, or all that the limits let into the field, or the rest of the file.
  const char* stop = end;
  if (stray) {
    const Line last = physical_line(parsed.error_at, end, final);
    if (last.next == nullptr) return std::nullopt;
    stop = last.next;
  } else if (too_long) {
    stop = begin + std::min(static_cast<std::size_t>(end - begin), std::min(limits_.field_bytes, limits_.row_bytes));
  }
  if (!judge(first.next, stop, end, final, width)) return std::nullopt;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].kind != Kind::kFits) continue;
    const Score score = score_from(i);
    if (score.fits > score.misfits) return before(first, i);
  }
  if (stray) return line_of_error(parsed, begin, end, final, width, offset);
  if (too_long) {
    BadRow bad;
    bad.too_long = true;
    return bad;
  }
  return until_table_goes_on(begin, end, final, width);
}

std::optional<BadRow> Recovery::ragged_extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                              std::size_t width) {
  const BadRow whole{parsed.content_end, parsed.next, parsed.breaks + 1, false};
  if (parsed.breaks < 3 || width < 2) return whole;
  // The first and last line hold the quotes in question; those between them tell.
  const Line first = physical_line(begin, end, final);
  if (!judge(first.next, line_start(begin, parsed.content_end), end, final, width)) return std::nullopt;
  const Score between = score_from(0);
  if (between.fits < 2 || between.misfits > 0) return whole;
  std::size_t fitting = 0;
  while (lines_[fitting].kind != Kind::kFits) ++fitting;
  return before(first, fitting);
}

}  // namespace cpi::csv
