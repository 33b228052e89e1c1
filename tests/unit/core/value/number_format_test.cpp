// Numbers with decimal and thousands separators, and what their rejects say.
#include <gtest/gtest.h>

#include "core/value/type_oid.h"
#include "unit/core/value/conversion.h"

namespace cpi::value::test {

namespace {

const ColumnType kInteger{kInt4Oid, -1, "integer"};
const ColumnType kNumeric{kNumericOid, (10 << 16 | 2) + 4, "numeric(10,2)"};
const ColumnType kDouble{kFloat8Oid, -1, "double precision"};

Format numbers(char decimal, std::string thousands) {
  Format format;
  format.decimal_separator = decimal;
  format.thousands_separator = std::move(thousands);
  return format;
}

struct Case {
  std::string text;
  std::string plain;  ///< the same number as PostgreSQL writes it; empty: rejected
  std::string reason;
};

class NumberFormat : public testing::Test {
 protected:
  static void expect(const Format& format, const std::vector<Case>& cases) {
    for (const Case& tested : cases) {
      const std::string result = convert(kNumeric, format, tested.text);
      if (tested.plain.empty()) {
        EXPECT_TRUE(result.starts_with("rejected: ")) << tested.text << " (" << tested.reason << "): " << result;
      } else {
        EXPECT_EQ(result, convert(kNumeric, {}, tested.plain)) << tested.text << " (" << tested.reason << ")";
      }
    }
  }
};

TEST_F(NumberFormat, GermanNumbersAreReadAndGroupsMustBeWhole) {
  expect(numbers(',', "."), {
                                {"1.234.567,89", "1234567.89", "the usual way"},
                                {"1234567,89", "1234567.89", "groups may be absent"},
                                {"1.234", "1234", "a group, not a fraction"},
                                {"-1.234,5", "-1234.5", "sign"},
                                {"+1,5", "1.5", "sign"},
                                {" 1,5 ", "1.5", "blanks around it"},
                                {",5", "0.5", "no integer digits"},
                                {"5,", "5", "no fraction digits"},
                                {"0,00", "0.00", "zero"},
                                {"12", "12", "no separator"},
                                {"1,5e3", "1500", "exponent"},
                                {"NaN", "NaN", "a word, not a number"},
                                {"1.5", "", "a group of one digit"},
                                {"1.23,5", "", "a group of two digits"},
                                {"1.2345,6", "", "a group of four digits"},
                                {"1234.567,8", "", "a first group of four digits"},
                                {".123,4", "", "an empty first group"},
                                {"1..234", "", "an empty group"},
                                {"1.234.", "", "an empty last group"},
                                {"1,234.5", "", "a separator in the fraction"},
                                {"1,2,3", "", "two decimal separators"},
                                {"1,5.", "", "a point after the fraction"},
                                {"0.500", "", "no number is grouped behind a zero: rather a fraction"},
                                {"-0.500", "", "likewise with a sign"},
                                {"00.500", "", "likewise with two zeros"},
                                {"012.345", "", "likewise before other digits"},
                                {"0,500", "0.500", "a fraction"},
                                {"1.234e3", "", "a group and an exponent: rather a fraction"},
                                {"1.234,5e3", "", "likewise behind a fraction"},
                                {"abc", "", "no number"},
                                {"", "", "nothing"},
                                {"-", "", "a sign alone"},
                            });
}

TEST_F(NumberFormat, EnglishGroupsAreStrictToo) {
  expect(numbers('.', ","), {
                                {"1,234,567.89", "1234567.89", "the usual way"},
                                {"1234.5", "1234.5", "groups may be absent"},
                                {"1,2", "", "a decimal comma perhaps: not guessed"},
                                {"1,234,56.7", "", "Indian groups"},
                                {"12,345", "12345", "two digits before the group"},
                                {"1234,567", "", "four digits before the group"},
                                {"0,500", "", "a decimal comma perhaps"},
                            });
}

TEST_F(NumberFormat, SeparatorsOfSeveralBytesAreRead) {
  expect(numbers(',', "\u00a0"), {{"1\u00a0234,5", "1234.5", "no-break space"}, {"1 234,5", "", "another blank"}});
  expect(numbers(',', " "), {{"1 234 567,5", "1234567.5", "blank"}, {" 1 234 ", "1234", "blanks around it"}});
  expect(numbers('.', "'"), {{"1'234.5", "1234.5", "Swiss"}, {"0'123", "", "behind a zero"}});
  expect(numbers('.', " "), {{"0 123", "", "behind a zero"}});
}

TEST_F(NumberFormat, IntegersAndFloatsFollowTheSameRules) {
  const Format german = numbers(',', ".");
  EXPECT_EQ(convert(kInteger, german, "1.234"), "taken: 000004d2");
  EXPECT_EQ(
      convert(kInteger, german, "1.23"),
      "rejected: invalid input syntax for type integer: \"1.23\"; numbers are read with decimal_separator \",\" and "
      "thousands_separator \".\" between groups of exactly three digits");
  EXPECT_EQ(convert(kInteger, german, "3000000000"), "rejected: value \"3000000000\" is out of range for type integer");
  EXPECT_TRUE(convert(kInteger, german, "1,0").starts_with("rejected: ")) << "an integer has no fraction";
  EXPECT_TRUE(convert(kInteger, german, "0.500").starts_with("rejected: "));
  EXPECT_TRUE(convert(kDouble, german, "0.500").starts_with("rejected: "));
  EXPECT_TRUE(convert(kDouble, german, "1.234e3").starts_with("rejected: "));
  EXPECT_TRUE(convert(kInteger, german, "0x1F").starts_with("rejected: ")) << "the server would not know the format";
  EXPECT_EQ(convert(kDouble, german, "1.234,5"), "taken: 40934a0000000000");
  EXPECT_EQ(convert(kDouble, german, "-inf"), "taken: fff0000000000000");
}

TEST_F(NumberFormat, ACommaUnderThePlainFormatIsRejectedWithTheOptionThatReadsIt) {
  EXPECT_EQ(convert(kNumeric, {}, "1,5"),
            "rejected: invalid input syntax for type numeric: \"1,5\"; if the file writes numbers with a comma, say so "
            "with decimal_separator or thousands_separator");
}

TEST_F(NumberFormat, ANumberThatIsStagedAsTextIsWrittenAsThePlainNumberThatItMeans) {
  const ColumnType numeric{kNumericOid, -1, "numeric"};
  const Format german = numbers(',', ".");
  EXPECT_EQ(convert(numeric, german, "Infinity"), "server") << "versions before 14 have none";
  EXPECT_EQ(convert_to_text(numeric, german, "Infinity"), "taken: Infinity");
  EXPECT_EQ(convert_to_text(numeric, german, "1.234"), "taken: 1234") << "the server knows no separators";
  EXPECT_EQ(convert_to_text(numeric, german, " -1.234,50 "), "taken: -1234.50");
  EXPECT_TRUE(convert_to_text(numeric, numbers(',', ""), "1.5").starts_with("rejected: "));
  EXPECT_TRUE(convert_to_text(numeric, german, "0x1F").starts_with("rejected: "));
  EXPECT_EQ(convert_to_text(numeric, {}, "0x1F"), "taken: 0x1F") << "the server may know it";
}

TEST_F(NumberFormat, MoneyIsANumberWhereTheFormatHasSeparatorsAndHasNoInfinity) {
  const ColumnType money{kMoneyOid, -1, "money"};
  const Format german = numbers(',', ".");
  EXPECT_EQ(convert(money, german, "1.234,5"), convert({kNumericOid, -1, "numeric"}, {}, "1234.5"));
  EXPECT_EQ(convert(money, german, "inf"), "rejected: invalid input syntax for type money: \"inf\"");
  EXPECT_EQ(convert(money, german, "-Infinity"), "rejected: invalid input syntax for type money: \"-Infinity\"");
  EXPECT_EQ(convert(money, german, "NaN"), "rejected: invalid input syntax for type money: \"NaN\"");
}

TEST_F(NumberFormat, ACommaThatGroupsNoThousandsIsNoMoney) {
  const ColumnType money{kMoneyOid, -1, "money"};
  for (const std::string text : {"12.34", "$1,000.00", "(1,234,567.5)", "-1,000", "1000", "1,000 ", "abc"}) {
    EXPECT_EQ(convert_to_text(money, {}, text), "taken: " + text);
  }
  for (const std::string text : {"1,5", "1,50", "$1,50", "1,5000", "1,234,5", ",50", "1,"}) {
    const std::string result = convert_to_text(money, {}, text);
    EXPECT_TRUE(result.starts_with("rejected: ")) << text << ": " << result;
    EXPECT_NE(result.find("decimal_separator"), std::string::npos) << result;
  }
}

TEST_F(NumberFormat, SeparatorsThatCannotBeToldApartAreAConfigError) {
  EXPECT_EQ(convert(kNumeric, numbers(',', ","), "1"),
            "config: decimal_separator and thousands_separator are both \",\"");
  EXPECT_EQ(convert(kNumeric, numbers('-', ""), "1"), "config: decimal_separator cannot be \"-\"");
  EXPECT_EQ(convert(kInteger, numbers('.', "0"), "1"), "config: thousands_separator cannot be \"0\"");
  EXPECT_EQ(convert(kDouble, numbers(' ', ""), "1"), "config: decimal_separator cannot be \" \"");
}

TEST_F(NumberFormat, NumbersTooLongForAnybodyAreRejectedOrLeftToTheServer) {
  const std::string long_number(2000, '7');
  EXPECT_EQ(convert({kNumericOid, -1, "numeric"}, {}, long_number), "server");
  EXPECT_TRUE(convert({kNumericOid, -1, "numeric"}, numbers(',', ""), long_number).starts_with("rejected: "));
}

}  // namespace

}  // namespace cpi::value::test
