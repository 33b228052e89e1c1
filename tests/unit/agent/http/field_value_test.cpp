// Values on their own: times and ids.
#include "http/field_value.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cpi::http {
namespace {

TEST(FieldValue, TakesTimesAsIso8601WritesThem) {
  for (const char* good : {"2026-11-23T22:15:00Z", "2026-11-23T22:15:00.123456+01:00", "2026-11-23 22:15", "2026-11-23",
                           "2024-02-29T00:00:00z", "2026-11-23T22:15:00-0330", "2026-11-23T22:15:00+01"}) {
    EXPECT_TRUE(is_timestamp(good)) << good;
  }
  for (const char* bad : {"", "now", "infinity", "2026-13-01", "2026-02-29", "2026-00-10", "0000-01-01", "2026-11-23T",
                          "2026-11-23T24:00:00Z", "2026-11-23T22:60:00Z", "2026-11-23T22:15:00.Z", "23.11.2026",
                          "2026-11-23T22:15:00Z; drop", "2026-11-23T22:15:00+1", "2026-11-23T22:15:00+16:00"}) {
    EXPECT_FALSE(is_timestamp(bad)) << bad;
  }
}

TEST(FieldValue, TakesNumbersForNumericArguments) {
  const Argument seconds{"seconds", ArgumentType::kNumber, "numeric", false};
  EXPECT_TRUE(field_from_text(seconds, "1.5").ok());
  EXPECT_TRUE(field_from_text(seconds, "-2e3").ok());
  for (const char* bad : {"x", "true", "\"1\"", "1,5", "NaN", "0x10"}) {
    EXPECT_FALSE(field_from_text(seconds, bad).ok()) << bad;
  }
  EXPECT_TRUE(field_from_json(seconds, 1.5).ok());
  EXPECT_FALSE(field_from_json(seconds, "1.5").ok());
  EXPECT_FALSE(field_from_json(seconds, true).ok());
}

TEST(FieldValue, TakesUuidsInTheUsualGroupsOnly) {
  EXPECT_TRUE(is_uuid("3f2504e0-4f89-11d3-9a0c-0305e82c3301"));
  EXPECT_TRUE(is_uuid("3F2504E0-4F89-11D3-9A0C-0305E82C3301"));
  for (const char* bad : {"", "3f2504e04f8911d39a0c0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c330g",
                          "3f2504e0-4f89-11d3-9a0c-0305e82c33011"}) {
    EXPECT_FALSE(is_uuid(bad)) << bad;
  }
}

}  // namespace
}  // namespace cpi::http
