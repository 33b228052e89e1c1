// Databases that users name are connected to under the rules for outgoing connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "db/vetted.h"
#include "support/cluster.h"

namespace cpi::db {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string url(const std::string& host) {
  return "postgresql://postgres@" + host + ":" + std::to_string(test::Cluster::shared().port()) + "/postgres";
}

Error error_of(const std::string& target, const net::EgressPolicy& egress) {
  try {
    connect_vetted(target, egress, 5s, "cpi test");
  } catch (const Error& error) {
    return error;
  }
  throw std::runtime_error("no error");
}

TEST(VettedConnection, KeepsTheNameAndConnectsToTheAddress) {
  const Connection connection = connect_vetted(url("localhost"), {}, 10s, "cpi test");
  EXPECT_STREQ(PQhost(connection.get()), "localhost");
  EXPECT_THAT(PQhostaddr(connection.get()), HasSubstr("127.0.0.1"));
}

TEST(VettedConnection, APrivateTargetIsRefusedUnderPublicWithoutAnotherTry) {
  const net::EgressPolicy egress = net::EgressPolicy::make("public", {}).value();
  for (const std::string& target :
       {url("localhost"), url("127.0.0.1"), url("2130706433"), url("[::ffff:127.0.0.1]"),
        url("db.example.com") + "?hostaddr=127.0.0.1", std::string("hostaddr=127.0.0.1 user=u")}) {
    const Error error = error_of(target, egress);
    EXPECT_THAT(error.what(), HasSubstr("is refused: loopback")) << target;
    EXPECT_THAT(error.hint(), HasSubstr("CPI_EGRESS_ALLOW"));
    EXPECT_FALSE(error.retryable());
  }
}

TEST(VettedConnection, AUnixSocketNeedsTheAdministratorsLeave) {
  const std::string directory = test::Cluster::shared().socket_directory().string();
  const std::string target = "host=" + directory + " port=" + std::to_string(test::Cluster::shared().port()) +
                             " user=postgres dbname=postgres";
  EXPECT_THAT(error_of(target, {}).what(), HasSubstr("Unix socket in \"" + directory + "\" is refused"));
  EXPECT_THAT(error_of("user=postgres", {}).what(), HasSubstr("/var/run/postgresql"));
  const Connection connection =
      connect_vetted(target, net::EgressPolicy::make("public", {directory}).value(), 10s, "cpi test");
  EXPECT_TRUE(connection.healthy());
}

}  // namespace
}  // namespace cpi::db
