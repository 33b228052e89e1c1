// What the test of a connection says about a real target.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "probe/target_test.h"
#include "support/cluster.h"

namespace cpi::probe {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::string url(const std::string& user, const std::string& database) {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(test::Cluster::shared().port()) + "/" + database;
}

const json* finding(const json& answer, const std::string& rule) {
  for (const json& one : answer["findings"]) {
    if (one["rule"] == rule) return &one;
  }
  return nullptr;
}

TEST(TargetTest, SaysVersionAndEncryptionOfATargetThatCanBeUsed) {
  const json answer = json::parse(test_target(url("postgres", test::Cluster::shared().create_database()), {}, 10s));
  EXPECT_EQ(answer["success"], true);
  EXPECT_THAT(answer["message"], HasSubstr("as postgres, PostgreSQL 1"));
  ASSERT_NE(finding(answer, "tls"), nullptr);
  EXPECT_THAT((*finding(answer, "tls"))["message"], HasSubstr("not encrypted"));
  ASSERT_NE(finding(answer, "server_version"), nullptr);
  EXPECT_EQ(finding(answer, "create_schema"), nullptr);
}

TEST(TargetTest, NamesMissingRightsWithTheStatementsThatGiveThem) {
  const std::string database = test::Cluster::shared().create_database();
  test::Cluster::shared().connect().exec(
      "DO $$BEGIN IF to_regrole('poor') IS NULL THEN CREATE ROLE poor LOGIN; END IF; END$$");
  const json answer = json::parse(test_target(url("poor", database), {}, 10s));
  EXPECT_EQ(answer["success"], true) << "tables that exist may still be loaded";
  ASSERT_NE(finding(answer, "create_schema"), nullptr);
  EXPECT_THAT((*finding(answer, "create_schema"))["hint"],
              HasSubstr("GRANT CREATE ON DATABASE \"" + database + "\" TO \"poor\";"));
  ASSERT_NE(finding(answer, "create_table"), nullptr);
}

TEST(TargetTest, APersonsOwnTargetIsReachedByLibpqsRules) {
  const std::string port = std::to_string(test::Cluster::shared().port());
  EXPECT_EQ(json::parse(test_own_target("host=127.0.0.1 user=postgres dbname=postgres port=" + port, 10s))["success"],
            true);
  const std::string refused = test_own_target("postgresql://nobody_here:canary@127.0.0.1:" + port + "/postgres", 10s);
  EXPECT_EQ(json::parse(refused)["success"], false);
  EXPECT_THAT(refused, Not(HasSubstr("canary")));
}

TEST(TargetTest, SaysWhyATargetCannotBeReachedWithoutItsPassword) {
  const std::pair<std::string, const char*> kCases[] = {
      {"postgresql://u:canary@127.0.0.1:1/x", "Check host and port"},
      {"postgresql://u:canary@host.invalid/x", "cannot resolve it"},
      {url("nobody_here", "postgres"), "Check user and password"},
      {url("postgres", "no_such_database"), "database's name"},
      {"postgresql://u:can@ary@h/x", "%40"},
      {"nonsense", "postgresql://"},
      {"postgresql://u:canary@169.254.169.254/x", "never connected to"},
      {"postgresql:///x?host=/tmp&user=u&password=canary", "CPI_EGRESS_ALLOW"},
      {"user=u password=canary dbname=x", "CPI_EGRESS_ALLOW"},
  };
  for (const auto& [target, hint] : kCases) {
    const std::string text = test_target(target, {}, 10s);
    EXPECT_THAT(text, Not(HasSubstr("canary")));
    const json answer = json::parse(text);
    EXPECT_EQ(answer["success"], false) << target;
    ASSERT_FALSE(answer["findings"].empty());
    EXPECT_THAT(answer["findings"][0].value("hint", ""), HasSubstr(hint)) << text;
  }
}

}  // namespace
}  // namespace cpi::probe
