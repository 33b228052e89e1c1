// Connection URLs taken apart: postgresql:// URIs (RFC 3986 percent-encoding) and libpq keyword strings.
// The rules are those of libpq (src/interfaces/libpq/fe-connect.c, conninfo_uri_parse), with an allow-list of keywords
// and messages that say what to mend. Messages never hold the password.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace cpi::config {

/// The parts of a connection URL, percent-decoded.
struct ConnectionUrl {
  std::string host;
  std::string port = "5432";
  std::string database;
  std::string username;
  std::string password;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< sslmode, connect_timeout, … in the order written

  /// As a libpq keyword string, quoted by libpq's rules; holds the password.
  std::string to_conninfo() const;
};

/// Takes `url` apart. Fails with kInvalidUrl: a raw `@`, `/`, `#` or `%` in the password is named with its encoded
/// form, and a keyword that is not allowed with the list of those that are.
Result<ConnectionUrl> parse_connection_url(std::string_view url);

/// `url` with its password replaced by `***`, for messages; never fails.
std::string mask_url(std::string_view url);

}  // namespace cpi::config
