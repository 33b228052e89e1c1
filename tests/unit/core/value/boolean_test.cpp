// The words of the config beside PostgreSQL's own.
#include <gtest/gtest.h>

#include "core/value/type_oid.h"
#include "unit/core/value/conversion.h"

namespace cpi::value::test {

namespace {

const ColumnType kBoolean{kBoolOid, -1, "boolean"};

TEST(Boolean, WordsOfTheConfigCountIgnoringCaseBesidePostgresqlsOwn) {
  Format format;
  format.true_values = {"Ja", "ДА", " x "};
  format.false_values = {"Nein", "", "n"};
  for (const std::string text : {"ja", "JA", " Ja ", "да", "X", "true", "1", "yes"}) {
    EXPECT_EQ(convert(kBoolean, format, text), "taken: 01") << text;
  }
  for (const std::string text : {"nein", "", "  ", "N", "false", "0", "off"}) {
    EXPECT_EQ(convert(kBoolean, format, text), "taken: 00") << text;
  }
  EXPECT_TRUE(convert(kBoolean, format, "jain").starts_with("rejected: "));
}

TEST(Boolean, TheConfigMayGiveAWordAnotherMeaningThanPostgresql) {
  Format format;
  format.true_values = {"0"};
  EXPECT_EQ(convert(kBoolean, format, "0"), "taken: 01");
}

TEST(Boolean, AWordInBothListsIsAConfigError) {
  Format format;
  format.true_values = {"J"};
  format.false_values = {"j"};
  EXPECT_EQ(convert(kBoolean, format, "j"), "config: \"j\" is listed in true_values and in false_values");
}

}  // namespace

}  // namespace cpi::value::test
