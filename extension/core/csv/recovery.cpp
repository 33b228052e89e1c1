#include "core/csv/recovery.h"

#include <algorithm>

namespace cpi::csv {
namespace {

// What there is to wonder at, in quarters of a mistake.
constexpr int kUnexplained = 2;     // the bad row needs a second mistake
constexpr int kRowWithin = 4;       // a line in it that would be a row of its own
constexpr int kDamagedWithin = 3;   // one that nearly would
constexpr int kMisfitBehind = 4;    // a line behind it that is no row, or two that together have its delimiters
constexpr int kDamagedBehind = 2;   // one that nearly is
constexpr int kAgainstGrammar = 5;  // a row that parses, though into another number of fields, is taken apart

// Lines that are judged behind the farthest place in question: if it is a wrong one, they do not fit.
constexpr std::size_t kLinesBehind = 8;

// All decisions may look at so many bytes for each byte of the input, and at so many in advance. Files with some bad
// rows never come near; in a hostile one every bad row is its own line from there on.
constexpr std::size_t kLooksPerByte = 16;
constexpr std::size_t kLooksInAdvance = std::size_t{64} << 20;

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

std::size_t distance(const char* begin, const char* end) { return static_cast<std::size_t>(end - begin); }

}  // namespace

bool Recovery::may_look(std::int64_t offset) const {
  return looked_ < kLooksInAdvance + static_cast<std::size_t>(offset) * kLooksPerByte;
}

std::size_t Recovery::delimiters_in(const char* begin, const char* end) const {
  std::size_t found = 0;
  for (const char* at = begin; at < end;) {
    const bool is_one = grammar_.is_delimiter(at, end);
    found += is_one ? 1 : 0;
    at += is_one ? grammar_.delimiter().size() : 1;
  }
  return found;
}

std::optional<Recovery::JudgedLine> Recovery::judge_line(Look& look, const char* at) {
  const Clip near(at, look.end, look.final, kBytes);
  const Line line = physical_line(at, near.stop, near.final);
  if (line.next == nullptr && !near.clipped) return std::nullopt;
  if (line.next == nullptr) return JudgedLine{at, near.stop, near.stop, near.stop, Kind::kEndless, 0};
  const std::size_t size = distance(at, line.content_end);
  look.cost += size + 1;
  JudgedLine judged{at, line.content_end, line.next, line.next, Kind::kMisfit, delimiters_in(at, line.content_end)};
  const Lines::Kind kind = *kinds_.kind(at, line.content_end, true);
  if (kind != Lines::Kind::kRow) {
    judged.kind = kind == Lines::Kind::kEnd ? Kind::kTableEnd : Kind::kNeutral;
    return judged;
  }
  const Clip clip(at, look.end, look.final, kRowBytes);
  scratch_.clear();
  const ByteCursor cursor{grammar_, clip.stop};
  const ParsedRow row = parse_row(grammar_, limits_, at, clip.stop, clip.final, Strictness::kStrict, cursor, scratch_);
  if (row.status == RowStatus::kIncomplete && !clip.clipped) return std::nullopt;
  const bool complete = row.status == RowStatus::kComplete;
  const char* seen = complete ? row.next : row.status == RowStatus::kStrayQuote ? row.error_at : clip.stop;
  look.cost += distance(at, seen);
  const std::size_t fields = row.fields;
  if (complete && (fields == look.width || (fields > look.width && dialect_.ragged == Ragged::kCut))) {
    judged.kind = Kind::kFits;
    judged.row_next = row.next;
  } else if (complete && fields < look.width && dialect_.ragged == Ragged::kPad) {
    judged.kind = Kind::kNeutral;
  } else if (!complete && judged.delimiters + 1 == look.width) {
    judged.kind = Kind::kDamaged;
  }
  return judged;
}

bool Recovery::judge(Look& look, const char* from, const char* stop, std::size_t lines_behind) {
  lines_.clear();
  before_stop_ = 0;
  for (const char* at = from; static_cast<std::int64_t>(lines_.size()) < kLines && distance(from, at) < kBytes;
       at = lines_.back().next) {
    if (lines_.size() - before_stop_ == lines_behind && at >= stop) break;
    if (at == look.end) return look.final;
    const std::optional<JudgedLine> line = judge_line(look, at);
    if (!line) return false;
    if (line->kind == Kind::kEndless) return true;
    if (line->kind == Kind::kTableEnd) {
      look.end = at;
      look.final = true;
      return true;
    }
    if (at < stop) ++before_stop_;
    lines_.push_back(*line);
  }
  return true;
}

bool Recovery::read_otherwise(Look& look, const ParsedRow& parsed) {
  const auto add = [&](const char* content_end, const char* next, std::int64_t breaks, bool explains) {
    if (explains && next != nullptr) ends_.push_back({content_end, next, breaks + 1, false});
  };
  const Clip far(look.begin, look.end, look.final, kBytes);
  scratch_.clear();
  const ByteCursor cursor{grammar_, far.stop};
  const ParsedRow lenient =
      parse_row(grammar_, limits_, look.begin, far.stop, far.final, Strictness::kLenient, cursor, scratch_);
  if (lenient.status == RowStatus::kIncomplete && !far.clipped) return false;
  const bool complete = lenient.status == RowStatus::kComplete;
  look.cost += distance(look.begin, complete ? lenient.next : far.stop);
  // Two rows in one, where the line break between them is missing, have a field less than both.
  if (complete) {
    add(lenient.content_end, lenient.next, lenient.breaks,
        lenient.fields == look.width || lenient.fields + 1 == 2 * look.width);
  }
  const Clip near(look.begin, look.end, look.final, kRowBytes);
  for (const Meaning meaning : {Meaning::kClosesBeforeDelimiter, Meaning::kEscapedCloses, Meaning::kToggles}) {
    const std::optional<Reading> reading = read_as(meaning, grammar_, look.begin, near.stop, near.final);
    if (!reading && !near.clipped) return false;
    look.cost += distance(look.begin, reading && reading->next != nullptr ? reading->next : near.stop);
    if (!reading) continue;
    // The delimiter before the quote may be what is missing.
    const bool fused = meaning == Meaning::kToggles && !parsed.after_closing && reading->fields + 1 == look.width;
    add(reading->content_end, reading->next, reading->breaks, reading->fields == look.width || fused);
  }
  return true;
}

std::size_t Recovery::lines_of_bad_row(const Look& look, const Line& first, const BadRow& whole, bool parses) {
  const std::size_t count = lines_.size();
  const auto row_behind = [&](std::size_t index) {
    const char* next = lines_[index].row_next;
    while (++index < count && lines_[index].begin < next) {
    }
    return index;
  };
  // What there is to wonder at from each line on, read as rows.
  std::vector<int> behind(count + 1, 0);
  for (std::size_t i = count; i-- > 0;) {
    const Kind kind = lines_[i].kind;
    const bool torn = i + 1 < count && lines_[i + 1].kind == kind &&
                      lines_[i].delimiters + lines_[i + 1].delimiters + 1 == look.width;
    const std::size_t next = kind == Kind::kMisfit && torn ? i + 2 : row_behind(i);
    behind[i] = behind[next] + (kind == Kind::kMisfit ? kMisfitBehind : kind == Kind::kDamaged ? kDamagedBehind : 0);
  }
  const auto ends_before = [&](const char* next) {
    return std::any_of(ends_.begin(), ends_.end(), [&](const BadRow& end) { return end.next == next; });
  };
  std::size_t best = 0;
  std::optional<int> least;
  int within = 0;
  std::size_t row_at = 0;  // the next line that begins a row when they are read from the first on
  std::size_t delimiters = delimiters_in(look.begin, first.content_end);
  for (std::size_t i = 0; i <= before_stop_; ++i) {
    const bool last = i == before_stop_;
    // Only rows that fit tell against a field that really is too long: what follows it is not at hand.
    const bool possible = last || !whole.too_long || lines_[i].kind == Kind::kFits;
    const char* next = last ? whole.next : lines_[i].begin;
    const bool explained = delimiters + 1 == look.width || ends_before(next) || (last && parses);
    if (last && next > look.end) within += kRowWithin;  // the line that ends the table
    const int wonder = behind[i] + within + (explained ? 0 : kUnexplained) + (parses && !last ? kAgainstGrammar : 0);
    if (possible && (!least || wonder < *least || (wonder == *least && explained))) {
      best = i;
      least = wonder;
    }
    if (last) break;
    if (i == row_at) {
      within += lines_[i].kind == Kind::kFits ? kRowWithin : lines_[i].kind == Kind::kDamaged ? kDamagedWithin : 0;
      row_at = row_behind(i);
    }
    delimiters += lines_[i].delimiters;
  }
  return best;
}

std::optional<BadRow> Recovery::until_table_goes_on(Look& look, BadRow bad) {
  while (bad.next < look.end) {
    const std::optional<JudgedLine> line = judge_line(look, bad.next);
    if (!line) return std::nullopt;
    if (line->kind == Kind::kTableEnd || line->kind == Kind::kEndless) return bad;
    if (line->kind == Kind::kFits) {
      if (line->row_next == look.end) return bad;
      const std::optional<JudgedLine> second = judge_line(look, line->row_next);
      if (!second) return std::nullopt;
      if (second->kind == Kind::kFits || second->kind == Kind::kTableEnd) return bad;
    }
    bad.content_end = line->content_end;
    bad.next = line->next;
    ++bad.lines;
  }
  return look.final ? std::optional(bad) : std::nullopt;
}

BadRow Recovery::until_table_ends(Look& look, BadRow bad, const BadRow& whole) {
  while (bad.next < whole.next) {
    const Line line = physical_line(bad.next, whole.next, true);
    if (kinds_.kind(bad.next, line.content_end, true) == Lines::Kind::kEnd) return bad;
    look.cost += distance(bad.next, line.next);
    bad = {line.content_end, line.next, bad.lines + 1, false};
  }
  return whole;
}

std::optional<BadRow> Recovery::decide(Look& look, const ParsedRow& parsed) {
  const Line first = physical_line(look.begin, look.end, look.final);
  if (first.next == nullptr) return std::nullopt;
  const BadRow first_line{first.content_end, first.next, 1, false};
  const bool too_long = parsed.status == RowStatus::kFieldTooLong || parsed.status == RowStatus::kRowTooLong;
  ends_.clear();
  // The lines to be judged: up to the mistake or to where another reading ends, or all that the limits let into the
  // field, or the rest of the file.
  BadRow whole = first_line;
  if (parsed.status == RowStatus::kStrayQuote) {
    const Line last = physical_line(parsed.error_at, look.end, look.final);
    if (last.next == nullptr) return std::nullopt;
    whole = {last.content_end, last.next, parsed.breaks + 1, false};
    if (!read_otherwise(look, parsed)) return std::nullopt;
    for (const BadRow& end : ends_) {
      if (end.next > whole.next) whole = end;
    }
  } else if (too_long) {
    whole.next =
        look.begin + std::min(distance(look.begin, look.end), std::min(limits_.field_bytes, limits_.row_bytes));
    whole.too_long = true;
  } else {
    whole.next = look.end;
  }
  if (whole.next <= first.next) return too_long ? whole : first_line;
  if (!judge(look, first.next, whole.next, kLinesBehind)) return std::nullopt;
  if (whole.next > look.end) {
    whole = first_line;
    if (!lines_.empty()) whole = {lines_.back().content_end, look.end, static_cast<std::int64_t>(lines_.size()) + 1};
  }
  const std::size_t lines = lines_of_bad_row(look, first, whole, false);
  if (lines == before_stop_ && whole.too_long) return whole;
  if (lines == 0) return first_line;
  const JudgedLine& last = lines_[lines - 1];
  const BadRow some{last.content_end, last.next, static_cast<std::int64_t>(lines) + 1, false};
  if (lines < before_stop_) return some;
  if (parsed.status == RowStatus::kUnclosedQuote) return until_table_goes_on(look, some);
  return until_table_ends(look, some, whole);
}

std::optional<BadRow> Recovery::extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                       std::size_t width, std::int64_t offset) {
  Look look{begin, end, final, width};
  if (!may_look(offset)) {
    const Line first = physical_line(begin, end, final);
    if (first.next == nullptr) return std::nullopt;
    return BadRow{first.content_end, first.next, 1, false};
  }
  std::optional<BadRow> bad = decide(look, parsed);
  if (bad) looked_ += look.cost;
  return bad;
}

bool Recovery::may_hold_rows(const ParsedRow& parsed, const char* begin, std::size_t width) const {
  // In a table of two columns every line of some prose has its one comma.
  if (width < 3) return false;
  for (const char* at = begin; at < parsed.content_end;) {
    const Line line = physical_line(at, parsed.content_end, true);
    if (line.content_end > at && delimiters_in(at, line.content_end) + 1 != width) return false;
    at = line.next;
  }
  return true;
}

std::optional<BadRow> Recovery::ragged_extent(const ParsedRow& parsed, const char* begin, const char* end, bool final,
                                              std::size_t width, std::int64_t offset) {
  const BadRow whole{parsed.content_end, parsed.next, parsed.breaks + 1, false};
  if (parsed.breaks == 0 || width < 2 || !may_look(offset)) return whole;
  Look look{begin, end, final, width};
  const Line first = physical_line(begin, end, final);
  ends_.clear();
  if (!judge(look, first.next, whole.next, kLinesBehind)) return std::nullopt;
  const std::size_t lines = lines_of_bad_row(look, first, whole, true);
  looked_ += look.cost;
  if (lines == before_stop_) return whole;
  if (lines == 0) return BadRow{first.content_end, first.next, 1, false};
  const JudgedLine& last = lines_[lines - 1];
  return BadRow{last.content_end, last.next, static_cast<std::int64_t>(lines) + 1, false};
}

}  // namespace cpi::csv
