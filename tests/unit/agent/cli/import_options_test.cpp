// Flags and config file of `cpi import --to`: the same words, judged by the same schema.
#include "cli/import_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/option_list.h"

namespace cpi::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Options : public testing::Test {
 protected:
  Options() : file(std::filesystem::temp_directory_path() / ("cpi_options_" + std::to_string(::getpid()) + ".json")) {}
  ~Options() override { std::filesystem::remove(file); }

  void config(const std::string& text) {
    std::ofstream(file) << text;
    flags.config_file = file.string();
  }

  std::filesystem::path file;
  OptionFlags flags;
};

TEST_F(Options, AConfigFileMayBeYaml) {
  config("defaults:\n  delimiter: \";\"\n  header: false\n");
  const auto options = ImportOptions::load(flags);
  ASSERT_TRUE(options.ok()) << options.error().message;
  const auto file_options = options->for_file("a.csv");
  ASSERT_TRUE(file_options.ok());
  EXPECT_EQ(file_options->options.dialect.delimiter, ";");
  EXPECT_EQ(file_options->options.dialect.header_rows, 0);
  config("delimiter: [\n");
  EXPECT_THAT(ImportOptions::load(flags).error().message, HasSubstr(file.string() + ":"));
  config("just text\n");
  EXPECT_THAT(ImportOptions::load(flags).error().message, HasSubstr("no object of options"));
}

TEST_F(Options, FlagsMeanWhatTheConfigMeans) {
  flags.primary_key = {"a", "b"};
  flags.delimiter = "\\t";
  flags.header = "2";
  flags.max_errors = "5%";
  flags.null_if = {"", "NULL"};
  const auto options = ImportOptions::load(flags);
  ASSERT_TRUE(options.ok()) << options.error().detail;
  const auto file_options = options->for_file("in/Orders 2024.csv");
  ASSERT_TRUE(file_options.ok());
  EXPECT_THAT(file_options->options.primary_key, ElementsAre("a", "b"));
  EXPECT_EQ(file_options->options.dialect.delimiter, "\t");
  EXPECT_EQ(file_options->options.dialect.header_rows, 2);
  EXPECT_TRUE(file_options->options.max_errors->percent);
  EXPECT_THAT(file_options->options.null_if, ElementsAre("", "NULL"));
}

TEST_F(Options, AnyOptionOfAConfigMayBeSet) {
  flags.set = {"decimal_separator=,",  "trim=true", "header=2",      "columns=a,b c", "column_mapping={\"b c\":\"d\"}",
               "true_values=[\"ja\"]", "comment=1", "primary_key=a", "stop_at=a=b"};
  const auto options = ImportOptions::load(flags);
  ASSERT_TRUE(options.ok()) << options.error().detail;
  const auto file_options = options->for_file("t.csv");
  EXPECT_EQ(file_options->options.format.decimal_separator, ',');
  EXPECT_TRUE(file_options->options.dialect.trim);
  EXPECT_EQ(file_options->options.dialect.header_rows, 2);
  EXPECT_THAT(file_options->options.dialect.columns, ElementsAre("a", "b c"));
  EXPECT_THAT(file_options->options.column_mapping, ElementsAre(testing::Pair("b c", "d")));
  EXPECT_THAT(file_options->options.format.true_values, ElementsAre("ja"));
  EXPECT_EQ(file_options->options.dialect.comment, "1");
  EXPECT_EQ(file_options->options.dialect.stop_at, "a=b");
}

TEST_F(Options, WhatIsSetWronglyIsToldLikeAKeyOfTheConfig) {
  flags.set = {"decimal_seperator=,"};
  EXPECT_THAT(ImportOptions::load(flags).error().detail, HasSubstr("did you mean \"decimal_separator\"?"));
  flags.set = {"trim=yes"};
  EXPECT_THAT(ImportOptions::load(flags).error().detail, HasSubstr("trim"));
  flags.set = {"trim"};
  EXPECT_THAT(ImportOptions::load(flags).error().message, HasSubstr("is not KEY=VALUE"));
}

TEST(OptionList, DescribesEveryOptionOfTheSchema) {
  const std::string list = "\n" + option_list();
  for (const char* key : {"primary_key",
                          "column_mapping",
                          "delimiter",
                          "quote",
                          "escape",
                          "encoding",
                          "header",
                          "columns",
                          "skiprows",
                          "comment",
                          "stop_at",
                          "trim",
                          "ragged",
                          "on_nul",
                          "invalid_bytes",
                          "null_if",
                          "datestyle",
                          "date_format",
                          "timezone",
                          "decimal_separator",
                          "thousands_separator",
                          "true_values",
                          "false_values",
                          "types",
                          "column_names",
                          "schema",
                          "new_columns",
                          "missing_columns",
                          "strategy",
                          "rebuild_table",
                          "missing_rows",
                          "max_missing",
                          "duplicates",
                          "on_error",
                          "max_errors"}) {
    EXPECT_THAT(list, HasSubstr("\n" + std::string(key) + " "));
  }
  EXPECT_THAT(list, HasSubstr("Values: \"reject\", \"pad\", \"cut\"."));
}

TEST_F(Options, ATableMayBeNamedWithItsSchema) {
  flags.table = "sales.orders";
  const auto dotted = ImportOptions::load(flags)->for_file("x.csv");
  EXPECT_EQ(dotted->options.schema, "sales");
  EXPECT_EQ(dotted->table, "orders");
  flags.schema = "public";
  const auto named = ImportOptions::load(flags)->for_file("x.csv");
  EXPECT_EQ(named->options.schema, "public");
  EXPECT_EQ(named->table, "sales.orders");
}

TEST_F(Options, ControlCharactersCanBeTyped) {
  flags.set = {"delimiter=\\t", "stop_at=\\n", "comment=\\\\x\\y\\", "escape=\\"};
  auto options = ImportOptions::load(flags);
  ASSERT_TRUE(options.ok()) << options.error().detail;
  const csv::Dialect dialect = options->for_file("x.csv")->options.dialect;
  EXPECT_EQ(dialect.delimiter, "\t");
  EXPECT_EQ(dialect.stop_at, "\n");
  EXPECT_EQ(dialect.comment, "\\x\\y\\");
  EXPECT_EQ(dialect.escape, "\\");
  flags.set.clear();
  for (const char* text : {"\\t", "tab"}) {
    flags.delimiter = text;
    options = ImportOptions::load(flags);
    EXPECT_EQ(options->for_file("x.csv")->options.dialect.delimiter, "\t") << text;
  }
}

TEST_F(Options, AFlagWinsOverTheConfigFile) {
  config(R"({"delimiter": ";", "encoding": "latin-1"})");
  flags.delimiter = "|";
  const auto options = ImportOptions::load(flags);
  ASSERT_TRUE(options.ok()) << options.error().detail;
  EXPECT_EQ(options->for_file("x.csv")->options.dialect.delimiter, "|");
  EXPECT_EQ(options->for_file("x.csv")->options.encoding, "latin-1");
}

TEST_F(Options, AProjectsConfigGivesEachFileItsTable) {
  config(R"({"defaults": {"primary_key": "id"}, "table_naming": {"strip_prefix": "exp_"},
             "tables": [{"file_pattern": "cust*.csv", "target_table": "people", "primary_key": "nr"}]})");
  flags.delimiter = ";";
  const auto options = ImportOptions::load(flags);
  ASSERT_TRUE(options.ok()) << options.error().detail;
  EXPECT_EQ(options->for_file("cust1.csv")->table, "people");
  EXPECT_THAT(options->for_file("cust1.csv")->options.primary_key, ElementsAre("nr"));
  EXPECT_EQ(options->for_file("cust1.csv")->options.dialect.delimiter, ";");
  EXPECT_EQ(options->for_file("exp_orders.csv")->table, "orders");
  EXPECT_EQ(options->for_file("notes.txt").error().code, Code::kInvalidArgument);
}

TEST_F(Options, MistakesAreNamed) {
  flags.types = "infr";
  EXPECT_THAT(ImportOptions::load(flags).error().detail, HasSubstr("infer"));
  flags.types.clear();
  config("{\"delimiter\": ");
  EXPECT_EQ(ImportOptions::load(flags).error().code, Code::kInvalidJson);
  config("[1]");
  EXPECT_EQ(ImportOptions::load(flags).error().code, Code::kInvalidJson);
  flags.config_file = "/nowhere/c.json";
  EXPECT_EQ(ImportOptions::load(flags).error().code, Code::kFileNotFound);
}

}  // namespace
}  // namespace cpi::cli
