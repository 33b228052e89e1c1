#include "deliver/outcome.h"

#include <algorithm>
#include <cctype>

namespace cpi::deliver {

namespace {

/// n8n, packages/cli/src/webhooks/waiting-webhooks.ts: 409 with `The execution "ID" is running already.` while the
/// workflow that asked for the import has not reached its Wait node.
constexpr std::string_view kNotWaitingYet = "is running already";

bool says(std::string_view text, std::string_view words) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == b; };
  return std::search(text.begin(), text.end(), words.begin(), words.end(), same) != text.end();
}

std::string explain(const Answer& answer) {
  std::string error = "the receiver answered " + std::to_string(answer.status);
  if (answer.status >= 300 && answer.status < 400) {
    return error + ": redirects are not followed; give the address that it redirects to as callback_url";
  }
  if (answer.status == 410) return error + ": it wants this webhook no more";
  // What a receiver writes is of help, but may be anything: one line of plain text, and not much of it.
  constexpr std::size_t kMostShown = 200;
  std::string shown = answer.body.substr(0, kMostShown);
  std::replace_if(
      shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  if (!shown.empty()) error += ": " + shown;
  return error;
}

}  // namespace

Outcome judge(const Answer& answer) {
  if (answer.hopeless) return {Verdict::kRefused, answer.failure};
  if (answer.status >= 200 && answer.status < 300) return {Verdict::kDelivered, ""};
  if (answer.status == 0) {
    return {Verdict::kRetry, answer.failure.empty() ? "the receiver gave no answer" : answer.failure};
  }
  if (answer.status == 410) return {Verdict::kRefused, explain(answer)};
  if (answer.status == 409 && says(answer.body, kNotWaitingYet)) return {Verdict::kMoment, explain(answer)};
  return {Verdict::kRetry, explain(answer)};
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDelivered: return "delivered";
    case Verdict::kMoment: return "moment";
    case Verdict::kRefused: return "refused";
    case Verdict::kRetry: return "retry";
  }
  return "retry";
}

std::string shown_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  std::string out(url.substr(0, scheme + 3));
  std::string_view rest = url.substr(scheme + 3);
  const std::size_t path = std::min(rest.find('/'), rest.size());
  if (const std::size_t at = rest.substr(0, path).rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  return out.append(rest);
}

}  // namespace cpi::deliver
