// What `types: infer` makes of a column: never narrower than its values, and text where meaning would be guessed.
#include "core/value/infer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/value/widen.h"

namespace cpi::value::test {

namespace {

std::string infer(const std::vector<std::string>& values, const Format& format = {}) {
  Inference inference(1, format);
  for (const std::string& value : values) inference.observe(0, value);
  return inference.types()[0];
}

struct Case {
  std::vector<std::string> values;
  std::string type;
  std::string reason;
};

void expect(const std::vector<Case>& cases, const Format& format = {}) {
  for (const Case& tested : cases) {
    std::vector<std::string> values = tested.values;
    EXPECT_EQ(infer(values, format), tested.type) << tested.reason;
    std::reverse(values.begin(), values.end());
    EXPECT_EQ(infer(values, format), tested.type) << tested.reason << ", in the other order";
  }
}

TEST(Inference, NumbersBecomeTheNarrowestTypeThatHoldsThemAll) {
  expect({
      {{"1", "-2", "0"}, "integer", "small numbers"},
      {{"1", "2147483648"}, "bigint", "one is too large"},
      {{"1", "9223372036854775808"}, "numeric", "one is larger than any integer"},
      {{"1", "2.5"}, "numeric", "a fraction"},
      {{"0.10", "-.5"}, "numeric", "no leading zero to lose"},
      {{"1.5e-3", "2"}, "double precision", "an exponent and a decimal point"},
      {{"1e5", "2.5"}, "double precision", "an exponent, in a column with decimal points"},
      {{"1.5", "NaN"}, "double precision", "NaN is written by floating numbers"},
      {{"1.5", "-inf"}, "double precision", "so are infinities"},
      {{"1.5e5", "12345678901234567890"}, "numeric", "a double would lose digits"},
      {{"1e5", "0.30000000000000004"}, "double precision", "a double spells it so itself"},
      {{"1.0e400", "1"}, "numeric", "beyond the range of a double"},
      {{"-0", "1"}, "integer", "zero has no sign"},
      {{" 12", "3 "}, "integer", "blanks around numbers are no part of them"},
      {{"0", "1"}, "integer", "not booleans"},
  });
}

TEST(Inference, CodesThatLookLikeNumbersStayText) {
  expect({
      {{"007", "8"}, "text", "a leading zero"},
      {{"00", "1"}, "text", "a leading zero"},
      {{"-01"}, "text", "a leading zero"},
      {{"01234.5"}, "text", "a leading zero"},
      {{"+491234"}, "text", "a telephone number"},
      {{"1E5", "2E10"}, "text", "article numbers"},
      {{"1E5", "2"}, "text", "article numbers"},
      {{"1e-05"}, "text", "an exponent without any decimal point"},
      {{"1.", "2."}, "text", "a list"},
      {{"1,5"}, "text", "a comma that nobody explained"},
      {{"NaN", "nan"}, "text", "words only: a name, perhaps"},
      {{"inf"}, "text", "a word only"},
      {{"12", "n/a"}, "text", "mixed"},
      {{"0x1F"}, "text", "hexadecimal"},
      {{"1_000"}, "text", "what servers before 16 refuse"},
      {{"1", ""}, "text", "a quoted empty field is a text"},
      {{"１２"}, "text", "digits of another script"},
  });
}

TEST(Inference, BooleansComeFromWordsThatCanMeanNothingElse) {
  expect({
      {{"true", "FALSE"}, "boolean", "words"},
      {{"true"}, "boolean", "one whole word is enough"},
      {{"t", "f"}, "boolean", "both letters"},
      {{"true", "yes"}, "boolean", "one whole word is enough for the others too"},
      {{"Y", "N"}, "text", "letters that mean other things elsewhere, and would come back as t and f"},
      {{"yes", "no"}, "text", "words that would come back as t and f"},
      {{"on", "off"}, "text", "likewise"},
      {{"NO", "NO"}, "text", "Norway"},
      {{"t"}, "text", "one letter alone"},
      {{"n", "s"}, "text", "north and south"},
      {{"tru", "false"}, "text", "a word that only PostgreSQL knows"},
      {{"true", "1"}, "text", "mixed"},
      {{"ja", "nein"}, "text", "not listed"},
  });
  Format german;
  german.true_values = {"ja"};
  german.false_values = {"nein"};
  expect({{{"ja", "Nein"}, "boolean", "listed"}, {{"ja"}, "text", "one alone"}}, german);
  Format letters;
  letters.true_values = {"y"};
  letters.false_values = {"n"};
  expect({{{"Y", "N"}, "boolean", "listed"}, {{"N", "N"}, "text", "one alone"}}, letters);
}

TEST(Inference, DatesAreTakenOnlyWhereTheirMeaningIsSure) {
  expect({
      {{"2024-01-05", "1999-12-31"}, "date", "ISO"},
      {{"2024-01-05", "infinity"}, "date", "a date without end"},
      {{"infinity"}, "text", "a word only"},
      {{"01/02/2024", "13/02/2024"}, "text", "ambiguous, and refused under MDY"},
      {{"02/13/2024", "12/31/2024"}, "date", "MDY can be the only order"},
      {{"02/13/2024", "01/02/2024"}, "text", "one of them is ambiguous"},
      {{"20240105"}, "integer", "digits are a number"},
      {{"240105"}, "integer", "digits are a number"},
      {{"2024-01-05", "2024-02-30"}, "text", "one is no date"},
      {{"2024-01-05", "today"}, "text", "a word that the server would have to explain"},
      {{"5 Jan 2024"}, "text", "a spelling that the server would have to explain"},
      {{"2024-01-05 10:00", "2024-01-05"}, "timestamp without time zone", "a time, and a date alone"},
      {{"2024-01-05T10:00:00.5"}, "timestamp without time zone", "ISO 8601"},
      {{"2024-01-05T10:00:00Z", "2024-01-05 10:00+02:00"}, "timestamp with time zone", "offsets"},
      {{"2024-01-05T10:00:00Z", "2024-01-05T10:00:00"}, "text", "one has no offset: it would be guessed"},
      {{"2024-01-05T10:00:00Z", "2024-01-05"}, "text", "one has no offset"},
      {{"2024-01-05Z"}, "text", "an offset that a date would lose"},
      {{"300000-01-01", "2024-01-01"}, "date", "beyond timestamp, not beyond date"},
      {{"300000-01-01", "2024-01-01 10:00"}, "text", "no type holds both"},
      {{"10:00"}, "text", "a time alone"},
      {{"12-31-99"}, "text", "which century is a guess, or it is a code"},
      {{"99-12-31", "98-12-31"}, "text", "likewise"},
      {{"100.1.1"}, "text", "a version or the like"},
      {{"2024-01-05 10:00:00.1234567"}, "text", "finer than microseconds"},
      {{"2024-01-05 10:00:00.1234560"}, "timestamp without time zone", "no finer than microseconds"},
      {{"2024-01-05 24:00"}, "text", "the server would store the next day"},
      {{"2024-01-05 10:00:60"}, "text", "the server would store the next minute"},
      {{"20240105T101112"}, "timestamp without time zone", "ISO 8601 without separators"},
      {{"20240105T101160"}, "text", "the server would store the next minute"},
  });
  Format dmy;
  dmy.date_order = DateOrder::kDmy;
  dmy.date_order_given = true;
  expect({{{"01/02/2024", "13/02/2024"}, "date", "the order is given"}, {{"31.12.99"}, "date", "somebody said so"}},
         dmy);
  Format pattern;
  pattern.date_format = "YYYYMMDD";
  expect({{{"20240105"}, "date", "somebody said that dates are written so"},
          {{"20240105", "20241305"}, "integer", "one is no date"}},
         pattern);
}

TEST(Inference, UuidsAreTakenInTheirUsualSpellingOnly) {
  expect({
      {{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, "uuid", "the usual spelling"},
      {{"a0eebc999c0b4ef8bb6d6bb9bd380a11"}, "text", "a checksum, perhaps"},
      {{"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"}, "text", "braces"},
  });
}

TEST(Inference, NumbersFollowTheSeparatorsOfTheFormat) {
  Format german;
  german.decimal_separator = ',';
  german.thousands_separator = ".";
  expect(
      {
          {{"1.234", "5"}, "integer", "groups"},
          {{"1.234,50"}, "numeric", "a decimal comma"},
          {{"1.5"}, "text", "a group of one digit"},
          {{"0.123"}, "text", "a leading zero"},
      },
      german);
}

TEST(Inference, AColumnWithoutValuesIsTextAndSaysSo) {
  Inference inference(2, {});
  inference.observe(1, "1");
  EXPECT_EQ(inference.types(), (std::vector<std::string>{"text", "integer"}));
  EXPECT_FALSE(inference.has_values(0));
  EXPECT_TRUE(inference.has_values(1));
}

TEST(Inference, AColumnThatExistsMayTakeWhatProvesNoTypeByItself) {
  const struct {
    std::vector<std::string> values;
    std::string type;
    bool fits;
  } cases[] = {
      {{"f", "F"}, "boolean", true}, {{"no"}, "boolean", true},
      {{"0"}, "boolean", false},     {{"1E5"}, "double precision", true},
      {{"NaN"}, "numeric", true},    {{"infinity"}, "date", true},
      {{"12"}, "numeric", true},     {{"2.5"}, "integer", false},
      {{"007"}, "integer", false},   {{"x"}, "text", true},
      {{"x"}, "uuid", false},        {{"1"}, "smallint", false},
  };
  for (const auto& tested : cases) {
    Inference inference(1, {});
    for (const std::string& value : tested.values) inference.observe(0, value);
    EXPECT_EQ(inference.fits(0, tested.type), tested.fits) << tested.values[0] << " in " << tested.type;
  }
}

TEST(Inference, AFormatThatMakesNoSenseLeavesTextAndTheErrorToTheLoader) {
  Format format;
  format.date_format = "nonsense";
  EXPECT_EQ(infer({"2024-01-05"}, format), "text");
}

TEST(Widen, TheWiderTypeHoldsBoth) {
  const std::string double_precision = "double precision";
  const std::string timestamp = "timestamp without time zone";
  const std::string timestamptz = "timestamp with time zone";
  const struct {
    std::string current, observed, expected;
  } cases[] = {
      {"integer", "integer", "integer"},
      {"integer", "bigint", "bigint"},
      {"bigint", "integer", "bigint"},
      {"bigint", "numeric", "numeric"},
      {"integer", double_precision, double_precision},
      {"bigint", double_precision, "numeric"},
      {"numeric", double_precision, "numeric"},
      {double_precision, "numeric", double_precision},
      {"date", timestamp, timestamp},
      {timestamp, "date", timestamp},
      {"date", timestamptz, "text"},
      {timestamp, timestamptz, "text"},
      {"boolean", "integer", "text"},
      {"integer", "boolean", "text"},
      {"uuid", "text", "text"},
      {"text", "integer", "text"},
      {"numeric", "date", "text"},
  };
  for (const auto& tested : cases) {
    EXPECT_EQ(widen(tested.current, tested.observed), tested.expected) << tested.current << " + " << tested.observed;
  }
}

TEST(Widen, ATypeThatSomebodyElseChoseIsNotChanged) {
  EXPECT_EQ(widen("character varying(5)", "text"), std::nullopt);
  EXPECT_EQ(widen("numeric(10,2)", "numeric"), std::nullopt);
  EXPECT_EQ(widen("smallint", "integer"), std::nullopt);
}

}  // namespace

}  // namespace cpi::value::test
