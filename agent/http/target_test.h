// POST /connections/{id}/test: can this agent, from where it stands, work with that target database? Blocking: it runs
// on a helper thread. The same question from psql is answered by the extension (_cpi_probe), from the server's network.
#pragma once

#include <chrono>
#include <string>

#include "net/egress.h"

namespace cpi::http {

/// Connects under the rules of `egress`. {"success","message","findings":[{"rule","message","hint"}]}: success is false
/// when the target cannot be reached or cannot be used at all; findings say what else a user should know, TLS and
/// rights among them. Never throws for a target's sake. No text holds a password.
std::string test_target(const std::string& database_url, const net::EgressPolicy& egress,
                        std::chrono::milliseconds timeout);

}  // namespace cpi::http
