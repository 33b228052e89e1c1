// Rejected rows written as CSV must be read back by the same dialect: the reason, then the very fields of the row.
#include "core/csv/rejects_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/csv/reader.h"

namespace cpi::csv {
namespace {

using testing::ElementsAre;

Dialect dialect(const std::string& delimiter, const std::string& quote, const std::string& escape = "") {
  Dialect out;
  out.delimiter = delimiter;
  out.quote = quote;
  out.escape = escape;
  return out;
}

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

Table read(const Dialect& dialect, const std::string& text) {
  Reader reader(dialect);
  std::copy(text.begin(), text.end(), reader.space(text.size()).begin());
  reader.commit(text.size());
  reader.finish();
  Table out;
  Batch batch;
  for (;;) {
    const Result<Reader::Event> event = reader.next(batch);
    if (!event.ok()) {
      ADD_FAILURE() << event.error().message;
      return out;
    }
    if (*event == Reader::Event::kEnd) break;
    EXPECT_TRUE(batch.rejects.empty()) << batch.rejects[0].message;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      out.rows.emplace_back();
      for (const Field& field : batch.row(i).fields) out.rows.back().emplace_back(field.text());
    }
  }
  out.header = reader.header();
  return out;
}

TEST(RejectsCsv, IsReadBackByItsOwnDialect) {
  struct Case {
    Dialect dialect;
    std::string raw;
    std::string reason;
  };
  const std::string said = "line 7, column \"pri,ce\": no \"number\": 1;2";
  for (const Case& one : {Case{dialect(",", "\""), "1,\"a,b\"\"c\nd\"", said},
                          {dialect(";", "\"", "\\"), "1;\"a,b\\\"c\nd\"", said},
                          {dialect("||", "'"), "1||'a,b\"c\nd'", said},
                          {dialect("\t", "", "\\"), "1\ta,b\"c\\\nd", said}}) {
    const std::string text = rejects_header(one.dialect, {"id", "name"}) +
                             rejects_row(one.dialect, "", 7, "pri,ce", "no \"number\": 1;2", one.raw);
    const Table table = read(one.dialect, text);
    EXPECT_THAT(table.header, ElementsAre("cpi_reason", "id", "name"));
    EXPECT_THAT(table.rows, ElementsAre(ElementsAre(one.reason, "1", "a,b\"c\nd"))) << text;
  }
}

TEST(RejectsCsv, WithoutQuoteAndEscapeTheReasonLosesWhatWouldEndIt) {
  const Dialect comma = dialect(",", "");
  EXPECT_EQ(rejects_row(comma, "a.csv", 3, "b", "x,y\nz", "1,2"), "a.csv  line 3  column \"b\": x y z,1,2\n");
  const Dialect blank = dialect(" ", "");
  EXPECT_THAT(read(blank, rejects_header(blank, {"a", "b"}) + rejects_row(blank, "", 3, "", "x y", "1 2")).rows,
              ElementsAre(ElementsAre("line_3:_x_y", "1", "2")));
}

TEST(RejectsCsv, AddedColumnNeverCollides) {
  EXPECT_EQ(reason_column({"id"}), "cpi_reason");
  EXPECT_EQ(reason_column({"id", "CPI_Reason", "cpi_reason_2"}), "cpi_reason_3");
  for (const char* name : {"cpi_reason", "cpi_reason_2", "cpi_reason_17"}) EXPECT_TRUE(is_reason_column(name)) << name;
  for (const char* name : {"reason", "cpi_reasons", "cpi_reason_", "cpi_reason_x", "Cpi_reason"}) {
    EXPECT_FALSE(is_reason_column(name)) << name;
  }
}

TEST(RejectsCsv, NamesOfTheFileAreKeptWhateverTheyAre) {
  const Dialect comma = dialect(",", "\"");
  EXPECT_THAT(read(comma, rejects_header(comma, {"a\"b", "", "c,d", "x"}) + "r,1,2,3,4\n").header,
              ElementsAre("cpi_reason", "a\"b", "", "c,d", "x"));
}

TEST(RejectsCsv, ReasonsOfAnEarlierTimeAreTakenOut) {
  Dialect plain;
  EXPECT_EQ(without_first_fields(plain, "\"line 2, \"\"x\"\": bad\",1,a", 1), "1,a");
  EXPECT_EQ(without_first_fields(plain, "bad,\"and, bad\",1,a", 2), "1,a");
  EXPECT_EQ(without_first_fields(plain, "\"\",1", 1), "1");
  EXPECT_EQ(without_first_fields(plain, "\"never closed, 1", 1), "\"never closed, 1") << "left as it is";
  EXPECT_EQ(without_first_fields(plain, "alone", 1), "alone");
  Dialect odd;
  odd.delimiter = "||";
  odd.quote = "'";
  odd.escape = "\\";
  EXPECT_EQ(without_first_fields(odd, "'it\\'s \\\\'||1||a", 1), "1||a");
  Dialect bare;
  bare.quote = "";
  bare.escape = "\\";
  EXPECT_EQ(without_first_fields(bare, "a\\,b,1", 1), "1");
}

TEST(RejectsCsv, OnlyWholeDelimitersAreMadeBlanksInNames) {
  struct Case {
    const char* delimiter;
    const char* name;
    const char* written;
  };
  for (const Case& one : {Case{", ", "unit price", "unit price"},
                          {", ", "a, b", "a_b"},
                          {"||", "a|b", "a|b"},
                          {"||", "a||b", "a b"},
                          {"||", "a|||b", "a |b"},
                          {"||", "a|", "a "},
                          {", ", "a,", "a,"},
                          {"aab", "xaa", "xaa"},
                          {"aba", "xab", "xa "},
                          {"||", "||||", "  "}}) {
    const Dialect odd = dialect(one.delimiter, "");
    const std::string text = rejects_header(odd, {one.name, "n"});
    EXPECT_EQ(text, std::string("cpi_reason") + one.delimiter + one.written + one.delimiter + "n\n");
    EXPECT_EQ(read(odd, text + "\n").header.size(), 3U) << text;
  }
}

TEST(RejectsCsv, ARowThatItsNeighboursWouldRunIntoDoesNotStandAlone) {
  Dialect plain;
  for (const char* raw : {"1,a,b", "1,\"a\nb\"", "1,\"a\"\"b\"", "1", ",", "\"\""})
    EXPECT_TRUE(stands_alone(plain, raw)) << raw;
  for (const char* raw : {"2,\"a,3", "4,b\",5", "2,\"un,3", "1,\"a\" ,2", "", "a\nb",
                          "\xEF\xBB\xBF"
                          "1,2"}) {
    EXPECT_FALSE(stands_alone(plain, raw)) << raw;
  }
  Dialect trimmed;
  trimmed.trim = true;
  EXPECT_TRUE(stands_alone(trimmed, "1, \"a\" ,2"));
  EXPECT_FALSE(stands_alone(trimmed, "1, \"a ,2"));
  EXPECT_TRUE(stands_alone(dialect("\t", "", "\\"), "a\\\tb\tc"));
  EXPECT_FALSE(stands_alone(dialect("\t", "", "\\"), "a\tb\\")) << "the line break behind it would be escaped";
  EXPECT_TRUE(stands_alone(dialect(",", ""), "a\",b"));
}

}  // namespace
}  // namespace cpi::csv
