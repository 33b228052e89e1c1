// What kind of place each address leads to.
#include "net/address.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::net {
namespace {

struct Case {
  const char* address;
  Reach reach;
  const char* why;
};

constexpr Case kCases[] = {
    {"8.8.8.8", Reach::kPublic, "an ordinary host"},
    {"1.1.1.1", Reach::kPublic, "an ordinary host"},
    {"9.255.255.255", Reach::kPublic, "just below 10/8"},
    {"11.0.0.0", Reach::kPublic, "just above 10/8"},
    {"100.63.255.255", Reach::kPublic, "just below CGNAT"},
    {"100.128.0.0", Reach::kPublic, "just above CGNAT"},
    {"126.255.255.255", Reach::kPublic, "just below loopback"},
    {"128.0.0.1", Reach::kPublic, "just above loopback"},
    {"169.253.255.255", Reach::kPublic, "just below link-local"},
    {"169.255.0.0", Reach::kPublic, "just above link-local"},
    {"172.15.255.255", Reach::kPublic, "just below 172.16/12"},
    {"172.32.0.0", Reach::kPublic, "just above 172.16/12"},
    {"192.167.255.255", Reach::kPublic, "just below 192.168/16"},
    {"192.169.0.0", Reach::kPublic, "just above 192.168/16"},
    {"198.17.255.255", Reach::kPublic, "just below the benchmarks"},
    {"198.20.0.0", Reach::kPublic, "just above the benchmarks"},
    {"223.255.255.255", Reach::kPublic, "just below multicast"},
    {"2606:4700:4700::1111", Reach::kPublic, "an ordinary IPv6 host"},
    {"2a00:1450:4001:81b::200e", Reach::kPublic, "an ordinary IPv6 host"},
    {"64:ff9b::808:808", Reach::kPublic, "NAT64 of 8.8.8.8"},
    {"2002:808:808::1", Reach::kPublic, "6to4 of 8.8.8.8"},
    {"::ffff:8.8.8.8", Reach::kPublic, "mapped 8.8.8.8"},

    {"10.0.0.0", Reach::kPrivate, "RFC 1918"},
    {"10.255.255.255", Reach::kPrivate, "RFC 1918"},
    {"172.16.0.1", Reach::kPrivate, "RFC 1918"},
    {"172.31.255.255", Reach::kPrivate, "RFC 1918"},
    {"192.168.1.1", Reach::kPrivate, "RFC 1918"},
    {"127.0.0.1", Reach::kPrivate, "loopback"},
    {"127.255.255.254", Reach::kPrivate, "loopback"},
    {"100.64.0.1", Reach::kPrivate, "CGNAT"},
    {"100.127.255.255", Reach::kPrivate, "CGNAT"},
    {"192.0.0.8", Reach::kPrivate, "protocol assignments"},
    {"192.0.2.1", Reach::kPrivate, "documentation"},
    {"192.88.99.1", Reach::kPrivate, "6to4 relays"},
    {"198.18.0.1", Reach::kPrivate, "benchmarks"},
    {"198.19.255.255", Reach::kPrivate, "benchmarks"},
    {"198.51.100.7", Reach::kPrivate, "documentation"},
    {"203.0.113.9", Reach::kPrivate, "documentation"},
    {"::1", Reach::kPrivate, "loopback"},
    {"::2", Reach::kNever, "IPv4-compatible 0.0.0.2"},
    {"::7f00:1", Reach::kPrivate, "IPv4-compatible loopback"},
    {"::ffff:127.0.0.1", Reach::kPrivate, "mapped loopback"},
    {"::ffff:a00:1", Reach::kPrivate, "mapped 10.0.0.1 in hexadecimal"},
    {"::ffff:0:7f00:1", Reach::kPrivate, "translated loopback"},
    {"fc00::1", Reach::kPrivate, "unique local"},
    {"fdff:ffff::1", Reach::kPrivate, "unique local"},
    {"fec0::1", Reach::kPrivate, "site-local"},
    {"100::1", Reach::kPrivate, "discard"},
    {"2001:db8::1", Reach::kPrivate, "documentation"},
    {"3fff::1", Reach::kPrivate, "documentation"},
    {"2001::1", Reach::kNever, "Teredo whose server is 0.0.0.0"},
    {"2001:0:808:808::f7f7:f7f7", Reach::kPrivate, "Teredo of public ends"},
    {"4000::1", Reach::kPrivate, "not assigned"},
    {"64:ff9b::7f00:1", Reach::kPrivate, "NAT64 of loopback"},
    {"64:ff9b::c0a8:101", Reach::kPrivate, "NAT64 of 192.168.1.1"},
    {"64:ff9b:1:808:8:800::8", Reach::kNever, "local NAT64: of 8.8.8.8 by a prefix of 48, of 0.0.0.8 by one of 96"},
    {"2002:7f00:1::1", Reach::kPrivate, "6to4 of loopback"},
    {"2002:a00:1::1", Reach::kPrivate, "6to4 of 10.0.0.1"},
    {"2606:4700::5efe:10.0.0.1", Reach::kPrivate, "ISATAP of 10.0.0.1"},

    {"0.0.0.0", Reach::kNever, "unspecified: Linux connects it to itself"},
    {"0.1.2.3", Reach::kNever, "this network"},
    {"169.254.169.254", Reach::kNever, "metadata"},
    {"169.254.170.2", Reach::kNever, "metadata of containers"},
    {"169.254.0.1", Reach::kNever, "link-local"},
    {"100.100.100.200", Reach::kNever, "metadata"},
    {"168.63.129.16", Reach::kNever, "metadata"},
    {"192.0.0.192", Reach::kNever, "metadata"},
    {"224.0.0.1", Reach::kNever, "multicast"},
    {"239.255.255.255", Reach::kNever, "multicast"},
    {"240.0.0.1", Reach::kNever, "reserved"},
    {"255.255.255.255", Reach::kNever, "broadcast"},
    {"::", Reach::kNever, "unspecified"},
    {"fe80::1", Reach::kNever, "link-local"},
    {"febf:ffff::1", Reach::kNever, "link-local"},
    {"ff02::1", Reach::kNever, "multicast"},
    {"fd00:ec2::254", Reach::kNever, "metadata over IPv6"},
    {"fd20:ce::254", Reach::kNever, "metadata over IPv6"},
    {"::ffff:169.254.169.254", Reach::kNever, "mapped metadata"},
    {"::ffff:a9fe:a9fe", Reach::kNever, "mapped metadata in hexadecimal"},
    {"::ffff:0:a9fe:a9fe", Reach::kNever, "translated metadata"},
    {"::a9fe:a9fe", Reach::kNever, "IPv4-compatible metadata"},
    {"64:ff9b::a9fe:a9fe", Reach::kNever, "NAT64 of metadata"},
    {"64:ff9b:1::a9fe:a9fe", Reach::kNever, "local NAT64 of metadata"},
    {"64:ff9b:1:a9fe:a9:fe00::", Reach::kNever, "local NAT64 of metadata by a prefix of 48"},
    {"2002:a9fe:a9fe::1", Reach::kNever, "6to4 of metadata"},
    {"2001:0:a9fe:a9fe::1", Reach::kNever, "Teredo whose server is metadata"},
    {"2001:0:808:808::5601:5601", Reach::kNever, "Teredo whose client is metadata"},
    {"2606:4700::200:5efe:a9fe:a9fe", Reach::kNever, "ISATAP of metadata"},
};

TEST(Address, EachLeadsToTheKindOfPlaceThatTheRegistriesSay) {
  static_assert(std::size(kCases) >= 60);
  for (const Case& one : kCases) {
    const std::optional<Address> address = Address::parse(one.address);
    ASSERT_TRUE(address) << one.address;
    const Kind kind = classify(*address);
    EXPECT_EQ(static_cast<int>(kind.reach), static_cast<int>(one.reach)) << one.address << ": " << one.why;
    EXPECT_EQ(kind.range.empty(), one.reach == Reach::kPublic) << one.address;
  }
}

TEST(Address, AMappedOneIsTheIpv4AddressItHolds) {
  EXPECT_EQ(Address::parse("::ffff:10.1.2.3"), Address::parse("10.1.2.3"));
  EXPECT_EQ(Address::parse("[::ffff:10.1.2.3]")->text(), "10.1.2.3");
}

TEST(Address, OnlyCanonicalSpellingsAreParsed) {
  for (const char* text :
       {"127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "localhost", "", "1.2.3.4.5", "[", ":::"}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
}

TEST(Address, TheSocketAddressHoldsAddressAndPort) {
  sockaddr_storage storage{};
  const socklen_t length = Address::parse("2001:db8::7")->to_sockaddr(443, storage);
  EXPECT_EQ(Address::from(reinterpret_cast<const sockaddr*>(&storage), length), Address::parse("2001:db8::7"));
  EXPECT_EQ(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port, htons(443));
}

}  // namespace
}  // namespace cpi::net
