// The rules for outgoing connections (security.md rows 11 to 13): where webhooks, sources and targets may lead.
// Judged is always the very address that is connected to, never a name or its spelling: what the resolver makes of
// "0177.0.0.1" or of a name that changes between two look-ups is what counts. The rules resolve and connect nothing
// themselves (net/connect.h does), and do not bind a person who runs `cpi import --to`.
//
//   CPI_EGRESS        private: everything but addresses that lead nowhere a user may go (link-local, cloud metadata …)
//                     public:  only public addresses
//   CPI_EGRESS_ALLOW  hosts, CIDR ranges and directories of Unix sockets that are allowed besides; never what the first
//                     line refuses
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "net/address.h"

namespace cpi::net {

/// A value: copied to every thread that connects.
class EgressPolicy {
 public:
  /// CPI_EGRESS=private without exceptions.
  EgressPolicy() = default;

  /// From the settings: `mode` is "private" or "public"; `allow` holds names, addresses, CIDR ranges and absolute
  /// paths. Fails with kInvalidArgument on an entry that is none of these.
  static Result<EgressPolicy> make(std::string_view mode, const std::vector<std::string>& allow);

  /// Why `address`, which `host` resolved to, may not be connected to (kEgressRefused: names both, the rule, and the
  /// setting to change); nothing when it may.
  std::optional<Error> refusal(std::string_view host, const Address& address) const;

  /// Why the Unix socket in `directory` may not be connected to; nothing when it may. Allowed are only directories that
  /// CPI_EGRESS_ALLOW names: behind a socket the agent's own user may have rights that the connection's author has not.
  std::optional<Error> socket_refusal(std::string_view directory) const;

 private:
  bool public_only_ = false;
  std::vector<std::string> hosts_;               ///< lower case, without a final dot
  std::vector<std::pair<Address, int>> ranges_;  ///< network and bits
  std::vector<std::string> directories_;
};

/// `host` as rules compare it: lower case, without brackets and without a final dot.
std::string normal_host(std::string_view host);

}  // namespace cpi::net
