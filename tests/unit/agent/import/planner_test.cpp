// The planner as tables of cases: header, table and options on one side, the plan in words or the refusal on the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "import/plan.h"

namespace cpi::import {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const value::ColumnType kText{25, -1, "text"};
const value::ColumnType kInt4{23, -1, "integer"};
const value::ColumnType kInt8{20, -1, "bigint"};
const value::ColumnType kJsonb{3802, -1, "jsonb"};

target::Column column(const std::string& name, const value::ColumnType& type = kText) {
  target::Column out;
  out.name = name;
  out.type = out.base_type = type;
  return out;
}

/// A table public.t with a primary key over `key` (none when empty).
target::Table table(std::vector<target::Column> columns, std::vector<std::string> key = {"id"}) {
  target::Table out;
  out.name = {"public", "t"};
  out.columns = std::move(columns);
  out.fingerprint = "f1";
  for (target::Column& one : out.columns) {
    if (std::find(key.begin(), key.end(), one.name) != key.end()) one.not_null = true;
  }
  if (!key.empty()) out.unique_indexes.push_back({"t_pkey", true, std::move(key), {}});
  return out;
}

PlannerInput input(std::vector<std::string> header, std::optional<target::Table> existing) {
  PlannerInput out;
  out.table = std::move(existing);
  out.table_name = {"public", "t"};
  out.header = std::move(header);
  return out;
}

/// "0:File Name→table_name" per column, with "+" for one that is added, "*" for the key and "!" for NOT NULL.
std::vector<std::string> words(const Plan& plan) {
  std::vector<std::string> out;
  for (const PlannedColumn& c : plan.columns) {
    out.push_back(std::to_string(c.file_index) + ":" + c.file_column + "→" + c.table_column +
                  (c.add_to_table ? "+" : "") + (c.key ? "*" : "") + (c.not_null ? "!" : ""));
  }
  return out;
}

using Change = std::function<void(PlannerInput&)>;
const Change kNothing = [](PlannerInput&) {};

struct Planned {
  const char* reason;
  PlannerInput input;
  Change change;
  std::vector<std::string> expected;
};

TEST(Planner, SendsEachColumnOfTheFileToItsColumnOfTheTable) {
  const target::Table orders = table({column("id", kInt4), column("name"), column("Zip Code")});
  const target::Table twins = table({column("id", kInt4), column("Name"), column("name")});
  const std::vector<Planned> cases{
      {"names as they are",
       input({"id", "name", "Zip Code"}, orders),
       kNothing,
       {"0:id→id*!", "1:name→name", "2:Zip Code→Zip Code"}},
      {"case differs: the table's spelling is kept",
       input({"ID", "NAME", "zip code"}, orders),
       kNothing,
       {"0:ID→id*!", "1:NAME→name", "2:zip code→Zip Code"}},
      {"another order", input({"Zip Code", "id"}, orders), kNothing, {"0:Zip Code→Zip Code", "1:id→id*!"}},
      {"both spellings exist: exactly",
       input({"id", "name", "Name"}, twins),
       kNothing,
       {"0:id→id*!", "1:name→name", "2:Name→Name"}},
      {"one of two spellings is taken: the other is free",
       input({"id", "name", "NAME"}, twins),
       kNothing,
       {"0:id→id*!", "1:name→name", "2:NAME→Name"}},
      {"a mapping wins over the name",
       input({"id", "plz"}, orders),
       [](PlannerInput& in) {
         in.options.column_mapping = {{"plz", "Zip Code"}};
       },
       {"0:id→id*!", "1:plz→Zip Code"}},
      {"a mapping ignores case on both sides",
       input({"id", "PLZ"}, orders),
       [](PlannerInput& in) {
         in.options.column_mapping = {{"plz", "zip code"}};
       },
       {"0:id→id*!", "1:PLZ→Zip Code"}},
      {"a mapping of a column that this file lacks does no harm",
       input({"id"}, orders),
       [](PlannerInput& in) {
         in.options.column_mapping = {{"plz", "Zip Code"}};
       },
       {"0:id→id*!"}},
      {"a new column is added", input({"id", "colour"}, orders), kNothing, {"0:id→id*!", "1:colour→colour+"}},
      {"or ignored",
       input({"id", "colour", "name"}, orders),
       [](PlannerInput& in) { in.options.new_columns = config::NewColumns::kIgnore; },
       {"0:id→id*!", "2:name→name"}},
      {"snake case finds the table's names",
       input({"Id", "Zip Code"}, table({column("id"), column("zip_code")})),
       [](PlannerInput& in) { in.options.column_names = config::ColumnNames::kSnakeCase; },
       {"0:Id→id*!", "1:Zip Code→zip_code"}},
      {"a blank name goes by its position", input({"id", ""}, orders), kNothing, {"0:id→id*!", "1:column2→column2+"}},
      {"names beyond ASCII ignore case too",
       input({"ID", "STRASSE"}, table({column("id"), column("straße")})),
       kNothing,
       {"0:ID→id*!", "1:STRASSE→straße"}},
      {"rejects mended twice: the reasons are left out",
       input({"cpi_reason_2", "cpi_reason", "id", "name"}, orders),
       kNothing,
       {"2:id→id*!", "3:name→name"}},
      {"a reason that does not come first is a column like any other",
       input({"id", "cpi_reason", "name"}, orders),
       kNothing,
       {"0:id→id*!", "1:cpi_reason→cpi_reason+", "2:name→name"}},
      {"nameless columns of mended rows have the names of their place in the file",
       input({"cpi_reason", "id", ""}, orders),
       kNothing,
       {"1:id→id*!", "2:column2→column2+"}},
  };
  for (const Planned& one : cases) {
    PlannerInput in = one.input;
    one.change(in);
    const Result<Plan> plan = make_plan(in);
    ASSERT_TRUE(plan.ok()) << one.reason << ": " << plan.error().message;
    EXPECT_EQ(words(*plan), one.expected) << one.reason;
    EXPECT_FALSE(plan->create_table) << one.reason;
    EXPECT_EQ(plan->fingerprint, "f1") << one.reason;
  }
}

struct Refused {
  const char* reason;
  PlannerInput input;
  Change change;
  Code code;
  const char* message;
  const char* hint;
};

TEST(Planner, RefusesWithWhatIsWrongAndHowToMendIt) {
  const target::Table orders = table({column("id", kInt4), column("name")});
  const target::Table no_key = table({column("id", kInt4), column("name")}, {});
  const auto kind = [](char relkind) { return [relkind](PlannerInput& in) { in.table->kind = relkind; }; };
  const auto key = [](std::vector<std::string> names) {
    return [names](PlannerInput& in) { in.options.primary_key = names; };
  };
  target::Table strict = orders;
  strict.columns.push_back(column("country"));
  strict.columns.back().not_null = true;
  target::Table computed = table({column("id"), column("sum")}, {});
  computed.columns[1].generated = true;

  const std::vector<Refused> cases{
      {"a view", input({"id"}, orders), kind('v'), Code::kUnsupportedTarget, "public.t is a view", "target_table"},
      {"a materialized view", input({"id"}, orders), kind('m'), Code::kUnsupportedTarget, "materialized view",
       "refresh"},
      {"a foreign table", input({"id"}, orders), kind('f'), Code::kUnsupportedTarget, "foreign table", "database"},
      {"a composite type", input({"id"}, orders), kind('c'), Code::kUnsupportedTarget, "no table", ""},
      {"the key is misspelt", input({"id", "name"}, orders), key({"idd"}), Code::kKeyMissing,
       "\"idd\" is not in the file", "Did you mean \"id\"?"},
      {"the table's own key is not in the file", input({"name"}, orders), kNothing, Code::kKeyMissing,
       "\"id\" of public.t is not in the file", "column_mapping"},
      {"one of several key columns is missing", input({"id", "name"}, orders), key({"id", "shop"}), Code::kKeyMissing,
       "\"shop\"", "primary_key"},
      {"the key is in the file, but not in the table", input({"id", "name", "sku"}, orders), key({"sku"}),
       Code::kKeyMissing, "\"sku\" is not in public.t", "column_mapping"},
      {"the key is ignored with the other new columns", input({"id", "sku"}, orders),
       [](PlannerInput& in) {
         in.options.primary_key = {"sku"};
         in.options.new_columns = config::NewColumns::kIgnore;
       },
       Code::kKeyMissing, "\"sku\"", "primary_key"},
      {"the key is generated", input({"id", "sum"}, computed), key({"sum"}), Code::kKeyMissing,
       "generated by the database", "ordinary columns"},
      {"the key has no unique index", input({"id", "name"}, orders), key({"name"}), Code::kKeyNotUnique,
       "has no unique index in public.t", "CREATE UNIQUE INDEX ON \"public\".\"t\" (\"name\");"},
      {"a part of a unique key is no key", input({"a", "b"}, table({column("a"), column("b")}, {"a", "b"})), key({"a"}),
       Code::kKeyNotUnique, "(\"a\")", "CREATE UNIQUE INDEX"},
      {"more than a unique key is no key either", input({"id", "name"}, orders), key({"id", "name"}),
       Code::kKeyNotUnique, "(\"id\", \"name\")", "(\"id\", \"name\");"},
      {"a table without any unique index", input({"id", "name"}, no_key), key({"id"}), Code::kKeyNotUnique,
       "unique index", "CREATE UNIQUE INDEX"},
      {"new columns are forbidden", input({"id", "nmae"}, orders),
       [](PlannerInput& in) { in.options.new_columns = config::NewColumns::kFail; }, Code::kColumnUnknown,
       "column \"nmae\" of the file is not in public.t", "Did you mean \"name\" by \"nmae\"?"},
      {"missing columns are forbidden", input({"id"}, orders),
       [](PlannerInput& in) { in.options.missing_columns = config::MissingColumns::kFail; }, Code::kColumnMissing,
       "column \"name\" of public.t is not in the file", "missing_columns"},
      {"a NOT NULL column without a default is missing", input({"id", "name", "cuontry"}, strict), kNothing,
       Code::kColumnMissing, "column \"country\" of public.t is not in the file", "Did you mean \"cuontry\""},
      {"two spellings in the table, a third in the file",
       input({"id", "NAME"}, table({column("id"), column("Name"), column("name")})), kNothing, Code::kColumnUnknown,
       "could be \"Name\" or \"name\"", "column_mapping"},
      {"two columns of the file for one of the table", input({"id", "Name", "NAME"}, orders), kNothing,
       Code::kInvalidConfig, "both go to column \"name\"", "column_mapping"},
      {"two columns mapped to the same", input({"id", "a", "b"}, orders),
       [](PlannerInput& in) {
         in.options.column_mapping = {{"a", "name"}, {"b", "name"}};
       },
       Code::kInvalidConfig, "both go to column \"name\"", "column_mapping"},
      {"a name that PostgreSQL keeps for itself", input({"id", "xmin"}, orders), kNothing, Code::kInvalidHeader,
       "\"xmin\"", "column_mapping"},
      {"likewise in a new table", input({"ctid"}, std::nullopt), kNothing, Code::kInvalidHeader, "\"ctid\"",
       "column_mapping"},
      {"nothing in common", input({"id;name"}, table({column("a")}, {})),
       [](PlannerInput& in) { in.options.new_columns = config::NewColumns::kIgnore; }, Code::kInvalidHeader,
       "no column of the file", "delimiter"},
      {"an option of a later version that would delete rows", input({"id", "name"}, orders),
       [](PlannerInput& in) { in.options.missing_rows = config::MissingRows::kDelete; }, Code::kInvalidConfig,
       "missing_rows", "Take the option out"},
      {"an unknown time zone", input({"id", "at"}, table({column("id"), column("at", {1184, -1, "timestamptz"})})),
       [](PlannerInput& in) { in.options.format.timezone = "Mars/Olympus"; }, Code::kInvalidConfig, "column \"at\"",
       ""},
  };
  for (const Refused& one : cases) {
    PlannerInput in = one.input;
    one.change(in);
    const Result<Plan> plan = make_plan(in);
    ASSERT_FALSE(plan.ok()) << one.reason;
    EXPECT_EQ(code_name(plan.error().code), code_name(one.code)) << one.reason << ": " << plan.error().message;
    EXPECT_THAT(plan.error().message, HasSubstr(one.message)) << one.reason;
    EXPECT_THAT(plan.error().hint, HasSubstr(one.hint)) << one.reason;
  }
}

TEST(Planner, NamesTheFilesColumnsWhenTheKeyIsMissing) {
  PlannerInput in = input({"number", "name"}, table({column("id"), column("name")}));
  const Result<Plan> plan = make_plan(in);
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.error().detail, AllOf(HasSubstr("\"number\""), HasSubstr("\"name\"")));
}

TEST(Planner, FindsTheKeyByEitherNameIgnoringCaseAndOnce) {
  const target::Table orders = table({column("id"), column("name")});
  for (const char* name : {"id", "ID", "Order No"}) {
    PlannerInput in = input({"Order No", "name"}, orders);
    in.options.column_mapping = {{"Order No", "id"}};
    in.options.primary_key = {name, "id"};
    const Result<Plan> plan = make_plan(in);
    ASSERT_TRUE(plan.ok()) << name << ": " << plan.error().message;
    EXPECT_THAT(plan->key, ElementsAre("id")) << name;
  }
}

TEST(Planner, AcceptsAnyUniqueIndexOverTheKeyInAnyOrder) {
  target::Table orders = table({column("id"), column("shop"), column("number")});
  orders.unique_indexes.push_back({"orders_shop_number", false, {"number", "shop"}, {}});
  PlannerInput in = input({"shop", "number"}, orders);
  in.options.primary_key = {"shop", "number"};
  in.table->columns[0].has_default = true;
  const Result<Plan> plan = make_plan(in);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_THAT(plan->key, ElementsAre("shop", "number"));
  EXPECT_FALSE(plan->key_is_new);
}

TEST(Planner, AppendsWithAWarningWhereThereIsNoKey) {
  const Result<Plan> plan = make_plan(input({"id", "name"}, table({column("id"), column("name")}, {})));
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->key, IsEmpty());
  EXPECT_THAT(plan->warnings, Contains(HasSubstr("rows are appended")));
}

TEST(Planner, AppendsWhereTheDatabaseMakesTheKeyUnlessAColumnLooksLikeIt) {
  target::Table log = table({column("serial_number", kInt8), column("message")}, {"serial_number"});
  log.columns[0].has_default = true;
  const Result<Plan> plan = make_plan(input({"message"}, log));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_THAT(plan->key, IsEmpty());
  EXPECT_THAT(plan->warnings, Contains(HasSubstr("makes by itself")));

  const Result<Plan> misspelt = make_plan(input({"serial_numbr", "message"}, log));
  ASSERT_FALSE(misspelt.ok());
  EXPECT_EQ(misspelt.error().code, Code::kKeyMissing);
  EXPECT_THAT(misspelt.error().hint, HasSubstr("Did you mean \"serial_numbr\"?"));
}

TEST(Planner, MakesANewTableOfTextColumnsWithItsKey) {
  PlannerInput in = input({"Id", "Name", "Name", ""}, std::nullopt);
  in.options.primary_key = {"Id"};
  const Result<Plan> plan = make_plan(in);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_TRUE(plan->create_table);
  EXPECT_TRUE(plan->key_is_new);
  EXPECT_THAT(plan->key, ElementsAre("Id"));
  EXPECT_EQ(words(*plan), (std::vector<std::string>{"0:Id→Id*!", "1:Name→Name", "2:Name→Name_2", "3:column4→column4"}));
  for (const PlannedColumn& c : plan->columns) EXPECT_EQ(c.type.name, "text");
  EXPECT_THAT(plan->warnings, IsEmpty());
  EXPECT_EQ(plan->fingerprint, "");
}

TEST(Planner, GivesANewTableTheInferredTypesOnlyWhenAsked) {
  PlannerInput in = input({"id", "name"}, std::nullopt);
  Result<Plan> plan = make_plan(in);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->columns[0].type.name, "text");
  const auto inference = std::make_shared<value::Inference>(2, value::Format());
  inference->observe(0, "3000000000");
  in.inference = inference;
  plan = make_plan(in);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->columns[0].type.name, "bigint");
  EXPECT_EQ(plan->columns[0].staging_type, "bigint");
  EXPECT_EQ(plan->columns[1].type.name, "text");
}

TEST(Planner, AsksOfTheValuesWhatOnlyTheyCanTell) {
  PlannerInput fresh = input({"cpi_reason", "ID", "name"}, std::nullopt);
  fresh.options.primary_key = {"id"};
  ValueRules rules = value_rules(fresh);
  EXPECT_THAT(rules.required, ElementsAre(false, true, false));
  EXPECT_FALSE(rules.watched[0].types) << "the reason of a reject is loaded nowhere";
  EXPECT_TRUE(rules.watched[1].types && rules.watched[1].as_written);
  EXPECT_TRUE(rules.watched[2].types && !rules.watched[2].as_written);

  target::Table orders = table({column("id", kInt4), column("n", kInt4), column("m", kInt4), column("strict")});
  orders.columns[0].inferred = orders.columns[0].as_written = true;
  orders.columns[1].inferred = true;
  orders.columns[3].not_null = true;
  PlannerInput next = input({"id", "n", "m", "strict", "new"}, orders);
  rules = value_rules(next);
  EXPECT_THAT(rules.required, ElementsAre(true, false, false, true, false));
  EXPECT_TRUE(rules.watched[0].as_written);
  EXPECT_TRUE(rules.watched[1].types && !rules.watched[1].as_written && rules.watched[1].beside.empty());
  for (const int other : {2, 3, 4}) EXPECT_FALSE(rules.watched[other].types) << "somebody else chose the type";
  next.options.on_error = config::OnError::kContinue;
  EXPECT_EQ(value_rules(next).watched[1].beside, "integer");
}

TEST(Planner, KeepsTheTypeOfAColumnThatPostgreSQLRefusedToWiden) {
  target::Table orders = table({column("id", kInt4), column("n", kInt4)});
  orders.columns[1].inferred = true;
  PlannerInput in = input({"id", "n"}, orders);
  in.options.on_error = config::OnError::kContinue;
  const auto inference = std::make_shared<value::Inference>(
      std::vector<value::Watched>{{.types = false, .beside = {}}, {.beside = "integer"}}, value::Format());
  inference->observe(1, "3000000000");
  in.inference = inference;
  Result<Plan> plan = make_plan(in);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->columns[1].widened_from, "integer");
  EXPECT_EQ(plan->columns[1].staging_type, "bigint");
  EXPECT_FALSE(plan->columns[1].sure_only);
  in.not_widened = {{"n", "view report"}};
  plan = make_plan(in);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->columns[1].widened_from, "");
  EXPECT_EQ(plan->columns[1].staging_type, "integer");
  EXPECT_TRUE(plan->columns[1].sure_only);
  EXPECT_THAT(plan->warnings, ElementsAre(AllOf(HasSubstr("stays integer"), HasSubstr("bigint: view report"))));
}

TEST(Planner, ADoubleThatWouldRoundBecomesWhatTheServerHasForItsInfinities) {
  target::Table orders = table({column("id", kInt4), column("n", {701, -1, "double precision"})});
  orders.columns[1].inferred = true;
  PlannerInput in = input({"id", "n"}, orders);
  const auto inference = std::make_shared<value::Inference>(2, value::Format());
  inference->observe(1, "9007199254740993");
  in.inference = inference;
  EXPECT_EQ(make_plan(in)->columns[1].type.name, "numeric");
  in.server_version = 130012;
  EXPECT_EQ(make_plan(in)->columns[1].type.name, "text");
}

TEST(Planner, LeavesGeneratedColumnsToTheDatabase) {
  target::Table sums = table({column("id"), column("net"), column("gross")});
  sums.columns[2].generated = true;
  const Result<Plan> plan = make_plan(input({"id", "net", "gross"}, sums));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(words(*plan), (std::vector<std::string>{"0:id→id*!", "1:net→net"}));
  EXPECT_THAT(plan->warnings, Contains(HasSubstr("\"gross\"")));
}

TEST(Planner, AnIdentityColumnIsInsertOnlyUnlessItIsTheKey) {
  target::Table people = table({column("id", kInt8), column("seq", kInt8)});
  for (target::Column& c : people.columns) {
    c.identity_always = c.has_default = true;
    c.sequence = "public." + c.name + "_seq";
  }
  const Result<Plan> plan = make_plan(input({"id", "seq"}, people));
  ASSERT_TRUE(plan.ok());
  EXPECT_FALSE(plan->columns[0].insert_only);
  EXPECT_TRUE(plan->columns[1].insert_only);
  EXPECT_THAT(plan->sequences, ElementsAre("public.id_seq", "public.seq_seq"));
}

TEST(Planner, WhatTheFileLacksIsKeptOrSetToNull) {
  target::Table orders = table({column("id"), column("note"), column("created"), column("sum")});
  orders.columns[2].not_null = orders.columns[2].has_default = true;
  orders.columns[3].generated = true;
  PlannerInput in = input({"id"}, orders);
  EXPECT_THAT(make_plan(in)->null_columns, IsEmpty());
  in.options.missing_columns = config::MissingColumns::kNull;
  EXPECT_THAT(make_plan(in)->null_columns, ElementsAre("note"));
}

TEST(Planner, NullsOfATableWithTriggersAreLeftToTheServer) {
  target::Table orders = table({column("id"), column("name"), column("stamp")});
  orders.columns[1].not_null = orders.columns[2].not_null = true;
  orders.has_row_triggers = true;
  const Result<Plan> plan = make_plan(input({"id", "name"}, orders));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(words(*plan), (std::vector<std::string>{"0:id→id*!", "1:name→name"}));
}

TEST(Planner, StagesAsTextWhatOnlyTheServerCanConvert) {
  PlannerInput in =
      input({"id", "doc", "count"}, table({column("id", kInt4), column("doc", kJsonb), column("count", kInt4)}));
  in.cast_on_server = {"count"};
  const Result<Plan> plan = make_plan(in);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->columns[0].staging_type, "integer");
  EXPECT_FALSE(plan->columns[0].needs_cast);
  EXPECT_EQ(plan->columns[1].staging_type, "text");
  EXPECT_TRUE(plan->columns[1].needs_cast);
  EXPECT_EQ(plan->columns[2].staging_type, "text");
  EXPECT_TRUE(plan->columns[2].needs_cast);
}

TEST(Planner, ADomainIsConvertedAsTheTypeBelowIt) {
  target::Table people = table({column("id"), column("age")});
  people.columns[1].type = {99999, -1, "age_domain"};
  people.columns[1].base_type = kInt4;
  const Result<Plan> plan = make_plan(input({"id", "age"}, people));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->columns[1].type.name, "age_domain");
  EXPECT_EQ(plan->columns[1].staging_type, "integer");
}

TEST(Planner, ErrorsAreToleratedWhenContinueOrMaxErrorsSaysSo) {
  PlannerInput in = input({"id"}, table({column("id")}));
  EXPECT_FALSE(make_plan(in)->continue_on_error);
  in.options.on_error = config::OnError::kContinue;
  EXPECT_TRUE(make_plan(in)->continue_on_error);
  in.options.on_error = config::OnError::kAbort;
  in.options.max_errors = config::Amount{5, false};
  EXPECT_TRUE(make_plan(in)->continue_on_error);
}

TEST(Planner, MergesWithTheStatementThatTheServerHas) {
  PlannerInput in = input({"id"}, table({column("id")}));
  EXPECT_TRUE(make_plan(in)->use_merge_statement);
  in.server_version = 140009;
  EXPECT_FALSE(make_plan(in)->use_merge_statement);
  in.server_version = 150000;
  in.table->has_rules = true;
  EXPECT_FALSE(make_plan(in)->use_merge_statement);
}

TEST(Planner, AStrategyThatIsNotThereYetIsSaid) {
  PlannerInput in = input({"id"}, table({column("id")}));
  in.options.strategy = config::StrategyChoice::kDiff;
  const Result<Plan> plan = make_plan(in);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->strategy, Strategy::kMerge);
  EXPECT_THAT(plan->warnings, Contains(HasSubstr("diff")));
}

TEST(Planner, TheServerReadsDatesAsTheFileWritesThem) {
  PlannerInput in = input({"id"}, table({column("id")}));
  EXPECT_EQ(make_plan(in)->cast_datestyle, "");
  in.options.format.date_order = value::DateOrder::kDmy;
  in.options.format.date_order_given = true;
  in.options.format.timezone = "Europe/Berlin";
  EXPECT_EQ(make_plan(in)->cast_datestyle, "ISO, DMY");
  in.options.format.date_format = "YYYY.MM.DD";
  EXPECT_EQ(make_plan(in)->cast_datestyle, "ISO, YMD") << "date_format says more than datestyle";
  in.options.format.date_format = "YYYY-DD-MM";
  EXPECT_EQ(make_plan(in)->cast_datestyle, "ISO, DMY") << "an order that the server does not know";
  EXPECT_EQ(make_plan(in)->cast_timezone, "Europe/Berlin");
}

TEST(Planner, MappingOfAColumnThatTheFileLacksIsAWarningThatNamesTheNearest) {
  PlannerInput in = input({"id", "BestellNr"}, std::nullopt);
  in.options.column_mapping = {{"Bestell-Nr", "order_no"}, {"ID", "number"}};
  const Result<Plan> plan = make_plan(in);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->warnings, Contains("column_mapping names column \"Bestell-Nr\", which the file lacks: did you mean "
                                       "\"BestellNr\"?"));
  EXPECT_THAT(plan->warnings, Not(Contains(HasSubstr("\"ID\""))));
}

}  // namespace
}  // namespace cpi::import
