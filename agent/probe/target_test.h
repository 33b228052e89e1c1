// POST /connections/{id}/test and `cpi test`: can this machine, from where it stands, work with that target database?
// Blocking. The same question from psql is answered by the extension (_cpi_probe), from the server's network.
#pragma once

#include <chrono>
#include <string>

#include "net/egress.h"

namespace cpi::probe {

/// Connects under the rules of `egress`. {"success","message","findings":[{"rule","message","hint"}]}: success is false
/// when the target cannot be reached or cannot be used at all; findings say what else a user should know, TLS and
/// rights among them. Never throws for a target's sake. No text holds a password.
std::string test_target(const std::string& database_url, const net::EgressPolicy& egress,
                        std::chrono::milliseconds timeout);

/// The same for a target that the person at this machine has named: by libpq's rules, its environment and ~/.pgpass
/// included, wherever it leads.
std::string test_own_target(const std::string& conninfo, std::chrono::milliseconds timeout);

}  // namespace cpi::probe
