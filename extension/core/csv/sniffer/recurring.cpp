// Phase 2, its first half: what may be a delimiter that nobody would have listed. Looks at characters and lines only;
// it knows nothing of quotes, so that a delimiter that many quoted texts hold is not found here.
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/csv/sniffer/phases.h"

namespace cpi::csv::sniffer {
namespace {

constexpr std::size_t kLines = 400;  // of each piece
constexpr std::size_t kLongest = 3;  // characters of a delimiter that is found
constexpr double kNearlyAll = 0.8;   // of the lines
constexpr std::size_t kMost = 300;   // tokens, so that work with pairs of them is bounded
constexpr unsigned kCharacterBits = 21;

/// Up to three characters in one number: 21 bits each.
using Token = std::uint64_t;

bool is_mark(UChar32 c) {
  if (c <= 0 || c == '"' || c == '\'' || c == 0xFFFD) return false;
  const std::int8_t type = u_charType(c);
  return u_isalnum(c) == 0 && type != U_NON_SPACING_MARK && type != U_COMBINING_SPACING_MARK &&
         type != U_ENCLOSING_MARK && type != U_FORMAT_CHAR;
}

struct OnLine {
  std::size_t count = 0;
  std::size_t end = 0;  ///< of the last one, so that none overlaps another
};

/// The tokens of one line with how often they stand there.
void count_tokens(std::string_view line, std::unordered_map<Token, OnLine>& tokens) {
  std::vector<UChar32> run;
  std::size_t place = 0;
  const auto size = static_cast<std::int32_t>(line.size());
  for (std::int32_t at = 0; at < size; ++place) {
    UChar32 c = 0;
    U8_NEXT(line.data(), at, size, c);
    if (!is_mark(c)) {
      run.clear();
      continue;
    }
    run.push_back(c);
    Token token = 0;
    bool blank = true;
    for (std::size_t length = 1; length <= std::min(kLongest, run.size()); ++length) {
      const UChar32 added = run[run.size() - length];
      token |= static_cast<Token>(added) << (kCharacterBits * (length - 1));
      blank = blank && added == ' ';
      if (blank && length > 1) continue;
      OnLine& one = tokens[token];
      if (one.count > 0 && one.end + length > place + 1) continue;
      ++one.count;
      one.end = place + 1;
    }
  }
}

/// Whether its characters are all control characters.
bool is_control(Token token) {
  for (; token != 0; token >>= kCharacterBits) {
    if ((token & ((1U << kCharacterBits) - 1)) >= 0x20) return false;
  }
  return true;
}

std::string text_of(Token token) {
  std::string out;
  for (std::size_t i = kLongest; i-- > 0;) {
    const auto c = static_cast<UChar32>(token >> (kCharacterBits * i) & ((1U << kCharacterBits) - 1));
    if (c == 0) continue;
    char bytes[U8_MAX_LENGTH];
    std::int32_t length = 0;
    U8_APPEND_UNSAFE(bytes, length, c);
    out.append(bytes, static_cast<std::size_t>(length));
  }
  return out;
}

}  // namespace

std::vector<Recurring> find_recurring(const Sample& sample) {
  std::unordered_map<Token, std::map<std::size_t, std::size_t>> lines_by_count;
  std::unordered_map<Token, OnLine> tokens;
  std::unordered_map<Token, OnLine> first;
  std::size_t lines = 0;
  for (const std::string* piece : {&sample.beginning, &sample.middle, &sample.end}) {
    const char* at = piece->data();
    const char* end = at + piece->size();
    for (std::size_t count = 0; at < end && count < kLines;) {
      const Line line = physical_line(at, end, true);
      const std::string_view text(at, static_cast<std::size_t>(line.content_end - at));
      at = line.next;
      if (text.empty()) continue;
      ++count;
      ++lines;
      tokens.clear();
      count_tokens(text, tokens);
      for (const auto& [token, on_line] : tokens) ++lines_by_count[token][on_line.count];
      if (lines == 1) first = tokens;
    }
  }
  std::vector<Recurring> found;
  for (const auto& [token, counts] : lines_by_count) {
    const auto most = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const double share = static_cast<double>(most->second) / static_cast<double>(lines);
    // One line alone shows nothing but what no text holds.
    const bool shown = lines > 1 || is_control(token);
    if (!shown || share < kNearlyAll) continue;
    const auto in_first = first.find(token);
    found.push_back(
        {text_of(token), most->first, share, in_first != first.end() && in_first->second.count == most->first});
  }
  std::sort(found.begin(), found.end(), [](const Recurring& a, const Recurring& b) {
    return std::tuple(-a.share, b.per_line, b.text) < std::tuple(-b.share, a.per_line, a.text);
  });
  if (found.size() > kMost) found.resize(kMost);
  return found;
}

}  // namespace cpi::csv::sniffer
