// parse(), parse_table_options(), options_for() and table_name_for().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/model.h"

namespace cpi::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(Parse, AnEmptyConfigHasTheDefaults) {
  const Result<ProjectConfig> config = parse("{}");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->file_pattern, "*.csv");
  EXPECT_TRUE(config->table_naming.lowercase);
  EXPECT_FALSE(config->stable_seconds.has_value());
  const TableOptions& table = config->defaults;
  EXPECT_THAT(table.primary_key, IsEmpty());
  EXPECT_EQ(table.dialect.delimiter, ",");
  EXPECT_EQ(table.dialect.quote, "\"");
  EXPECT_EQ(table.dialect.header_rows, 1);
  EXPECT_EQ(table.encoding, "utf-8");
  EXPECT_THAT(table.null_if, ElementsAre(""));
  EXPECT_FALSE(table.format.date_order_given);
  EXPECT_EQ(table.schema, "public");
  EXPECT_EQ(table.on_error, OnError::kAbort);
  EXPECT_FALSE(table.max_errors.has_value());
  EXPECT_TRUE(table.max_missing.percent);
  EXPECT_EQ(table.max_missing.value, 10);
}

TEST(Parse, EveryOptionReachesItsField) {
  const Result<TableOptions> table = parse_table_options(R"({
    "primary_key": ["a", "b"], "column_mapping": {"X": "a"}, "delimiter": "||", "quote": "'", "escape": "\\",
    "encoding": "latin-1", "header": 2, "skiprows": 3, "comment": "#", "stop_at": "Sum", "trim": true, "ragged": "pad",
    "on_nul": "strip", "invalid_bytes": "replace", "null_if": ["", "NULL"], "datestyle": "DMY", "date_format": "DD.MM.YYYY",
    "timezone": "Europe/Berlin", "decimal_separator": ",", "thousands_separator": ".", "true_values": ["ja"],
    "false_values": ["nein"], "types": "infer", "column_names": "snake_case", "schema": "s", "new_columns": "fail",
    "missing_columns": "null", "rebuild_table": "truncate", "missing_rows": "delete", "max_missing": 7,
    "duplicates": "error", "on_error": "continue", "max_errors": "2.5%", "strategy": "merge"})");
  ASSERT_TRUE(table.ok()) << table.error().detail;
  EXPECT_THAT(table->primary_key, ElementsAre("a", "b"));
  EXPECT_THAT(table->column_mapping, ElementsAre(Pair("X", "a")));
  EXPECT_EQ(table->dialect.delimiter, "||");
  EXPECT_EQ(table->dialect.quote, "'");
  EXPECT_EQ(table->dialect.escape, "\\");
  EXPECT_EQ(table->encoding, "latin-1");
  EXPECT_EQ(table->dialect.header_rows, 2);
  EXPECT_EQ(table->dialect.skip_rows, 3);
  EXPECT_EQ(table->dialect.comment, "#");
  EXPECT_EQ(table->dialect.stop_at, "Sum");
  EXPECT_TRUE(table->dialect.trim);
  EXPECT_EQ(table->dialect.ragged, csv::Ragged::kPad);
  EXPECT_EQ(table->dialect.on_nul, csv::OnNul::kStrip);
  EXPECT_EQ(table->dialect.invalid_bytes, csv::InvalidBytes::kReplace);
  EXPECT_THAT(table->null_if, ElementsAre("", "NULL"));
  EXPECT_TRUE(table->format.date_order_given);
  EXPECT_EQ(table->format.date_order, value::DateOrder::kDmy);
  EXPECT_EQ(table->format.date_format, "DD.MM.YYYY");
  EXPECT_EQ(table->format.timezone, "Europe/Berlin");
  EXPECT_EQ(table->format.decimal_separator, ',');
  EXPECT_EQ(table->format.thousands_separator, ".");
  EXPECT_THAT(table->format.true_values, ElementsAre("ja"));
  EXPECT_THAT(table->format.false_values, ElementsAre("nein"));
  EXPECT_EQ(table->types, Types::kInfer);
  EXPECT_EQ(table->column_names, ColumnNames::kSnakeCase);
  EXPECT_EQ(table->schema, "s");
  EXPECT_EQ(table->new_columns, NewColumns::kFail);
  EXPECT_EQ(table->missing_columns, MissingColumns::kNull);
  EXPECT_EQ(table->rebuild_table, RebuildTable::kTruncate);
  EXPECT_EQ(table->missing_rows, MissingRows::kDelete);
  EXPECT_EQ(table->max_missing.value, 7);
  EXPECT_FALSE(table->max_missing.percent);
  EXPECT_EQ(table->duplicates, Duplicates::kError);
  EXPECT_EQ(table->on_error, OnError::kContinue);
  EXPECT_EQ(table->max_errors->value, 2.5);
  EXPECT_TRUE(table->max_errors->percent);
  EXPECT_EQ(table->strategy, StrategyChoice::kMerge);
}

TEST(Parse, EveryProjectKeyReachesItsField) {
  const Result<ProjectConfig> config = parse(R"({
    "name": "shop", "local": {"path": "/in"}, "defaults": {"file_pattern": "*.txt"},
    "table_naming": {"strip_prefix": "exp_", "strip_suffix": "_v2", "lowercase": false},
    "exclude_pattern": "*.tmp", "latest_only": true, "stable_seconds": 2.5, "done_file": "*.done", "skip_loaded": true,
    "after_import": "rename", "on_failure": "move", "refresh_materialized_views": true})");
  ASSERT_TRUE(config.ok()) << config.error().detail;
  EXPECT_EQ(config->name, "shop");
  EXPECT_EQ(config->local_path, "/in");
  EXPECT_FALSE(config->has_sftp);
  EXPECT_EQ(config->file_pattern, "*.txt");
  EXPECT_EQ(config->table_naming.strip_prefix, "exp_");
  EXPECT_EQ(config->table_naming.strip_suffix, "_v2");
  EXPECT_FALSE(config->table_naming.lowercase);
  EXPECT_EQ(config->exclude_pattern, "*.tmp");
  EXPECT_TRUE(config->latest_only);
  EXPECT_EQ(config->stable_seconds, 2.5);
  EXPECT_EQ(config->done_file, "*.done");
  EXPECT_TRUE(config->skip_loaded);
  EXPECT_EQ(config->after_import, AfterImport::kRename);
  EXPECT_EQ(config->on_failure, OnFailure::kMove);
  EXPECT_TRUE(config->refresh_materialized_views);
}

TEST(Parse, AutoIsDetectionAndLeavesTheDialectAtItsDefault) {
  const Result<TableOptions> table =
      parse_table_options(R"({"delimiter":"auto","quote":"auto","escape":"auto","header":"auto","skiprows":"auto"})");
  ASSERT_TRUE(table.ok());
  EXPECT_TRUE(table->detect_delimiter && table->detect_quote && table->detect_escape && table->detect_header &&
              table->detect_skiprows);
  EXPECT_EQ(table->dialect.delimiter, ",");
  EXPECT_EQ(table->dialect.quote, "\"");
}

TEST(Parse, HeaderFalseIsNoHeaderRow) { EXPECT_EQ(parse_table_options(R"({"header":false})")->dialect.header_rows, 0); }

TEST(Parse, AnEscapeThatIsTheQuoteMeansDoubling) {
  EXPECT_EQ(parse_table_options(R"({"escape":"\""})")->dialect.escape, "");
}

TEST(Parse, MaxErrorsAloneImpliesContinue) {
  EXPECT_EQ(parse_table_options(R"({"max_errors":5})")->on_error, OnError::kContinue);
}

TEST(Parse, AnEntryOverlaysTheDefaultsKeyByKey) {
  const Result<ProjectConfig> config = parse(R"({"defaults":{"delimiter":";","primary_key":"id","max_errors":5},
    "tables":[{"file_pattern":"a*","primary_key":["x","y"]},{"file_pattern":"b*","on_error":"abort"}]})");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->tables[0].options.dialect.delimiter, ";");
  EXPECT_THAT(config->tables[0].options.primary_key, ElementsAre("x", "y"));
  EXPECT_TRUE(config->tables[0].options.max_errors.has_value());
  EXPECT_FALSE(config->tables[1].options.max_errors.has_value())
      << "abort said for this table ends the defaults' limit";
  EXPECT_EQ(config->tables[1].options.on_error, OnError::kAbort);
}

TEST(Parse, AnInvalidConfigIsAnErrorWithAllFindings) {
  const Result<ProjectConfig> config = parse(R"({"defalts":{},"latest_only":5})");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().code, Code::kInvalidConfig);
  EXPECT_EQ(config.error().message, "the config has 2 mistakes");
  EXPECT_THAT(config.error().detail, HasSubstr("defalts: unknown key \"defalts\" (did you mean \"defaults\"?)"));
  EXPECT_THAT(config.error().detail, HasSubstr("latest_only: "));
}

TEST(ParseTableOptions, NamesPathsWithoutAPrefix) {
  EXPECT_THAT(parse_table_options(R"({"delimitre":";"})").error().detail, testing::StartsWith("delimitre: "));
  EXPECT_THAT(parse_table_options("5").error().detail, HasSubstr("must be an object"));
  EXPECT_THAT(parse_table_options("{").error().detail, HasSubstr("not valid JSON"));
}

TEST(OptionsFor, TheFirstMatchingEntryWinsThenTheDefaults) {
  const ProjectConfig config = *parse(R"({"exclude_pattern":"*_old.csv","tables":[
    {"file_pattern":"orders*.csv","target_table":"first"},{"file_pattern":"orders_2*","target_table":"second"}]})");
  EXPECT_EQ(options_for(config, "orders_2.csv")->target_table, "first");
  EXPECT_EQ(options_for(config, "orders_2.txt")->target_table, "second");
  EXPECT_EQ(options_for(config, "in/orders.csv")->target_table, "first");
  EXPECT_EQ(options_for(config, "people.csv")->target_table, "");
  EXPECT_FALSE(options_for(config, "orders_old.csv").has_value());
  EXPECT_FALSE(options_for(config, "people.txt").has_value());
}

struct Naming {
  TableNaming naming;
  const char* path;
  const char* table;
  friend void PrintTo(const Naming& naming, std::ostream* out) { *out << naming.path; }
};

class TableName : public testing::TestWithParam<Naming> {};

TEST_P(TableName, ComesFromTheFilesName) {
  EXPECT_EQ(table_name_for(GetParam().naming, TableOptions{}, GetParam().path), GetParam().table);
}

INSTANTIATE_TEST_SUITE_P(
    Files, TableName,
    testing::Values(Naming{{}, "Orders.csv", "orders"}, Naming{{"", "", false}, "Orders.csv", "Orders"},
                    Naming{{}, "in/2024/Orders.CSV", "orders"}, Naming{{}, "orders", "orders"},
                    Naming{{}, "orders.2024.csv", "orders.2024"}, Naming{{}, "orders.csv.gz", "orders"},
                    Naming{{}, ".csv", ".csv"}, Naming{{"EXP_", "_V2", true}, "exp_Orders_v2.csv", "orders"},
                    Naming{{"exp_", "", true}, "orders.csv", "orders"},
                    Naming{{"orders", "", true}, "orders.csv", "orders"},
                    Naming{{"ÄÖ_", "", true}, "äö_Straße.csv", "straße"}, Naming{{}, "ÄRGER.csv", "ärger"},
                    Naming{{},
                           "a2345678901234567890123456789012345678901234567890123456789012345.csv",
                           "a2345678901234567890123456789012345678901234567890123456789012345"}));

TEST(TableNameFor, TheTargetTableWins) {
  TableOptions options;
  options.target_table = "Orders";
  EXPECT_EQ(table_name_for({}, options, "x.csv"), "Orders");
}

TEST(Amount, IsExceededByMoreThanItAllows) {
  EXPECT_FALSE((Amount{0, false}.exceeded_by(0, 100)));
  EXPECT_TRUE((Amount{0, false}.exceeded_by(1, 100)));
  EXPECT_FALSE((Amount{10, true}.exceeded_by(10, 100)));
  EXPECT_TRUE((Amount{10, true}.exceeded_by(11, 100)));
  EXPECT_FALSE((Amount{10, true}.exceeded_by(0, 0)));
}

}  // namespace
}  // namespace cpi::config
