#include "db/vetted.h"

#include <algorithm>
#include <vector>

#include "core/config/url.h"
#include "net/connect.h"

namespace cpi::db {

namespace {

using Clock = std::chrono::steady_clock;
using config::ConnectionUrl;
using std::chrono::milliseconds;

/// Where libpq looks when a connection names no host (DEFAULT_PGSOCKET_DIR as Debian builds it).
constexpr const char* kDefaultSocketDirectory = "/var/run/postgresql";

Error as_db_error(const cpi::Error& error) {
  const bool lost = is_retryable(error.code);
  return {error.message, "", error.detail, error.hint, lost};
}

std::string parameter(const ConnectionUrl& url, std::string_view name) {
  for (const auto& [key, value] : url.parameters) {
    if (key == name) return value;
  }
  return "";
}

void set_parameter(ConnectionUrl& url, const std::string& name, const std::string& value) {
  std::erase_if(url.parameters, [&](const auto& pair) { return pair.first == name; });
  url.parameters.emplace_back(name, value);
}

milliseconds left(Clock::time_point deadline) {
  return std::max(std::chrono::ceil<milliseconds>(deadline - Clock::now()), milliseconds(1));
}

/// A server that answered has the last word; one that could not be reached, or is the wrong one of several
/// (target_session_attrs), leaves it to the next address.
bool worth_another_address(const Error& error) { return error.poisons_connection() && error.sqlstate().empty(); }

}  // namespace

Connection connect_vetted(std::string_view database_url, const net::EgressPolicy& egress, milliseconds timeout,
                          const std::string& application_name) {
  const Clock::time_point deadline = Clock::now() + timeout;
  Result<ConnectionUrl> url = config::parse_connection_url(database_url);
  if (!url) throw as_db_error(url.error());
  const std::string named_address = parameter(*url, "hostaddr");
  if (url->host.empty()) url->host = named_address.empty() ? kDefaultSocketDirectory : named_address;
  if (named_address.empty() && (url->host.starts_with('/') || url->host.starts_with('@'))) {
    if (const auto refused = egress.socket_refusal(url->host)) throw as_db_error(*refused);
    return Connection::connect(url->to_conninfo(), timeout, application_name);
  }
  const Result<std::vector<net::Address>> addresses =
      net::resolve(named_address.empty() ? url->host : named_address, egress, timeout);
  if (!addresses) throw as_db_error(addresses.error());
  for (std::size_t i = 0;; ++i) {
    const std::size_t others = addresses->size() - i - 1;
    set_parameter(*url, "hostaddr", (*addresses)[i].text());
    try {
      return Connection::connect(url->to_conninfo(), left(deadline) / static_cast<std::int64_t>(others + 1),
                                 application_name);
    } catch (const Error& error) {
      if (others == 0 || !worth_another_address(error)) throw;
    }
  }
}

}  // namespace cpi::db
