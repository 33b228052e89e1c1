#include "net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <vector>

namespace cpi::net {

namespace {

struct Range {
  const char* network;
  int bits;
  Reach reach;
  std::string_view name;
};

// The first that matches decides: narrow ranges stand before the wide ones that hold them.
constexpr Range kV4[] = {
    {"255.255.255.255", 32, Reach::kNever, "broadcast (255.255.255.255)"},
    {"0.0.0.0", 8, Reach::kNever, "unspecified (0.0.0.0/8)"},
    {"169.254.0.0", 16, Reach::kNever, "link-local and cloud metadata (169.254.0.0/16)"},
    {"100.100.100.200", 32, Reach::kNever, "cloud metadata (100.100.100.200)"},
    {"168.63.129.16", 32, Reach::kNever, "cloud metadata (168.63.129.16)"},
    {"192.0.0.192", 32, Reach::kNever, "cloud metadata (192.0.0.192)"},
    {"224.0.0.0", 4, Reach::kNever, "multicast (224.0.0.0/4)"},
    {"240.0.0.0", 4, Reach::kNever, "reserved (240.0.0.0/4)"},
    {"127.0.0.0", 8, Reach::kPrivate, "loopback (127.0.0.0/8)"},
    {"10.0.0.0", 8, Reach::kPrivate, "private (10.0.0.0/8)"},
    {"172.16.0.0", 12, Reach::kPrivate, "private (172.16.0.0/12)"},
    {"192.168.0.0", 16, Reach::kPrivate, "private (192.168.0.0/16)"},
    {"100.64.0.0", 10, Reach::kPrivate, "carrier-grade NAT (100.64.0.0/10)"},
    {"192.0.0.0", 24, Reach::kPrivate, "protocol assignments (192.0.0.0/24)"},
    {"192.0.2.0", 24, Reach::kPrivate, "documentation (192.0.2.0/24)"},
    {"192.88.99.0", 24, Reach::kPrivate, "6to4 relays (192.88.99.0/24)"},
    {"198.18.0.0", 15, Reach::kPrivate, "benchmarks (198.18.0.0/15)"},
    {"198.51.100.0", 24, Reach::kPrivate, "documentation (198.51.100.0/24)"},
    {"203.0.113.0", 24, Reach::kPrivate, "documentation (203.0.113.0/24)"},
};

constexpr Range kV6[] = {
    {"::1", 128, Reach::kPrivate, "loopback (::1)"},
    {"::", 128, Reach::kNever, "unspecified (::)"},
    {"fe80::", 10, Reach::kNever, "link-local (fe80::/10)"},
    {"fd00:ec2::", 32, Reach::kNever, "cloud metadata (fd00:ec2::/32)"},
    {"fd20:ce::254", 128, Reach::kNever, "cloud metadata (fd20:ce::254)"},
    {"ff00::", 8, Reach::kNever, "multicast (ff00::/8)"},
    {"fc00::", 7, Reach::kPrivate, "unique local (fc00::/7)"},
    {"fec0::", 10, Reach::kPrivate, "site-local (fec0::/10)"},
    {"64:ff9b:1::", 48, Reach::kPrivate, "local NAT64 (64:ff9b:1::/48)"},
    {"64:ff9b::", 96, Reach::kPublic, "NAT64 (64:ff9b::/96)"},
    {"100::", 64, Reach::kPrivate, "discard (100::/64)"},
    {"2001:db8::", 32, Reach::kPrivate, "documentation (2001:db8::/32)"},
    {"3fff::", 20, Reach::kPrivate, "documentation (3fff::/20)"},
    {"2001::", 32, Reach::kPrivate, "Teredo (2001::/32)"},
    {"2001:2::", 48, Reach::kPrivate, "benchmarks (2001:2::/48)"},
    {"2000::", 3, Reach::kPublic, "global unicast (2000::/3)"},
    {"::", 0, Reach::kPrivate, "not a public range of IPv6"},
};

/// Where an IPv6 range carries an IPv4 address: the offsets of its four bytes. Teredo writes them inverted.
struct Carrier {
  const char* network;
  int bits;
  std::array<int, 4> at;
  bool inverted = false;
};

constexpr Carrier kCarriers[] = {
    {"::", 96, {12, 13, 14, 15}},            // IPv4-compatible, RFC 4291 section 2.5.5.1
    {"::ffff:0:0:0", 96, {12, 13, 14, 15}},  // IPv4-translated, RFC 2765
    {"64:ff9b::", 96, {12, 13, 14, 15}},     // NAT64, RFC 6052
    {"64:ff9b:1::", 48, {12, 13, 14, 15}},   // local NAT64, RFC 8215, with a prefix of 96 bits …
    {"64:ff9b:1::", 48, {6, 7, 9, 10}},      // … and of 48, RFC 6052 section 2.2
    {"2002::", 16, {2, 3, 4, 5}},            // 6to4, RFC 3056
    {"2001::", 32, {4, 5, 6, 7}},            // Teredo's server, RFC 4380
    {"2001::", 32, {12, 13, 14, 15}, true},  // and its client
};

bool within(const Address& address, const char* network, int bits) {
  // Address::parse would turn the mapped range into IPv4; the tables above name none.
  const std::optional<Address> base = Address::parse(network);
  return base && base->is_v4() == address.is_v4() && address.common_bits(*base) >= bits;
}

Kind first_match(const Address& address, std::span<const Range> ranges) {
  for (const Range& range : ranges) {
    if (within(address, range.network, range.bits)) {
      return {range.reach, range.reach == Reach::kPublic ? std::string_view() : range.name};
    }
  }
  return {};
}

Address carried(const Address& address, const std::array<int, 4>& at, bool inverted) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint8_t byte = address.bytes()[static_cast<std::size_t>(at[i])];
    bytes[i] = inverted ? static_cast<std::uint8_t>(~byte) : byte;
  }
  std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
  return *Address::from(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
}

/// The IPv4 addresses that an IPv6 one may lead to.
std::vector<Address> carried_addresses(const Address& address) {
  std::vector<Address> out;
  for (const Carrier& carrier : kCarriers) {
    if (within(address, carrier.network, carrier.bits)) out.push_back(carried(address, carrier.at, carrier.inverted));
  }
  // ISATAP, RFC 5214: an interface id of [02]00:5efe and an IPv4 address, below any prefix.
  const auto& bytes = address.bytes();
  if ((bytes[8] & 0xFD) == 0 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE) {
    out.push_back(carried(address, {12, 13, 14, 15}, false));
  }
  return out;
}

}  // namespace

std::optional<Address> Address::from(const sockaddr* address, socklen_t length) {
  Address out;
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::memcpy(out.bytes_.data(), &v4.sin_addr, 4);
    return out;
  }
  if (address->sa_family != AF_INET6 || length < sizeof(sockaddr_in6)) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::memcpy(out.bytes_.data(), v6.sin6_addr.s6_addr + 12, 4);
    return out;
  }
  out.v4_ = false;
  std::memcpy(out.bytes_.data(), &v6.sin6_addr, 16);
  out.scope_ = v6.sin6_scope_id;
  return out;
}

std::optional<Address> Address::parse(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  std::string name(text);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, name.c_str(), &v4.sin_addr) == 1)
    return from(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (const std::size_t percent = name.find('%'); percent != std::string::npos) {
    v6.sin6_scope_id = ::if_nametoindex(name.c_str() + percent + 1);
    name.resize(percent);
  }
  if (::inet_pton(AF_INET6, name.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  return from(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

int Address::common_bits(const Address& other) const {
  if (v4_ != other.v4_) return 0;
  const std::size_t bytes = v4_ ? 4 : 16;
  for (std::size_t i = 0; i < bytes; ++i) {
    if (bytes_[i] != other.bytes_[i]) {
      const auto difference = static_cast<std::uint8_t>(bytes_[i] ^ other.bytes_[i]);
      return static_cast<int>(i) * 8 + std::countl_zero(difference);
    }
  }
  return bits();
}

socklen_t Address::to_sockaddr(std::uint16_t port, sockaddr_storage& into) const {
  into = {};
  if (v4_) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes_.data(), 4);
    std::memcpy(&into, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_scope_id = scope_;
  std::memcpy(&v6.sin6_addr, bytes_.data(), 16);
  std::memcpy(&into, &v6, sizeof v6);
  return sizeof v6;
}

std::string Address::text() const {
  char buffer[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
  return std::string(buffer) + (scope_ != 0 ? "%" + std::to_string(scope_) : "");
}

Kind classify(const Address& address) {
  if (address.is_v4()) return first_match(address, kV4);
  Kind worst = first_match(address, kV6);
  // :: and ::1 lie in the IPv4-compatible range but are themselves.
  if (within(address, "::", 127)) return worst;
  for (const Address& inner : carried_addresses(address)) {
    const Kind kind = classify(inner);
    if (kind.reach > worst.reach || (kind.reach == worst.reach && kind.reach != Reach::kPublic)) worst = kind;
  }
  return worst;
}

}  // namespace cpi::net
