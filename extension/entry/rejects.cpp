// SQL-callable: rejected rows as CSV that can be mended.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/csv/rejects_csv.h"
#include "pg/bridge.h"
#include "pg/prelude.h"

namespace {

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(cpi_rejects_csv);

// _cpi_rejects_csv(rejects jsonb) → text
Datum cpi_rejects_csv(PG_FUNCTION_ARGS) {
  const std::string_view rejects = cpi::pg::jsonb_argument(fcinfo, 0);
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
    const nlohmann::json parsed = nlohmann::json::parse(rejects);
    const nlohmann::json& described = parsed.at("dialect");
    cpi::csv::Dialect dialect;
    dialect.delimiter = text_of(described, "delimiter");
    dialect.quote = text_of(described, "quote");
    dialect.escape = text_of(described, "escape");
    const auto reasons = parsed.value("reasons", std::size_t{0});
    std::string out;
    if (const auto header = parsed.find("header"); header != parsed.end()) {
      auto names = header->get<std::vector<std::string>>();
      names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(reasons, names.size())));
      out = cpi::csv::rejects_header(dialect, names);
    }
    for (const nlohmann::json& row : parsed.value("rows", nlohmann::json::array())) {
      const auto line = row.find("line");
      const std::string raw = text_of(row, "raw");
      out += cpi::csv::rejects_row(
          dialect, text_of(row, "file"), line != row.end() && line->is_number() ? line->get<std::int64_t>() : 0,
          text_of(row, "column"), text_of(row, "message"), cpi::csv::without_first_fields(dialect, raw, reasons));
    }
    return out;
  });
  return cpi::pg::return_text(fcinfo, outcome);
}
}
