// What jsonb takes, and how long a session waits before it connects again.
#include "store/session.h"

#include <gtest/gtest.h>

namespace cpi::store {
namespace {

TEST(ToJsonb, ReplacesNulCharactersButNoEscapedText) {
  EXPECT_EQ(to_jsonb(nlohmann::json(std::string("a\0b", 3))), "\"a\\u2400b\"");
  EXPECT_EQ(to_jsonb(nlohmann::json("a\\u0000b")), "\"a\\\\u0000b\"");
}

TEST(ToJsonb, ReplacesBytesThatAreNoUtf8) { EXPECT_EQ(to_jsonb(nlohmann::json("a\xff")), "\"a\xEF\xBF\xBD\""); }

TEST(ReconnectDelay, GrowsToALimitAndIsJittered) {
  EXPECT_EQ(reconnect_delay(0, 0).count(), 100);
  EXPECT_EQ(reconnect_delay(3, 0).count(), 800);
  EXPECT_EQ(reconnect_delay(1000, 0).count(), 15000);
  EXPECT_EQ(reconnect_delay(1000, 0.999).count() / 100, 75);
}

TEST(SleepFor, IsEndedByAStop) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(sleep_for(std::chrono::hours(1), stop.get_token()));
  EXPECT_TRUE(sleep_for(std::chrono::milliseconds(1), std::stop_token()));
}

}  // namespace
}  // namespace cpi::store
