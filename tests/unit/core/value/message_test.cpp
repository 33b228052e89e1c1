// What rejects say: the server's words, the value cut to 80 characters, and what to do where that helps.
#include "core/value/message.h"

#include <gtest/gtest.h>

#include "core/value/type_oid.h"
#include "unit/core/value/conversion.h"

namespace cpi::value::test {

namespace {

TEST(Message, AValueIsCutToEightyCharactersNotInTheMiddleOfOne) {
  std::string umlauts;
  for (int i = 0; i < 81; ++i) umlauts += "ä";
  EXPECT_EQ(quote_value(umlauts).size(), 80 * 2 + 2 + std::string("…").size());
  EXPECT_EQ(quote_value(std::string(80, 'x')), '"' + std::string(80, 'x') + '"');
  EXPECT_EQ(quote_value(std::string(81, 'x')), '"' + std::string(80, 'x') + "…\"");
}

TEST(Message, RejectsUseTheServersWords) {
  const struct {
    ColumnType type;
    std::string text;
    std::string expected;
  } cases[] = {
      {{kInt4Oid, -1, "integer"}, "12a", "invalid input syntax for type integer: \"12a\""},
      {{kInt2Oid, -1, "smallint"}, "99999", "value \"99999\" is out of range for type smallint"},
      {{kInt8Oid, -1, "bigint"}, "", "invalid input syntax for type bigint: \"\""},
      {{kFloat4Oid, -1, "real"}, "1e40", "\"1e40\" is out of range for type real"},
      {{kFloat8Oid, -1, "double precision"}, "x", "invalid input syntax for type double precision: \"x\""},
      {{kNumericOid, (4 << 16 | 2) + 4, "numeric(4,2)"},
       "123.4",
       "numeric field overflow: \"123.4\" must round to an absolute value less than 10^2 for type numeric(4,2)"},
      {{kNumericOid, (2 << 16 | 2) + 4, "numeric(2,2)"},
       "1",
       "numeric field overflow: \"1\" must round to an absolute value less than 1 for type numeric(2,2)"},
      {{kBoolOid, -1, "boolean"},
       "ja",
       "invalid input syntax for type boolean: \"ja\"; list the word in true_values or false_values if it means one of "
       "them"},
      {{kUuidOid, -1, "uuid"}, "1-2", "invalid input syntax for type uuid: \"1-2\""},
      {{kVarcharOid, 9, "character varying(5)"}, "abcdef", "value too long for type character varying(5): \"abcdef\""},
      {{kBpcharOid, 7, "character(3)"}, "abcd", "value too long for type character(3): \"abcd\""},
      {{kDateOid, -1, "date"}, "n/a", "invalid input syntax for type date: \"n/a\""},
      {{kDateOid, -1, "date"}, "2024-02-30", "date/time field value out of range: \"2024-02-30\""},
      {{kDateOid, -1, "date"},
       "31.12.2024",
       "date/time field value out of range: \"31.12.2024\"; perhaps it needs a different datestyle than MDY"},
      {{kDateOid, -1, "date"}, "9999999-01-01", "date out of range: \"9999999-01-01\""},
      {{kTimestampOid, -1, "timestamp"}, "300000-01-01", "timestamp out of range: \"300000-01-01\""},
      {{kTimestamptzOid, -1, "timestamptz"},
       "2024-01-01 00:00+16",
       "time zone displacement out of range: \"2024-01-01 00:00+16\""},
  };
  for (const auto& tested : cases) {
    EXPECT_EQ(convert(tested.type, {}, tested.text), "rejected: " + tested.expected);
  }
}

TEST(Message, NothingIsAppendedWhenAValueIsNotTaken) {
  for (const std::uint32_t oid :
       {kBoolOid, kInt4Oid, kOidOid, kFloat8Oid, kNumericOid, kDateOid, kTimestamptzOid, kUuidOid}) {
    auto made = make_converter({oid, -1, ""}, {});
    ASSERT_TRUE(made.ok());
    CopyBuffer out;
    out.put_int16(1);
    std::string why;
    EXPECT_EQ((**made).write("?", out, why), Verdict::kReject);
    EXPECT_EQ(out.size(), 2U);
    EXPECT_FALSE(why.empty());
  }
}

}  // namespace

}  // namespace cpi::value::test
