// Dates and timestamps where the format, not the server, decides: order, date_format, time zone.
#include <gtest/gtest.h>

#include "core/value/date_pattern.h"
#include "core/value/type_oid.h"
#include "unit/core/value/conversion.h"

namespace cpi::value::test {

namespace {

const ColumnType kDate{kDateOid, -1, "date"};
const ColumnType kTimestamp{kTimestampOid, -1, "timestamp without time zone"};
const ColumnType kTimestamptz{kTimestamptzOid, -1, "timestamp with time zone"};

Format ordered(DateOrder order) {
  Format format;
  format.date_order = order;
  format.date_order_given = true;
  return format;
}

Format pattern(std::string text) {
  Format format;
  format.date_format = std::move(text);
  return format;
}

TEST(DateOrder, ADateThatCouldBeReadInTwoWaysIsRejectedUntilSomebodySaysHow) {
  const struct {
    std::string text;
    std::string expected;
    std::string reason;
  } cases[] = {
      {"01/02/2024", "", "day or month first"},
      {"1.2.2024", "", "likewise with points"},
      {"01-02-03", "", "three ways"},
      {"010203", "", "YYMMDD to the server, DDMMYY to many files"},
      {"2024 01 05", "", "numbers without a known separator"},
      {"01-Feb-03", "", "day or year first, though the month has a name"},
      {"Feb 03 01", "", "likewise behind the month"},
      {"01/Feb/03", "", "likewise with slashes"},
      {"08-Jan-99", "", "only one order has such a day, but the server's is not known"},
      {"Jan-08-99", "", "likewise behind the month"},
      {"01 02 2024 AD", "", "letters that tell no month"},
      {"01-Feb-03 10:00 Europe/Berlin", "", "a time does not make it clearer"},
      {"01/01/2024", "2024-01-01", "the same in both orders"},
      {"01/01/01", "2001-01-01", "the same in all orders"},
      {"02/13/2024", "2024-02-13", "only MDY fits"},
      {"2024-02-01", "2024-02-01", "ISO is never ambiguous"},
      {"2024/2/1", "2024-02-01", "year first is never ambiguous"},
      {"20240201", "2024-02-01", "likewise without separators"},
  };
  for (const auto& tested : cases) {
    const std::string result = convert_to_text(kDate, {}, tested.text);
    if (tested.expected.empty()) {
      EXPECT_TRUE(result.starts_with("rejected: ambiguous date: "))
          << tested.text << " (" << tested.reason << "): " << result;
      EXPECT_NE(result.find("datestyle"), std::string::npos) << "the message names the option";
    } else {
      EXPECT_EQ(result, "taken: " + tested.expected) << tested.text << " (" << tested.reason << ")";
    }
  }
}

TEST(DateOrder, TheServerIsAskedAboutDatesThatMeanTheSameInEveryOrder) {
  for (const std::string text :
       {"5-Jan-2024", "Jan 5, 2024", "2024 Jan 5", "Wed Jan 31 12:34:56 2024", "5 Jan 2024 10:00 +02:00", "2024-060",
        "2024.060", "0044-03-15 BC", "2024-01-05 AD", "J2451187", "2024-01-05 10:11 America/New_York", "epoch",
        "20240105T101112 CET", "02/13/2024 10:00 CET", "5 Jan 2024 10:11:12.25 EST5EDT"}) {
    EXPECT_EQ(convert(kTimestamp, {}, text), "server") << text;
  }
}

TEST(DateOrder, TheOrderThatIsGivenDecides) {
  EXPECT_EQ(convert(kDate, ordered(DateOrder::kDmy), "01-Feb-03"), "server") << "which is told the order";
  EXPECT_EQ(convert_to_text(kDate, ordered(DateOrder::kDmy), "01/02/2024"), "taken: 2024-02-01");
  EXPECT_EQ(convert_to_text(kDate, ordered(DateOrder::kMdy), "01/02/2024"), "taken: 2024-01-02");
  EXPECT_EQ(convert_to_text(kDate, ordered(DateOrder::kYmd), "01/02/03"), "taken: 2001-02-03");
  EXPECT_EQ(convert_to_text(kDate, ordered(DateOrder::kDmy), "2024-02-01"), "taken: 2024-02-01");
  EXPECT_EQ(convert_to_text(kDate, ordered(DateOrder::kYmd), "010203"), "taken: 2001-02-03");
  EXPECT_TRUE(convert_to_text(kDate, ordered(DateOrder::kDmy), "010203").starts_with("rejected: ambiguous"))
      << "the server would read YYMMDD although somebody said DMY";
}

TEST(DatePattern, ValuesMustFitThePatternExactly) {
  const struct {
    std::string pattern, text, expected, reason;
  } cases[] = {
      {"DD.MM.YYYY", "31.12.2024", "2024-12-31 00:00:00.000000", "the usual way"},
      {"DD.MM.YYYY", "1.2.2024", "2024-02-01 00:00:00.000000", "a leading zero may be absent before a separator"},
      {"DD.MM.YYYY", " 1.2.2024 ", "2024-02-01 00:00:00.000000", "blanks around it"},
      {"DD.MM.YYYY", "1.2.24", "", "a short year"},
      {"DD.MM.YYYY", "1/2/2024", "", "another separator"},
      {"DD.MM.YYYY", "1.2.2024 10:00", "", "more than the pattern says"},
      {"DD.MM.YYYY", "1.2.", "", "less than the pattern says"},
      {"DD.MM.YYYY", "2024-02-01", "", "even ISO is another spelling"},
      {"DD.MM.YYYY", "31.02.2024", "", "no such day"},
      {"DD.MM.YYYY", "", "", "nothing"},
      {"YYYYMMDD", "20240201", "2024-02-01 00:00:00.000000", "digits in a row"},
      {"YYYYMMDD", "2024021", "", "a digit is missing"},
      {"DDMMYY", "010224", "2024-02-01 00:00:00.000000", "what the server would read otherwise"},
      {"YY-MM-DD", "69-01-01", "2069-01-01 00:00:00.000000", "two digits up to 69"},
      {"YY-MM-DD", "70-01-01", "1970-01-01 00:00:00.000000", "two digits from 70"},
      {"dd.mm.yyyy hh24:mi:ss", "01.02.2024 03:04:05", "2024-02-01 03:04:05.000000", "fields in lower case"},
      {"DD.MM.YYYY HH24:MI", "01.02.2024 24:00", "", "hour 24"},
      {"DD.MM.YYYY HH24:MI", "01.02.2024 23:60", "", "minute 60"},
      {"MM/DD/YYYY HH12:MI AM", "2/1/2024 12:30 AM", "2024-02-01 00:30:00.000000", "midnight"},
      {"MM/DD/YYYY HH12:MI AM", "2/1/2024 12:30 pm", "2024-02-01 12:30:00.000000", "noon"},
      {"MM/DD/YYYY HH12:MI PM", "2/1/2024 1:30 PM", "2024-02-01 13:30:00.000000", "afternoon"},
      {"MM/DD/YYYY HH12:MI PM", "2/1/2024 13:30 PM", "", "hour 13 of twelve"},
      {"YYYY-MM-DD HH24:MI:SS.MS", "2024-02-01 03:04:05.678", "2024-02-01 03:04:05.678000", "milliseconds"},
      {"YYYY-MM-DD HH24:MI:SS.MS", "2024-02-01 03:04:05.67", "", "two digits of three"},
      {"YYYY-MM-DD HH24:MI:SS,US", "2024-02-01 03:04:05,000678", "2024-02-01 03:04:05.000678", "microseconds"},
      {"YYYY-MM-DD\"T\"HH24:MI:SS", "2024-02-01T03:04:05", "2024-02-01 03:04:05.000000", "quoted text"},
      {"YYYY-MM-DDTHH24:MI:SS", "2024-02-01T03:04:05", "2024-02-01 03:04:05.000000", "T stands for itself"},
      {"DD-MON-YYYY", "01-feb-2024", "2024-02-01 00:00:00.000000", "short month"},
      {"DD-Mon-YY", "1-FEB-24", "2024-02-01 00:00:00.000000", "month in capitals"},
      {"Month DD, YYYY", "February 1, 2024", "2024-02-01 00:00:00.000000", "whole month"},
      {"DD-MON-YYYY", "01-Okt-2024", "", "not English"},
      {"FMDD.FMMM.YYYY", "1.2.2024", "2024-02-01 00:00:00.000000", "fill mode is taken"},
  };
  for (const auto& tested : cases) {
    const std::string result = convert_to_text(kTimestamp, pattern(tested.pattern), tested.text);
    if (tested.expected.empty()) {
      EXPECT_TRUE(result.starts_with("rejected: ")) << tested.text << " (" << tested.reason << "): " << result;
      EXPECT_NE(result.find("date_format"), std::string::npos) << result;
    } else {
      EXPECT_EQ(result, "taken: " + tested.expected) << tested.text << " (" << tested.reason << ")";
    }
  }
}

TEST(DatePattern, APatternThatMakesNoSenseIsAConfigError) {
  const struct {
    std::string pattern, expected;
  } cases[] = {
      {"DD.MM", "date_format \"DD.MM\" does not say where the year is"},
      {"YYYY-DD", "date_format \"YYYY-DD\" does not say where the month is"},
      {"YYYY-MM", "date_format \"YYYY-MM\" does not say where the day is"},
      {"DD.MM.YYYY DD", "date_format \"DD.MM.YYYY DD\" has the day twice"},
      {"%d.%m.%Y", "date_format \"%d.%m.%Y\" has no field \"%d\": it is a pattern as of to_date"},
      {"DD.MM.YYYY HH12:MI", "date_format \"DD.MM.YYYY HH12:MI\" needs HH12 and AM together, or HH24 alone"},
      {"DD.MM.YYYY MI:SS", "date_format \"DD.MM.YYYY MI:SS\" has minutes without the hour"},
      {"DD.MM.YYYY HH24.SS", "date_format \"DD.MM.YYYY HH24.SS\" has seconds without the minute"},
      {"DD.MM.YYYY HH24:MI.MS", "date_format \"DD.MM.YYYY HH24:MI.MS\" has a fraction without the second"},
      {"DD.MM.YYYY \"Uhr", "date_format \"DD.MM.YYYY \"Uhr\" has an opening double quote without a closing one"},
      {"DD.MM.YYYY Q", "date_format \"DD.MM.YYYY Q\" has no field that begins with \"Q\""},
  };
  for (const auto& tested : cases) {
    const Result<DatePattern> compiled = DatePattern::compile(tested.pattern);
    ASSERT_FALSE(compiled.ok()) << tested.pattern;
    EXPECT_EQ(compiled.error().message, tested.expected);
    EXPECT_EQ(compiled.error().code, Code::kInvalidConfig);
    EXPECT_FALSE(compiled.error().hint.empty());
  }
}

TEST(TimeZone, ATimeWithoutOffsetIsLocalAndOneWithAnOffsetIsNot) {
  Format berlin;
  berlin.timezone = "Europe/Berlin";
  EXPECT_EQ(convert_to_text(kTimestamptz, berlin, "2024-07-01 12:00"), "taken: 2024-07-01 10:00:00.000000+00");
  EXPECT_EQ(convert_to_text(kTimestamptz, berlin, "2024-01-01"), "taken: 2023-12-31 23:00:00.000000+00");
  EXPECT_EQ(convert_to_text(kTimestamptz, berlin, "2024-07-01 12:00Z"), "taken: 2024-07-01 12:00:00.000000+00");
  EXPECT_EQ(convert_to_text(kTimestamptz, berlin, "2024-07-01 12:00-05:30"), "taken: 2024-07-01 17:30:00.000000+00");
  EXPECT_EQ(convert_to_text(kTimestamp, berlin, "2024-07-01 12:00-05:30"), "taken: 2024-07-01 12:00:00.000000");
  berlin.date_format = "DD.MM.YYYY HH24:MI";
  EXPECT_EQ(convert_to_text(kTimestamptz, berlin, "01.07.2024 12:00"), "taken: 2024-07-01 10:00:00.000000+00");
}

TEST(TimeZone, AnUnknownZoneIsAConfigErrorAndNoWayOutOfTheDatabase) {
  for (const std::string zone :
       {"Europe/Berln", "", "../../etc/passwd", "/etc/passwd", "Europe", "tzdata.zi", "+02:00"}) {
    Format format;
    format.timezone = zone;
    EXPECT_EQ(convert(kTimestamptz, format, "2024-01-01"), "config: unknown time zone \"" + zone + "\"");
    EXPECT_TRUE(convert(kTimestamp, format, "2024-01-01").starts_with("taken")) << "timestamp needs no zone";
  }
}

TEST(TextStaging, DatesAreDecidedBeforeTheServerCastsThem) {
  EXPECT_EQ(convert_to_text(kDate, ordered(DateOrder::kDmy), "5 Jan 2024"), "taken: 5 Jan 2024") << "the server knows";
  EXPECT_EQ(convert(kDate, ordered(DateOrder::kDmy), "5 Jan 2024"), "server");
  EXPECT_EQ(convert_to_text(kDate, {}, "infinity"), "taken: infinity");
  EXPECT_EQ(convert_to_text(kTimestamptz, {}, "-infinity"), "taken: -infinity");
  EXPECT_EQ(convert_to_text(kTimestamp, {}, "0001-01-01 00:00:00.5"), "taken: 0001-01-01 00:00:00.500000");
  EXPECT_TRUE(convert_to_text(kDate, {}, "n/a").starts_with("rejected: "));
}

TEST(TextStaging, OtherTypesAreStagedAsTheyCome) {
  const auto made = make_converter({114, -1, "json"}, {});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ((**made).staging_type(), "text");
  EXPECT_TRUE((**made).needs_cast());
  EXPECT_FALSE((**made).is_canonical());
  EXPECT_EQ(convert_to_text({114, -1, "json"}, {}, " {} "), "taken:  {} ");
}

}  // namespace

}  // namespace cpi::value::test
