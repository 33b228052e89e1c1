// From a host's name to a connected socket, under the rules of net/egress.h. One look-up per connection, and the
// addresses that were vetted are the ones connected to: a name that changes its mind in between gains nothing.
// libcurl resolves by itself and asks the rules in its open-socket callback (deliver/); libpq gets the vetted addresses
// as hostaddr (target/connect.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/address.h"
#include "net/descriptor.h"
#include "net/egress.h"

namespace cpi::net {

/// Looks a name up; may block. Fails with kHostUnreachable. Called on a thread of its own that may outlive the call
/// that asked: it must refer to nothing that can go.
using Resolver = std::function<Result<std::vector<Address>>(const std::string& host)>;

/// getaddrinfo, in the order that it prefers.
Result<std::vector<Address>> system_resolver(const std::string& host);

/// The addresses of `host` (a name or any spelling of an address, brackets allowed) that may be connected to, at least
/// one. Fails with kEgressRefused when there are others only, kHostUnreachable when the name does not resolve within
/// `timeout`, kStopped.
Result<std::vector<Address>> resolve(const std::string& host, const EgressPolicy& policy,
                                     std::chrono::milliseconds timeout, const std::stop_token& stop = {},
                                     const Resolver& resolver = system_resolver);

/// A connected TCP socket: non-blocking, close-on-exec, TCP_NODELAY, keep-alives on. Tries one address after the other,
/// each with a fair share of the time that is left. Fails as `resolve` does, and with kHostUnreachable naming what each
/// address said. Returns within `timeout`, and at once on `stop`.
Result<Descriptor> connect(const std::string& host, std::uint16_t port, const EgressPolicy& policy,
                           std::chrono::milliseconds timeout, const std::stop_token& stop = {},
                           const Resolver& resolver = system_resolver);

}  // namespace cpi::net
