// Webhooks as the agent that sends them sees them: what a claim hands over, and how a try ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cpi::store {

/// A webhook that this agent may try now.
struct Delivery {
  std::string id;  ///< a UUID, the same on every try
  std::int64_t fence = 0;
  int attempt = 1;
  std::string job_id;
  std::string url;   ///< to be used byte for byte; may hold a password or a signature: never logged whole
  std::string body;  ///< JSON, the same bytes on every try
};

/// The answer to a claim.
struct DeliveryClaim {
  std::vector<Delivery> deliveries;
  std::vector<std::string> secrets;  ///< whsec_…; sign with each, the first is the newest
  std::chrono::milliseconds timeout{30000};
  std::chrono::milliseconds poll{5000};
  std::optional<std::chrono::milliseconds> next_in;  ///< until the next delivery that is not due yet
};

/// How one try ended.
struct DeliveryResult {
  std::string id;
  std::int64_t fence = 0;
  std::string outcome;  ///< delivered, retry, moment, refused or released (sql/README.md)
  int status = 0;       ///< of HTTP; 0: no answer
  std::string error;
  std::optional<std::int64_t> retry_after_seconds;
};

/// What became of the delivery.
struct DeliveryEnd {
  std::string id;
  std::string status;
  int attempts = 0;
  std::optional<double> next_in_seconds;
};

}  // namespace cpi::store
