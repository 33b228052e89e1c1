// What validate() finds: every class of mistake, with path, rule and hint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "core/config/model.h"

namespace cpi::config {
namespace {

using testing::HasSubstr;

struct Mistake {
  const char* config;
  const char* path;
  const char* rule;
  const char* message;  ///< a part of it
  const char* hint;     ///< a part of it
  friend void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.config; }
};

class OneMistake : public testing::TestWithParam<Mistake> {};

TEST_P(OneMistake, IsTheOnlyFindingAndNamesPathRuleAndRemedy) {
  const Findings findings = validate(GetParam().config, "shop");
  ASSERT_EQ(findings.size(), 1U) << (findings.empty() ? "none" : findings[1].path + ": " + findings[1].message);
  EXPECT_EQ(findings[0].path, GetParam().path);
  EXPECT_EQ(findings[0].rule, GetParam().rule);
  EXPECT_THAT(findings[0].message, HasSubstr(GetParam().message));
  EXPECT_THAT(findings[0].hint, HasSubstr(GetParam().hint));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, OneMistake,
    testing::Values(
        Mistake{R"({"defalts":{}})", "defalts", "unknown_key", "unknown key \"defalts\"", "did you mean \"defaults\"?"},
        Mistake{R"({"Defaults":{}})", "Defaults", "unknown_key", "", "did you mean \"defaults\"?"},
        Mistake{R"({"defaults":{"delimitre":";"}})", "defaults.delimitre", "unknown_key", "",
                "did you mean \"delimiter\"?"},
        Mistake{R"({"defaults":{"primary-key":"id"}})", "defaults[\"primary-key\"]", "unknown_key", "",
                "did you mean \"primary_key\"?"},
        Mistake{R"({"defaults":{"primarykey":"id"}})", "defaults.primarykey", "unknown_key", "",
                "did you mean \"primary_key\"?"},
        Mistake{R"({"defaults":{"sep":";"}})", "defaults.sep", "unknown_key", "", "did you mean \"delimiter\"?"},
        Mistake{R"({"delimiter":";"})", "delimiter", "unknown_key", "", "belongs in \"defaults\""},
        Mistake{R"({"target_table":"t"})", "target_table", "unknown_key", "", "belongs in an entry of \"tables\""},
        Mistake{R"({"defaults":{"target_table":"t"}})", "defaults.target_table", "unknown_key", "",
                "entry of \"tables\""},
        Mistake{R"({"defaults":{"latest_only":true}})", "defaults.latest_only", "unknown_key", "", "at the top"},
        Mistake{R"({"lowercase":true})", "lowercase", "unknown_key", "", "belongs in \"table_naming\""},
        Mistake{R"({"defaults":{"zzzzzzzz":1}})", "defaults.zzzzzzzz", "unknown_key", "",
                "Known keys here: file_pattern"},
        Mistake{R"({"local":{"path":"a","paht":"b"}})", "local.paht", "unknown_key", "", "did you mean \"path\"?"},
        Mistake{R"({"sftp":{"host":"h","user":"u"}})", "sftp.user", "unknown_key", "", "did you mean \"username\"?"},
        Mistake{R"({"table_naming":{"lower_case":true}})", "table_naming.lower_case", "unknown_key", "",
                "\"lowercase\"?"},
        Mistake{R"({"tables":[{"file_pattern":"a","duplicate":"last"}]})", "tables[0].duplicate", "unknown_key", "",
                "did you mean \"duplicates\"?"},
        Mistake{R"({"hooks":{"befor":[]}})", "hooks.befor", "unknown_key", "", "did you mean \"before\"?"},
        Mistake{R"({"local":{}})", "local", "missing_key", "key \"path\" is missing", ""},
        Mistake{R"({"tables":[{"target_table":"t"}]})", "tables[0]", "missing_key", "key \"file_pattern\" is missing",
                ""},
        Mistake{R"({"hooks":{"after":[{}]}})", "hooks.after[0]", "not_one_key", "exactly one", ""}));

INSTANTIATE_TEST_SUITE_P(
    Types, OneMistake,
    testing::Values(
        Mistake{"[]", "", "wrong_type", "must be an object, not a list", ""},
        Mistake{"null", "", "wrong_type", "not null", ""}, Mistake{"\"x\"", "", "wrong_type", "must be an object", ""},
        Mistake{R"({"defaults":[]})", "defaults", "wrong_type", "must be an object, not a list", ""},
        Mistake{R"({"defaults":null})", "defaults", "wrong_type", "not null", "Leave the key out"},
        Mistake{R"({"tables":{}})", "tables", "wrong_type", "must be a list", ""},
        Mistake{R"({"tables":["orders"]})", "tables[0]", "wrong_type", "must be an object, not \"orders\"", ""},
        Mistake{R"({"defaults":{"delimiter":5}})", "defaults.delimiter", "wrong_type", "must be a text, not 5", ""},
        Mistake{R"({"defaults":{"trim":"true"}})", "defaults.trim", "wrong_type", "must be true or false, not \"true\"",
                "without quotes"},
        Mistake{R"({"defaults":{"header":1.5}})", "defaults.header", "wrong_type", "a whole number from 0 to 100", ""},
        Mistake{R"({"defaults":{"skiprows":"3"}})", "defaults.skiprows", "unknown_value", "or \"auto\", not \"3\"",
                "without quotes"},
        Mistake{R"({"defaults":{"primary_key":5}})", "defaults.primary_key", "wrong_type", "", ""},
        Mistake{R"({"defaults":{"primary_key":["id",5]}})", "defaults.primary_key[1]", "wrong_type", "not 5", ""},
        Mistake{R"({"defaults":{"primary_key":[["id"]]}})", "defaults.primary_key[0]", "wrong_type", "not a list", ""},
        Mistake{R"({"defaults":{"column_mapping":{"Order Date":5}}})", "defaults.column_mapping[\"Order Date\"]",
                "wrong_type", "must be a text", ""},
        Mistake{R"({"defaults":{"column_mapping":["a"]}})", "defaults.column_mapping", "wrong_type", "an object", ""},
        Mistake{R"({"stable_seconds":"5"})", "stable_seconds", "wrong_type", "a number from 0", "without quotes"},
        Mistake{R"({"latest_only":1})", "latest_only", "wrong_type", "true or false, not 1", ""}));

INSTANTIATE_TEST_SUITE_P(
    Values, OneMistake,
    testing::Values(
        Mistake{R"({"defaults":{"duplicates":"lst"}})", "defaults.duplicates", "unknown_value", "\"lst\"",
                "did you mean \"last\"?"},
        Mistake{R"({"defaults":{"duplicates":"Last"}})", "defaults.duplicates", "unknown_value", "",
                "did you mean \"last\"?"},
        Mistake{R"({"defaults":{"on_error":"ignore"}})", "defaults.on_error", "unknown_value", "",
                "\"abort\" or \"continue\""},
        Mistake{R"({"defaults":{"rebuild_table":"trunkate"}})", "defaults.rebuild_table", "unknown_value", "",
                "did you mean \"truncate\"?"},
        Mistake{R"({"defaults":{"datestyle":"European"}})", "defaults.datestyle", "unknown_value", "", "\"DMY\""},
        Mistake{R"({"defaults":{"header":-1}})", "defaults.header", "out_of_range", "-1 is out of range", "0 to 100"},
        Mistake{R"({"sftp":{"host":"h","port":70000}})", "sftp.port", "out_of_range", "70000", "65535"},
        Mistake{R"({"stable_seconds":-1})", "stable_seconds", "out_of_range", "-1", "from 0"},
        Mistake{R"({"defaults":{"delimiter":""}})", "defaults.delimiter", "too_short", "must not be empty", ""},
        Mistake{R"({"defaults":{"primary_key":""}})", "defaults.primary_key", "too_short", "empty", ""},
        Mistake{R"({"defaults":{"primary_key":[]}})", "defaults.primary_key", "too_few_items", "empty list", ""},
        Mistake{R"({"defaults":{"primary_key":["a","a"]}})", "defaults.primary_key", "repeated_item",
                "\"a\" is named twice", ""},
        Mistake{R"({"defaults":{"columns":["a","b","a"]}})", "defaults.columns", "repeated_item", "\"a\"", ""},
        Mistake{R"({"defaults":{"max_errors":"10"}})", "defaults.max_errors", "malformed", "\"10\"", "percentage"},
        Mistake{R"({"defaults":{"max_errors":"200%"}})", "defaults.max_errors", "malformed", "\"200%\"", "percentage"},
        Mistake{R"({"defaults":{"max_errors":-1}})", "defaults.max_errors", "out_of_range", "-1", ""},
        Mistake{R"({"defaults":{"schema":"ääääääääääääääääääääääääääääääääääääääää"}})", "defaults.schema",
                "name_too_long", "63 bytes", "Shorten"}));

INSTANTIATE_TEST_SUITE_P(
    Contradictions, OneMistake,
    testing::Values(
        Mistake{R"({"name":"store"})", "name", "name_differs", "the project is called \"shop\"", ""},
        Mistake{R"({"defaults":{"delimiter":"\""}})", "defaults.delimiter", "delimiter_holds_quote", "", "quote"},
        Mistake{R"({"defaults":{"delimiter":";","quote":";"}})", "defaults.quote", "delimiter_holds_quote", "", ""},
        Mistake{R"({"defaults":{"delimiter":"\n"}})", "defaults.delimiter", "line_break", "", ""},
        Mistake{R"({"defaults":{"quote":"''"}})", "defaults.quote", "not_one_character", "", "one character"},
        Mistake{R"({"defaults":{"escape":"ab"}})", "defaults.escape", "not_one_character", "", ""},
        Mistake{R"({"defaults":{"delimiter":"\\","escape":"\\"}})", "defaults.escape", "escape_is_delimiter", "", ""},
        Mistake{R"({"defaults":{"comment":","}})", "defaults.comment", "comment_is_dialect", "", ""},
        Mistake{R"({"defaults":{"comment":"#\n"}})", "defaults.comment", "line_break", "", "Leave it out"},
        Mistake{R"({"defaults":{"stop_at":"\nTotal"}})", "defaults.stop_at", "line_break", "", "\"\\n\" alone"},
        Mistake{R"({"defaults":{"decimal_separator":",","thousands_separator":","}})", "defaults.thousands_separator",
                "same_separators", "", ""},
        Mistake{R"({"defaults":{"thousands_separator":"."}})", "defaults.thousands_separator", "same_separators", "",
                ""},
        Mistake{R"({"defaults":{"thousands_separator":"0"}})", "defaults.thousands_separator", "not_a_separator", "",
                ""},
        Mistake{R"({"defaults":{"true_values":["Ja"],"false_values":["ja"]}})", "defaults.false_values",
                "true_and_false", "", ""},
        Mistake{R"({"defaults":{"true_values":["ДА "],"false_values":["да"]}})", "defaults.false_values",
                "true_and_false", "", ""},
        Mistake{R"({"defaults":{"true_values":["x"],"null_if":["x"]}})", "defaults.true_values", "null_and_boolean",
                "\"x\" means both NULL and true", "null_if"},
        Mistake{R"({"defaults":{"null_if":"-"},"tables":[{"file_pattern":"a","false_values":["-"]}]})",
                "tables[0].false_values", "null_and_boolean", "both NULL and false", ""},
        Mistake{R"({"defaults":{"thousands_separator":"x"}})", "defaults.thousands_separator", "not_a_separator", "",
                ""},
        Mistake{R"({"defaults":{"date_format":"%Q"}})", "defaults.date_format", "unknown_date_format",
                "has no field \"%Q\"", "Known fields are YYYY"},
        Mistake{R"({"defaults":{"date_format":"%d.%m.%Y"}})", "defaults.date_format", "unknown_date_format",
                "has no field \"%d\"", "Did you mean \"DD.MM.YYYY\"?"},
        Mistake{R"({"defaults":{"date_format":"DD.MM"}})", "defaults.date_format", "unknown_date_format",
                "does not say where the year is", "Known fields"},
        Mistake{R"({"defaults":{"date_format":"Q"}})", "defaults.date_format", "unknown_date_format",
                "begins with \"Q\"", "Known fields"},
        Mistake{R"({"defaults":{"timezone":"Europe/Berln"}})", "defaults.timezone", "unknown_time_zone",
                "unknown time zone \"Europe/Berln\"", "tz database"},
        Mistake{R"({"defaults":{"timezone":"../etc/passwd"}})", "defaults.timezone", "unknown_time_zone", "", ""},
        Mistake{R"({"defaults":{"encoding":"utf-9"}})", "defaults.encoding", "unknown_encoding",
                "unknown encoding \"utf-9\"", "Did you mean"},
        Mistake{R"({"tables":[{"file_pattern":"a","encoding":"klingon"}]})", "tables[0].encoding", "unknown_encoding",
                "", "a name that ICU knows"},
        Mistake{R"({"defaults":{"column_mapping":{"a":"ctid"}}})", "defaults.column_mapping", "reserved_name",
                "\"ctid\"", "\"ctid_\""},
        Mistake{R"({"defaults":{"column_mapping":{"a":"cpi_line"}}})", "defaults.column_mapping", "reserved_name",
                "cpi keeps that name", "\"cpi_line_\""},
        Mistake{R"({"defaults":{"column_mapping":{"a":"ääääääääääääääääääääääääääääääääääääääää"}}})",
                "defaults.column_mapping", "name_too_long", "63 bytes", ""},
        Mistake{R"({"defaults":{"file_pattern":"/data/*.csv"}})", "defaults.file_pattern", "absolute_pattern",
                "no file matches", "directory"},
        Mistake{R"({"tables":[{"file_pattern":"a","target_table":"sales.orders"}]})", "tables[0].target_table",
                "dotted_name", "", "\"schema\": \"sales\""},
        Mistake{R"({"defaults":{"primary_key":"ID","column_mapping":{"ID":"id"}}})", "defaults.primary_key",
                "key_mapped_away", "", "did you mean \"id\"?"},
        Mistake{R"({"defaults":{"column_mapping":{"a":"x","b":"x"}}})", "defaults.column_mapping", "mapped_twice", "",
                ""},
        Mistake{R"({"defaults":{"primary_key":"id","header":false}})", "defaults.primary_key", "no_such_column", "",
                "\"columns\""},
        Mistake{R"({"defaults":{"primary_key":"id","header":0}})", "defaults.primary_key", "no_such_column", "", ""},
        Mistake{R"({"defaults":{"primary_key":"ids","columns":["id","name"]}})", "defaults.primary_key",
                "no_such_column", "", "did you mean \"id\"?"},
        Mistake{R"({"defaults":{"columns":["id"],"column_mapping":{"idd":"x"}}})", "defaults.column_mapping",
                "no_such_column", "", ""},
        Mistake{R"({"defaults":{"max_errors":5,"on_error":"abort"}})", "defaults.max_errors", "max_errors_with_abort",
                "", ""},
        Mistake{R"({"defaults":{"rebuild_table":true,"missing_rows":"mark"}})", "defaults.missing_rows",
                "rebuild_keeps_rows", "", ""},
        Mistake{R"({"tables":[{"file_pattern":"a*"},{"file_pattern":"a*"}]})", "tables[1].file_pattern",
                "repeated_pattern", "tables[0]", ""},
        Mistake{R"({"defaults":{"delimiter":";"},"tables":[{"file_pattern":"a","quote":";"}]})", "tables[0].quote",
                "delimiter_holds_quote", "", ""},
        Mistake{R"({"defaults":{"delimiter":"\""},"tables":[{"file_pattern":"a"}]})", "defaults.delimiter",
                "delimiter_holds_quote", "", ""}));

INSTANTIATE_TEST_SUITE_P(
    Texts, OneMistake,
    testing::Values(Mistake{"", "", "malformed_json", "line 1, column 1", ""},
                    Mistake{"{\"defaults\":\n {\"trim\": true,}}", "", "malformed_json", "line 2, column 16", "comma"},
                    Mistake{"{'defaults': {}}", "", "malformed_json", "column 2", ""},
                    Mistake{R"({"defaults":{"delimiter":"\u0000"}})", "defaults.delimiter", "nul_character", "", ""},
                    Mistake{R"({"latest_only":true,"latest_only":false})", "latest_only", "repeated_key", "given twice",
                            ""},
                    Mistake{"[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "", "too_deep", "levels", ""}));

TEST(Validate, AConfigOverOneMegabyteIsRefusedUnread) {
  const Findings findings = validate("{\"name\": \"" + std::string(2 << 20, 'x') + "\"}", "");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, "too_large");
}

TEST(Validate, AHugeTextInAFieldWithAPatternIsRefusedBeforeThePatternIsTried) {
  const Findings findings = validate(R"({"defaults":{"max_errors":")" + std::string(500000, '1') + "%\"}}", "");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, "too_long");
}

TEST(Validate, APasswordOfTheWrongTypeIsNotShown) {
  for (const char* config : {R"({"sftp":{"host":"h","password":4711}})", R"({"sftp":{"host":"h","password":true}})"}) {
    const Findings findings = validate(config, "");
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].path, "sftp.password");
    EXPECT_EQ(findings[0].message.find("4711"), std::string::npos) << findings[0].message;
    EXPECT_EQ(findings[0].hint.find("4711"), std::string::npos) << findings[0].hint;
  }
}

TEST(Validate, AllMistakesAreReportedAtOnce) {
  const Findings findings =
      validate(R"({"delimiter":";","defaults":{"quot":"'","trim":5},"tables":[{"duplicates":"x"}]})", "");
  std::set<std::string> paths;
  for (const Finding& finding : findings) paths.insert(finding.path);
  EXPECT_EQ(paths, (std::set<std::string>{"delimiter", "defaults.quot", "defaults.trim", "tables[0]",
                                          "tables[0].duplicates"}));
}

class ValidConfig : public testing::TestWithParam<const char*> {};

TEST_P(ValidConfig, HasNoFindings) {
  for (const Finding& finding : validate(GetParam(), "shop")) ADD_FAILURE() << finding.path << ": " << finding.message;
}

INSTANTIATE_TEST_SUITE_P(
    Configs, ValidConfig,
    testing::Values(
        "{}", R"({"defaults":{"stop_at":"\n"}})",
        R"({"name":"shop","defaults":{"file_pattern":"*.csv","primary_key":"id"}})",
        R"({"local":{"path":"/in"},"latest_only":true,"defaults":{"rebuild_table":true}})",
        R"({"defaults":{"rebuild_table":"truncate","missing_rows":"delete","max_missing":"5%"}})",
        R"({"defaults":{"primary_key":"id","column_mapping":{"ID":"id"}}})",
        R"({"defaults":{"primary_key":"column2","header":false}})",
        R"({"defaults":{"primary_key":"id","header":false,"columns":["id","name"]}})",
        R"({"defaults":{"primary_key":"id","header":false,"column_mapping":{"column1":"id"}}})",
        R"({"defaults":{"primary_key":"order_id","columns":["Order ID"],"column_names":"snake_case"}})",
        R"({"defaults":{"delimiter":"||","quote":"","escape":"\\"}})",
        R"({"defaults":{"delimiter":"auto","quote":"auto","escape":"auto","header":"auto","skiprows":"auto","encoding":"auto"}})",
        R"({"defaults":{"decimal_separator":",","thousands_separator":"."}})",
        R"({"defaults":{"max_errors":"0.5%","on_error":"continue","null_if":"NULL"}})",
        R"({"defaults":{"max_errors":"5%"},"tables":[{"file_pattern":"a","on_error":"abort"}]})",
        R"({"hooks":{"before":[{"sql":"SELECT 1"}],"after":[{"shell":"true"}]}})",
        R"({"sftp":{"host":"h","port":22,"username":"u","password":"p","remote_path":"/out","host_key":"SHA256:x"}})"));

/// A value that the schema allows, from the schema itself.
nlohmann::json sample(const nlohmann::json& given, const nlohmann::json& root) {
  if (given.contains("$ref")) {
    return sample(root.at(nlohmann::json::json_pointer(given["$ref"].get<std::string>().substr(1))), root);
  }
  if (given.contains("default")) return given["default"];
  if (given.contains("examples")) return given["examples"][0];
  if (given.contains("enum")) return given["enum"][0];
  if (given.contains("anyOf")) return sample(given["anyOf"][0], root);
  const std::string type = given["type"];
  if (type == "boolean") return true;
  if (type == "integer" || type == "number") return given.value("minimum", 1);
  if (type == "array") return nlohmann::json::array({sample(given["items"], root)});
  if (type == "object") return nlohmann::json::object({{"sql", "x"}});
  return "x";
}

TEST(Schema, EveryPropertyHasTitleAndDescriptionAndAcceptsASample) {
  const auto root = nlohmann::json::parse(schema());
  int checked = 0;
  const auto check = [&](const nlohmann::json& properties, const std::string& where) {
    for (const auto& item : properties.items()) {
      nlohmann::json node = item.value();
      if (node.contains("$ref"))
        node = root.at(nlohmann::json::json_pointer(node["$ref"].get<std::string>().substr(1)));
      EXPECT_FALSE(node.value("title", "").empty()) << where << item.key();
      EXPECT_FALSE(node.value("description", "").empty()) << where << item.key();
      ++checked;
    }
  };
  const nlohmann::json& properties = root["properties"];
  check(properties, "");
  for (const char* group : {"local", "sftp", "defaults", "table_naming", "hooks"}) {
    check(properties[group]["properties"], std::string(group) + ".");
    EXPECT_EQ(properties[group]["additionalProperties"], false) << group;
  }
  check(properties["tables"]["items"]["properties"], "tables.");
  EXPECT_GT(checked, 90);

  for (const auto& item : properties["defaults"]["properties"].items()) {
    const nlohmann::json config = {{"defaults", {{item.key(), sample(item.value(), root)}}}};
    for (const Finding& finding : validate(config.dump(), "")) {
      ADD_FAILURE() << config.dump() << ": " << finding.path << ": " << finding.message;
    }
  }
}

TEST(Schema, TablesKnowEveryOptionOfDefaults) {
  const auto root = nlohmann::json::parse(schema());
  const auto& entry = root["properties"]["tables"]["items"]["properties"];
  for (const auto& item : root["properties"]["defaults"]["properties"].items()) {
    EXPECT_EQ(entry.value(item.key(), nlohmann::json()), item.value()) << item.key();
  }
}

}  // namespace
}  // namespace cpi::config
