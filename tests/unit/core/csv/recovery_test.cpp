// Damaged rows: each costs itself and nothing else.
#include <gmock/gmock.h>

#include "unit/core/csv/every_way.h"

namespace cpi::csv {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Case {
  const char* why;
  std::string text;
  Texts rows;
  Texts rejects;
};

class Recovery : public testing::TestWithParam<Case> {};

TEST_P(Recovery, LosesTheBrokenRowAlone) {
  const Case& c = GetParam();
  const Outcome outcome = read_every_way(c.text);
  EXPECT_EQ(outcome.rows, c.rows) << c.why;
  EXPECT_EQ(outcome.rejects, c.rejects) << c.why;
  EXPECT_EQ(outcome.error, "") << c.why;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Recovery,
    testing::Values(
        Case{"a field too few", "a,b,c\n1,2\n3,4,5\n", {"3|4|5"}, {"2:too_few_fields:1,2"}},
        Case{"a field too many", "a,b,c\n1,2,3,4\n3,4,5\n", {"3|4|5"}, {"2:too_many_fields:1,2,3,4"}},
        Case{"a swallowed line break", "a,b\n1,23,4\n5,6\n", {"5|6"}, {"2:too_many_fields:1,23,4"}},
        Case{"a quote in an unquoted field", "a,b,c\n1,5\" pipe,x\n2,y,z\n", {"2|y|z"}, {"2:stray_quote:1,5\" pipe,x"}},
        Case{"text after a closing quote",
             "a,b,c\n1,\"abc\"def,x\n2,y,z\n",
             {"2|y|z"},
             {"2:stray_quote:1,\"abc\"def,x"}},
        Case{"two broken rows are two rejects",
             "a,b,c\n1,5\" pipe,x\n2,6\" pipe,y\n3,y,z\n",
             {"3|y|z"},
             {"2:stray_quote:1,5\" pipe,x", "3:stray_quote:2,6\" pipe,y"}},
        Case{"two broken rows with delimiters in quotes are two rejects",
             "a,b,c\n1,\"Smith, Jo\"x,z\n2,\"Doe, Al\"y,w\n3,y,z\n",
             {"3|y|z"},
             {"2:stray_quote:1,\"Smith, Jo\"x,z", "3:stray_quote:2,\"Doe, Al\"y,w"}},
        Case{"an unclosed quote before plain rows to the end",
             "a,b,c\n1,\"abc,x\n2,b,y\n3,c,z\n",
             {"2|b|y", "3|c|z"},
             {"2:unclosed_quote:1,\"abc,x"}},
        Case{"an unclosed quote before a row with quotes",
             "a,b,c\n1,\"abc,x\n2,b,y\n3,\"c\",z\n4,d,w\n",
             {"2|b|y", "3|<c>|z", "4|d|w"},
             {"2:unclosed_quote:1,\"abc,x"}},
        Case{"an unclosed quote right before a row with quotes",
             "a,b,c\n1,\"abc,x\n2,\"b\",y\n3,c,z\n",
             {"2|<b>|y", "3|c|z"},
             {"2:unclosed_quote:1,\"abc,x"}},
        Case{"an unclosed quote in the last row", "a,b,c\n1,b,x\n2,\"b,y\n", {"1|b|x"}, {"3:unclosed_quote:2,\"b,y"}},
        Case{"an unclosed quote in a field that spans lines",
             "a,b,c\n1,\"abc\ndef,x\n2,b,y\n3,\"c\",z\n",
             {"2|b|y", "3|<c>|z"},
             {"2:unclosed_quote:1,\"abc\ndef,x"}},
        Case{"a file cut within a text of several lines",
             "a,b,c\n1,b,x\n2,\"Dear Sir\nthanks for\nall",
             {"1|b|x"},
             {"3:unclosed_quote:2,\"Dear Sir\nthanks for\nall"}},
        Case{"two damaged quotes that make one sound row of all between them",
             "a,b,c\n1,a,1\n2,\"b,2\n3,c,3\n4,d,4\n5,e\",5\n6,f,6\n",
             {"1|a|1", "3|c|3", "4|d|4", "6|f|6"},
             {"3:unclosed_quote:2,\"b,2", "6:stray_quote:5,e\",5"}},
        Case{"a mistake behind a field that spans lines",
             "a,b,c\n1,\"one\ntwo\nthree\"x,c\n2,y,z\n",
             {"2|y|z"},
             {"2:stray_quote:1,\"one\ntwo\nthree\"x,c"}},
        Case{"a mistake before a field that spans lines",
             "a,b,c,d\n1,5\" pipe,\"one\ntwo, and\nthree\",x\n2,y,z,w\n",
             {"2|y|z|w"},
             {"2:stray_quote:1,5\" pipe,\"one\ntwo, and\nthree\",x"}},
        Case{"text in quotes is not loaded as a row though it looks like one",
             "a,b,c\n1,\"one\nx,y,z\ntwo\"x,c\n2,y,z\n",
             {"2|y|z"},
             {"2:stray_quote:1,\"one\nx,y,z\ntwo\"x,c"}},
        Case{"a wrong number of fields over several lines costs these lines",
             "a,b,c\n1,\"one\ntwo\"\n2,y,z\n",
             {"2|y|z"},
             {"2:too_few_fields:1,\"one\ntwo\""}},
        Case{"two stray quotes that would swallow the rows between them",
             "a,b,c\n1,abc,\"x\n2,b,y\n3,c,z\n4,d\",w\n5,e,v\n",
             {"2|b|y", "3|c|z", "5|e|v"},
             {"2:unclosed_quote:1,abc,\"x", "5:stray_quote:4,d\",w"}},
        Case{"an unclosed quote, a good row and another bad row",
             "id,x\n1,2\n2,\"b\n3,4\n4,5,6\n",
             {"1|2", "3|4"},
             {"3:unclosed_quote:2,\"b", "5:too_many_fields:4,5,6"}},
        Case{"an unclosed quote, a good row and a row torn in two",
             "a,b,c\n2,\"12,e\n3,,e\n4,x y\n,e\n",
             {"3||e"},
             {"2:unclosed_quote:2,\"12,e", "4:too_few_fields:4,x y", "5:too_few_fields:,e"}},
        Case{"quoted words within a text of several lines",
             "a,b,c\n1,\"He said \"hi\"\nx,y,z\naway\",x\n2,y,z\n",
             {"2|y|z"},
             {"2:stray_quote:1,\"He said \"hi\"\nx,y,z\naway\",x"}},
        Case{"an inch mark within a text of several lines",
             "a,b,c\n1,\"a 5\" pipe\nx,y,z\naway\",x\n2,y,z\n",
             {"2|y|z"},
             {"2:stray_quote:1,\"a 5\" pipe\nx,y,z\naway\",x"}},
        Case{"a missing delimiter before a text of several lines",
             "a,b\n1\"five\nsix, seven\neight\"\n2,y\n",
             {"2|y"},
             {"2:stray_quote:1\"five\nsix, seven\neight\""}},
        Case{"a row before an empty line and a row", "a,b\n1,2\"\n\n3,4\n", {"3|4"}, {"2:stray_quote:1,2\""}},
        Case{"CRLF", "a,b,c\r\n1,5\" pipe,x\r\n2,y,z\r\n", {"2|y|z"}, {"2:stray_quote:1,5\" pipe,x"}},
        Case{"CR", "a,b,c\r1,\"abc,x\r2,y,z\r", {"2|y|z"}, {"2:unclosed_quote:1,\"abc,x"}}));

TEST(Recovery, DoesNotLetAStrayQuoteSwallowTheRestOfALongFile) {
  std::string text = "id,name,note\n1,\"Ann,x\n";
  for (int i = 2; i < 20'000; ++i) text += std::to_string(i) + ",name " + std::to_string(i) + ",note\n";
  for (const std::size_t chunk : {std::size_t{1000}, text.size()}) {
    const Outcome outcome = read_in_chunks(text, {}, {}, chunk);
    EXPECT_EQ(outcome.rows.size(), 19'998U);
    EXPECT_THAT(outcome.rejects, ElementsAre("2:unclosed_quote:1,\"Ann,x"));
  }
}

TEST(Recovery, DecidesOnAnUnclosedQuoteWithinTheFieldLimit) {
  Limits limits;
  limits.field_bytes = 2000;
  std::string text = "id,name,note\n1,\"Ann,x\n";
  for (int i = 2; i < 1000; ++i) text += std::to_string(i) + ",name " + std::to_string(i) + ",note\n";
  const Outcome outcome = read_in_chunks(text, {}, limits, 512);
  EXPECT_EQ(outcome.rows.size(), 998U);
  EXPECT_THAT(outcome.rejects, ElementsAre("2:unclosed_quote:1,\"Ann,x"));
  EXPECT_EQ(outcome, read_in_chunks(text, {}, limits, text.size()));
}

TEST(Recovery, TakesHostileQuotesInBoundedSteps) {
  // Each would take time by the square of its size if every bad row looked ahead to the end; the test would not end
  // then.
  for (const std::string piece :
       {"x,5\" pipe,\"y\n", "\"\n", "1,\"a\n", "\n,\"", "1,\"x\ny\"\n", "\"\"\"\n", "1,\"a\"b\n", "1,x\"y,z\n2,y\n"}) {
    std::string text = "a\n";
    while (text.size() < 2'000'000) text += piece;
    EXPECT_EQ(read_in_chunks(text, {}, {}, 65536).error, "") << testing::PrintToString(piece);
  }
}

struct StopCase {
  const char* why;
  std::string stop_at;
  std::string text;
  Texts rows;
  Texts rejects;
  std::int64_t stop_line;
};

class RecoveryBeforeTheEnd : public testing::TestWithParam<StopCase> {};

TEST_P(RecoveryBeforeTheEnd, DoesNotReachBehindTheLineThatStopsTheTable) {
  const StopCase& c = GetParam();
  Dialect dialect;
  dialect.stop_at = c.stop_at;
  dialect.comment = "#";
  for (const Ragged ragged : {Ragged::kReject, Ragged::kPad}) {
    dialect.ragged = ragged;
    for (const std::string line_break : {"\n", "\r\n", "\r"}) {
      const auto written = [&](std::string text) {
        for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += line_break.size()) {
          text.replace(at, 1, line_break);
        }
        return text;
      };
      Texts rows;
      Texts rejects;
      for (const std::string& row : c.rows) rows.push_back(written(row));
      for (const std::string& reject : c.rejects) rejects.push_back(written(reject));
      const Outcome outcome = read_every_way(written(c.text), dialect);
      EXPECT_EQ(outcome.rows, rows) << c.why;
      EXPECT_EQ(outcome.rejects, rejects) << c.why;
      EXPECT_EQ(outcome.stop_line, c.stop_line) << c.why;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, RecoveryBeforeTheEnd,
                         testing::Values(StopCase{"an unclosed quote in the last row before a total",
                                                  "Total",
                                                  "a,b\n1,x\n2,\"y\nTotal\nc,d\n5,6\n7,8\n",
                                                  {"1|x"},
                                                  {"3:unclosed_quote:2,\"y"},
                                                  4},
                                         StopCase{"an unclosed quote in the last row before an empty line",
                                                  "\n",
                                                  "a,b\n1,x\n2,\"y\n\nsecond table\n\nc,d\n5,6\n7,8\n9,10\n",
                                                  {"1|x"},
                                                  {"3:unclosed_quote:2,\"y"},
                                                  4},
                                         StopCase{"a quote that the next table's first one seems to close",
                                                  "Total",
                                                  "a,b\n1,x\n2,\"y\nTotal\n\"c\",d\n5,6\n7,8\n",
                                                  {"1|x"},
                                                  {"3:unclosed_quote:2,\"y"},
                                                  4},
                                         StopCase{"a stray quote in the last row",
                                                  "Total",
                                                  "a,b\n1,x\n2,y\"\nTotal\n\"c\",d\n5,6\n",
                                                  {"1|x"},
                                                  {"3:stray_quote:2,y\""},
                                                  4},
                                         StopCase{"a row of the right width whose text holds such a line is a row",
                                                  "\n",
                                                  "a,b\n1,x\n2,\"\n\"\n3,z\n\nc,d\n5,6\n",
                                                  {"1|x", "2|<\n>", "3|z"},
                                                  {},
                                                  6}),
                         [](const testing::TestParamInfo<StopCase>& info) {
                           return "Case" + std::to_string(info.index);
                         });

TEST(Recovery, LosesNoRowBetweenAnUnclosedQuoteAndTheTablesEnd) {
  Dialect dialect;
  dialect.comment = "#";
  dialect.stop_at = "Total";
  const Outcome outcome = read_every_way("id,b\n1,2\n2,\"q\n#c\n3,4\n5\nTotal\n6,7\n", dialect);
  EXPECT_THAT(outcome.rows, ElementsAre("1|2", "3|4"));
  EXPECT_THAT(outcome.rejects, ElementsAre("3:unclosed_quote:2,\"q\n#c", "6:too_few_fields:5"));
  EXPECT_EQ(outcome.stop_line, 7);
}

TEST(Recovery, TakesARowTooManyFieldsWideApartWhereItReachesBehindTheTablesEnd) {
  Dialect dialect;
  dialect.stop_at = "Total";
  const Outcome outcome = read_every_way("a,b,c\n1,a,\"x\n2,b,y\nTotal\n3,c\",w\n4,d,z\n", dialect);
  EXPECT_THAT(outcome.rows, ElementsAre("2|b|y"));
  EXPECT_THAT(outcome.rejects, ElementsAre("2:unclosed_quote:1,a,\"x"));
  EXPECT_EQ(outcome.stop_line, 4);
}

TEST(Recovery, LoadsNoTextBehindAnEscapedQuoteThatWasToCloseItsField) {
  for (const Ragged ragged : {Ragged::kReject, Ragged::kPad}) {
    Dialect dialect;
    dialect.ragged = ragged;
    const std::string good = "7,k,k,k\n8,k,k,k\n9,k,k,k\n";
    Outcome outcome =
        read_every_way("a,b,c,d\n0,k,k,k\n1,k,k,k\n2,\"Strasse\"\",\"k\",\"three\nshort\nlines\"\n" + good, dialect);
    EXPECT_EQ(outcome.rows.size(), 5U);
    EXPECT_THAT(outcome.rejects, ElementsAre("4:stray_quote:2,\"Strasse\"\",\"k\",\"three\nshort\nlines\""));
    dialect.escape = "\\";
    outcome = read_every_way("a,b,c,d\n0,k,k,k\n1,k,k,k\n2,\"C:\\\",\"k\",\"three\nshort\nlines\"\n" + good, dialect);
    EXPECT_EQ(outcome.rows.size(), 5U);
    EXPECT_THAT(outcome.rejects, ElementsAre("4:stray_quote:2,\"C:\\\",\"k\",\"three\nshort\nlines\""));
  }
}

TEST(Recovery, FindsTheRowsThatAMissingQuoteSwallowedWhateverBytesTheyHold) {
  const std::string swallowing = "a,b,c\n0,k,k\n1,a,\"x\n2,b?,y\n3,c,z\n4,d\",w\n5,e,e\n";
  for (const std::string& byte : {std::string("\xFF"), std::string(1, '\0')}) {
    std::string text = swallowing;
    text.replace(text.find('?'), 1, byte);
    const Outcome outcome = read_every_way(text);
    EXPECT_THAT(outcome.rows, ElementsAre("0|k|k", "3|c|z", "5|e|e"));
    EXPECT_THAT(outcome.rejects,
                ElementsAre("3:unclosed_quote:1,a,\"x",
                            (byte == "\xFF" ? "4:invalid_encoding:2,b" : "4:nul_byte:2,b") + byte + ",y",
                            "6:stray_quote:4,d\",w"));
  }
  // Rows that end in a delimiter: the last field of the damaged one looks like a value behind it.
  for (const Ragged ragged : {Ragged::kReject, Ragged::kCut}) {
    Dialect dialect;
    dialect.ragged = ragged;
    const Outcome outcome =
        read_every_way("a,b\n0,k,\n1,\"x,\n2,y,\n3,z,\n4,v,\n5\",w\n6,e,\n7,f,\n8,g,\n9,h,\n", dialect);
    EXPECT_THAT(outcome.rows, ElementsAre("0|k", "2|y", "3|z", "4|v", "6|e", "7|f", "8|g", "9|h"));
    EXPECT_THAT(outcome.rejects, ElementsAre("3:unclosed_quote:1,\"x,", "7:stray_quote:5\",w"));
  }
}

TEST(Recovery, LoadsNoTextOfARowThatIsLongerThanTheLimits) {
  Limits limits;
  limits.field_bytes = 10;
  const std::string long_text(20, 'y');
  Outcome outcome = read_every_way("a,b,c\n1,x,x\n2,\"p\n7,8,9\nq\"," + long_text + "\n3,z,z\n", {}, limits);
  EXPECT_THAT(outcome.rows, ElementsAre("1|x|x", "3|z|z"));
  EXPECT_THAT(outcome.rejects, ElementsAre("3:field_too_long:2,\"p\n7,8,9\nq\"," + long_text.substr(0, 10)));
  EXPECT_EQ(outcome.places.back().substr(0, 2), "6@");
  limits.row_bytes = 24;
  outcome = read_every_way("a,b,c\n1,x,x\n2,\"p\n7,8,9\nq\",yyyyy,yyyyyyyyy\n3,z,z\n", {}, limits);
  EXPECT_THAT(outcome.rows, ElementsAre("1|x|x", "3|z|z"));
  ASSERT_EQ(outcome.full_rejects.size(), 1U);
  EXPECT_EQ(outcome.full_rejects[0].reason, Reason::kRowTooLong);
  Dialect dialect;
  dialect.quote = "";
  dialect.escape = "\\";
  limits = {};
  limits.field_bytes = 10;
  outcome = read_every_way("a,b\n1,x\n2,yyyyyy\\\n7,8\\\n9\\,9yyyyy\n3,z\n", dialect, limits);
  EXPECT_THAT(outcome.rows, ElementsAre("1|x", "3|z"));
  EXPECT_EQ(outcome.places.back().substr(0, 2), "6@");
}

TEST(Reject, CountsTheColumnsOfATableWhoseRowsEndInADelimiter) {
  const auto messages = [](const std::string& text, const Dialect& dialect) {
    Texts found;
    for (const Reject& reject : read_every_way(text, dialect).full_rejects) found.push_back(reject.message);
    return found;
  };
  EXPECT_THAT(messages("a,b\n1,2,\n3,4,\n5,6,\n7,8\n9\n", {}),
              ElementsAre(HasSubstr("the delimiter that ends each row of this table of 2 columns is missing: add it"),
                          HasSubstr("1 field where the table has 2 columns: add the missing delimiter")));
}

TEST(Reject, AdvisesOnlyWhatTheDialectKnows) {
  const auto message = [](const Dialect& dialect) {
    const Outcome outcome = read_every_way("a,b\n1,2,3\n", dialect);
    return outcome.full_rejects.size() == 1 ? outcome.full_rejects[0].message : "";
  };
  Dialect dialect;
  EXPECT_THAT(message(dialect), HasSubstr("quote the value that holds the delimiter, or set ragged"));
  dialect.quote = "";
  EXPECT_THAT(message(dialect), HasSubstr("3 fields where the table has 2 columns: set escape to the character"));
  dialect.escape = "\\";
  EXPECT_THAT(message(dialect), HasSubstr("write \\ before a delimiter that is text, or set ragged"));
}

TEST(Reject, SaysWhereAndHowToMendIt) {
  const Outcome outcome = read_every_way("id,size\n1,5\" pipe\n2,\"x\n");
  ASSERT_EQ(outcome.full_rejects.size(), 2U);
  EXPECT_EQ(outcome.full_rejects[0].column, "size");
  EXPECT_EQ(outcome.full_rejects[0].offset, 8);
  EXPECT_THAT(outcome.full_rejects[0].message, HasSubstr("a quote inside an unquoted field near 1,5\" pipe"));
  EXPECT_THAT(outcome.full_rejects[0].message, HasSubstr("set quote to \"\""));
  EXPECT_EQ(outcome.full_rejects[1].column, "size");
  EXPECT_THAT(outcome.full_rejects[1].message, HasSubstr("never closed"));
}

TEST(Reject, AdvisesTrimWhereOnlyBlanksAreInTheWay) {
  for (const std::string row : {"1,\"x\" ", "1, \"x\"", "\"1\"\t,x"}) {
    const Outcome outcome = read_every_way("a,b\n" + row + "\n");
    ASSERT_EQ(outcome.full_rejects.size(), 1U) << row;
    EXPECT_THAT(outcome.full_rejects[0].message, HasSubstr("set trim to true")) << row;
    Dialect dialect;
    dialect.trim = true;
    EXPECT_EQ(read_every_way("a,b\n" + row + "\n", dialect).rows.size(), 1U) << row;
  }
}

TEST(Reject, KeepsAtMost64KilobytesOfARow) {
  const Outcome outcome = read_in_chunks("a,b\n" + std::string(100'000, 'x') + "\n", {}, {}, 5000);
  ASSERT_EQ(outcome.full_rejects.size(), 1U);
  EXPECT_EQ(outcome.full_rejects[0].raw.size(), 65536U);
}

TEST(Ragged, PadFillsUpShortRowsOnly) {
  Dialect dialect;
  dialect.ragged = Ragged::kPad;
  const Outcome outcome = read_every_way("a,b,c\n1\n1,\"2\"\n1,2,3,4\n1,2,3\n", dialect);
  EXPECT_THAT(outcome.rows, ElementsAre("1||", "1|<2>|", "1|2|3"));
  EXPECT_THAT(outcome.rejects, ElementsAre("4:too_many_fields:1,2,3,4"));
}

TEST(Ragged, PadMakesRoomForMoreFieldsThanTheFileHas) {
  Dialect dialect;
  dialect.ragged = Ragged::kPad;
  std::string text = "a,b,c,d,e,f,g,h\n";
  for (int i = 0; i < 50; ++i) text += "1\n";
  text += "1,2,3,4,5,6,7,8\n";
  const Outcome outcome = read_every_way(text, dialect);
  ASSERT_EQ(outcome.rows.size(), 51U);
  EXPECT_EQ(outcome.rows[0], "1|||||||");
  EXPECT_EQ(outcome.rows[50], "1|2|3|4|5|6|7|8");
}

TEST(Ragged, CutDropsWhatIsOverOnly) {
  Dialect dialect;
  dialect.ragged = Ragged::kCut;
  const Outcome outcome = read_every_way("a,b,c\n1\n1,2,3,4\n1,2,3\n", dialect);
  EXPECT_THAT(outcome.rows, ElementsAre("1|2|3", "1|2|3"));
  EXPECT_THAT(outcome.rejects, ElementsAre("2:too_few_fields:1"));
}

TEST(Ragged, NeitherPadsNorCutsRowsThatAMissingQuoteHasJoined) {
  Dialect dialect;
  dialect.ragged = Ragged::kCut;
  const Outcome outcome = read_every_way("a,b,c\n1,abc,\"x\n2,b,y\n3,c,z\n4,d\",w\n5,\"e\nf\",v,over\n", dialect);
  EXPECT_THAT(outcome.rows, ElementsAre("2|b|y", "3|c|z", "5|<e\nf>|v"));
  EXPECT_THAT(outcome.rejects, ElementsAre("2:unclosed_quote:1,abc,\"x", "5:stray_quote:4,d\",w"));
  dialect.ragged = Ragged::kPad;
  EXPECT_THAT(read_every_way("a,b,c\n1,\"e\nf\"\n", dialect).rows, ElementsAre("1|<e\nf>|"));
}

TEST(Nul, IsRejectedOrStripped) {
  const std::string text("a,b\n1,x\0y\n2,z\n\0\0,\"q\0\"\"\"\n", 24);
  const Outcome outcome = read_every_way(text);
  EXPECT_THAT(outcome.rows, ElementsAre("2|z"));
  ASSERT_EQ(outcome.full_rejects.size(), 2U);
  EXPECT_EQ(outcome.full_rejects[0].reason, Reason::kNulByte);
  EXPECT_EQ(outcome.full_rejects[0].column, "b");
  EXPECT_THAT(outcome.full_rejects[0].message, HasSubstr("byte offset 7"));
  Dialect dialect;
  dialect.on_nul = OnNul::kStrip;
  EXPECT_THAT(read_every_way(text, dialect).rows, ElementsAre("1|xy", "2|z", "|<q\">"));
}

TEST(InvalidBytes, AreRejectedWithTheirOffsetOrReplaced) {
  const std::string text = "a,b\n1,M\xFCller\n2,Jos\xC3\xA9\n3,\xFF\xFE!\n4,\xC3\n";
  const Outcome outcome = read_every_way(text);
  EXPECT_THAT(outcome.rows, ElementsAre("2|Jos\xC3\xA9"));
  ASSERT_EQ(outcome.full_rejects.size(), 3U);
  EXPECT_EQ(outcome.full_rejects[0].reason, Reason::kInvalidEncoding);
  EXPECT_EQ(outcome.full_rejects[0].column, "b");
  EXPECT_THAT(outcome.full_rejects[0].message, HasSubstr("byte 0xFC at byte offset 7"));
  Dialect dialect;
  dialect.invalid_bytes = InvalidBytes::kReplace;
  EXPECT_THAT(read_every_way(text, dialect).rows,
              ElementsAre("1|M\xEF\xBF\xBDller", "2|Jos\xC3\xA9", "3|\xEF\xBF\xBD!", "4|\xEF\xBF\xBD"));
}

TEST(InvalidBytes, OfManyKindsAreFound) {
  for (const std::string bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                "\xF8\x88\x80\x80", "\xE2\x82", "\xF0\x9F\x98"}) {
    const Outcome outcome = read_every_way("a\n" + bad + "\nx\n");
    EXPECT_THAT(outcome.rows, ElementsAre("x")) << testing::PrintToString(bad);
    EXPECT_EQ(outcome.rejects.size(), 1U);
  }
}

}  // namespace
}  // namespace cpi::csv
