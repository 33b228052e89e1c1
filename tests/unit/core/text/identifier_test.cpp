#include "core/text/identifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text/fold.h"

namespace cpi::text {
namespace {

using testing::ElementsAre;

TEST(TruncateIdentifier, CutsAtACharacterBoundary) {
  EXPECT_EQ(truncate_identifier("short"), "short");
  EXPECT_EQ(truncate_identifier(std::string(70, 'x')), std::string(63, 'x'));
  EXPECT_EQ(truncate_identifier(std::string(62, 'x') + "é"), std::string(62, 'x'));
  EXPECT_EQ(truncate_identifier(std::string(61, 'x') + "é"), std::string(61, 'x') + "é");
  EXPECT_EQ(truncate_identifier(std::string(60, 'x') + "😀"), std::string(60, 'x'));
}

TEST(SnakeCase, KeepsLettersAndDigitsOnly) {
  EXPECT_EQ(snake_case("Order Date"), "order_date");
  EXPECT_EQ(snake_case("  Price (EUR) / kg "), "price_eur_kg");
  EXPECT_EQ(snake_case("2nd Address"), "_2nd_address");
  EXPECT_EQ(snake_case("Größe"), "größe");
  EXPECT_EQ(snake_case("ÄNDERUNG"), "änderung");
  EXPECT_EQ(snake_case("名前 1"), "名前_1");
  EXPECT_EQ(snake_case("--"), "");
  EXPECT_EQ(snake_case("a\xFF"
                       "b"),
            "a_b");
}

TEST(ColumnNames, AreUniqueAndTheSameEveryTime) {
  EXPECT_THAT(column_names({"id", "", "id", " ", "ID"}, false), ElementsAre("id", "column2", "id_2", "column4", "ID"));
  EXPECT_THAT(column_names({"a", "a", "a_2", "a"}, false), ElementsAre("a", "a_3", "a_2", "a_4"));
  EXPECT_THAT(column_names({"column2", ""}, false), ElementsAre("column2", "column2_2"));
  EXPECT_THAT(column_names({"Order Date", "order-date", "#"}, true),
              ElementsAre("order_date", "order_date_2", "column3"));
}

TEST(ColumnNames, HoldNothingThatNobodySees) {
  EXPECT_THAT(column_names({"na\u200Bme", "\uFEFFid", "\u200B", "\u00A0", "\u2003x\u00A0", "so\u00ADft"}, false),
              ElementsAre("name", "id", "column3", "column4", "x", "soft"));
  EXPECT_THAT(column_names({"name", "na\u200Bme"}, false), ElementsAre("name", "name_2"));
  EXPECT_THAT(column_names({"na\u200Bme"}, true), ElementsAre("name"));
  EXPECT_THAT(column_names({"Order\r\nDate", "\tid\n", "a \u2028b"}, false), ElementsAre("Order Date", "id", "a b"));
  EXPECT_THAT(column_names({"می\u200Cخواهم", "👩\u200D👧", "\u200D"}, false),
              ElementsAre("می\u200Cخواهم", "👩\u200D👧", "column3"));
  EXPECT_THAT(column_names({std::string(63, 'x') + " y"}, false), ElementsAre(std::string(63, 'x')));
  EXPECT_THAT(column_names({std::string(62, 'x') + " y"}, false), ElementsAre(std::string(62, 'x')));
}

TEST(FoldCase, MakesNamesEqualThatPeopleReadAlike) {
  EXPECT_EQ(fold_case("STRASSE"), fold_case("straße"));
  EXPECT_EQ(fold_case("e\u0301"), fold_case("É"));
  EXPECT_NE(fold_case("e"), fold_case("é"));
}

TEST(ColumnNames, CutLongNamesSoThatTheNumberFits) {
  const std::string name(80, 'x');
  EXPECT_THAT(column_names({name, name}, false), ElementsAre(std::string(63, 'x'), std::string(61, 'x') + "_2"));
}

TEST(Nearest, NamesACloseCandidateOrNone) {
  const std::vector<std::string> keys = {"delimiter", "quote", "escape", "encoding", "header"};
  EXPECT_EQ(nearest("delimeter", keys), "delimiter");
  EXPECT_EQ(nearest("DELIMITER", keys), "delimiter");
  EXPECT_EQ(nearest("ecsape", keys), "escape");
  EXPECT_EQ(nearest("headers", keys), "header");
  EXPECT_EQ(nearest("table", keys), "");
  EXPECT_EQ(nearest("x", {"y"}), "");
  EXPECT_EQ(nearest("", keys), "");
}

struct GlobCase {
  const char* pattern;
  const char* path;
  bool matches;
};

class Glob : public testing::TestWithParam<GlobCase> {};

TEST_P(Glob, MatchesAsAShellDoes) {
  EXPECT_EQ(glob_match(GetParam().pattern, GetParam().path), GetParam().matches)
      << GetParam().pattern << " against " << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Glob,
    testing::Values(GlobCase{"*.csv", "a.csv", true}, GlobCase{"*.csv", "a.csv.gz", false},
                    GlobCase{"*.csv", "sub/a.csv", true}, GlobCase{"*.csv", ".csv", true}, GlobCase{"a?c", "abc", true},
                    GlobCase{"a?c", "aéc", true}, GlobCase{"a?c", "ac", false}, GlobCase{"[a-c]x", "bx", true},
                    GlobCase{"[a-c]x", "dx", false}, GlobCase{"[!a-c]x", "dx", true}, GlobCase{"[]]", "]", true},
                    GlobCase{"[", "[", true}, GlobCase{"a\\*b", "a*b", true}, GlobCase{"a\\*b", "axb", false},
                    GlobCase{"sub/*.csv", "sub/a.csv", true}, GlobCase{"sub/*.csv", "sub/deep/a.csv", false},
                    GlobCase{"sub/*.csv", "a.csv", false}, GlobCase{"**/*.csv", "a.csv", true},
                    GlobCase{"**/*.csv", "x/y/a.csv", true}, GlobCase{"x/**/a.csv", "x/a.csv", true},
                    GlobCase{"x/**/a.csv", "x/y/z/a.csv", true}, GlobCase{"x/**", "x/y/z", true},
                    GlobCase{"x/?.csv", "x/y.csv", true}, GlobCase{"x/a*b*c.csv", "x/aXbYbc.csv", true},
                    GlobCase{"", "", true}, GlobCase{"*", "", true}, GlobCase{"", "a", false},
                    GlobCase{"**/b/*.csv", "a/b/c/b/d.csv", true}));

TEST(Glob, IsNotSlowOnHostilePatterns) {
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "a*";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace cpi::text
