#include "http/error_response.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace cpi::http {

namespace {

using nlohmann::ordered_json;

constexpr const char* kRetryAfterSeconds = "2";
constexpr std::size_t kMostInMessage = 5;

ordered_json text_or_null(const std::string& text) { return text.empty() ? ordered_json(nullptr) : ordered_json(text); }

/// DETAIL holds a JSON array of objects: findings about single fields.
bool holds_findings(const std::string& detail) {
  if (!detail.starts_with('[')) return false;
  const nlohmann::json parsed = nlohmann::json::parse(detail, nullptr, false);
  if (!parsed.is_array() || parsed.empty()) return false;
  for (const auto& finding : parsed) {
    if (!finding.is_object() || !finding.contains("path")) return false;
  }
  return true;
}

}  // namespace

Response error_response(const Failure& failure) {
  ordered_json body;
  body["code"] = failure.code.empty() ? "PT" + std::to_string(failure.status) : failure.code;
  body["message"] = failure.message;
  body["details"] = text_or_null(failure.details);
  body["hint"] = text_or_null(failure.hint);
  body["detail"] = failure.message;
  if (!failure.errors.empty()) body["errors"] = ordered_json::parse(failure.errors, nullptr, false);
  Response response;
  response.status = failure.status;
  response.headers = failure.headers;
  response.body = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return response;
}

unsigned status_of(std::string_view sqlstate, bool anonymous) {
  const auto is = [&](std::string_view prefix) { return sqlstate.starts_with(prefix); };
  if (is("PT")) {
    unsigned status = 0;
    const std::string_view digits = sqlstate.substr(2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
    const bool usable = error == std::errc() && end == digits.data() + digits.size() && status >= 400 && status <= 599;
    return usable ? status : 500;
  }
  if (is("08") || is("53") || is("57") || sqlstate.empty()) return 503;
  if (is("40001") || is("40P01") || is("55P03")) return 503;  // the same call may succeed in a moment
  if (is("42501")) return anonymous ? 401 : 403;
  if (is("0L") || is("0P") || is("28")) return 403;
  if (is("23503") || is("23505") || is("23P01")) return 409;
  if (is("22") || is("23502") || is("23514")) return 422;
  if (is("42883") || is("42P01")) return 404;
  if (is("25006")) return 405;
  if (is("P0001")) return 400;
  for (std::string_view broken : {"09", "25", "2D", "38", "39", "3B", "40", "54", "55", "58", "F0", "HV", "P0", "XX"}) {
    if (is(broken)) return 500;
  }
  return 400;
}

Failure failure_of(const db::Error& error, bool anonymous) {
  Failure failure;
  failure.status = status_of(error.sqlstate(), anonymous);
  failure.code = error.sqlstate().empty() ? "08006" : error.sqlstate();
  failure.message = error.what();
  failure.hint = error.hint();
  if (holds_findings(error.detail())) {
    failure.errors = error.detail();
  } else {
    failure.details = error.detail();
  }
  if (error.is("57014")) failure.hint = "The call took longer than the agent's statement timeout.";
  if (error.poisons_connection() && !error.sqlstate().starts_with("PT")) {
    // libpq's own words name hosts and logins.
    if (error.sqlstate().empty() && failure.hint.empty()) failure.message = "the management database cannot be reached";
    failure.status = 503;
  }
  if (error.is("42501") && failure.status == 403 && failure.hint.empty()) {
    failure.hint = "This API key's role does not suffice: ask an admin for a key of another role (POST /api-keys).";
  }
  if (failure.status == 401) failure.headers = unauthorized("", "").headers;
  if (failure.status == 503) failure.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  return failure;
}

Failure invalid_fields(const Findings& findings) {
  Failure failure;
  failure.status = 422;
  ordered_json errors = ordered_json::array();
  std::string& message = failure.message;
  if (findings.size() > 1) message = std::to_string(findings.size()) + " fields are wrong: ";
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = findings[i];
    errors.push_back({{"path", finding.path}, {"message", finding.message}, {"hint", text_or_null(finding.hint)}});
    if (i < kMostInMessage) message += (i > 0 ? "; " : "") + finding.path + ": " + finding.message;
  }
  if (findings.size() > kMostInMessage) message += "; …";
  if (findings.size() == 1) failure.hint = findings[0].hint;
  failure.errors = errors.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return failure;
}

Failure not_found(std::string message, std::string hint) {
  return {404, std::move(message), "", std::move(hint), "", "", {}};
}

Failure method_not_allowed(std::string_view method, std::string_view path, const std::string& allow) {
  return {405,
          std::string(path) + " does not take " + std::string(method),
          "",
          "It takes " + allow + ".",
          "",
          "",
          {{"Allow", allow}}};
}

Failure unauthorized(std::string message, std::string hint) {
  return {401,
          std::move(message),
          "",
          std::move(hint),
          "",
          "",
          {{"WWW-Authenticate", R"(Bearer realm="cpi", Basic realm="cpi", charset="UTF-8")"}}};
}

Failure forbidden(std::string message, std::string hint) {
  return {403, std::move(message), "", std::move(hint), "", "", {}};
}

Failure bad_request(std::string message, std::string details, std::string hint) {
  return {400, std::move(message), std::move(details), std::move(hint), "", "", {}};
}

Failure unsupported_media_type(std::string_view content_type) {
  return {415, "the body is of type " + std::string(content_type) + ", not application/json",
          "",  "Send JSON and the header Content-Type: application/json (curl: -H \"Content-Type: application/json\").",
          "",  "",
          {}};
}

Failure too_large(std::size_t limit) {
  return {413, "the body has more than " + std::to_string(limit) + " bytes", "", "", "", "", {}};
}

Failure unavailable(std::string message, std::string hint) {
  return {503, std::move(message), "", std::move(hint), "", "", {{"Retry-After", kRetryAfterSeconds}}};
}

}  // namespace cpi::http
