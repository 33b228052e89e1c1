// IPv4 and IPv6 addresses and what kind of place each leads to. Pure: nothing is resolved or connected here, and no
// setting is known.
//
// An IPv6 address may carry an IPv4 one (mapped, NAT64, 6to4, Teredo, ISATAP …): then the network may deliver to that,
// so the worse of both counts.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cpi::net {

/// One address without a port. A value; IPv4-mapped IPv6 addresses become IPv4 ones when they are made.
class Address {
 public:
  /// From what the resolver or the kernel hands over; nothing for a family other than AF_INET and AF_INET6.
  static std::optional<Address> from(const sockaddr* address, socklen_t length);
  /// From its canonical spelling (inet_pton), IPv6 with or without brackets. Shorthands such as "127.1" are none: only
  /// a resolver knows what it makes of them.
  static std::optional<Address> parse(std::string_view text);

  bool is_v4() const { return v4_; }
  /// Number of leading bits that this address has in common with `other`; 0 across families.
  int common_bits(const Address& other) const;
  int bits() const { return v4_ ? 32 : 128; }

  /// Bytes in network order; the first 4 for IPv4.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  /// For connect(2); returns the length that counts.
  socklen_t to_sockaddr(std::uint16_t port, sockaddr_storage& into) const;
  /// As people write it, without brackets: "10.0.0.1", "fe80::1%3".
  std::string text() const;

  bool operator==(const Address&) const = default;

 private:
  bool v4_ = true;
  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t scope_ = 0;
};

/// How far an address may be trusted, from harmless to never.
enum class Reach {
  kPublic,   ///< somewhere on the Internet
  kPrivate,  ///< this machine, this site, or a range that no public host has
  kNever,    ///< link-local, a cloud's metadata service, multicast, broadcast, unspecified
};

/// The worst that is known of an address.
struct Kind {
  Reach reach = Reach::kPublic;
  std::string_view range;  ///< "link-local (169.254.0.0/16)"; empty for kPublic
};

/// Ranges of the IANA special-purpose registries (RFC 6890 and its updates), and the metadata services of AWS, Azure,
/// Google, Alibaba and Oracle. IPv6 outside 2000::/3 is never public.
Kind classify(const Address& address);

}  // namespace cpi::net
