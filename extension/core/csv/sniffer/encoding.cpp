// Phase 1: which encoding the bytes are in.
#include <unicode/uchar.h>
#include <unicode/ucsdet.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
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

/// UTF-32 of any script: no four bytes of another encoding are a character's number, let alone all.
std::string by_code_points(std::string_view bytes) {
  const auto is_point = [](unsigned char first, unsigned char second, unsigned char third, unsigned char last) {
    return first == 0 && second <= 0x10 && (second != 0 || third != 0 || last != 0) &&
           (second != 0 || (third & 0xF8U) != 0xD8U);
  };
  bool little = bytes.size() >= 16;
  bool big = little;
  for (std::size_t i = 0; i + 4 <= bytes.size() && (little || big); i += 4) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[i + at]); };
    little = little && is_point(byte(3), byte(2), byte(1), byte(0));
    big = big && is_point(byte(0), byte(1), byte(2), byte(3));
  }
  return little ? "utf-32le" : big ? "utf-32be" : std::string();
}

/// UTF-16 of other scripts than Latin: digits, delimiters and line ends when it is read so, hardly any in the other
/// order.
std::string by_ascii_units(std::string_view bytes) {
  std::size_t units[2] = {};
  for (std::size_t i = 0; i + 2 <= bytes.size(); i += 2) {
    const auto is_common = [](char byte) {
      return std::string_view("\t\r\n ,;|.-0123456789").find(byte) != std::string_view::npos;
    };
    units[0] += bytes[i + 1] == '\0' && is_common(bytes[i]) ? 1 : 0;
    units[1] += bytes[i] == '\0' && is_common(bytes[i + 1]) ? 1 : 0;
  }
  const bool little = units[0] > units[1];
  if (units[little ? 0 : 1] * 40 < bytes.size() / 2 || units[little ? 1 : 0] * 8 > units[little ? 0 : 1]) return {};
  const std::string encoding = little ? "utf-16le" : "utf-16be";
  return plausibility(bytes, encoding) > 0 ? encoding : std::string();
}

/// Encodings that switch between character sets by escape sequences, all in ASCII bytes.
std::string by_escapes(std::string_view all) {
  using namespace std::string_view_literals;
  const auto holds = [&](std::string_view text) { return all.find(text) != std::string_view::npos; };
  if (holds("\x1B$)C"sv)) return "iso-2022-kr";
  if (holds("\x1B$)A"sv) || holds("\x1B$)G"sv)) return "iso-2022-cn";
  if ((holds("\x1B$B"sv) || holds("\x1B$@"sv)) && (holds("\x1B(B"sv) || holds("\x1B(J"sv))) return "iso-2022-jp";
  return {};
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

/// Bytes as UTF-8; what is none in `encoding` becomes U+FFFD. Nothing for an encoding that is unknown.
std::optional<std::string> decoded(std::string_view bytes, const std::string& encoding) {
  Result<std::unique_ptr<text::Transcoder>> transcoder = text::make_transcoder(encoding, {});
  if (!transcoder.ok()) return std::nullopt;
  std::string converted;
  (*transcoder)->convert(bytes, converted);
  (*transcoder)->finish(converted);
  std::string utf8;
  text::append_replacing_invalid(converted, utf8);
  return utf8;
}

/// Code pages that ICU's detector does not know, and the one that is most common.
constexpr std::array<const char*, 7> kCodePages = {"windows-1252", "cp850", "cp437",    "cp852",
                                                   "cp866",        "cp737", "macintosh"};

/// Common ones that it knows, but misses in short texts.
constexpr std::array<const char*, 4> kMissed = {"windows-1250", "windows-1251", "windows-1253", "koi8-r"};

/// Overrules ICU's choice where a code page makes far better words; and lowers the certainty where others make nearly
/// as good ones of another spelling.
void weigh_code_pages(std::string_view text, std::vector<std::pair<std::string, double>>& found) {
  constexpr double kClearly = 0.2;
  std::string chosen = found[0].first;
  double best = plausibility(text, chosen);
  for (const char* page : kCodePages) {
    const double score = plausibility(text, page);
    if (score <= best + (chosen == found[0].first ? kClearly : 0.0001)) continue;
    chosen = page;
    best = score;
  }
  const bool overruled = chosen != found[0].first;
  for (const char* page : kMissed) {
    const double score = plausibility(text, page);
    if (!overruled || score <= best + 0.0001) continue;
    chosen = page;
    best = score;
  }
  const std::optional<std::string> spelling = decoded(text, chosen);
  double next = -3;
  std::string runner_up;
  std::vector<std::string> others(kCodePages.begin(), kCodePages.end());
  // Among those that it knows itself, ICU's order is the better judge.
  if (overruled) {
    for (const auto& [name, confidence] : found) others.push_back(name);
    others.insert(others.end(), kMissed.begin(), kMissed.end());
  }
  for (const std::string& page : others) {
    const double score = plausibility(text, page);
    if (page == chosen || score <= next || decoded(text, page) == spelling) continue;
    next = score;
    runner_up = page;
  }
  // A few letters are hardly evidence.
  constexpr std::ptrdiff_t kFew = 8;
  const auto letters = std::count_if(text.begin(), text.end(), [](char byte) { return (byte & '\x80') != 0; });
  const double certain = std::min(letters < kFew ? 0.7 : 0.9, 0.5 + std::max(0.0, best - next));
  if (overruled) {
    std::erase_if(found, [&](const auto& one) { return one.first == chosen; });
    found.insert(found.begin(), {chosen, certain});
  } else if (found[0].second > certain) {
    found[0].second = certain;
    std::erase_if(found, [&](const auto& one) { return one.first == runner_up; });
    if (!runner_up.empty()) found.insert(found.begin() + 1, {runner_up, certain});
  }
  // Of two that read the file alike, the common one.
  if (found[0].first != kCodePages[0] && decoded(text, kCodePages[0]) == decoded(text, found[0].first)) {
    std::erase_if(found, [&](const auto& one) { return one.first == kCodePages[0]; });
    found.insert(found.begin(), {kCodePages[0], found[0].second});
  }
}

/// Whether two letters beside each other are of scripts that no word mixes.
bool mixes_scripts(UChar32 a, UChar32 b) {
  if (u_isalpha(a) == 0 || u_isalpha(b) == 0) return false;
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode one = uscript_getScript(a, &status);
  const UScriptCode other = uscript_getScript(b, &status);
  const auto alphabetic = [](UScriptCode script) {
    return script == USCRIPT_LATIN || script == USCRIPT_GREEK || script == USCRIPT_CYRILLIC ||
           script == USCRIPT_HEBREW || script == USCRIPT_ARABIC;
  };
  return one != other && (alphabetic(one) || alphabetic(other));
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
    std::string wide = by_code_points(beginning);
    if (wide.empty()) wide = by_zero_bytes(beginning);
    if (wide.empty()) wide = by_ascii_units(beginning.size() >= 64 ? beginning : std::string_view(all));
    if (!wide.empty()) return Choice{wide, 0.95, std::nullopt};
    if (zeros * 20 > all.size()) {
      return Error{Code::kUnknownEncoding, "the file holds many NUL bytes and is no text in an encoding that we know",
                   "", "Check that it is a CSV file, not a workbook or an archive, or name its encoding."};
    }
  }
  if (const std::string switching = by_escapes(all); !switching.empty()) return Choice{switching, 0.95, "utf-8", true};
  Utf8Count utf8;
  for (const std::string_view piece : {beginning, middle, end, foreign}) count_utf8(piece, utf8);
  if (utf8.invalid_bytes == 0 || utf8.characters > utf8.invalid_bytes) {
    const bool ascii = std::none_of(all.begin(), all.end(), [](char byte) { return (byte & '\x80') != 0; });
    // Text in another encoding hardly ever makes valid UTF-8 by chance, so that a few bad bytes are damage; plain ASCII
    // says nothing of the rest of the file.
    const double valid = utf8.invalid_bytes == 0 ? 1
                                                 : static_cast<double>(utf8.characters) /
                                                       static_cast<double>(utf8.characters + utf8.invalid_bytes);
    const bool escapes = all.find('\x1B') != std::string::npos;
    return Choice{"utf-8", ascii ? (escapes ? 0.6 : 0.9) : 0.99 * valid, "windows-1252", !ascii || escapes};
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
  weigh_code_pages(beyond_ascii(all), found);
  return Choice{found[0].first, std::min(0.9, found[0].second),
                found.size() > 1 ? std::optional(found[1].first) : std::nullopt, true};
}

double plausibility(std::string_view bytes, const std::string& encoding) {
  const std::optional<std::string> text = decoded(bytes, encoding);
  if (!text) return -1;
  const std::string& utf8 = *text;
  double score = 0;
  std::int32_t count = 0;
  UChar32 before = ' ';
  std::size_t accented = 0;  // letters with accents in a row
  const auto size = static_cast<std::int32_t>(utf8.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT(utf8.data(), at, size, c);
    UChar32 next = ' ';
    if (std::int32_t peek = at; peek < size) U8_NEXT(utf8.data(), peek, size, next);
    const bool is_accented = c >= 0xC0 && c < 0x250 && u_isalpha(c) != 0;
    accented = is_accented ? accented + 1 : 0;
    const bool inside = u_isalpha(before) != 0 || u_isalpha(next) != 0;
    if (c >= 0x80 || c < 0) {
      ++count;
      // No letters of words, though letters by name.
      const bool odd = c == 0x192 || c == 0xAA || c == 0xBA || c == 0xFF;
      if (c < 0 || c == 0xFFFD || u_charType(c) == U_CONTROL_CHAR || u_charType(c) == U_UNASSIGNED) {
        score -= 3;
      } else if (u_isalpha(c) != 0 && u_charType(c) != U_MODIFIER_LETTER) {
        // A capital within a word of small letters is nobody's spelling.
        const bool misplaced = (u_isupper(c) != 0 || odd) && u_islower(before) != 0;
        // Three letters with accents in a row make no word of a Latin script, but many of another one.
        score += !inside                                                           ? 0.2
                 : accented > 2                                                    ? -0.5
                 : misplaced || mixes_scripts(c, before) || mixes_scripts(c, next) ? -1
                                                                                   : 1;
      } else if ((c == 0xA1 || c == 0xBF) && u_isalpha(before) == 0) {
        score += 0.3;  // ¡ and ¿ before a word
      } else {
        score += inside && u_charType(c) != U_FINAL_PUNCTUATION && u_charType(c) != U_INITIAL_PUNCTUATION ? -1 : 0.3;
      }
    }
    before = c < 0 ? ' ' : c;
  }
  return count == 0 ? 0 : score / count;
}

}  // namespace cpi::csv::sniffer

namespace cpi::csv {

Spelling spelling_of(const std::string& stored, const std::string& found, std::string_view bytes) {
  constexpr double kClearly = 0.2;
  const std::string text = sniffer::beyond_ascii(bytes);
  if (sniffer::decoded(text, stored) == sniffer::decoded(text, found)) return Spelling::kSame;
  const double worse = sniffer::plausibility(text, found) - sniffer::plausibility(text, stored);
  return worse > kClearly ? Spelling::kWorse : Spelling::kOther;
}

}  // namespace cpi::csv
