#include "http/json_body.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace cpi::http {

namespace {

using nlohmann::json;

/// Thrown through the parser by the callback below.
struct Refused {
  std::string message;
  std::string hint;
};

std::string position(std::string_view body, std::size_t byte) {
  byte = std::min(byte, body.size());
  std::size_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < byte; ++i) {
    if (body[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(byte - line_start + 1);
}

/// What the parser says after its own prefix "[json.exception.parse_error.101] parse error at line 1, column 5: ".
std::string reason(std::string_view what) {
  const std::size_t mark = what.find(": ");
  return std::string(mark == std::string_view::npos ? what : what.substr(mark + 2));
}

std::string kind(const json& value) {
  return value.is_array()    ? "an array"
         : value.is_string() ? "a string"
         : value.is_null()   ? "null"
                             : "a " + std::string(value.type_name());
}

}  // namespace

std::variant<json, Failure> parse_json_body(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return json::object();
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (depth >= kMaxJsonDepth) {
        throw Refused{"the body is nested deeper than " + std::to_string(kMaxJsonDepth) + " levels", ""};
      }
      keys.emplace_back();
    } else if (event == json::parse_event_t::object_end || event == json::parse_event_t::array_end) {
      keys.pop_back();
    } else if (event == json::parse_event_t::key) {
      if (const std::string key = parsed.get<std::string>(); !keys.back().insert(key).second) {
        throw Refused{"the body holds the key \"" + key + "\" twice", "Leave one of them out."};
      }
    }
    return true;
  };
  try {
    json value = json::parse(body.begin(), body.end(), watch);
    if (value.is_object()) return value;
    return Failure{422, "the body is " + kind(value) + ", not an object",
                   "",  "Send an object, such as {\"project\": \"customer_abc\"}.",
                   "",  "",
                   {}};
  } catch (const Refused& refused) {
    return bad_request(refused.message, "", refused.hint);
  } catch (const json::parse_error& error) {
    // `byte` counts from one and stands behind the character that was not expected.
    return bad_request("the body is no valid JSON at " + position(body, error.byte > 0 ? error.byte - 1 : 0),
                       reason(error.what()), "");
  } catch (const json::exception& error) {
    return bad_request("the body is no valid JSON", reason(error.what()), "");
  }
}

}  // namespace cpi::http
