// The walk through the phases, and phase 4: what to paste into a config.
#include <nlohmann/json.hpp>

#include "core/csv/sniffer/phases.h"
#include "core/text/transcoder.h"
#include "core/text/utf8.h"

namespace cpi::csv {
namespace {

/// A piece as UTF-8; behind the beginning, from its first whole line on. A last line that is cut is left out.
std::string piece_of(std::string_view bytes, const std::string& encoding, bool first, bool cut) {
  Result<std::unique_ptr<text::Transcoder>> transcoder =
      text::make_transcoder(encoding, first ? bytes.substr(0, 4) : std::string_view());
  if (!transcoder.ok()) return {};
  std::string converted;
  (*transcoder)->convert(bytes, converted);
  std::string utf8;
  text::append_replacing_invalid(converted, utf8);
  if (first && utf8.starts_with("\xEF\xBB\xBF")) utf8.erase(0, 3);
  if (!first) {
    const std::size_t line = utf8.find_first_of("\r\n");
    utf8.erase(0, line == std::string::npos ? utf8.size() : line + 1);
    if (utf8.starts_with('\n')) utf8.erase(0, 1);
  }
  if (cut) {
    const std::size_t last = utf8.find_last_of("\r\n");
    if (last != std::string::npos) utf8.erase(last + 1);
  }
  return utf8;
}

}  // namespace

Result<Sniffed> sniff(std::string_view beginning, std::string_view middle, std::string_view end) {
  const bool whole = middle.empty() && end.empty() && beginning.size() <= kSniffBytes;
  const bool end_cut = end.size() > kSniffBytes;
  beginning = beginning.substr(0, kSniffBytes);
  middle = middle.substr(0, kSniffBytes);
  if (end_cut) end = end.substr(end.size() - kSniffBytes);
  Result<Choice> encoding = sniffer::find_encoding(beginning, middle, end);
  if (!encoding.ok()) return encoding.error();
  Sniffed sniffed;
  sniffed.encoding = *encoding;
  const std::string& name = sniffed.encoding.value;
  const sniffer::Sample sample{piece_of(beginning, name, true, !whole), piece_of(middle, name, false, true),
                               piece_of(end, name, false, false)};
  if (sample.beginning.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error{Code::kInvalidHeader, "the file is empty: there is nothing to find out", "",
                 "Sniff a file that holds at least a header."};
  }
  const sniffer::Fit fit = sniffer::find_dialect(sample, sniffed);
  sniffer::find_header(fit, sniffed);
  return sniffed;
}

std::string config_snippet(const Sniffed& sniffed) {
  std::string options;
  const Dialect usual;
  const auto say = [&](const char* key, const std::string& value) {
    options += std::string("  ") + key + ": " + value + "\n";
  };
  const auto quoted = [](const std::string& text) { return nlohmann::json(text).dump(); };
  if (sniffed.dialect.delimiter != usual.delimiter) say("delimiter", quoted(sniffed.dialect.delimiter));
  if (sniffed.dialect.quote != usual.quote) say("quote", quoted(sniffed.dialect.quote));
  if (sniffed.dialect.escape != usual.escape) say("escape", quoted(sniffed.dialect.escape));
  if (sniffed.encoding.value != "utf-8") say("encoding", quoted(sniffed.encoding.value));
  if (sniffed.dialect.header_rows == 0) say("header", "false");
  if (sniffed.dialect.skip_rows > 0) say("skiprows", std::to_string(sniffed.dialect.skip_rows));
  return options.empty() ? "" : "defaults:\n" + options;
}

}  // namespace cpi::csv
