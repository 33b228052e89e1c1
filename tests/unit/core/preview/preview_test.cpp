// Every option that says how a file is written, from its key in a config to the rows that come out.
#include "core/preview/preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::preview {
namespace {

using testing::HasSubstr;

Result<Json> previewed(const std::string& text, const std::string& options) {
  Result<config::TableOptions> parsed = config::parse_table_options(options);
  EXPECT_TRUE(parsed.ok()) << options << ": " << parsed.error().detail;
  return preview(text, *parsed, 1000, [] { return false; });
}

/// "id,name|1,a|2,NULL" for columns and rows; a reject is "!reason@line".
std::string shown(const Json& answer) {
  std::string out;
  for (const Json& column : answer["columns"]) {
    out += (out.empty() ? "" : ",") + column["file_column"].get<std::string>();
  }
  for (const Json& row : answer["rows"]) {
    out += "|";
    for (std::size_t i = 0; i < row["values"].size(); ++i) {
      const Json& value = row["values"][i];
      out += (i > 0 ? "," : "") + (value.is_null() ? "NULL" : value.get<std::string>());
    }
  }
  for (const Json& reject : answer["rejects"]) {
    out += "|!" + reject["reason"].get<std::string>() + "@" + std::to_string(reject["line"].get<int>());
  }
  return out;
}

struct Case {
  const char* why;
  const char* options;
  std::string text;
  std::string expected;
};

class Options : public testing::TestWithParam<Case> {};

TEST_P(Options, AreObeyed) {
  const Case& one = GetParam();
  const Result<Json> answer = previewed(one.text, one.options);
  ASSERT_TRUE(answer.ok()) << one.why << ": " << answer.error().message;
  EXPECT_EQ(shown(*answer), one.expected) << one.why << "\n" << answer->dump(1);
}

INSTANTIATE_TEST_SUITE_P(
    Delimiters, Options,
    testing::Values(Case{"the default", "{}", "id,name\n1,a\n", "id,name|1,a"},
                    Case{"semicolon", R"({"delimiter": ";"})", "id;name\n1;a,b\n", "id,name|1,a,b"},
                    Case{"tab", R"({"delimiter": "\t"})", "id\tname\n1\ta b\n", "id,name|1,a b"},
                    Case{"caret", R"({"delimiter": "^"})", "id^name\n1^a\n", "id,name|1,a"},
                    Case{"blank", R"({"delimiter": " "})", "id name\n1 \"a b\"\n", "id,name|1,a b"},
                    Case{"comma and blank", R"({"delimiter": ", "})", "id, name\n1, \"a, b\"\n2, x,y\n",
                         "id,name|1,a, b|2,x,y"},
                    Case{"two bars", R"({"delimiter": "||"})", "id||name\n1||a|b\n", "id,name|1,a|b"},
                    Case{"a word", R"({"delimiter": "<sep>"})", "id<sep>name\n1<sep>a<b\n", "id,name|1,a<b"},
                    Case{"a character beyond ASCII", R"({"delimiter": "¦"})", "id¦name\n1¦é\n", "id,name|1,é"},
                    Case{"at the end of each row", "{}", "id,name,\n1,a,\n2,b,\n", "id,name|1,a|2,b"},
                    Case{"at the end of each row but the header", "{}", "id,name\n1,a,\n2,b,\n", "id,name|1,a|2,b"}));

INSTANTIATE_TEST_SUITE_P(
    Quotes, Options,
    testing::Values(
        Case{"doubled", "{}", "id,name\n1,\"a \"\"b\"\", c\"\n", "id,name|1,a \"b\", c"},
        Case{"a line break inside", "{}", "id,name\n1,\"a\nb\"\n", "id,name|1,a\nb"},
        Case{"apostrophe", R"({"quote": "'"})", "id,name\n1,'a, ''b'''\n", "id,name|1,a, 'b'"},
        Case{"none", R"({"quote": ""})", "id,name\n1,5\" pipe\n2,\"x\"\n", "id,name|1,5\" pipe|2,\"x\""},
        Case{"backslash", R"({"escape": "\\"})", "id,name\n1,\"a \\\"b\\\", c\"\n", "id,name|1,a \"b\", c"},
        Case{"backslash without quotes", R"({"quote": "", "escape": "\\"})", "id,name\n1,a\\,b\n", "id,name|1,a,b"},
        Case{"the quote itself as escape", R"({"escape": "\""})", "id,name\n1,\"a\"\"b\"\n", "id,name|1,a\"b"},
        Case{"a quoted empty field is no NULL", "{}", "id,name\n1,\n2,\"\"\n", "id,name|1,NULL|2,"},
        Case{"blanks outside", R"({"trim": true})", "id,name\n1,  \"a, b\" \n 2 , x \n", "id,name|1,a, b|2,x"},
        Case{"a stray one costs its row", "{}", "id,name\n1,a\"b\n2,c\n", "id,name|2,c|!stray_quote@2"},
        Case{"an unclosed one costs its row", "{}", "id,name\n1,\"a\n2,b\n3,c\n",
             "id,name|2,b|3,c|!unclosed_quote@2"}));

INSTANTIATE_TEST_SUITE_P(
    Lines, Options,
    testing::Values(Case{"CRLF", "{}", "id,name\r\n1,a\r\n", "id,name|1,a"},
                    Case{"CR", "{}", "id,name\r1,a\r", "id,name|1,a"},
                    Case{"mixed", "{}", "id,name\r\n1,a\n2,b\r3,c", "id,name|1,a|2,b|3,c"},
                    Case{"empty lines", "{}", "\nid,name\n\n1,a\n\n\n2,b\n\n", "id,name|1,a|2,b"},
                    Case{"skiprows", R"({"skiprows": 2})", "report\n\"of 2024\nid,name\n1,a\n", "id,name|1,a"},
                    Case{"comments", R"({"comment": "#"})", "# made\nid,name\n#1,x\n1,a\n# end\n", "id,name|1,a"},
                    Case{"comments of two characters", R"({"comment": "//"})", "id,name\n// x\n/,a\n", "id,name|/,a"},
                    Case{"a line of totals", R"({"stop_at": "Total"})", "id,name\n1,a\nTotal,1\n2,b\n", "id,name|1,a"},
                    Case{"an empty line", R"({"stop_at": "\n"})", "id,name\n1,a\n\nother,table\n", "id,name|1,a"},
                    Case{"a second header", R"({"stop_at": "code,"})", "id,name\n1,a\ncode,x\n2,b\n", "id,name|1,a"},
                    Case{"the header said again", R"({"stop_at": "id,name"})", "id,name\n1,a\nid,name\n2,b\n",
                         "id,name|1,a"}));

INSTANTIATE_TEST_SUITE_P(
    Headers, Options,
    testing::Values(Case{"none", R"({"header": false})", "1,a\n2,b\n", "column1,column2|1,a|2,b"},
                    Case{"none, as a number", R"({"header": 0})", "1,a\n", "column1,column2|1,a"},
                    Case{"two rows", R"({"header": 2})", "net,,day\nprice,qty,\n5,1,x\n", "net price,qty,day|5,1,x"},
                    Case{"three rows", R"({"header": 3})", "a,b\nc,d\ne,f\n1,2\n", "a c e,b d f|1,2"},
                    Case{"names instead of it", R"({"columns": ["x", "y"]})", "id,name\n1,a\n", "x,y|1,a"},
                    Case{"names without one", R"({"header": false, "columns": ["x", "y"]})", "1,a\n", "x,y|1,a"},
                    Case{"with quotes and blanks", "{}", " id ,\"last, first\"\n1,a\n", "id,last, first|1,a"},
                    Case{"a byte order mark before it", "{}", "\xEF\xBB\xBFid,name\n1,a\n", "id,name|1,a"}));

INSTANTIATE_TEST_SUITE_P(
    Rows, Options,
    testing::Values(Case{"too few fields", "{}", "a,b\n1\n2,3\n", "a,b|2,3|!too_few_fields@2"},
                    Case{"too many fields", "{}", "a,b\n1,2,3\n2,3\n", "a,b|2,3|!too_many_fields@2"},
                    Case{"pad", R"({"ragged": "pad"})", "a,b\n1\n2,3,4\n5,6\n", "a,b|1,NULL|5,6|!too_many_fields@3"},
                    Case{"cut", R"({"ragged": "cut"})", "a,b\n1\n2,3,4\n5,6\n", "a,b|2,3|5,6|!too_few_fields@2"},
                    Case{"null_if", R"({"null_if": ["-", "n/a"]})", "a,b\n-,n/a\n\"-\",\n", "a,b|NULL,NULL|-,"},
                    Case{"a NUL byte", "{}", std::string("a,b\n1,x\0y\n2,z\n", 14), "a,b|2,z|!nul_byte@2"},
                    Case{"a NUL byte stripped", R"({"on_nul": "strip"})", std::string("a,b\n1,x\0y\n2,z\n", 14),
                         "a,b|1,xy|2,z"},
                    Case{"an invalid byte", "{}", "a,b\n1,x\xFFy\n2,z\n", "a,b|2,z|!invalid_encoding@2"},
                    Case{"an invalid byte replaced", R"({"invalid_bytes": "replace"})", "a,b\n1,x\xFFy\n2,z\n",
                         "a,b|1,x\xEF\xBF\xBDy|2,z"}));

INSTANTIATE_TEST_SUITE_P(
    Detected, Options,
    testing::Values(
        Case{"delimiter", R"({"delimiter": "auto"})", "id;name\n1;a\n2;b\n", "id,name|1,a|2,b"},
        Case{"quote", R"({"quote": "auto"})", "id,name\n1,'a, b'\n2,'c'\n", "id,name|1,a, b|2,c"},
        Case{"escape", R"({"escape": "auto"})", "id,name\n1,\"a \\\" b\"\n2,\"c\"\n", "id,name|1,a \" b|2,c"},
        Case{"header", R"({"header": "auto"})", "1,2024-01-01\n2,2024-01-02\n",
             "column1,column2|1,2024-01-01|2,2024-01-02"},
        Case{"header of two rows", R"({"header": "auto"})", "weight,height\nkg,cm\n70,180\n80,190\n75,185\n",
             "weight kg,height cm|70,180|80,190|75,185"},
        Case{"skiprows", R"({"skiprows": "auto"})", "by Jo\n\nid,name,qty\n1,a,5\n2,b,7\n", "id,name,qty|1,a,5|2,b,7"},
        Case{"all but what is said", R"({"delimiter": ",", "header": "auto"})", "id;x,name\n1;y,5\n2;z,7\n",
             "id;x,name|1;y,5|2;z,7"}));

TEST(Preview, RejectsNameLineOffsetColumnAndWhatToDo) {
  const Result<Json> answer = previewed("id,name\n1,a\n2,b\"c\n", "{}");
  ASSERT_TRUE(answer.ok());
  const Json& reject = (*answer)["rejects"][0];
  EXPECT_EQ(reject["line"], 3);
  EXPECT_EQ(reject["offset"], 12);
  EXPECT_EQ(reject["column"], "name");
  EXPECT_THAT(reject["message"].get<std::string>(), HasSubstr("set quote to \"\""));
  EXPECT_EQ(reject["raw"], "2,b\"c");
}

TEST(Preview, WhatNoDelimiterGoesWithIsAnError) {
  const Result<Json> quoted = previewed("a\n1\n2\n", R"({"delimiter": "auto", "quote": ","})");
  ASSERT_FALSE(quoted.ok());
  EXPECT_EQ(quoted.error().code, Code::kDialectUnclear);
  for (const std::string first : {"sep=\"\"\na\"\"b\n1\"\"2\n", "sep=''\na''b\n1''2\n", "sep=\\\\\na\\\\b\n1\\\\2\n"}) {
    for (const std::string options :
         {R"({"delimiter": "auto", "skiprows": "auto"})", R"({"delimiter": "auto", "quote": "'", "escape": "\\"})"}) {
      const Result<Json> answer = previewed(first, options);
      EXPECT_TRUE(answer.ok() || answer.error().code == Code::kDialectUnclear ||
                  answer.error().code == Code::kInvalidHeader)
          << first << options;
    }
  }
}

TEST(Preview, ShowsAsManyRowsAsAskedForAndOnlyTheirRejects) {
  const config::TableOptions options;
  const Result<Json> answer = preview("a,b\n1,2\n3\n4,5\n6\n7,8\n", options, 2, [] { return false; });
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ((*answer)["rows"].size(), 2u);
  EXPECT_EQ((*answer)["rejects"].size(), 1u);

  std::string many = "id,v\n";
  for (int i = 0; i < 150; ++i) many += "bad\n";
  const Result<Json> damaged = preview(many + "1,a\n2,b\n", options, 1, [] { return false; });
  ASSERT_TRUE(damaged.ok());
  EXPECT_EQ((*damaged)["rejects"].size(), 100u) << "the first, all of them counted";
  EXPECT_EQ((*damaged)["rejected"], 150);
  EXPECT_EQ((*damaged)["rows_read"], 151);
  EXPECT_EQ((*answer)["complete"], false);
}

TEST(Preview, EndsWhenItIsInterrupted) {
  const Result<Json> answer = preview("a,b\n1,2\n", config::TableOptions(), 10, [] { return true; });
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::kStopped);
}

TEST(Preview, ColumnsHaveTheNamesAndTypesThatATableWouldGet) {
  const Result<Json> answer = previewed("Order No,Order No,,day\n1,x,,2024-01-02\n",
                                        R"({"column_names": "snake_case", "column_mapping": {"day": "on_day"}})");
  ASSERT_TRUE(answer.ok());
  std::vector<std::string> names;
  for (const Json& column : (*answer)["columns"]) names.push_back(column["name"]);
  EXPECT_THAT(names, testing::ElementsAre("order_no", "order_no_2", "column3", "on_day"));
  EXPECT_EQ((*answer)["columns"][0]["type"], "integer");
  EXPECT_EQ((*answer)["columns"][3]["type"], "date");
}

TEST(Preview, AKeyHasTheTypeThatTellsItsSpellingsApart) {
  const Result<Json> answer = previewed("Chapter,page\n1.1,1.1\n1.10,1.10\n", R"({"primary_key": "chapter"})");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ((*answer)["columns"][0]["type"], "text");
  EXPECT_EQ((*answer)["columns"][1]["type"], "numeric");
}

}  // namespace
}  // namespace cpi::preview
