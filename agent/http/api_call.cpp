// Calls of functions: the request's fields become arguments, the function's jsonb the answer, now or (?wait=) when the
// job has ended.
#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/text/encoding.h"
#include "core/text/identifier.h"
#include "http/arguments.h"
#include "http/exchange.h"
#include "http/json_body.h"
#include "http/url.h"

namespace cpi::http {

namespace asio = boost::asio;
using nlohmann::json;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr double kLongestWaitSeconds = 60;
constexpr auto kRereadPeriod = 2s;

/// A media type or range without its parameters: "text/csv" of "text/csv; charset=utf-8".
std::string_view without_parameters(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.starts_with(' ')) type.remove_prefix(1);
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

bool is_json(std::string_view content_type) {
  const std::string_view type = without_parameters(content_type);
  return same_header(type, "application/json") ||
         (type.size() > 5 && type.starts_with("application/") && same_header(type.substr(type.size() - 5), "+json"));
}

bool is_csv(std::string_view type) { return same_header(without_parameters(type), "text/csv"); }

/// The parameter `charset` of a Content-Type; without one, UTF-8 (RFC 7111).
std::string charset_of(std::string_view content_type) {
  constexpr std::string_view kName = "charset=";
  for (std::size_t at = content_type.find(';'); at != std::string_view::npos; at = content_type.find(';', at)) {
    content_type.remove_prefix(at + 1);
    at = 0;
    while (content_type.starts_with(' ')) content_type.remove_prefix(1);
    if (!same_header(content_type.substr(0, kName.size()), kName)) continue;
    std::string_view value = content_type.substr(kName.size());
    value = value.substr(0, value.find(';'));
    while (value.ends_with(' ')) value.remove_suffix(1);
    if (value.size() > 1 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return "UTF-8";
}

/// A body of CSV as the argument `content`: UTF-8, whatever charset it came in.
std::string content_of(const std::string& body, std::string_view content_type) {
  Result<std::string> content = text::decode(body, charset_of(content_type));
  if (content.ok() && content->empty()) {
    // Not the same as no body: whoever sends a file means what is in it.
    throw Refusal{invalid_fields({{"content", "required", "the body, of type text/csv, is empty",
                                   "Send CSV with its header, or no body and no Content-Type."}})};
  }
  if (content.ok()) return std::move(*content);
  if (content.error().code == Code::kUnknownEncoding) {
    throw Refusal{{415, content.error().message, "", content.error().hint, "", "", {}}};
  }
  throw Refusal{bad_request("the body cannot be read: " + content.error().message, "",
                            "Save the file as UTF-8, or name its encoding: Content-Type: text/csv; "
                            "charset=windows-1252.")};
}

/// Whether a media range has the weight 0: "text/csv;q=0".
bool is_refused(std::string_view range) {
  for (std::size_t at = range.find(';'); at != std::string_view::npos; at = range.find(';')) {
    range.remove_prefix(at + 1);
    const std::string_view parameter = without_parameters(range);
    if (!same_header(parameter.substr(0, 2), "q=")) continue;
    return parameter.find_first_not_of("0.", 2) == std::string_view::npos;
  }
  return false;
}

/// Whether a request asks for CSV where the route's function can give it (its argument is fed from the header Accept):
/// text/csv is named with a weight, and JSON is not named before it (RFC 9110, 12.5.1, without the other weights).
bool asks_for_csv(const Request& request, const Route& route) {
  const std::string* accept = request.header("Accept");
  const auto fed = [](const auto& header) { return same_header(header.first, "Accept"); };
  if (accept == nullptr || std::none_of(route.header_arguments.begin(), route.header_arguments.end(), fed)) {
    return false;
  }
  for (std::string_view rest = *accept; !rest.empty();) {
    const std::string_view range = rest.substr(0, rest.find(','));
    if (same_header(without_parameters(range), "application/json")) return false;
    if (is_csv(range) && !is_refused(range)) return true;
    rest.remove_prefix(std::min(range.size() + 1, rest.size()));
  }
  return false;
}

/// "/jobs/{job_id}" with the answer's fields, percent-encoded; empty when one is not there.
std::string fill_template(std::string_view text, const json& fields) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    out.append(text.substr(0, open));
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) return "";
    const auto field = fields.find(std::string(text.substr(open + 1, close - open - 1)));
    if (field == fields.end() || !field->is_string()) return "";
    out += percent_encode(field->get<std::string>());
    text.remove_prefix(close + 1);
  }
  return out;
}

/// The field `wait` of the query in seconds; 0 without one. Takes it out of `query`.
std::chrono::milliseconds take_wait(std::vector<NameValue>& query) {
  const auto it =
      std::find_if(query.begin(), query.end(), [](const NameValue& field) { return field.first == "wait"; });
  if (it == query.end()) return 0ms;
  const std::string text = it->second;
  query.erase(it);
  if (text.empty()) return 0ms;
  double seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !(seconds >= 0 && seconds <= kLongestWaitSeconds)) {
    throw Refusal{invalid_fields({{"wait", "out_of_range", "\"" + text.substr(0, 40) + "\" is no number from 0 to 60",
                                   "It counts seconds; ask again for a longer wait."}})};
  }
  return std::chrono::milliseconds(static_cast<int>(seconds * 1000));
}

/// The job that an answer is about.
std::string job_id_of(const json& answer) {
  for (const char* name : {"job_id", "id"}) {
    const auto id = answer.find(name);
    if (id != answer.end() && id->is_string()) return id->get<std::string>();
  }
  return "";
}

std::string status_field(const json& answer) {
  const auto status = answer.find("status");
  return status != answer.end() && status->is_string() ? status->get<std::string>() : "";
}

}  // namespace

/// Reads the request's fields and binds them to the route's function.
Call Api::bind_call(Exchange& exchange, const std::vector<NameValue>& path) {
  const Request& request = exchange.request;
  const Route& route = *exchange.route;
  Fields fields;
  fields.path = path;
  std::optional<std::vector<NameValue>> query = parse_query(request.query());
  if (!query) {
    throw Refusal{bad_request("the query cannot be decoded", "", "Percent-encode it as UTF-8 (% itself is %25).")};
  }
  fields.query = std::move(*query);
  if (route.waits) exchange.wait = take_wait(fields.query);
  for (const auto& [header, argument] : route.header_arguments) {
    if (same_header(header, "Accept")) {
      if (asks_for_csv(request, route)) fields.header.emplace_back(argument, "text/csv");
    } else if (const std::string* value = request.header(header)) {
      if (!is_utf8(*value)) throw Refusal{bad_request("header " + header + " is not UTF-8", "", "")};
      fields.header.emplace_back(argument, *value);
    }
  }
  json body = json::object();
  const std::string* type = request.header("Content-Type");
  const bool csv = type != nullptr && is_csv(*type) && route.function->argument("content") != nullptr;
  if (csv && request.body.empty() && request.method == "POST") content_of(request.body, *type);
  if (!request.body.empty()) {
    if (request.method == "GET" || request.method == "HEAD") {
      throw Refusal{bad_request("GET takes no body", "", "Put the fields into the query: ?name=value.")};
    }
    if (csv) {
      body["content"] = content_of(request.body, *type);
    } else if (type != nullptr && !is_json(*type)) {
      throw Refusal{unsupported_media_type(*type)};
    } else {
      std::variant<json, Failure> parsed = parse_json_body(request.body);
      if (std::holds_alternative<Failure>(parsed)) throw Refusal{std::get<Failure>(std::move(parsed))};
      body = std::get<json>(std::move(parsed));
    }
  }
  fields.body = &body;
  Binding binding = bind(*route.function, fields, route.waits, route.status == 204);
  if (binding.path_mismatch) {
    throw Refusal{not_found("no such path: " + std::string(request.path()), *binding.path_mismatch)};
  }
  if (!binding.findings.empty()) throw Refusal{invalid_fields(binding.findings)};
  return std::move(binding.call);
}

asio::awaitable<std::size_t> Api::body_limit(const Request& head) {
  const std::string* type = head.header("Content-Type");
  if (type == nullptr || !is_csv(*type)) co_return options_.max_body_bytes;
  try {
    Exchange exchange{head};
    co_await admit(exchange);
    const auto& function = exchange.route != nullptr ? exchange.route->function : nullptr;
    if (function && function->argument("content") != nullptr) co_return options_.max_content_bytes;
  } catch (const Refusal&) {
    // Told when the request is served, or by the common limit.
  } catch (const std::exception&) {
  }
  co_return options_.max_body_bytes;
}

asio::awaitable<std::string> Api::run(const Exchange& exchange, const Call& call) {
  const db::Rows rows = co_await backend_.pool().call(std::string(database_role(exchange.role)), call.sql, call.params,
                                                      exchange.route->function->read_only);
  if (rows.empty() || rows.is_null(0, 0) || rows.text(0, 0).empty()) co_return "null";
  co_return rows.str(0, 0);
}

/// The answer's field `csv` as the body. What else it says does not go into a CSV: counts become headers ("kept" is
/// Cpi-Kept), and `next`, a relative URL, the header Link (RFC 8288).
asio::awaitable<Response> Api::call_for_csv(const Exchange& exchange, const Call& call) {
  Call split{"SELECT a.answer ->> 'csv', a.answer - 'csv' FROM (" + call.sql + ") AS a (answer)", call.params};
  const db::Rows rows = co_await backend_.pool().call(std::string(database_role(exchange.role)), split.sql,
                                                      split.params, exchange.route->function->read_only);
  Response response;
  response.status = exchange.route->status;
  response.content_type = "text/csv; charset=utf-8";
  if (rows.empty()) co_return response;
  if (!rows.is_null(0, 0)) response.body = rows.str(0, 0);
  const json rest = rows.is_null(0, 1) ? json::object() : json::parse(rows.text(0, 1), nullptr, false);
  for (const auto& [name, value] : rest.items()) {
    if (value.is_number_integer()) {
      response.set("Cpi-" + std::string(1, static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])))) +
                       name.substr(1),
                   value.dump());
    } else if (name == "next" && value.is_string()) {
      response.set("Link", "<" + value.get<std::string>() + ">; rel=\"next\"");
    }
  }
  co_return response;
}

asio::awaitable<Response> Api::call_function(Exchange& exchange) {
  const Route& route = *exchange.route;
  const Call call = bind_call(exchange, exchange.match.parameters);
  if (asks_for_csv(exchange.request, route)) co_return co_await call_for_csv(exchange, call);
  Response response;
  response.status = route.status;
  response.body = co_await run(exchange, call);
  if (exchange.wait > 0ms) response.body = co_await wait_for_end(exchange, call, std::move(response.body));
  if (!route.location.empty()) {
    const json fields = json::parse(response.body, nullptr, false);
    if (std::string location = fill_template(route.location, fields); fields.is_object() && !location.empty()) {
      response.set("Location", std::move(location));
    }
  }
  if (route.status == 204) response.body.clear();
  co_return response;
}

asio::awaitable<std::string> Api::status_of_job(const Exchange& exchange, std::string job_id) {
  db::Params parameters = one_parameter(std::move(job_id));
  const db::Rows rows = co_await backend_.pool().call(
      std::string(database_role(Role::kViewer)),
      "SELECT j.status FROM " + exchange.catalog->schema + ".cpi_jobs AS j WHERE j.id = $1::uuid",
      std::move(parameters), true);
  co_return rows.empty() ? std::string() : rows.str(0, 0);
}

/// Holds the answer back until the job has ended or the time is over. A call that only reads is made again; the answer
/// of one that did something gets the status by then.
asio::awaitable<std::string> Api::wait_for_end(const Exchange& exchange, const Call& call, std::string first) {
  nlohmann::ordered_json answer = nlohmann::ordered_json::parse(first, nullptr, false);
  if (!answer.is_object()) co_return first;
  const std::string job_id = job_id_of(answer);
  std::string status = status_field(answer);
  if (job_id.empty() || status.empty() || is_final_status(status)) co_return first;

  const Clock::time_point until = Clock::now() + exchange.wait;
  JobFeed::Waiter waiter(backend_.feed(), backend_.executor(), job_id, JobFeed::Wake::kFinal);
  for (;;) {
    // The waiter stands before the first look, so that no end of the job falls between the two.
    try {
      status = co_await status_of_job(exchange, job_id);
    } catch (const db::Error& error) {
      if (!error.poisons_connection()) throw;
    }
    const Clock::time_point now = Clock::now();
    if (status.empty() || is_final_status(status) || now >= until || backend_.hurrying()) break;
    co_await waiter.sleep(std::min(until, now + kRereadPeriod));
  }
  if (exchange.route->function->read_only) co_return co_await run(exchange, call);
  if (!status.empty()) answer["status"] = status;
  co_return answer.dump();
}

asio::awaitable<Response> Api::rpc(Exchange& exchange) {
  const std::string& name = exchange.match.parameters[0].second;
  const auto function = exchange.catalog->functions.find(name);
  if (function == exchange.catalog->functions.end()) {
    std::vector<std::string> names;
    for (const auto& [known, _] : exchange.catalog->functions) names.push_back(known);
    const std::string near = text::nearest(name, names);
    throw Refusal{not_found("no function " + name + " is published",
                            near.empty() ? "GET /openapi.json lists what is." : "Did you mean " + near + "?")};
  }
  if (exchange.route->method == "GET" && !function->second->read_only) {
    throw Refusal{method_not_allowed("GET", exchange.request.path(), "OPTIONS, POST")};
  }
  // The function's own grants say who may call it.
  Route route = *exchange.route;
  route.function = function->second;
  exchange.route = &route;
  const Call call = bind_call(exchange, {});
  Response response;
  response.body = co_await run(exchange, call);
  co_return response;
}

}  // namespace cpi::http
