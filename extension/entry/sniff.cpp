// SQL-callable: how a text is written, and what an import would read from it. The same code as in the agent.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/csv/sniffer/pieces.h"
#include "core/preview/preview.h"
#include "pg/bridge.h"
#include "pg/prelude.h"

namespace {

/// A failure of core as the caller's: what was given cannot be read, or the options are wrong.
[[noreturn]] void refuse(const cpi::Error& error) { throw cpi::pg::Failure{cpi::pg::kUnprocessable, error}; }

void check_size(std::string_view content) {
  if (content.size() <= cpi::preview::kMostBytes) return;
  refuse({cpi::Code::kLimitExceeded,
          "content has " + std::to_string(content.size()) + " bytes, more than the " +
              std::to_string(cpi::preview::kMostBytes) + " that are looked at",
          "", "Give the beginning of the file, such as its first 1000 lines."});
}

cpi::preview::Json sniffed(std::string_view content) {
  check_size(content);
  cpi::csv::Known known;
  known.encoding = "utf-8";  // the server has decoded it
  const cpi::Result<cpi::csv::Sniffed> found = cpi::csv::sniff(cpi::csv::pieces_of(content, false), known);
  if (!found) refuse(found.error());
  cpi::Result<cpi::preview::Json> report =
      cpi::preview::describe(*found, content, true, [] { return cpi::pg::interrupt_pending(); });
  if (!report) refuse(report.error());
  (*report)["dialect"].erase("encoding");
  (*report)["dialect"]["detected"].erase("encoding");
  const std::optional<cpi::Error> doubt = cpi::csv::doubt(*found, known);
  (*report)["doubt"] = doubt ? cpi::preview::Json(doubt->message + ". " + doubt->hint) : cpi::preview::Json();
  return std::move(*report);
}

cpi::preview::Json previewed(std::string_view content, std::string_view options, int rows) {
  check_size(content);
  if (rows < 1 || rows > 1000) {
    refuse({cpi::Code::kInvalidArgument, "limit: " + std::to_string(rows) + " is out of range: 1 to 1000", "", ""});
  }
  const cpi::Result<cpi::config::TableOptions> parsed =
      cpi::config::parse_table_options(options.empty() || options == "null" ? std::string_view("{}") : options);
  if (!parsed) refuse(parsed.error());
  cpi::Result<cpi::preview::Json> report = cpi::preview::preview(content, *parsed, static_cast<std::size_t>(rows),
                                                                 [] { return cpi::pg::interrupt_pending(); });
  if (!report) refuse(report.error());
  return std::move(*report);
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(cpi_sniff);
PG_FUNCTION_INFO_V1(cpi_preview);

// A filling that ends because an interrupt waits is begun anew when that interrupt did not end the statement.

// cpi_sniff(content text) → jsonb
Datum cpi_sniff(PG_FUNCTION_ARGS) {
  const std::string_view content = cpi::pg::text_argument(fcinfo, 0);
  for (;;) {
    cpi::pg::Outcome outcome;
    cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
      return sniffed(content).dump(-1, ' ', false, cpi::preview::Json::error_handler_t::replace);
    });
    const bool interrupted = outcome.kind == cpi::pg::Outcome::Kind::kFailed && cpi::pg::interrupt_pending();
    if (!interrupted) return cpi::pg::return_jsonb(fcinfo, outcome);
    cpi::pg::obey_interrupt();
  }
}

// cpi_preview(content text, options jsonb, "limit" int) → jsonb
Datum cpi_preview(PG_FUNCTION_ARGS) {
  const std::string_view content = cpi::pg::text_argument(fcinfo, 0);
  const std::string_view options = cpi::pg::jsonb_argument(fcinfo, 1);
  const int rows = PG_ARGISNULL(2) ? 20 : PG_GETARG_INT32(2);
  for (;;) {
    cpi::pg::Outcome outcome;
    cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
      return previewed(content, options, rows).dump(-1, ' ', false, cpi::preview::Json::error_handler_t::replace);
    });
    const bool interrupted = outcome.kind == cpi::pg::Outcome::Kind::kFailed && cpi::pg::interrupt_pending();
    if (!interrupted) return cpi::pg::return_jsonb(fcinfo, outcome);
    cpi::pg::obey_interrupt();
  }
}
}
