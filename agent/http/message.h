// A request and a response as plain values: what lies between the socket (session.cpp, the only place that knows Beast)
// and everything that decides.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpi::http {

using NameValue = std::pair<std::string, std::string>;

/// Names are compared without case.
bool same_header(std::string_view a, std::string_view b);

struct Request {
  std::string method;  ///< as sent; HEAD is served as GET and its body left out by the session
  std::string target;  ///< path and query, percent-encoded, as sent
  std::vector<NameValue> headers;
  std::string body;
  std::string id;  ///< X-Request-Id of the client where it is usable, otherwise made up

  /// The value of the first header of that name, or null.
  const std::string* header(std::string_view name) const;
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const;
};

/// What a stream of server-sent events sends; the session drops everything else of a request while it lasts.
class EventSource;

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::vector<NameValue> headers;
  std::string body;
  std::string_view asset;               ///< instead of `body`: bytes of the program itself
  std::shared_ptr<EventSource> events;  ///< instead of both: an endless text/event-stream

  std::string_view content() const { return asset.empty() ? std::string_view(body) : asset; }
  void set(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
};

/// The words of the status line.
std::string_view reason_phrase(unsigned status);

/// Status line, headers and the blank line; `content_length` counts what follows. 204 and 304 carry no length.
std::string response_head(const Response& response, std::size_t content_length, bool keep_alive);

}  // namespace cpi::http
