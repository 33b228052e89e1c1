#include "core/csv/null_rule.h"

#include <gtest/gtest.h>

namespace cpi::csv {
namespace {

Field field(std::string_view text, bool quoted = false) {
  return {text.data(), static_cast<std::uint32_t>(text.size()), quoted};
}

TEST(NullRule, OnlyUnquotedFieldsMeanNull) {
  const NullRule rule({"", "\\N", "n/a"});
  EXPECT_TRUE(rule.is_null(field("")));
  EXPECT_TRUE(rule.is_null(field("\\N")));
  EXPECT_TRUE(rule.is_null(field("n/a")));
  EXPECT_FALSE(rule.is_null(field("N/A")));
  EXPECT_FALSE(rule.is_null(field("", true)));
  EXPECT_FALSE(rule.is_null(field("n/a", true)));
  EXPECT_FALSE(NullRule({"x"}).is_null(field("")));
}

}  // namespace
}  // namespace cpi::csv
