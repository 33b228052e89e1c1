// What the reader makes of sound files in every dialect. Damaged files: recovery_test.cpp.
#include <gmock/gmock.h>

#include "core/csv/grammar.h"
#include "unit/core/csv/every_way.h"

namespace cpi::csv {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

const Dialect without_header = [] {
  Dialect dialect;
  dialect.header_rows = 0;
  return dialect;
}();

TEST(Reader, GivesRowsByTheirHeaderWithLineAndOffset) {
  const Outcome outcome = read_every_way("id,name\n1,Ann\n2,Bob\n");
  EXPECT_THAT(outcome.header, ElementsAre("id", "name"));
  EXPECT_THAT(outcome.rows, ElementsAre("1|Ann", "2|Bob"));
  EXPECT_THAT(outcome.places, ElementsAre("2@8=1,Ann", "3@14=2,Bob"));
  EXPECT_THAT(outcome.rejects, IsEmpty());
  EXPECT_EQ(outcome.bytes_read, 20);
}

TEST(Reader, TakesEveryLineEndingAlsoMixed) {
  for (const std::string ending : {"\n", "\r\n", "\r"}) {
    std::string text;
    for (const char* line : {"a,b", "1,2", "3,4"}) text += line + ending;
    EXPECT_THAT(read_every_way(text).rows, ElementsAre("1|2", "3|4"));
  }
  const Outcome mixed = read_every_way("a,b\r\n1,2\n3,4\r5,6\r\n7,8");
  EXPECT_THAT(mixed.rows, ElementsAre("1|2", "3|4", "5|6", "7|8"));
  EXPECT_THAT(mixed.places, ElementsAre("2@5=1,2", "3@9=3,4", "4@13=5,6", "5@18=7,8"));
}

TEST(Reader, NeedsNoLineEndingAtTheEnd) {
  EXPECT_THAT(read_every_way("a,b\n1,2").rows, ElementsAre("1|2"));
  EXPECT_THAT(read_every_way("a,b\n1,\"2\"").rows, ElementsAre("1|<2>"));
  EXPECT_THAT(read_every_way("a,b\n1,").rows, ElementsAre("1|"));
  EXPECT_THAT(read_every_way("a,b\n1,2\r").rows, ElementsAre("1|2"));
}

TEST(Reader, KeepsDelimitersBreaksAndDoubledQuotesInsideQuotes) {
  const Outcome outcome = read_every_way("a,b\n\"1,x\",\"say \"\"hi\"\"\"\n\"two\nlines\",\"\r\n\"\n3,4\n");
  EXPECT_THAT(outcome.rows, ElementsAre("<1,x>|<say \"hi\">", "<two\nlines>|<\r\n>", "3|4"));
  EXPECT_THAT(outcome.places,
              ElementsAre("2@4=\"1,x\",\"say \"\"hi\"\"\"", "3@23=\"two\nlines\",\"\r\n\"", "6@40=3,4"));
}

TEST(Reader, TellsAQuotedEmptyFieldFromAnUnquotedOne) {
  EXPECT_THAT(read_every_way("a,b\n,\"\"\n").rows, ElementsAre("|<>"));
}

TEST(Reader, SkipsTheByteOrderMarkAndCountsItInOffsets) {
  const Outcome outcome = read_every_way(
      "\xEF\xBB\xBF"
      "a,b\n1,2\n");
  EXPECT_THAT(outcome.header, ElementsAre("a", "b"));
  EXPECT_THAT(outcome.places, ElementsAre("2@7=1,2"));
  EXPECT_THAT(read_every_way("\xEF\xBB\xBF\"a\",b\n1,2\n").header, ElementsAre("a", "b"));
}

TEST(Reader, SkipsEmptyLinesOnlyWhereTheyCanBeNoRow) {
  const Outcome wide = read_every_way("\na,b\n\n1,2\n\r\n\n3,4\n\n");
  EXPECT_THAT(wide.rows, ElementsAre("1|2", "3|4"));
  EXPECT_THAT(wide.places, ElementsAre("4@6=1,2", "7@13=3,4"));
  // A table of one column writes NULL as an empty line, as PostgreSQL's COPY does both ways.
  EXPECT_THAT(read_every_way("a\n\n1\n\"\"\n").rows, ElementsAre("", "1", "<>"));
}

TEST(Reader, TakesDelimitersOfAnyLength) {
  Dialect dialect;
  dialect.delimiter = "||";
  EXPECT_THAT(read_every_way("a||b||c\n1|2||\"x||y\"||\n|||3||4\n", dialect).rows,
              ElementsAre("1|2|<x||y>|", "||3|4"));  // the leftmost delimiter counts
  EXPECT_THAT(read_every_way("a||b||c\n1|2||\"x||y\"||\n||3||4\n", dialect).rows, ElementsAre("1|2|<x||y>|", "|3|4"));
  dialect.delimiter = ", ";
  EXPECT_THAT(read_every_way("a, b\n1,2, 3\n\"x, y\", \"z\"\n", dialect).rows, ElementsAre("1,2|3", "<x, y>|<z>"));
  dialect.delimiter = "\t";
  EXPECT_THAT(read_every_way("a\tb\n1\t 2\n", dialect).rows, ElementsAre("1| 2"));
  dialect.delimiter = " ";
  EXPECT_THAT(read_every_way("a b\n1 2\n", dialect).rows, ElementsAre("1|2"));
  dialect.delimiter = "¦";
  EXPECT_THAT(read_every_way("a¦b\n1¦é\n", dialect).rows, ElementsAre("1|é"));
}

TEST(Reader, TakesAnotherQuoteOrNone) {
  Dialect dialect;
  dialect.quote = "'";
  EXPECT_THAT(read_every_way("a,b\n'1,1','it''s \"x\"'\n", dialect).rows, ElementsAre("<1,1>|<it's \"x\">"));
  dialect.quote = "";
  EXPECT_THAT(read_every_way("a,b\n\"1,5\" pipe\n", dialect).rows, ElementsAre("\"1|5\" pipe"));
  dialect.quote = "´";
  EXPECT_THAT(read_every_way("a,b\n´1,1´,´x´´y´\n", dialect).rows, ElementsAre("<1,1>|<x´y>"));
}

TEST(Reader, TakesABackslashAsEscapeWhereCopyDoes) {
  Dialect dialect;
  dialect.escape = "\\";
  // Before anything but a quote or itself it is text (PostgreSQL's CopyReadAttributesCSV).
  EXPECT_THAT(read_every_way("a,b\n\"say \\\"hi\\\"\",\"C:\\\\dir\\n\"\nC:\\\\dir,5\\\" pipe\n", dialect).rows,
              ElementsAre("<say \"hi\">|<C:\\dir\\n>", "C:\\\\dir|5\" pipe"));
  // One field may hold both.
  EXPECT_THAT(read_every_way("a,b\nC:\\\\d \\\"x\\\",1\n\"C:\\\\d \\\"x\\\"\",1\n", dialect).rows,
              ElementsAre("C:\\\\d \"x\"|1", "<C:\\d \"x\">|1"));
  dialect.quote = "";
  EXPECT_THAT(read_every_way("a,b\nx\\,y,two\\\nlines\n\\N,\\\\\n", dialect).rows,
              ElementsAre("x,y|two\nlines", "\\N|\\"));
}

TEST(Reader, TrimsBlanksAroundFieldsAndOutsideQuotes) {
  Dialect dialect;
  dialect.trim = true;
  EXPECT_THAT(read_every_way("a , b\n 1 ,\t\" 2 \" \n  \n\"3\" , 4\t\n", dialect).rows,
              ElementsAre("1|< 2 >", "<3>|4"));
  dialect.delimiter = "\t";
  EXPECT_THAT(read_every_way("a\tb\n 1 \t\n", dialect).rows, ElementsAre("1|"));
}

TEST(Reader, TrimsBlanksWhereTheDelimiterHoldsOne) {
  Dialect dialect;
  dialect.trim = true;
  dialect.delimiter = ", ";
  EXPECT_THAT(read_every_way("a, b\n1 ,  x \n2,  \"y\" \n3, z \n", dialect).rows, ElementsAre("1|x", "2|<y>", "3|z"));
  dialect.delimiter = " | ";
  EXPECT_THAT(read_every_way("a | b | c\n1  |  \"x\"  |   y\n2 |  | \n", dialect).rows, ElementsAre("1|<x>|y", "2||"))
      << "blanks that begin a delimiter are none";
  dialect.delimiter = "  ";
  EXPECT_THAT(read_every_way("a  b\n1\t   x\n", dialect).rows, ElementsAre("1| x"));
}

TEST(Reader, KeepsBlanksWithoutTrim) { EXPECT_THAT(read_every_way("a,b\n 1 , x \n").rows, ElementsAre(" 1 | x ")); }

TEST(Reader, JoinsSeveralHeaderRowsPerColumn) {
  Dialect dialect;
  dialect.header_rows = 2;
  const Outcome outcome = read_every_way("Sales,,Cost\n net ,gross,\"in\nEUR\"\n1,2,3\n", dialect);
  EXPECT_THAT(outcome.header, ElementsAre("Sales net", "gross", "Cost in\nEUR"));
  EXPECT_THAT(outcome.places, ElementsAre("4@33=1,2,3"));
}

TEST(Reader, NamesTheColumnsOfAFileWithoutHeader) {
  Dialect dialect;
  dialect.header_rows = 0;
  const Outcome outcome = read_every_way("1,2\n3,4\n", dialect);
  EXPECT_THAT(outcome.header, ElementsAre("column1", "column2"));
  EXPECT_THAT(outcome.rows, ElementsAre("1|2", "3|4"));
  dialect.columns = {"x", "y"};
  EXPECT_THAT(read_every_way("1,2\n3,4\n", dialect).header, ElementsAre("x", "y"));
}

TEST(Reader, CountsTheColumnsOfAFileWithoutHeaderByMostOfItsFirstRows) {
  Dialect dialect = without_header;
  for (const Ragged ragged : {Ragged::kReject, Ragged::kCut, Ragged::kPad}) {
    dialect.ragged = ragged;
    Outcome outcome = read_every_way("1,ab\n2,a,b\n3,a,b\n", dialect);
    EXPECT_THAT(outcome.header, ElementsAre("column1", "column2", "column3"));
    EXPECT_EQ(outcome.rows, ragged == Ragged::kPad ? Texts({"1|ab|", "2|a|b", "3|a|b"}) : Texts({"2|a|b", "3|a|b"}));
    outcome = read_every_way("1,a,b,c\n2,a,b\n3,a,b\n", dialect);
    EXPECT_EQ(outcome.rows, ragged == Ragged::kCut ? Texts({"1|a|b", "2|a|b", "3|a|b"}) : Texts({"2|a|b", "3|a|b"}));
  }
  EXPECT_THAT(read_every_way("1,2,3\n4,5\n", without_header).header.size(), 3U) << "the first of as many";
  Limits limits;
  limits.columns = 2;
  EXPECT_THAT(read_every_way("1,2\n\n3,\"\n\",5\n6,7,8\n", without_header, limits).error,
              HasSubstr("limit_exceeded: line 3 has 3 columns"));
}

TEST(Reader, KeepsALastColumnThatIsEmptyWhereNothingNamesTheColumns) {
  const Outcome outcome = read_every_way("1,2,\n3,4,\n5,6,\n7,8,x\n", without_header);
  EXPECT_THAT(outcome.rows, ElementsAre("1|2|", "3|4|", "5|6|", "7|8|x"));
}

TEST(Reader, ReplacesTheHeadersNamesByThoseGiven) {
  Dialect dialect;
  dialect.columns = {"x", "y"};
  const Outcome outcome = read_every_way("a,b\n1,2\n", dialect);
  EXPECT_THAT(outcome.header, ElementsAre("x", "y"));
  EXPECT_THAT(outcome.rows, ElementsAre("1|2"));
  EXPECT_THAT(read_every_way("a,b,c\n1,2,3\n", dialect).error,
              HasSubstr("invalid_header: the option columns names 2 columns, but line 1 has 3"));
}

TEST(Reader, SkipsLinesBeforeTheHeaderWhateverTheyHold) {
  Dialect dialect;
  dialect.skip_rows = 2;
  const Outcome outcome = read_every_way("Report \"of\n\na,b\n1,2\n", dialect);
  EXPECT_THAT(outcome.header, ElementsAre("a", "b"));
  EXPECT_THAT(outcome.places, ElementsAre("4@16=1,2"));
}

TEST(Reader, IgnoresCommentLinesButNotInsideQuotes) {
  Dialect dialect;
  dialect.comment = "#";
  const Outcome outcome = read_every_way("# made, by \"x\na,b\n#1,2\n3,\"x\n# y\"\n5,6#\n# end", dialect);
  EXPECT_THAT(outcome.rows, ElementsAre("3|<x\n# y>", "5|6#"));
}

TEST(Reader, FindsTheTableBehindAnyNumberOfComments) {
  std::string comments;
  for (int i = 0; i < 120; ++i) comments += "# made by Jo\n";
  Dialect dialect;
  dialect.comment = "#";
  EXPECT_THAT(read_every_way(comments + "a,b\n" + comments + "1,2,\n3,4,\n", dialect).rows, ElementsAre("1|2", "3|4"));
  dialect.header_rows = 0;
  EXPECT_THAT(read_every_way(comments + "1,2\n", dialect).places, ElementsAre("121@1560=1,2"));
}

TEST(Reader, StopsWhereTheTableEnds) {
  Dialect dialect;
  dialect.stop_at = "Total";
  EXPECT_THAT(read_every_way("a,b\n1,2\nTotal,2\n\"unclosed\n", dialect).rows, ElementsAre("1|2"));
  dialect.stop_at = "a,";
  EXPECT_THAT(read_every_way("a,b\n1,2\na,c,d\n1,2,3\n", dialect).rows, ElementsAre("1|2"));
  dialect.stop_at = "\n";
  EXPECT_THAT(read_every_way("a,b\n1,2\r\n\r\n3,4\n", dialect).rows, ElementsAre("1|2"));
}

TEST(Reader, StopsATableOfOneColumnAtAnEmptyLineWithAnyLineEnding) {
  for (const std::string stop_at : {"\n", "\r\n", "\r"}) {
    for (const std::string ending : {"\n", "\r\n", "\r"}) {
      Dialect dialect;
      dialect.stop_at = stop_at;
      std::string text;
      for (const char* line : {"a", "1", "2", "", "x"}) text += line + ending;
      const Outcome outcome = read_every_way(text, dialect);
      EXPECT_THAT(outcome.rows, ElementsAre("1", "2"));
      EXPECT_EQ(outcome.stop_line, 4);
    }
  }
}

TEST(Reader, TakesALineOfBlanksForAnEmptyOneWhereItTrims) {
  Dialect dialect;
  dialect.trim = true;
  dialect.stop_at = "\n";
  for (const std::string header : {"a,b\n", "  \na,b\n"}) {
    const Outcome outcome = read_every_way(header + "1,2\n \t \nTotal,b\n3,4\n", dialect);
    EXPECT_THAT(outcome.rows, ElementsAre("1|2"));
  }
  EXPECT_EQ(read_every_way("a\n1\n   \n2\n", dialect).stop_line, 3);
  dialect.stop_at = "";
  EXPECT_THAT(read_every_way("a\n1\n   \n2\n", dialect).rows, ElementsAre("1", "", "2")) << "NULL";
  EXPECT_THAT(read_every_way("a,b\n1,2\n   \n3,4\n  ", dialect).rows, ElementsAre("1|2", "3|4"));
  Limits limits;
  limits.row_bytes = 10;
  const Outcome outcome = read_every_way("a,b\n1,2\n" + std::string(40, ' ') + "x\n3,4\n", dialect, limits);
  EXPECT_THAT(outcome.rows, ElementsAre("1|2", "3|4"));
  EXPECT_THAT(outcome.rejects, ElementsAre("3:row_too_long:" + std::string(10, ' ')));
}

TEST(Reader, DoesNotLetWhatComesBehindTheTableSayWhatItsRowsLookLike) {
  Dialect dialect;
  dialect.stop_at = "\n";
  Outcome outcome = read_every_way("id,name\n1,a\n2,b\n\nk,l,\n1,a,\n2,b,\n3,c,\n4,d,\n5,e,\n", dialect);
  EXPECT_THAT(outcome.rows, ElementsAre("1|a", "2|b"));
  EXPECT_THAT(outcome.rejects, IsEmpty());
  outcome = read_every_way("id,name\n1,a,\n2,b,\n\nk,l\n1,a\n2,b\n3,c\n4,d\n5,e\n", dialect);
  EXPECT_THAT(outcome.rows, ElementsAre("1|a", "2|b"));
  EXPECT_THAT(outcome.rejects, IsEmpty());
  dialect.comment = "#";
  dialect.stop_at = "# end";
  EXPECT_THAT(read_every_way("id,name\n# rows\n1,a\n# end\n1,a,\n2,b,\n", dialect).rows, ElementsAre("1|a"));
}

TEST(Reader, RefusesMarksThatHoldALineBreak) {
  for (const std::string stop_at : {"\nTotal", "Total\n", "\n\n"}) {
    Dialect dialect;
    dialect.stop_at = stop_at;
    EXPECT_THAT(read_every_way("a,b\n1,2\n", dialect).error, HasSubstr("invalid_config: stop_at")) << stop_at;
  }
  Dialect dialect;
  dialect.comment = "#\n";
  EXPECT_THAT(read_every_way("a,b\n1,2\n", dialect).error, HasSubstr("invalid_config: comment"));
}

TEST(Reader, TakesADelimiterAtTheEndOfEveryRowAsNoColumn) {
  const Outcome in_header = read_every_way("a,b,\n1,2,\n3,,\n");
  EXPECT_THAT(in_header.header, ElementsAre("a", "b"));
  EXPECT_THAT(in_header.rows, ElementsAre("1|2", "3|"));
  const Outcome in_rows = read_every_way("a,b\n1,2,\n3,4,\n5,6,x\n7,8\n9,,\n");
  EXPECT_THAT(in_rows.header, ElementsAre("a", "b"));
  EXPECT_THAT(in_rows.rows, ElementsAre("1|2", "3|4", "9|"));
  EXPECT_THAT(in_rows.rejects, ElementsAre("4:too_many_fields:5,6,x", "5:too_few_fields:7,8"));
}

TEST(Reader, KeepsANamelessLastColumnThatHoldsValues) {
  const Outcome outcome = read_every_way("a,b,\n1,2,x\n3,4,\n");
  EXPECT_THAT(outcome.header, ElementsAre("a", "b", ""));
  EXPECT_THAT(outcome.rows, ElementsAre("1|2|x", "3|4|"));
}

TEST(Reader, DoesNotTakeOneRowsExtraDelimiterForAHabit) {
  const Outcome outcome = read_every_way("a,b\n1,2,\n3,4\n5,6\n");
  EXPECT_THAT(outcome.rows, ElementsAre("3|4", "5|6"));
  EXPECT_THAT(outcome.rejects, ElementsAre("2:too_many_fields:1,2,"));
}

TEST(Reader, SaysWhyAHeaderIsUnusable) {
  EXPECT_THAT(read_every_way("").error, "invalid_header: the file is empty: there is no header");
  EXPECT_THAT(read_every_way("\n\n").error, "invalid_header: the file is empty: there is no header");
  EXPECT_THAT(read_every_way(",,\n1,2,3\n").error, HasSubstr("invalid_header: the header at line 1 names no column"));
  EXPECT_THAT(read_every_way("a,\"b\n1,2\n").error, HasSubstr("a quoted field is never closed"));
  Limits limits;
  limits.header_bytes = 10;
  EXPECT_THAT(read_every_way("a,\"b\n1,2\n3,4\n5,6\n", {}, limits).error,
              "limit_exceeded: the header at line 1 has more than 10 bytes, over several lines: a quote in line 1 may "
              "never be closed");
  EXPECT_THAT(read_every_way("a,\"b456789012\"\n1,2\n", {}, limits).error, EndsWith("more than 10 bytes"));
  Dialect dialect;
  dialect.skip_rows = 9;
  EXPECT_THAT(read_every_way("a,b\n1,2\n", dialect).error,
              "invalid_header: skiprows 9 leaves nothing of the file, not even a header");
  dialect.header_rows = 0;
  EXPECT_THAT(read_every_way("1,2\n3,4\n\n", dialect).error, HasSubstr("skiprows 9 leaves nothing of the file"));
  EXPECT_THAT(read_every_way("1,\"a\n2,b\n", without_header).rows, ElementsAre("2|b"));
  EXPECT_THAT(read_every_way("\"a\n\n", without_header).error,
              HasSubstr("none of the first 2 lines can be read as a row"));
  EXPECT_THAT(read_every_way("a,b\xE4\n1,2\n").error, HasSubstr("byte 0xE4 at byte offset 3"));
}

TEST(Reader, ReadsAFileOfHeaderOnly) {
  const Outcome outcome = read_every_way("a,b");
  EXPECT_THAT(outcome.header, ElementsAre("a", "b"));
  EXPECT_THAT(outcome.rows, IsEmpty());
  EXPECT_THAT(outcome.error, IsEmpty());
}

TEST(Reader, GivesNothingForAnEmptyFileWithoutHeader) {
  Dialect dialect;
  dialect.header_rows = 0;
  EXPECT_THAT(read_every_way("", dialect).error, IsEmpty());
  EXPECT_THAT(read_every_way("", dialect).rows, IsEmpty());
}

TEST(Reader, RefusesADialectThatCannotBeRead) {
  for (const auto& [delimiter, quote, escape] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"", "\"", ""}, {",", ",", ""}, {"\n", "\"", ""}, {"\"\"", "\"", ""}, {"\\", "\"", "\\"}}) {
    Dialect dialect;
    dialect.delimiter = delimiter;
    dialect.quote = quote;
    dialect.escape = escape;
    EXPECT_THAT(read_every_way("a,b\n1,2\n", dialect).error, HasSubstr("invalid_config"));
  }
}

TEST(Reader, ARowOverTheLimitsCostsItselfAlone) {
  Limits limits;
  limits.field_bytes = 10;
  Outcome read = read_every_way("a,b\n1,2\n3,12345678901 and more, \"quoted\ntoo\n5,6\n", {}, limits);
  EXPECT_THAT(read.rows, ElementsAre("1|2", "5|6"));
  EXPECT_THAT(read.rejects, ElementsAre("3:field_too_long:3,1234567890", "4:too_few_fields:too"));
  read = read_every_way("a,b\n3,\"12345678901\n,7\"\"8,9\nx\",\n5,6\n", {}, limits);
  EXPECT_THAT(read.rows, ElementsAre("5|6")) << "up to the closing quote and the line's end";
  EXPECT_THAT(read.rejects, ElementsAre("2:field_too_long:3,\"123456789"));
  EXPECT_THAT(read.places, ElementsAre("5@31=5,6"));
  EXPECT_EQ(read.full_rejects[0].column, "b");
  read = read_every_way("a,b\n1,12345678901", {}, limits);
  EXPECT_THAT(read.rejects, ElementsAre("2:field_too_long:1,1234567890")) << "at the end of the file";
  limits = {};
  limits.row_bytes = 20;
  read = read_every_way("a,b\n1,2\n3,1234567890123456789012345678901234567890\n5,6\n", {}, limits);
  EXPECT_THAT(read.rows, ElementsAre("1|2", "5|6"));
  EXPECT_THAT(read.rejects, ElementsAre("3:row_too_long:3,123456789012345678"));
}

TEST(Reader, ALineWithoutEndCostsItselfAloneWhateverElseIsWrongWithIt) {
  Limits limits;
  limits.row_bytes = 20;
  const std::string endless(50, 'x');
  const Texts good = {"1|2", "5|6"};
  for (const std::string& bad :
       Texts{"x\"" + endless, "3,\"a\" b" + endless, "3,\"" + endless + "\"", "3,\"a\nb\"c" + endless}) {
    const Outcome read = read_every_way("a,b\n1,2\n" + bad + "\n5,6\n", {}, limits);
    EXPECT_EQ(read.error, "") << bad;
    EXPECT_EQ(read.rows, good) << bad;
    EXPECT_THAT(read.rejects, ElementsAre(HasSubstr("3:row_too_long:"))) << bad;
  }
  const Outcome behind = read_every_way("a,b\n1,2\n3,x\"y\n" + endless + "\n5,6\n", {}, limits);
  EXPECT_EQ(behind.rows, good);
  EXPECT_THAT(behind.rejects, ElementsAre("3:stray_quote:3,x\"y", HasSubstr("4:row_too_long:")));
}

TEST(Reader, ALineOfDelimitersIsCountedAndNotKept) {
  const Dialect dialect;
  const Grammar grammar(dialect);
  Limits limits;
  limits.columns = 10;
  const std::string line(1'000'000, ',');
  std::vector<RawField> fields;
  const char* end = line.data() + line.size();
  const ByteCursor cursor{grammar, end};
  const ParsedRow row = parse_row(grammar, limits, line.data(), end, true, Strictness::kStrict, cursor, fields);
  EXPECT_EQ(row.fields, 1'000'001u);
  EXPECT_LE(fields.capacity(), 32u);
  const Outcome read = read_every_way("a,b\n1,2\n" + std::string(5000, ',') + "\n3,4\n");
  EXPECT_THAT(read.rows, ElementsAre("1|2", "3|4"));
  EXPECT_THAT(read.full_rejects[0].message, HasSubstr("5001 fields where the table has 2 columns"));
  EXPECT_THAT(read_every_way(std::string(5000, ',') + "\n").error, HasSubstr("5001 columns"));
}

TEST(Reader, BreaksALimitWithAnErrorThatNamesThePlace) {
  Limits limits;
  limits.field_bytes = 10;
  EXPECT_THAT(read_every_way("a,b\n1,2\n3,\"12345678901\n", {}, limits).error,
              "limit_exceeded: field 2 of line 3 has more than 10 bytes")
      << "quotes that never close: all that follows is in doubt";
  limits = {};
  limits.header_bytes = 5;
  EXPECT_THAT(read_every_way("abc,def\n1,2\n", {}, limits).error, HasSubstr("limit_exceeded: the header at line 1"));
  limits = {};
  limits.columns = 2;
  EXPECT_THAT(read_every_way("a,b,c\n1,2,3\n", {}, limits).error, HasSubstr("limit_exceeded: line 1 has 3 columns"));
  EXPECT_THAT(read_every_way("a,b,\n1,2,\n", {}, limits).rows, ElementsAre("1|2")) << "no column";
  EXPECT_THAT(read_every_way("a,b,\n1,2,3\n", {}, limits).error, HasSubstr("limit_exceeded: line 1 has 3 columns"));
  Dialect dialect;
  dialect.columns = {"x", "y", "z"};
  EXPECT_THAT(read_every_way("a,b,\n1,2,\n", dialect, limits).error, HasSubstr("limit_exceeded: line 1 has 3 columns"));
}

TEST(Reader, ReadsRowsLongerThanAnyPieceItLooksAt) {
  const std::string text(300'000, 'x');
  const Outcome outcome = read_in_chunks("a,b\n1," + text + "\n2,\"" + text + "\"\"\"\n3,y\n", {}, {}, 4096);
  ASSERT_EQ(outcome.rows.size(), 3U);
  EXPECT_EQ(outcome.rows[0], "1|" + text);
  EXPECT_EQ(outcome.rows[1], "2|<" + text + "\">");
  EXPECT_EQ(outcome.rows[2], "3|y");
}

TEST(Reader, ReadsFieldsUpToTheLimitOfSixteenMegabytes) {
  const std::string text(std::size_t{16} << 20, 'x');
  std::string lines = text;
  for (std::size_t i = 79; i < lines.size(); i += 80) lines[i] = '\n';
  const Outcome outcome = read_in_chunks("a,b,c\n1," + text + ",2\n3,\"" + lines + "\",4\n5,6,7\n", {}, {}, 1 << 20);
  EXPECT_EQ(outcome.error, "");
  ASSERT_EQ(outcome.rows.size(), 3U);
  EXPECT_EQ(outcome.rows[0], "1|" + text + "|2");
  EXPECT_EQ(outcome.rows[1], "3|<" + lines + ">|4");
  EXPECT_EQ(outcome.places[2].substr(0, 7), std::to_string(4 + lines.size() / 80) + "@");
  const Outcome longer = read_in_chunks("a,b\n1,x" + text + "\n2,y\n", {}, {}, 1 << 20);
  EXPECT_THAT(longer.rows, ElementsAre("2|y"));
  ASSERT_EQ(longer.full_rejects.size(), 1u);
  EXPECT_THAT(longer.full_rejects[0].message, HasSubstr("more than 16777216 bytes"));
  EXPECT_EQ(longer.full_rejects[0].raw.size(), std::size_t{64} << 10);
}

}  // namespace
}  // namespace cpi::csv
