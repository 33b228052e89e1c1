// Types that only the server can read, and what "unchanged" means for each: the stored image is the same.
#include "load_fixture.h"

namespace cpi::import {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ApplyTypes : public LoadFixture {
 protected:
  /// A table t (id int key, v `type`) and the plan to load it with v staged as text.
  Plan plan_with(const std::string& type) {
    sql("CREATE TABLE t (id int PRIMARY KEY, v " + type + ")");
    Plan plan = plan_for("t", {"id", "v"}, {"id"});
    stage_as_text(plan, "v");
    return plan;
  }
};

struct TypeCase {
  const char* name;
  const char* prepare;  ///< statements before the table, such as CREATE TYPE
  const char* type;
  const char* stored;     ///< in the table beforehand
  const char* same;       ///< another spelling of the same image
  const char* different;  ///< a value whose image differs
  const char* refused;    ///< what the type does not take; empty: it takes everything
};

void PrintTo(const TypeCase& c, std::ostream* out) { *out << c.name; }

class EveryType : public ApplyTypes, public testing::WithParamInterface<TypeCase> {};

TEST_P(EveryType, IsCastComparedByImageAndRefusedRowByRow) {
  const TypeCase& c = GetParam();
  sql(c.prepare);
  Plan plan = plan_with(c.type);
  plan.continue_on_error = true;
  const std::string stored = connection_.quote_literal(c.stored);
  const std::string different = connection_.quote_literal(c.different);
  sql("INSERT INTO t VALUES (1, " + stored + "), (2, " + stored + ")");
  std::vector<std::string> rows = {"1, " + connection_.quote_literal(c.same), "2, " + different, "3, " + different,
                                   "4, NULL"};
  if (*c.refused == '\0') {
    EXPECT_EQ(counts_of(plan, rows), counts(4, 2, 1, 1));
    return;
  }
  rows.push_back("5, " + connection_.quote_literal(c.refused));
  EXPECT_EQ(counts_of(plan, rows), counts(5, 2, 1, 1, 0, 1));
  EXPECT_THAT(rejected(), ElementsAre("6:v:invalid_value"));
  EXPECT_THAT(rejects_.kept().front().message, HasSubstr(c.refused));
}

INSTANTIATE_TEST_SUITE_P(
    Types, EveryType,
    testing::Values(
        TypeCase{"integer", "", "int", "12", " 12 ", "13", "1x"},
        TypeCase{"numeric_scale", "", "numeric", "1.0", "1.0", "1.00", "one"},
        TypeCase{"numeric_typmod", "", "numeric(4,2)", "1.5", "1.504", "1.51", "1000"},
        TypeCase{"varchar", "", "varchar(5)", "abcde", "abcde", "abcdf", "abcdef"},
        TypeCase{"char", "", "char(3)", "ab", "ab ", "ac", "abcd"},
        TypeCase{"bit", "", "bit(3)", "101", "101", "111", "1011"},
        TypeCase{"varbit", "", "varbit(3)", "101", "101", "1", "1011"},
        TypeCase{"json", "", "json", R"({"a":1})", R"({"a":1})", R"({"a": 1})", "{a}"},
        TypeCase{"jsonb", "", "jsonb", R"({"a":1,"b":2})", R"({"b":2, "a":1})", R"({"a":1.0,"b":2})", "{a}"},
        TypeCase{"array", "", "int[]", "{1,2}", "{ 1, 2 }", "{1,3}", "{1,x}"},
        TypeCase{"array_of_varchar", "", "varchar(2)[]", "{ab,c}", "{ab,c}", "{ab,d}", "{abc}"},
        TypeCase{"enumeration", "CREATE TYPE mood AS ENUM ('sad', 'happy')", "mood", "sad", "sad", "happy", "angry"},
        TypeCase{"odd_enumeration", "CREATE TYPE \"Odd Mood\" AS ENUM ('sad', 'happy')", "\"Odd Mood\"", "sad", "sad",
                 "happy", "Sad"},
        TypeCase{"domain", "CREATE DOMAIN even AS int CHECK (value % 2 = 0)", "even", "2", " 2", "4", "3"},
        TypeCase{"domain_with_length", "CREATE DOMAIN code AS varchar(3)", "code", "abc", "abc", "ab", "abcd"},
        TypeCase{"domain_of_domain", "CREATE DOMAIN c AS numeric(4,1); CREATE DOMAIN d AS c CHECK (value > 0)", "d",
                 "2", "2.04", "3", "-1"},
        TypeCase{"citext", "CREATE EXTENSION citext", "citext", "Abc", "Abc", "abc", ""},
        TypeCase{"composite", "CREATE TYPE pair AS (a int, b text)", "pair", "(1,x)", "(1,x)", "(1,y)", "(x,x)"},
        TypeCase{"bytea", "", "bytea", "\\x6162", "ab", "\\x6163", "\\xzz"},
        TypeCase{"interval", "", "interval", "1 month", "1 mon", "30 days", "soon"},
        TypeCase{"interval_typmod", "", "interval(0)", "1 second", "1.2 seconds", "2 seconds", "soon"},
        TypeCase{"inet", "", "inet", "10.0.0.1", "10.0.0.1/32", "10.0.0.1/8", "10.0.0.300"},
        TypeCase{"range", "", "int4range", "[1,3]", "[1,4)", "[1,5)", "[3,1]"},
        TypeCase{"money", "", "money", "1.50", "$1.50", "1.51", "x"},
        TypeCase{"xml", "", "xml", "<a/>", "<a/>", "<b/>", "<a>"},
        TypeCase{"float", "", "float8", "0.1", "0.10", "-0.1", "1e999"},
        TypeCase{"timestamp", "", "timestamptz", "2024-01-02 03:04+00", "2024-01-02 04:04+01", "2024-01-02",
                 "2024-13-01"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(ApplyTypes, DomainThatForbidsNullRejectsTheRow) {
  sql("CREATE DOMAIN needed AS text NOT NULL CHECK (value <> '')");
  Plan plan = plan_with("needed");
  plan.continue_on_error = true;
  EXPECT_EQ(counts_of(plan, {"1, 'a'", "2, NULL", "3, ''"}), counts(3, 1, 0, 0, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("3:v:invalid_value", "4:v:invalid_value"));
}

TEST_F(ApplyTypes, FirstValueThatDoesNotCastFailsTheLoad) {
  const Plan plan = plan_with("varchar(3)");
  const auto outcome = load(plan, {"1, 'abc'", "2, 'abcdef'", "3, 'abcdefg'"});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("line 3"), HasSubstr("\"v\""), HasSubstr("abcdef"),
                                             HasSubstr("too long for type character varying(3)")));
  EXPECT_EQ(query("SELECT count(*) FROM t"), "0");
}

TEST_F(ApplyTypes, RowWithTwoBadColumnsIsRejectedOnce) {
  sql("CREATE TABLE t (id int PRIMARY KEY, a jsonb, b inet)");
  Plan plan = plan_for("t", {"id", "a", "b"}, {"id"});
  stage_as_text(plan, "a");
  stage_as_text(plan, "b");
  plan.continue_on_error = true;
  EXPECT_EQ(counts_of(plan, {"1, '{', 'x'", "2, '{}', 'x'", "3, '{}', '::1'"}), counts(3, 1, 0, 0, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("2:a:invalid_value", "3:b:invalid_value"));
}

TEST_F(ApplyTypes, ReadsDatesByTheOptionsOfTheFileOnly) {
  Plan plan = plan_with("timestamptz");
  plan.cast_datestyle = "ISO, DMY";
  plan.cast_timezone = "Europe/Berlin";
  sql("SET TimeZone = 'America/New_York'; ALTER TABLE t ADD zone text DEFAULT current_setting('TimeZone')");
  plan.fingerprint = target::read_table(connection_, plan.table)->fingerprint;
  EXPECT_EQ(counts_of(plan, {"1, '01/02/2024 00:00'"}), counts(1, 1, 0, 0));
  EXPECT_EQ(query("SELECT v AT TIME ZONE 'UTC', zone FROM t"), "2024-01-31 23:00:00|America/New_York");
}

TEST_F(ApplyTypes, MatchesACitextKeyOutsideTheSearchPathAndStoresItsNewSpelling) {
  sql("CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions;"
      "CREATE TABLE t (id extensions.citext PRIMARY KEY, name text); INSERT INTO t VALUES ('Abc', 'x'), ('Def', 'y')");
  Plan plan = plan_for("t", {"id", "name"}, {"id"});
  stage_as_text(plan, "id");
  EXPECT_EQ(counts_of(plan, {"'ABC', 'x'", "'Def', 'y'", "'ghi', 'z'", "'GHI', 'z'"}), counts(4, 1, 1, 1, 1));
  EXPECT_EQ(query("SELECT id FROM t ORDER BY id"), "ABC Def GHI");
}

TEST_F(ApplyTypes, FindsDuplicatesByANondeterministicCollation) {
  sql("CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
      "CREATE TABLE t (id text COLLATE ignore_case PRIMARY KEY, name text); INSERT INTO t VALUES ('Abc', 'x')");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "name"}, {"id"}), {"'ABC', 'x'", "'def', 'y'", "'DEF', 'z'"}),
            counts(3, 1, 1, 0, 1));
}

TEST_F(ApplyTypes, StoresTheNewScaleOfANumericKey) {
  sql("CREATE TABLE t (id numeric PRIMARY KEY, name text); INSERT INTO t VALUES (1.0, 'x'), (2.0, 'y')");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "name"}, {"id"}), {"1.00, 'x'", "2.0, 'y'"}), counts(2, 0, 1, 1));
  EXPECT_EQ(query("SELECT id FROM t ORDER BY id"), "1.00 2.0");
}

TEST_F(ApplyTypes, KeyStagedAsTextIsCastBeforeDuplicatesAreLookedFor) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text)");
  Plan plan = plan_for("t", {"id", "name"}, {"id"});
  stage_as_text(plan, "id");
  EXPECT_EQ(counts_of(plan, {"'1', 'a'", "' 1', 'b'", "'01', 'c'"}), counts(3, 1, 0, 0, 2));
  EXPECT_EQ(query("SELECT * FROM t"), "1|c");
}

}  // namespace
}  // namespace cpi::import
