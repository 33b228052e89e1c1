// What an answer, or its absence, means for a webhook: api.md's rules in one pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cpi::deliver {

/// What a receiver answered.
struct Answer {
  int status = 0;         ///< of HTTP; 0: none came
  std::string failure;    ///< why the exchange ended early, for people; empty: it did not
  bool hopeless = false;  ///< no request can ever be made of that URL
  std::string body;       ///< its beginning
  std::optional<std::int64_t> retry_after_seconds;
};

/// What follows.
enum class Verdict {
  kDelivered,  ///< 2xx
  kRetry,      ///< again, after a growing delay
  kMoment,     ///< n8n's 409 while its execution has not come to its Wait node yet: again after a second
  kRefused,    ///< 410, or a URL that no request can be made of: never again
};

struct Outcome {
  Verdict verdict = Verdict::kRetry;
  std::string error;  ///< empty when delivered
};

/// A 2xx counts from the moment when its status line came, whatever happens to the rest of the answer.
Outcome judge(const Answer& answer);

/// The name of a verdict in _cpi_finish_deliveries.
std::string_view verdict_name(Verdict verdict);

/// `url` for logs and errors: without userinfo, query and fragment.
std::string shown_url(std::string_view url);

}  // namespace cpi::deliver
