// SQL-callable: the config's check and schema, connection URLs, the nearest name.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/config/model.h"
#include "core/config/url.h"
#include "core/text/identifier.h"
#include "pg/bridge.h"
#include "pg/prelude.h"

extern "C" {

PG_FUNCTION_INFO_V1(cpi_check_config);
PG_FUNCTION_INFO_V1(cpi_config_schema);
PG_FUNCTION_INFO_V1(cpi_parse_url);
PG_FUNCTION_INFO_V1(cpi_nearest);

// _cpi_check_config(config jsonb, project text) → jsonb
Datum cpi_check_config(PG_FUNCTION_ARGS) {
  const std::string_view config = PG_ARGISNULL(0) ? std::string_view("null") : cpi::pg::jsonb_argument(fcinfo, 0);
  const std::string_view project = cpi::pg::text_argument(fcinfo, 1);
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
    nlohmann::ordered_json findings = nlohmann::ordered_json::array();
    for (const cpi::Finding& finding : cpi::config::validate(config, project)) {
      findings.push_back({{"path", finding.path}, {"rule", finding.rule}, {"message", finding.message}});
      findings.back()["hint"] = finding.hint.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(finding.hint);
    }
    return findings.dump();
  });
  return cpi::pg::return_jsonb(fcinfo, outcome);
}

// _cpi_config_schema() → jsonb
Datum cpi_config_schema(PG_FUNCTION_ARGS) {
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, []() -> std::optional<std::string> { return std::string(cpi::config::schema()); });
  return cpi::pg::return_jsonb(fcinfo, outcome);
}

// _cpi_parse_url(database_url text) → jsonb
Datum cpi_parse_url(PG_FUNCTION_ARGS) {
  const std::string_view text = cpi::pg::text_argument(fcinfo, 0);
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
    cpi::Result<cpi::config::ConnectionUrl> url = cpi::config::parse_connection_url(text);
    if (!url) throw cpi::pg::Failure{cpi::pg::kUnprocessable, url.error()};
    // libpq would fill in what is missing from the environment of whoever connects; a stored connection must say it.
    const auto names_host = [](const auto& parameter) { return parameter.first == "hostaddr"; };
    const bool has_host = !url->host.empty() || std::any_of(url->parameters.begin(), url->parameters.end(), names_host);
    for (const auto& [given, what] : {std::pair(has_host, "host"), std::pair(!url->database.empty(), "database")}) {
      if (given) continue;
      throw cpi::pg::Failure{cpi::pg::kUnprocessable,
                             {cpi::Code::kInvalidUrl, std::string("the connection URL names no ") + what, "",
                              "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE."}};
    }
    nlohmann::ordered_json parameters = nlohmann::ordered_json::object();
    for (const auto& [key, value] : url->parameters) parameters[key] = value;
    return nlohmann::ordered_json{{"host", url->host},         {"port", url->port},         {"database", url->database},
                                  {"username", url->username}, {"password", url->password}, {"parameters", parameters}}
        .dump();
  });
  return cpi::pg::return_jsonb(fcinfo, outcome);
}

// _cpi_nearest(name text, candidates text[]) → text
Datum cpi_nearest(PG_FUNCTION_ARGS) {
  const std::string_view name = cpi::pg::text_argument(fcinfo, 0);
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(1);
  Datum* elements = nullptr;
  bool* nulls = nullptr;
  int count = 0;
  deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
  std::string_view* views = static_cast<std::string_view*>(palloc0(sizeof(std::string_view) * (count + 1)));
  for (int i = 0; i < count; ++i) {
    if (!nulls[i]) views[i] = cpi::pg::text_value(elements[i]);
  }
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
    std::vector<std::string> candidates;
    for (int i = 0; i < count; ++i) {
      if (!views[i].empty()) candidates.emplace_back(views[i]);
    }
    std::string nearest = cpi::text::nearest(name, candidates);
    if (nearest.empty()) return std::nullopt;
    return nearest;
  });
  return cpi::pg::return_text(fcinfo, outcome);
}
}
