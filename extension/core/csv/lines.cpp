#include "core/csv/lines.h"

#include <algorithm>

namespace cpi::csv {

Lines::Lines(const Dialect& dialect, const Grammar& grammar, const Limits& limits)
    : grammar_(grammar), limits_(limits), comment_(dialect.comment) {
  ends_at_empty_ = !dialect.stop_at.empty() && is_break(dialect.stop_at[0]);
  if (!ends_at_empty_) end_ = dialect.stop_at;
  for (const std::string* mark : {&comment_, &end_}) {
    if (!mark->empty()) first_bytes_[static_cast<unsigned char>(mark->front())] = true;
  }
  first_bytes_[static_cast<unsigned char>('\n')] = first_bytes_[static_cast<unsigned char>('\r')] = ends_at_empty_;
}

std::optional<Lines::Kind> Lines::kind(const char* at, const char* end, bool final) const {
  const std::string_view text = between(at, end);
  const auto begins = [&](const std::string& mark) { return !mark.empty() && text.starts_with(mark); };
  const auto may_begin_with = [&](const std::string& mark) {
    return !final && text.size() < mark.size() && mark.starts_with(text);
  };
  if (begins(end_)) return Kind::kEnd;
  if (may_begin_with(end_)) return std::nullopt;
  if (begins(comment_)) return Kind::kComment;
  if (may_begin_with(comment_)) return std::nullopt;
  // Blanks without end are a row that is too long.
  const bool clipped = text.size() > limits_.row_bytes;
  const char* stop = clipped ? at + limits_.row_bytes + 1 : end;
  const char* content = grammar_.skip_blanks(at, stop);
  if (content == stop && clipped) return Kind::kRow;
  if (content == stop && !final) return std::nullopt;
  if (content < stop && !is_break(*content)) return Kind::kRow;
  return ends_at_empty_ ? Kind::kEnd : Kind::kEmpty;
}

bool Lines::ignorable(std::string_view line) const {
  const char* end = line.data() + line.size();
  return (!comment_.empty() && line.starts_with(comment_)) || grammar_.skip_blanks(line.data(), end) == end;
}

}  // namespace cpi::csv
