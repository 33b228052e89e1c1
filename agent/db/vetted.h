// Connections to databases that users have named: under the rules of net/egress.h, to the address that was vetted.
// The management database and `cpi import --to` are named by those who run the program and use Connection::connect.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "db/connection.h"
#include "net/egress.h"

namespace cpi::db {

/// Connects within `timeout` to what `database_url` (a URL or keyword string as core/config/url.h reads it) names. Its
/// host is looked up once; libpq gets the vetted addresses as hostaddr, one after the other, and keeps the name for TLS
/// and for messages. Throws db::Error: not retryable when the URL cannot be read or the rules refuse the place.
Connection connect_vetted(std::string_view database_url, const net::EgressPolicy& egress,
                          std::chrono::milliseconds timeout, const std::string& application_name);

}  // namespace cpi::db
