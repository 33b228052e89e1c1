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
      {{"1.10", "NaN"}, "numeric", "numeric holds NaN, and keeps the zero"},
      {{"1", "NaN"}, "numeric", "no integer holds NaN"},
      {{"1.5e3", "NaN"}, "double precision", "an exponent"},
      {{"1.5", "-inf"}, "double precision", "infinities are written by floating numbers"},
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
      {{"true", "f"}, "boolean", "one whole word is enough for the letters too"},
      {{"true", "Y", "NO", "off"}, "text", "words that mean other things elsewhere, and would come back as t and f"},
      {{"true", "yes"}, "text", "likewise"},
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
  expect({{{"ja", "Nein"}, "boolean", "listed"},
          {{"true", "Ja"}, "boolean", "listed"},
          {{"true", "Yes"}, "text", "not listed"},
          {{"ja"}, "text", "one alone"}},
         german);
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
      {{"12-31-99 1030"}, "text", "the time is no year"},
      {{"991231 1030"}, "text", "likewise"},
      {{"991231T103000"}, "text", "likewise"},
      {{"12-31-1999 1030"}, "timestamp without time zone", "a year in full before the time"},
      {{"100.1.1"}, "text", "a version or the like"},
      {{"2024.1.2"}, "text", "likewise"},
      {{"1234-5-6"}, "text", "a code"},
      {{"2024-1-05"}, "text", "likewise"},
      {{"2024/01/05"}, "date", "year, month and day with all their digits"},
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
  expect({{{"01/02/2024", "13/02/2024"}, "date", "the order is given"},
          {{"31.12.99"}, "text", "the order is given, but the century would be a guess"},
          {{"1.2.2024"}, "date", "somebody said so"}},
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

std::string infer_key(const std::vector<std::string>& values, const Format& format = {}) {
  Inference inference(std::vector<Watched>{{.as_written = true, .beside = {}}}, format);
  for (const std::string& value : values) inference.observe(0, value);
  return inference.type(0);
}

TEST(Inference, AKeyIsTypedOnlyIfPostgreSQLWritesEveryValueAsTheFileDoes) {
  const Case cases[] = {
      {{"1", "-20", "0"}, "integer", "as written"},
      {{"1", "3000000000"}, "bigint", "as written"},
      {{"1", "12345678901234567890"}, "numeric", "as written"},
      {{" 12", "12"}, "text", "a blank"},
      {{"0", "-0"}, "text", "two zeros"},
      {{"1.1", "1.10"}, "text", "two chapters of one number"},
      {{"1.1", "1.2"}, "text", "the next file may have 1.10"},
      {{"1.0", "1.00"}, "text", "two versions"},
      {{".5", "x"}, "text", "mixed"},
      {{"1.5e3", "2.5"}, "text", "many spellings"},
      {{"true", "t"}, "text", "two words for one boolean"},
      {{"t", "f"}, "text", "a boolean may be spelled in many ways"},
      {{"2024-01-05", "2024-12-31"}, "date", "ISO"},
      {{"2024-01-05", "infinity"}, "date", "as PostgreSQL writes it"},
      {{"2024-01-05", "2024-1-5"}, "text", "two spellings of one day"},
      {{"2024/01/05"}, "text", "not as PostgreSQL writes it"},
      {{"12/31/2024"}, "text", "likewise"},
      {{"2024-01-05 10:00:00", "2024-01-05 10:00:00.25"}, "timestamp without time zone", "as written"},
      {{"2024-01-05 10:00"}, "text", "no seconds"},
      {{"2024-01-05T10:00:00"}, "text", "a T"},
      {{"2024-01-05 10:00:00.50"}, "text", "a zero that would be lost"},
      {{"2024-01-05", "2024-01-05 00:00:00"}, "text", "two spellings of one time"},
      {{"2024-01-05 10:00:00+00"}, "text", "written in the zone of whoever reads it"},
      {{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, "uuid", "as written"},
      {{"A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11"}, "text", "capitals"},
  };
  for (const Case& tested : cases) EXPECT_EQ(infer_key(tested.values), tested.type) << tested.reason;
  Format german;
  german.date_order = DateOrder::kDmy;
  german.date_order_given = true;
  german.decimal_separator = ',';
  german.thousands_separator = ".";
  EXPECT_EQ(infer_key({"31.12.2024"}, german), "text");
  EXPECT_EQ(infer_key({"1.234"}, german), "text");
  EXPECT_EQ(infer_key({"1234"}, german), "integer");
  Format pattern;
  pattern.date_format = "YYYYMMDD";
  EXPECT_EQ(infer_key({"20240105"}, pattern), "integer") << "and not a date, which would be written 2024-01-05";
  pattern.date_format = "YYYY-DD-MM";
  EXPECT_EQ(infer_key({"2024-05-01"}, pattern), "text") << "it is the 5th of January";
}

TEST(Inference, DatesInDigitsAloneMayBeNumbers) {
  Format format;
  format.date_format = "YYYYMMDD";
  Inference inference(3, format);
  inference.observe(0, "20231201");
  inference.observe(1, "20231301");
  EXPECT_TRUE(inference.may_be_numbers(0));
  EXPECT_FALSE(inference.may_be_numbers(1));
  EXPECT_FALSE(inference.may_be_numbers(2));
  format.date_format = "DD.MM.YYYY";
  Inference dotted(1, format);
  dotted.observe(0, "01.12.2023");
  EXPECT_FALSE(dotted.may_be_numbers(0));
}

TEST(Inference, WhatIsNotWatchedIsOnlySeen) {
  Inference inference(std::vector<Watched>{{.types = false, .beside = {}}}, {});
  EXPECT_FALSE(inference.has_values(0));
  inference.observe(0, "1");
  EXPECT_TRUE(inference.has_values(0));
  EXPECT_EQ(inference.type(0), "text");
}

TEST(Inference, BesideMisfitsTheOthersOfTheFamilyHaveAType) {
  const auto beside = [](const std::string& current, const std::vector<std::string>& values, bool key = false) {
    Inference inference(std::vector<Watched>{{.as_written = key, .beside = current}}, {});
    for (const std::string& value : values) inference.observe(0, value);
    return inference.type_beside_misfits(0);
  };
  EXPECT_EQ(beside("integer", {"1", "n/a", "3000000000"}), "bigint");
  EXPECT_EQ(beside("integer", {"1", "007", "2.5"}), "numeric");
  EXPECT_EQ(beside("date", {"2024-01-05", "soon", "2024-01-05 10:00"}), "timestamp without time zone");
  EXPECT_EQ(beside("uuid", {"x"}), "text");
  EXPECT_EQ(beside("integer", {"1", "2.5", "n/a"}, true), "integer") << "2.5 is a misfit of a key";
}

std::string sure(const ColumnType& type, const std::string& text, bool as_written = false, const Format& format = {}) {
  auto converter = make_sure_converter(type, format, as_written);
  CopyBuffer out;
  std::string why;
  const Verdict verdict = (*converter)->write(text, out, why);
  EXPECT_EQ(out.size() > 0, verdict == Verdict::kOk);
  return verdict == Verdict::kOk ? "" : why;
}

TEST(SureConverter, TakesWhatIsSurelyOfTheTypeAndNothingByAGuessOrWithALoss) {
  const struct {
    std::string type;
    std::string text;
    bool taken;
  } cases[] = {
      {"integer", "12", true},
      {"integer", " 12", true},
      {"integer", "007", false},
      {"integer", "+49", false},
      {"double precision", "1E5", true},
      {"double precision", "9007199254740993", false},
      {"numeric", "12345678901234567890.123", true},
      {"boolean", "no", true},
      {"boolean", "0", false},
      {"boolean", "tru", false},
      {"date", "2024-01-05", true},
      {"date", "2024.1.5", false},
      {"date", "2024-01-05Z", false},
      {"timestamp without time zone", "2024-01-05 10:00", true},
      {"timestamp without time zone", "2024-01-05 10:00:00.1234567", false},
      {"timestamp without time zone", "2024-01-05 10:00Z", false},
      {"timestamp with time zone", "2024-01-05 10:00Z", true},
      {"timestamp with time zone", "2024-01-05 10:00", false},
      {"uuid", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", false},
  };
  for (const auto& tested : cases) {
    const std::string why = sure(inferred_type(tested.type), tested.text);
    EXPECT_EQ(why.empty(), tested.taken) << tested.text << " as " << tested.type << ": " << why;
  }
  EXPECT_EQ(sure(inferred_type("integer"), "007"),
            "value \"007\" would be changed, or its meaning be guessed, in type integer, which was inferred for the "
            "column; make the column text to keep it");
  EXPECT_EQ(sure(inferred_type("integer"), "n/a"), "invalid input syntax for type integer: \"n/a\"");
}

TEST(SureConverter, OfAKeyTakesOnlyWhatIsWrittenAsPostgreSQLWritesIt) {
  EXPECT_EQ(sure(inferred_type("integer"), "12", true), "");
  EXPECT_EQ(
      sure(inferred_type("integer"), " 12", true),
      "the key \" 12\" is not spelled as PostgreSQL writes integer: it would be the same as the key that is; make "
      "the column text to tell spellings apart");
  Format dmy;
  dmy.date_order = DateOrder::kDmy;
  dmy.date_order_given = true;
  EXPECT_NE(sure(inferred_type("date"), "05.01.2024", true, dmy), "");
  EXPECT_EQ(sure(inferred_type("date"), "05.01.2024", false, dmy), "");
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
      {double_precision, "integer", double_precision},
      {double_precision, "bigint", "numeric"},
      {double_precision, "numeric", "numeric"},
      {"date", timestamp, timestamp},
      {timestamp, "date", timestamp},
      {"date", timestamptz, "text"},
      {timestamp, timestamptz, "text"},
      {"boolean", "integer", "boolean"},
      {"boolean", "text", "boolean"},
      {"integer", "boolean", "text"},
      {"uuid", "text", "text"},
      {"text", "integer", "text"},
      {"numeric", "date", "text"},
  };
  for (const auto& tested : cases) {
    EXPECT_EQ(widen(tested.current, tested.observed), tested.expected) << tested.current << " + " << tested.observed;
  }
}

TEST(Widen, BeforePostgreSQL14NoNumericHoldsTheInfinitiesOfADouble) {
  EXPECT_EQ(widen("double precision", "numeric", {.numeric_holds_infinity = false}), "text");
  EXPECT_EQ(widen("bigint", "numeric", {.numeric_holds_infinity = false}), "numeric");
}

TEST(Widen, AKeyGoesOnBeingWrittenAsItIs) {
  EXPECT_EQ(widen("date", "timestamp without time zone", {.as_written = true}), "text");
  EXPECT_EQ(widen("integer", "bigint", {.as_written = true}), "bigint");
}

TEST(Widen, ATypeThatSomebodyElseChoseIsNotChanged) {
  EXPECT_EQ(widen("character varying(5)", "text"), std::nullopt);
  EXPECT_EQ(widen("numeric(10,2)", "numeric"), std::nullopt);
  EXPECT_EQ(widen("smallint", "integer"), std::nullopt);
}

}  // namespace

}  // namespace cpi::value::test
