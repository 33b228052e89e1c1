// Which addresses may be connected to under which settings.
#include "net/egress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::net {
namespace {

using testing::HasSubstr;

EgressPolicy policy(std::string_view mode, const std::vector<std::string>& allow = {}) {
  return EgressPolicy::make(mode, allow).value();
}

bool allowed(const EgressPolicy& rules, const std::string& host, const char* address) {
  return !rules.refusal(host, Address::parse(address).value());
}

TEST(EgressPolicy, PrivateRefusesOnlyWhatIsNeverAllowed) {
  const EgressPolicy rules = policy("private");
  for (const char* address : {"8.8.8.8", "10.0.0.1", "127.0.0.1", "::1", "fd12::1", "100.64.0.1"}) {
    EXPECT_TRUE(allowed(rules, "n8n", address)) << address;
  }
  for (const char* address : {"169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0", "64:ff9b::a9fe:a9fe"}) {
    EXPECT_FALSE(allowed(rules, "n8n", address)) << address;
  }
}

TEST(EgressPolicy, PublicRefusesPrivatePlacesToo) {
  const EgressPolicy rules = policy("public");
  EXPECT_TRUE(allowed(rules, "example.com", "93.184.216.34"));
  for (const char* address : {"10.0.0.1", "127.0.0.1", "::1", "fd12::1", "100.64.0.1", "::ffff:192.168.0.1"}) {
    EXPECT_FALSE(allowed(rules, "example.com", address)) << address;
  }
}

TEST(EgressPolicy, AHostThatIsListedMayBePrivate) {
  const EgressPolicy rules = policy("public", {"N8N.internal."});
  EXPECT_TRUE(allowed(rules, "n8n.INTERNAL", "10.0.0.1"));
  EXPECT_TRUE(allowed(rules, "n8n.internal.", "10.0.0.1"));
  EXPECT_FALSE(allowed(rules, "other.internal", "10.0.0.1"));
  EXPECT_FALSE(allowed(rules, "x.n8n.internal", "10.0.0.1"));
}

TEST(EgressPolicy, ARangeThatIsListedMayBePrivate) {
  const EgressPolicy rules = policy("public", {"10.1.0.0/16", "fd12:3456::/32", "192.168.7.7"});
  EXPECT_TRUE(allowed(rules, "a", "10.1.255.255"));
  EXPECT_TRUE(allowed(rules, "a", "::ffff:10.1.0.1"));
  EXPECT_FALSE(allowed(rules, "a", "10.2.0.0"));
  EXPECT_TRUE(allowed(rules, "a", "fd12:3456:1::1"));
  EXPECT_FALSE(allowed(rules, "a", "fd12:3457::1"));
  EXPECT_TRUE(allowed(rules, "a", "192.168.7.7"));
  EXPECT_FALSE(allowed(rules, "a", "192.168.7.8"));
}

TEST(EgressPolicy, NothingThatIsListedAllowsMetadata) {
  const EgressPolicy rules = policy("private", {"169.254.0.0/16", "0.0.0.0/0", "::/0", "metadata.google.internal"});
  EXPECT_FALSE(allowed(rules, "metadata.google.internal", "169.254.169.254"));
  EXPECT_FALSE(allowed(rules, "x", "fe80::1"));
  EXPECT_TRUE(allowed(policy("public", {"0.0.0.0/0"}), "x", "10.0.0.1"));
}

TEST(EgressPolicy, ARefusalNamesHostAddressRuleAndSetting) {
  const Error error = *policy("public").refusal("n8n.internal", *Address::parse("10.0.0.1"));
  EXPECT_EQ(error.code, Code::kEgressRefused);
  EXPECT_EQ(error.message, "connecting to \"n8n.internal\", address 10.0.0.1, is refused: private (10.0.0.0/8)");
  EXPECT_THAT(error.detail, HasSubstr("CPI_EGRESS=public"));
  EXPECT_THAT(error.hint, HasSubstr("CPI_EGRESS_ALLOW"));
}

TEST(EgressPolicy, AnEntryThatIsNothingIsNamed) {
  for (const char* entry :
       {"10.0.0.0/33", "10.0.0/8", "http://n8n", "a b", "300.1.1.1", "fe80::/129", "*.example.com"}) {
    const Result<EgressPolicy> made = EgressPolicy::make("public", {entry});
    ASSERT_FALSE(made.ok()) << entry;
    EXPECT_THAT(made.error().message, HasSubstr(entry));
  }
}

TEST(EgressPolicy, UnixSocketsAreAllowedByDirectoryAlone) {
  const EgressPolicy rules = policy("private", {"/run/postgresql/"});
  EXPECT_FALSE(rules.socket_refusal("/run/postgresql"));
  EXPECT_FALSE(rules.socket_refusal("/run/other/../postgresql"));
  EXPECT_TRUE(rules.socket_refusal("/run/postgresql/below"));
  EXPECT_TRUE(rules.socket_refusal("/tmp"));
  EXPECT_TRUE(policy("private").socket_refusal("@abstract"));
}

}  // namespace
}  // namespace cpi::net
