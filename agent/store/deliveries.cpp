#include "store/deliveries.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "store/management.h"

namespace cpi::store {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;

milliseconds seconds_in(const json& value) { return milliseconds(std::llround(value.get<double>() * 1000)); }

}  // namespace

DeliveryClaim Management::claim_deliveries(const std::string& agent_id, int most, int most_per_receiver) {
  const db::Rows rows = call("_cpi_claim_deliveries", "$1::uuid, $2::int, $3::int",
                             {agent_id, std::to_string(most), std::to_string(most_per_receiver)});
  const json answer = json::parse(rows.text(0, 0));
  DeliveryClaim claim;
  for (const json& row : answer.at("deliveries")) {
    claim.deliveries.push_back(
        {row.at("delivery_id"), row.at("fence"), row.at("attempt"), row.at("job_id"), row.at("url"), row.at("body")});
  }
  claim.secrets = answer.at("secrets").get<std::vector<std::string>>();
  claim.timeout = seconds_in(answer.at("timeout_seconds"));
  claim.poll = seconds_in(answer.at("poll_seconds"));
  if (const json& next = answer.at("next_in_seconds"); next.is_number()) claim.next_in = seconds_in(next);
  return claim;
}

std::vector<DeliveryEnd> Management::finish_deliveries(const std::vector<DeliveryResult>& results) {
  json list = json::array();
  for (const DeliveryResult& result : results) {
    list.push_back({{"delivery_id", result.id},
                    {"fence", result.fence},
                    {"outcome", result.outcome},
                    {"status", result.status != 0 ? json(result.status) : json()},
                    {"error", result.error.empty() ? json() : json(result.error)},
                    {"retry_after_seconds", result.retry_after_seconds ? json(*result.retry_after_seconds) : json()}});
  }
  const db::Rows rows = call("_cpi_finish_deliveries", "$1::jsonb", {to_jsonb(list)});
  std::vector<DeliveryEnd> ends;
  for (const json& row : json::parse(rows.text(0, 0))) {
    DeliveryEnd end{row.at("delivery_id"), row.at("status"), row.at("attempts"), std::nullopt};
    if (row.at("next_in_seconds").is_number()) end.next_in_seconds = row.at("next_in_seconds").get<double>();
    ends.push_back(std::move(end));
  }
  return ends;
}

void Management::listen_for_deliveries() { connection_.exec("LISTEN cpi_deliveries"); }

}  // namespace cpi::store
