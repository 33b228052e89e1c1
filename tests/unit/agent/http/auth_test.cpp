// Keys, hosts and origins.
#include "http/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::http {
namespace {

using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Optional;

Request with(std::vector<NameValue> headers) {
  Request request;
  request.headers = std::move(headers);
  return request;
}

TEST(Auth, FindsTheKeyInEachOfTheThreeHeaders) {
  EXPECT_THAT(presented_key(with({{"x-api-key", " k1 "}})), Optional(std::string("k1")));
  EXPECT_THAT(presented_key(with({{"Authorization", "Bearer k2"}})), Optional(std::string("k2")));
  EXPECT_THAT(presented_key(with({{"authorization", "bearer  k2"}})), Optional(std::string("k2")));
  EXPECT_THAT(presented_key(with({{"Authorization", "Basic bjhuOmszOjQ="}})), Optional(std::string("k3:4")));
  EXPECT_THAT(presented_key(with({{"X-API-Key", "k1"}, {"Authorization", "Bearer k2"}})), Optional(std::string("k1")));
}

TEST(Auth, TakesAnEmptyOrBrokenKeyForNone) {
  for (const char* value :
       {"Bearer", "Bearer ", "Basic", "Basic !!!!", "Basic bjhu", "Basic bjhuOg==", "Digest x", ""}) {
    EXPECT_THAT(presented_key(with({{"Authorization", value}})), Eq(std::nullopt)) << value;
  }
  EXPECT_THAT(presented_key(with({{"X-API-Key", "  "}})), Eq(std::nullopt));
  EXPECT_THAT(presented_key(with({})), Eq(std::nullopt));
}

TEST(Auth, ComparesKeysByDigest) {
  EXPECT_TRUE(same_digest(sha256("a"), sha256("a")));
  EXPECT_FALSE(same_digest(sha256("a"), sha256("b")));
}

TEST(Auth, BelievesAKeyForLessThanASecond) {
  KeyCache cache;
  const auto now = KeyCache::Clock::now();
  cache.store(sha256("a"), Role::kOperator, now);
  EXPECT_THAT(cache.find(sha256("a"), now), Optional(Role::kOperator));
  EXPECT_THAT(cache.find(sha256("b"), now), Eq(std::nullopt));
  EXPECT_THAT(cache.find(sha256("a"), now + std::chrono::seconds(1)), Eq(std::nullopt));
}

TEST(Auth, KnowsLoopbackAddresses) {
  for (const char* host :
       {"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "example.com", "localhost.example.com", "127.0.0.1.example.com",
                           "::ffff:10.0.0.1", ""}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(Auth, TakesTheHostOutOfAnAuthority) {
  EXPECT_EQ(host_of("localhost:8000"), "localhost");
  EXPECT_EQ(host_of("[::1]:8000"), "::1");
  EXPECT_EQ(host_of("::1"), "::1");
}

TEST(Auth, RefusesPagesOfOtherSitesWhenThereIsNoKey) {
  EXPECT_THAT(refuse_foreign_page(with({{"Host", "localhost:8000"}}), {}), Eq(std::nullopt));
  EXPECT_THAT(refuse_foreign_page(with({{"Host", "127.0.0.1:8000"}, {"Origin", "http://127.0.0.1:8000"}}), {}),
              Eq(std::nullopt));
  EXPECT_THAT(refuse_foreign_page(with({{"Host", "rebound.example.com"}}), {}), Optional(HasSubstr("Host")));
  EXPECT_THAT(refuse_foreign_page(with({}), {}), Optional(HasSubstr("Host")));
  const Request foreign = with({{"Host", "localhost:8000"}, {"Origin", "https://example.com"}});
  EXPECT_THAT(refuse_foreign_page(foreign, {}), Optional(HasSubstr("Origin")));
  EXPECT_THAT(refuse_foreign_page(foreign, {"https://example.com"}), Eq(std::nullopt));
  EXPECT_THAT(refuse_foreign_page(foreign, {"*"}), Optional(HasSubstr("Origin"))) << "a star names no site";
  EXPECT_THAT(refuse_foreign_page(with({{"Host", "localhost"}, {"Origin", "null"}}), {}),
              Optional(HasSubstr("Origin")));
  EXPECT_THAT(refuse_foreign_page(with({{"Host", "localhost:8000"}, {"Origin", "http://localhost:9000"}}), {}),
              Optional(HasSubstr("Origin")));
}

}  // namespace
}  // namespace cpi::http
