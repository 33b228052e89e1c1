#include "core/config/url_parts.h"

#include <algorithm>
#include <vector>

#include "core/text/identifier.h"
#include "core/text/utf8.h"

namespace cpi::config {
namespace {

// What may be said in a connection URL (security.md row 11). Left out on purpose: service and passfile read files of
// the machine, options changes what a session is.
const std::vector<std::string> kKeywords = {"host",
                                            "hostaddr",
                                            "port",
                                            "dbname",
                                            "user",
                                            "password",
                                            "sslmode",
                                            "sslrootcert",
                                            "connect_timeout",
                                            "application_name",
                                            "target_session_attrs"};
const std::vector<std::string> kSslModes = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
const std::vector<std::string> kSessionAttrs = {"any",     "read-write", "read-only",
                                                "primary", "standby",    "prefer-standby"};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string near = text::nearest(name, candidates);
  return near.empty() ? std::string() : "Did you mean " + quoted(near) + "? ";
}

std::string encoded(char c) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("%") + kHex[byte >> 4] + kHex[byte & 15];
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Error> check_choice(std::string_view key, std::string_view value,
                                  const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return std::nullopt;
  return bad(std::string(key) + " cannot be " + quoted(value),
             did_you_mean(value, choices) + "Known values: " + join(choices) + ".");
}

}  // namespace

Error bad(std::string message, std::string hint, std::string detail) {
  return {Code::kInvalidUrl, std::move(message), std::move(detail), std::move(hint)};
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

Result<std::string> percent_decode(std::string_view part, std::string_view what) {
  std::string text;
  text.reserve(part.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      text += part[i];
      continue;
    }
    const int high = i + 1 < part.size() ? hex_digit(part[i + 1]) : -1;
    const int low = i + 2 < part.size() ? hex_digit(part[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return bad("the " + std::string(what) + " in the URL holds a raw \"%\"",
                 "Write %25 for it: in a URL, % and two hexadecimal digits stand for one character.");
    }
    if (high == 0 && low == 0) {
      return bad("the " + std::string(what) + " in the URL holds %00",
                 "A zero byte cannot be part of it; leave it out.");
    }
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!text::valid_utf8(text)) {
    return bad("the " + std::string(what) + " in the URL does not decode to UTF-8",
               "Encode the bytes of its UTF-8 form, such as %C3%A4 for ä.");
  }
  return text;
}

Error raw_character(char c, std::string_view where, std::string_view why) {
  std::string shown = c == ' ' ? "blank" : std::string("\"") + c + "\"";
  return bad("the " + std::string(where) + " in the URL holds a raw " + shown,
             "Write " + encoded(c) + " for it." + (why.empty() ? "" : " ") + std::string(why));
}

std::optional<Error> check_port(std::string_view port) {
  const bool digits = !port.empty() && port.size() <= 5 &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  const int number = digits ? std::stoi(std::string(port)) : 0;
  if (number >= 1 && number <= 65535) return std::nullopt;
  // What stands where a port should be may be the rest of a password, so it is shown only when it is a number.
  if (digits) return bad("port " + std::string(port) + " is out of range", "Ports go from 1 to 65535.");
  return bad("the port in the URL is no number",
             "Ports go from 1 to 65535. If the password holds / : ? # or @, write %2F %3A %3F %23 or %40 for them.");
}

std::optional<Error> assign(ConnectionUrl& url, std::string_view key, std::string value) {
  if (std::find(kKeywords.begin(), kKeywords.end(), key) == kKeywords.end()) {
    return bad("connection parameter " + quoted(key) + " is not allowed",
               did_you_mean(key, kKeywords) + "Allowed are " + join(kKeywords) + ".");
  }
  if (key == "host" || key == "hostaddr") {
    if (value.find(',') != std::string::npos) {
      return bad("the connection names several hosts",
                 "Name one server, or the address that always leads to the primary.");
    }
  }
  if (key == "host") {
    url.host = std::move(value);
  } else if (key == "port") {
    if (value.empty()) return std::nullopt;
    if (value.find(',') != std::string::npos) return bad("the connection names several ports", "Name one server.");
    if (auto error = check_port(value)) return error;
    url.port = std::move(value);
  } else if (key == "dbname") {
    url.database = std::move(value);
  } else if (key == "user") {
    url.username = std::move(value);
  } else if (key == "password") {
    url.password = std::move(value);
  } else {
    const auto same = [&](const auto& pair) { return pair.first == key; };
    if (std::any_of(url.parameters.begin(), url.parameters.end(), same)) {
      return bad("connection parameter " + quoted(key) + " is given twice", "Give it once.");
    }
    if (key == "sslmode") {
      if (auto error = check_choice(key, value, kSslModes)) return error;
    } else if (key == "target_session_attrs") {
      if (auto error = check_choice(key, value, kSessionAttrs)) return error;
    } else if (key == "connect_timeout") {
      const bool digits = !value.empty() && value.size() <= 6 &&
                          std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (!digits) return bad("connect_timeout cannot be " + quoted(value), "Give a whole number of seconds.");
    }
    url.parameters.emplace_back(key, std::move(value));
  }
  return std::nullopt;
}

}  // namespace cpi::config
