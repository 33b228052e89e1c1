#include "core/preview/known.h"

#include <cmath>

namespace cpi::preview {

bool wants_detection(const config::TableOptions& options) {
  return options.encoding == "auto" || options.detect_delimiter || options.detect_quote || options.detect_escape ||
         options.detect_header || options.detect_skiprows;
}

csv::Known said(const config::TableOptions& options) {
  csv::Known known;
  if (options.encoding != "auto") known.encoding = options.encoding;
  if (!options.detect_delimiter) known.delimiter = options.dialect.delimiter;
  if (!options.detect_quote) known.quote = options.dialect.quote;
  if (!options.detect_escape) known.escape = options.dialect.escape;
  if (!options.detect_header) known.header_rows = options.dialect.header_rows;
  if (!options.detect_skiprows) known.skip_rows = options.dialect.skip_rows;
  known.comment = options.dialect.comment;
  known.stop_at = options.dialect.stop_at;
  known.trim = options.dialect.trim;
  return known;
}

config::TableOptions resolved(config::TableOptions options, const csv::Sniffed& found) {
  options.encoding = found.encoding.value;
  csv::Dialect& dialect = options.dialect;
  dialect.delimiter = found.dialect.delimiter;
  dialect.quote = found.dialect.quote;
  dialect.escape = found.dialect.escape;
  dialect.header_rows = found.dialect.header_rows;
  dialect.skip_rows = found.dialect.skip_rows;
  options.detect_delimiter = options.detect_quote = options.detect_escape = false;
  options.detect_header = options.detect_skiprows = false;
  return options;
}

std::vector<Detectable> detectable(const config::TableOptions& options, const csv::Sniffed& found) {
  const csv::Dialect& dialect = found.dialect;
  const nlohmann::json header =
      dialect.header_rows > 1 ? nlohmann::json(dialect.header_rows) : nlohmann::json(dialect.header_rows == 1);
  return {{"encoding", options.encoding == "auto", &found.encoding, found.encoding.value},
          {"delimiter", options.detect_delimiter, &found.delimiter, dialect.delimiter},
          {"quote", options.detect_quote, &found.quote, dialect.quote},
          {"escape", options.detect_escape, &found.escape, dialect.escape},
          {"header", options.detect_header, &found.header, header},
          {"skiprows", options.detect_skiprows, &found.skip_rows, dialect.skip_rows}};
}

nlohmann::ordered_json choice_json(const csv::Choice& choice) {
  nlohmann::ordered_json out;
  out["certainty"] = std::round(choice.certainty * 100) / 100;
  out["runner_up"] = choice.runner_up ? nlohmann::ordered_json(*choice.runner_up) : nlohmann::ordered_json();
  return out;
}

}  // namespace cpi::preview
