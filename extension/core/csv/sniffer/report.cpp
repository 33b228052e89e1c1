// The walk through the phases, and phase 6: what to paste into a config.
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

Result<Sniffed> sniff(std::string_view beginning, std::string_view middle, std::string_view end, const Known& known,
                      std::string_view foreign) {
  const bool whole = middle.empty() && end.empty() && beginning.size() <= kSniffBytes;
  const bool end_cut = end.size() > kSniffBytes;
  beginning = beginning.substr(0, kSniffBytes);
  middle = middle.substr(0, kSniffBytes);
  if (end_cut) end = end.substr(end.size() - kSniffBytes);
  if (std::optional<Error> error = text::no_text(beginning)) return *error;
  Sniffed sniffed;
  // A byte order mark wins over what is said, in every piece.
  if (known.encoding && text::encoding_of_mark(beginning.substr(0, 4)).empty()) {
    Result<std::unique_ptr<text::Transcoder>> transcoder = text::make_transcoder(*known.encoding, {});
    if (!transcoder.ok()) return transcoder.error();
    sniffed.encoding = {*known.encoding, 1, std::nullopt, true};
  } else {
    Result<Choice> encoding = sniffer::find_encoding(beginning, middle, end, foreign);
    if (!encoding.ok()) return encoding.error();
    sniffed.encoding = *encoding;
  }
  const std::string& name = sniffed.encoding.value;
  const sniffer::Sample sample{piece_of(beginning, name, true, !whole), piece_of(middle, name, false, true),
                               piece_of(end, name, false, false)};
  if (sample.beginning.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error{Code::kInvalidHeader, "the file is empty: there is nothing to find out", "",
                 "Sniff a file that holds at least a header."};
  }
  const Known said = sniffer::obeying_first_line(sample, known, sniffed);
  Result<sniffer::Fit> dialect = sniffer::find_dialect(sample, said, sniffed);
  if (!dialect.ok()) return dialect.error();
  sniffer::Fit& fit = *dialect;
  sniffer::find_remarks(sample, said, fit, sniffed);
  if (!said.delimiter) sniffer::doubt_rows(fit, sniffed);
  sniffer::find_header(fit, said, sniffed);
  sniffer::find_end(fit, said, sniffed);
  return sniffed;
}

namespace {

nlohmann::ordered_json differing_options(const Sniffed& sniffed) {
  nlohmann::ordered_json options = nlohmann::ordered_json::object();
  const Dialect usual;
  const Dialect& found = sniffed.dialect;
  if (found.delimiter != usual.delimiter) options["delimiter"] = found.delimiter;
  if (found.quote != usual.quote) options["quote"] = found.quote;
  if (found.escape != usual.escape) options["escape"] = found.escape;
  if (sniffed.encoding.value != "utf-8") options["encoding"] = sniffed.encoding.value;
  if (found.header_rows == 0) options["header"] = false;
  if (found.header_rows > 1) options["header"] = found.header_rows;
  if (found.skip_rows > 0) options["skiprows"] = found.skip_rows;
  if (!found.comment.empty()) options["comment"] = found.comment;
  if (!found.stop_at.empty()) options["stop_at"] = found.stop_at;
  if (found.trim) options["trim"] = true;
  return options;
}

}  // namespace

std::string config_snippet(const Sniffed& sniffed) {
  std::string options;
  const nlohmann::ordered_json found = differing_options(sniffed);
  for (const auto& [key, value] : found.items()) {
    options += "  " + key + ": " + value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  return options.empty() ? "" : "defaults:\n" + options;
}

std::string config_json(const Sniffed& sniffed) {
  return differing_options(sniffed).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace cpi::csv
