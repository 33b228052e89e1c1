#include "import/mended.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/csv/rejects_csv.h"
#include "core/text/encoding.h"

namespace cpi::import {

namespace {

/// The name that a CSV text begins with, without its quote: as far as it is letters, digits and "_".
std::string_view first_name(std::string_view text, std::string_view quote) {
  if (!quote.empty() && text.starts_with(quote)) text.remove_prefix(quote.size());
  const auto of_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return text.substr(0, static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), of_name) - text.begin()));
}

}  // namespace

std::vector<std::string> read_as_plain_table(config::TableOptions& options) {
  csv::Dialect& dialect = options.dialect;
  std::vector<std::string> set_aside;
  if (options.detect_header || dialect.header_rows != 1) set_aside.emplace_back("header");
  if (!dialect.columns.empty()) set_aside.emplace_back("columns");
  if (options.detect_skiprows || dialect.skip_rows > 0) set_aside.emplace_back("skiprows");
  if (!dialect.comment.empty()) set_aside.emplace_back("comment");
  if (!dialect.stop_at.empty()) set_aside.emplace_back("stop_at");
  options.detect_header = options.detect_skiprows = false;
  dialect.header_rows = 1;
  dialect.columns.clear();
  dialect.skip_rows = 0;
  dialect.comment.clear();
  dialect.stop_at.clear();
  return set_aside;
}

bool begins_with_reasons(const source::File& file, const config::TableOptions& options) {
  // Room for the name in any encoding; what is cut may end within a character.
  constexpr std::size_t kLongestCharacter = 4;
  std::array<char, 64> bytes{};
  const ssize_t size = ::pread(file.descriptor(), bytes.data(), bytes.size(), 0);
  const std::string encoding = options.encoding == "auto" ? "utf-8" : options.encoding;
  const std::string quote = options.detect_quote ? "\"" : options.dialect.quote;
  for (std::size_t cut = 0; size > 0 && cut < kLongestCharacter && cut < static_cast<std::size_t>(size); ++cut) {
    const Result<std::string> text = text::decode({bytes.data(), static_cast<std::size_t>(size) - cut}, encoding);
    if (text.ok()) return csv::is_reason_column(first_name(*text, quote));
  }
  return false;
}

}  // namespace cpi::import
