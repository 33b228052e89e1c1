// Phase 1: which encoding the bytes are in.
#include <unicode/ucsdet.h>

#include <algorithm>
#include <memory>

#include "core/csv/sniffer/phases.h"
#include "core/text/utf8.h"

namespace cpi::csv::sniffer {
namespace {

struct CloseDetector {
  void operator()(UCharsetDetector* detector) const { ucsdet_close(detector); }
};

/// Valid but for a character that is cut at either end.
bool is_utf8_piece(std::string_view piece) {
  for (int i = 0; i < 3 && !piece.empty() && (static_cast<unsigned char>(piece.front()) & 0xC0U) == 0x80U; ++i) {
    piece.remove_prefix(1);
  }
  const std::size_t invalid = text::first_invalid_utf8(piece);
  return invalid == std::string_view::npos || (piece.size() - invalid < 4 && piece.size() > 4);
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

}  // namespace

Result<Choice> find_encoding(std::string_view beginning, std::string_view middle, std::string_view end) {
  using namespace std::string_view_literals;
  if (beginning.starts_with("\xEF\xBB\xBF"sv)) return Choice{"utf-8", 1, ""};
  if (beginning.starts_with("\xFF\xFE\x00\x00"sv)) return Choice{"utf-32le", 1, ""};
  if (beginning.starts_with("\x00\x00\xFE\xFF"sv)) return Choice{"utf-32be", 1, ""};
  if (beginning.starts_with("\xFF\xFE"sv)) return Choice{"utf-16le", 1, ""};
  if (beginning.starts_with("\xFE\xFF"sv)) return Choice{"utf-16be", 1, ""};

  std::string all;
  for (const std::string_view piece : {beginning, middle, end}) all += piece;
  const auto zeros = static_cast<std::size_t>(std::count(all.begin(), all.end(), '\0'));
  if (zeros > 0) {
    const std::string wide = by_zero_bytes(beginning);
    if (!wide.empty()) return Choice{wide, 0.95, ""};
    if (zeros * 20 > all.size()) {
      return Error{Code::kUnknownEncoding, "the file holds many NUL bytes and is no text in an encoding that we know",
                   "", "Check that it is a CSV file, not a workbook or an archive, or name its encoding."};
    }
  }
  if (is_utf8_piece(beginning) && is_utf8_piece(middle) && is_utf8_piece(end)) {
    const bool ascii = std::none_of(all.begin(), all.end(), [](char byte) { return (byte & '\x80') != 0; });
    // Text in another encoding is hardly ever valid UTF-8 by chance; plain ASCII says nothing of the rest of the file.
    return Choice{"utf-8", ascii ? 0.9 : 0.99, "windows-1252"};
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
    if (!repeated && name != "utf-8") found.emplace_back(name, ucsdet_getConfidence(matches[i], &status) / 100.0);
  }
  if (found.empty()) return Choice{"windows-1252", 0.3, ""};
  Choice choice{found[0].first, std::min(0.9, found[0].second), found.size() > 1 ? found[1].first : ""};
  return choice;
}

}  // namespace cpi::csv::sniffer
