#include "core/config/url.h"

#include <algorithm>
#include <optional>

#include "core/config/url_parts.h"
#include "core/text/utf8.h"

namespace cpi::config {
namespace {

constexpr std::size_t kMaxUrlBytes = 8192;
constexpr std::string_view kForm = "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE.";

std::optional<Error> parse_query(ConnectionUrl& url, std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      return bad("a connection parameter in the URL has no \"=\"",
                 "Write ?name=value&name=value. A ? in the password is written %3F.");
    }
    if (pair.find('@') != std::string_view::npos) {
      return raw_character('@', "part after ?", "If the password holds ?, write %3F for that.");
    }
    Result<std::string> key = percent_decode(pair.substr(0, equals), "name of a parameter");
    if (!key) return key.error();
    Result<std::string> value = percent_decode(pair.substr(equals + 1), "parameter " + quoted(*key));
    if (!value) return value.error();
    if (*key == "ssl" && *value == "true") {  // as libpq does, for URLs written for JDBC
      *key = "sslmode";
      *value = "require";
    }
    if (auto error = assign(url, *key, std::move(*value))) return error;
  }
  return std::nullopt;
}

std::optional<Error> parse_user(ConnectionUrl& url, std::string_view userinfo) {
  const std::size_t colon = userinfo.find(':');
  Result<std::string> user = percent_decode(userinfo.substr(0, colon), "user name");
  if (!user) return user.error();
  url.username = std::move(*user);
  if (colon == std::string_view::npos) return std::nullopt;
  Result<std::string> password = percent_decode(userinfo.substr(colon + 1), "password");
  if (!password) return password.error();
  url.password = std::move(*password);
  return std::nullopt;
}

std::optional<Error> parse_host(ConnectionUrl& url, std::string_view host) {
  if (host.find(',') != std::string_view::npos) {
    return bad("the connection names several hosts",
               "Name one server, or the address that always leads to the primary.");
  }
  std::string_view name = host;
  std::string_view port;
  if (host.starts_with('[')) {  // IPv6, RFC 3986 section 3.2.2
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos || close == 1) {
      return bad("the IPv6 address in the URL is not closed by \"]\"", "Write it like [2001:db8::1]:5432.");
    }
    name = host.substr(1, close - 1);
    const std::string_view rest = host.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') {
      return bad("something other than \":PORT\" follows the IPv6 address in the URL",
                 "Write it like [2001:db8::1]:5432.");
    }
    if (!rest.empty()) port = rest.substr(1);
  } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    name = host.substr(0, colon);
    port = host.substr(colon + 1);
    if (port.find(':') != std::string_view::npos) {
      return bad("the host in the URL holds more than one \":\"",
                 "Write an IPv6 address in brackets, like [2001:db8::1]:5432, and a \":\" in the password as %3A.");
    }
  }
  Result<std::string> decoded = percent_decode(name, "host");
  if (!decoded) return decoded.error();
  if (auto error = assign(url, "host", std::move(*decoded))) return error;
  return assign(url, "port", std::string(port));
}

/// What follows the scheme. RFC 3986 ends the authority at the first of / ? #; an @ after that point means that one of
/// them stands raw in the password.
Result<ConnectionUrl> parse_uri(std::string_view rest) {
  ConnectionUrl url;
  const std::size_t end = rest.find_first_of("/?#");
  const std::string_view authority = rest.substr(0, end);
  const std::string_view tail = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  const std::size_t first_at = authority.find('@');
  const std::size_t last_at = authority.rfind('@');

  if (first_at != last_at) {
    const bool in_user = authority.find(':') > first_at;
    return raw_character('@', in_user ? "user name" : "password",
                         "Only the @ before the host stays as it is; encode every other one.");
  }
  const std::size_t question = tail.find('?');
  if (first_at == std::string_view::npos && authority.find(':') != std::string_view::npos &&
      tail.find('@') != std::string_view::npos && check_port(authority.substr(authority.rfind(':') + 1))) {
    return raw_character(tail[0], "password");
  }
  if (first_at != std::string_view::npos) {
    if (auto error = parse_user(url, authority.substr(0, first_at))) return *error;
  }
  if (auto error = parse_host(url, last_at == std::string_view::npos ? authority : authority.substr(last_at + 1))) {
    return *error;
  }
  const std::string_view path = tail.substr(0, question);
  for (const char c : {'@', '#'}) {
    if (path.find(c) != std::string_view::npos) {
      return raw_character(c, "part after the host", "The same holds for a character of the password: / is %2F there.");
    }
  }
  if (path.size() > 1) {
    if (path.find('/', 1) != std::string_view::npos) return raw_character('/', "database name");
    Result<std::string> database = percent_decode(path.substr(1), "database name");
    if (!database) return database.error();
    url.database = std::move(*database);
  }
  if (question != std::string_view::npos) {
    if (auto error = parse_query(url, tail.substr(question + 1))) return *error;
  }
  return url;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

/// `keyword = value` pairs, as conninfo_parse in src/interfaces/libpq/fe-connect.c reads them.
Result<ConnectionUrl> parse_keywords(std::string_view text) {
  ConnectionUrl url;
  std::vector<std::string> seen;
  std::size_t i = 0;
  const auto skip_blanks = [&] {
    while (i < text.size() && is_blank(text[i])) ++i;
  };
  for (skip_blanks(); i < text.size(); skip_blanks()) {
    std::string key;
    while (i < text.size() && text[i] != '=' && !is_blank(text[i])) key += text[i++];
    skip_blanks();
    if (i >= text.size() || text[i] != '=') {
      // The word may be the rest of a password with a blank in it, so it is not shown.
      return bad(
          "a word in the connection string has no \"=\"",
          "Write keyword=value pairs; put a value that holds blanks in single quotes, with \\' and \\\\ inside.");
    }
    ++i;
    skip_blanks();
    std::string value;
    if (i < text.size() && text[i] == '\'') {
      for (++i; i < text.size() && text[i] != '\''; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
      }
      if (i >= text.size()) {
        return bad("a quoted value in the connection string is not closed", "Close it with a single quote (').");
      }
      ++i;
    } else {
      for (; i < text.size() && !is_blank(text[i]); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
      }
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      return bad("connection parameter " + quoted(key) + " is given twice", "Give it once.");
    }
    if (auto error = assign(url, key, std::move(value))) return *error;
    seen.push_back(std::move(key));
  }
  return url;
}

std::string quote_value(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

}  // namespace

Result<ConnectionUrl> parse_connection_url(std::string_view url) {
  if (url.empty()) return bad("the connection URL is empty", std::string(kForm));
  if (url.size() > kMaxUrlBytes) return bad("the connection URL is longer than 8192 bytes", std::string(kForm));
  if (!text::valid_utf8(url)) return bad("the connection URL is not UTF-8", "Percent-encode characters outside ASCII.");
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return bad("the connection URL holds a line break or another control character",
                 "Remove it; at the end it often comes from copying the URL out of a file.");
    }
  }
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (!url.starts_with(scheme)) continue;
    if (url.find(' ') != std::string_view::npos) return raw_character(' ', "text");
    return parse_uri(url.substr(scheme.size()));
  }
  const std::size_t colon = url.find("://");
  const bool has_scheme = colon != std::string_view::npos && colon < url.find('=');
  if (!has_scheme && url.find('=') != std::string_view::npos) return parse_keywords(url);
  if (has_scheme) {
    return bad("the connection URL does not start with \"postgresql://\" or \"postgres://\"",
               std::string(kForm) + " Prefixes and drivers such as jdbc: or +psycopg2 are left out.");
  }
  return bad("the text is neither a connection URL nor keyword=value pairs",
             std::string(kForm) + " Or write host=HOST dbname=DATABASE user=USER password=PASSWORD.");
}

std::string ConnectionUrl::to_conninfo() const {
  std::string text;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    if (!text.empty()) text += ' ';
    text.append(key).append("=").append(quote_value(value));
  };
  add("host", host);
  add("port", port);
  add("dbname", database);
  add("user", username);
  add("password", password);
  for (const auto& [key, value] : parameters) add(key, value);
  return text;
}

}  // namespace cpi::config
