// Phase 1: which encoding the bytes are in.
#include <unicode/uchar.h>
#include <unicode/ucsdet.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <memory>

#include "core/csv/sniffer/phases.h"
#include "core/text/transcoder.h"
#include "core/text/utf8.h"

namespace cpi::csv::sniffer {
namespace {

struct CloseDetector {
  void operator()(UCharsetDetector* detector) const { ucsdet_close(detector); }
};

/// What is beyond ASCII in a text when it is read as UTF-8.
struct Utf8Count {
  std::size_t characters = 0;     ///< valid ones of several bytes
  std::size_t invalid_bytes = 0;  ///< bytes that are part of no character
};

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// Counts in a piece whose first and last character may be cut.
void count_utf8(std::string_view piece, Utf8Count& count) {
  const bool may_be_cut = piece.size() > 4;
  for (int i = 0; i < 3 && !piece.empty() && continues(piece.front()); ++i) piece.remove_prefix(1);
  while (!piece.empty()) {
    const std::size_t invalid = text::first_invalid_utf8(piece);
    const std::string_view valid = piece.substr(0, invalid);
    count.characters += static_cast<std::size_t>(std::count_if(
        valid.begin(), valid.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0xC0U; }));
    if (invalid == std::string_view::npos) return;
    const std::string_view rest = piece.substr(invalid + 1);
    if (may_be_cut && rest.size() < 3 && std::all_of(rest.begin(), rest.end(), continues)) return;
    ++count.invalid_bytes;
    piece = rest;
  }
}

/// UTF-16 and UTF-32 without a mark, by where the zero bytes of its ASCII characters stand.
std::string by_zero_bytes(std::string_view bytes) {
  std::size_t zeros[4] = {};
  const std::size_t size = bytes.size() / 4 * 4;
  for (std::size_t i = 0; i < size; ++i) zeros[i % 4] += bytes[i] == '\0' ? 1 : 0;
  const auto mostly = [&](std::size_t lane) { return size > 0 && zeros[lane] * 10 >= size / 4 * 6; };
  const auto hardly = [&](std::size_t lane) { return zeros[lane] * 10 <= size / 4; };
  if (mostly(1) && mostly(2) && mostly(3) && hardly(0)) return "utf-32le";
  if (mostly(0) && mostly(1) && mostly(2) && hardly(3)) return "utf-32be";
  if (mostly(1) && mostly(3) && hardly(0) && hardly(2)) return "utf-16le";
  if (mostly(0) && mostly(2) && hardly(1) && hardly(3)) return "utf-16be";
  return {};
}

/// UTF-16 of other scripts than Latin: zero bytes (of digits, delimiters and line ends) in one lane only, and letters
/// when it is read so.
std::string by_lanes(std::string_view bytes) {
  bytes = bytes.substr(0, bytes.size() / 2 * 2);
  std::size_t zeros[2] = {};
  for (std::size_t i = 0; i < bytes.size(); ++i) zeros[i % 2] += bytes[i] == '\0' ? 1 : 0;
  const bool little = zeros[1] > zeros[0];
  if (zeros[little ? 1 : 0] * 20 < bytes.size() || zeros[little ? 0 : 1] * 20 > zeros[little ? 1 : 0]) return {};
  const std::string encoding = little ? "utf-16le" : "utf-16be";
  return plausibility(bytes, encoding) > 0 ? encoding : std::string();
}

/// Bytes beyond ASCII with their neighbours, up to a bound: all that tells one code page from another.
std::string beyond_ascii(std::string_view all) {
  constexpr std::size_t kEnough = 4096;
  std::string out;
  for (std::size_t i = 0; i < all.size() && out.size() < kEnough; ++i) {
    const bool near = (all[i] & '\x80') != 0 || (i > 0 && (all[i - 1] & '\x80') != 0) ||
                      (i + 1 < all.size() && (all[i + 1] & '\x80') != 0);
    if (near) {
      out += all[i];
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

}  // namespace

Result<Choice> find_encoding(std::string_view beginning, std::string_view middle, std::string_view end,
                             std::string_view foreign) {
  using namespace std::string_view_literals;
  if (beginning.starts_with("\xEF\xBB\xBF"sv)) return Choice{"utf-8", 1, std::nullopt};
  if (beginning.starts_with("\xFF\xFE\x00\x00"sv)) return Choice{"utf-32le", 1, std::nullopt};
  if (beginning.starts_with("\x00\x00\xFE\xFF"sv)) return Choice{"utf-32be", 1, std::nullopt};
  if (beginning.starts_with("\xFF\xFE"sv)) return Choice{"utf-16le", 1, std::nullopt};
  if (beginning.starts_with("\xFE\xFF"sv)) return Choice{"utf-16be", 1, std::nullopt};

  std::string all;
  for (const std::string_view piece : {beginning, middle, end, foreign}) all += piece;
  const auto zeros = static_cast<std::size_t>(std::count(all.begin(), all.end(), '\0'));
  if (zeros > 0) {
    std::string wide = by_zero_bytes(beginning);
    if (wide.empty()) wide = by_lanes(beginning.size() >= 64 ? beginning : std::string_view(all));
    if (!wide.empty()) return Choice{wide, 0.95, std::nullopt};
    if (zeros * 20 > all.size()) {
      return Error{Code::kUnknownEncoding, "the file holds many NUL bytes and is no text in an encoding that we know",
                   "", "Check that it is a CSV file, not a workbook or an archive, or name its encoding."};
    }
  }
  Utf8Count utf8;
  for (const std::string_view piece : {beginning, middle, end, foreign}) count_utf8(piece, utf8);
  if (utf8.invalid_bytes == 0 || utf8.characters > utf8.invalid_bytes) {
    const bool ascii = std::none_of(all.begin(), all.end(), [](char byte) { return (byte & '\x80') != 0; });
    // Text in another encoding hardly ever makes valid UTF-8 by chance, so that a few bad bytes are damage; plain ASCII
    // says nothing of the rest of the file.
    const double valid = utf8.invalid_bytes == 0 ? 1
                                                 : static_cast<double>(utf8.characters) /
                                                       static_cast<double>(utf8.characters + utf8.invalid_bytes);
    return Choice{"utf-8", ascii ? 0.9 : 0.99 * valid, "windows-1252", !ascii};
  }
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UCharsetDetector, CloseDetector> detector(ucsdet_open(&status));
  ucsdet_setText(detector.get(), all.data(), static_cast<std::int32_t>(all.size()), &status);
  std::int32_t count = 0;
  const UCharsetMatch** matches = ucsdet_detectAll(detector.get(), &count, &status);
  std::vector<std::pair<std::string, double>> found;
  for (std::int32_t i = 0; U_SUCCESS(status) != 0 && i < count; ++i) {
    std::string name = ucsdet_getName(matches[i], &status);
    // What is called ISO 8859-1 is written by Windows: the same but for quotation marks and the euro sign.
    if (name == "ISO-8859-1") name = "windows-1252";
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    const bool repeated =
        std::any_of(found.begin(), found.end(), [&](const auto& other) { return other.first == name; });
    // A piece that is cut anywhere always looks like wide characters a little.
    const bool wide = name.starts_with("utf-16") || name.starts_with("utf-32");
    if (!repeated && !wide && name != "utf-8")
      found.emplace_back(name, ucsdet_getConfidence(matches[i], &status) / 100.0);
  }
  if (found.empty()) found.emplace_back("windows-1252", 0.3);
  // ICU guesses by languages, from few letters often wildly, and does not know the code pages of DOS, whose letters are
  // punctuation or nothing at all elsewhere. What the letters and their neighbours look like has a say.
  constexpr double kClearly = 0.2;
  const std::string text = beyond_ascii(all);
  double best = plausibility(text, found[0].first);
  for (const char* other : {"windows-1252", "cp850", "cp437"}) {
    const double score = plausibility(text, other);
    if (score <= best + kClearly) continue;
    std::erase_if(found, [&](const auto& one) { return one.first == other; });
    found.insert(found.begin(), {other, std::min(0.9, 0.5 + (score - best) / 2)});
    best = score;
  }
  return Choice{found[0].first, std::min(0.9, found[0].second),
                found.size() > 1 ? std::optional(found[1].first) : std::nullopt, true};
}

double plausibility(std::string_view bytes, const std::string& encoding) {
  Result<std::unique_ptr<text::Transcoder>> transcoder = text::make_transcoder(encoding, {});
  if (!transcoder.ok()) return -1;
  std::string utf8;
  (*transcoder)->convert(bytes, utf8);
  (*transcoder)->finish(utf8);
  double score = 0;
  std::int32_t count = 0;
  UChar32 before = ' ';
  const auto size = static_cast<std::int32_t>(utf8.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT(utf8.data(), at, size, c);
    UChar32 next = ' ';
    if (std::int32_t peek = at; peek < size) U8_NEXT(utf8.data(), peek, size, next);
    const bool inside = u_isalpha(before) != 0 || u_isalpha(next) != 0;
    if (c >= 0x80 || c < 0) {
      ++count;
      if (c < 0 || u_charType(c) == U_CONTROL_CHAR || u_charType(c) == U_UNASSIGNED) {
        score -= 3;
      } else if (u_isalpha(c) != 0 && u_charType(c) != U_MODIFIER_LETTER) {
        // A capital within a word of small letters is nobody's spelling.
        score += !inside ? 0.2 : u_isupper(c) != 0 && u_islower(before) != 0 ? -1 : 1;
      } else {
        score += inside && u_charType(c) != U_FINAL_PUNCTUATION && u_charType(c) != U_INITIAL_PUNCTUATION ? -1 : 0.3;
      }
    }
    before = c < 0 ? ' ' : c;
  }
  return count == 0 ? 0 : score / count;
}

}  // namespace cpi::csv::sniffer
