// Tables whose triggers interfere: rows kept out, rows changed on the way, other rows written.
#include "load_fixture.h"

namespace cpi::import {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ApplyTriggers : public LoadFixture {
 protected:
  /// A trigger on t for every row, with this body.
  void trigger(const std::string& when, const std::string& body) {
    sql("CREATE FUNCTION react() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN " + body +
        " END $body$; CREATE TRIGGER react " + when + " ON t FOR EACH ROW EXECUTE FUNCTION react()");
  }
  Plan continuing(const std::vector<std::string>& columns, const std::vector<std::string>& key) {
    Plan plan = plan_for("t", columns, key);
    plan.continue_on_error = true;
    return plan;
  }
};

TEST_F(ApplyTriggers, RowsThatATriggerKeepsOutAreRejectedByName) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')");
  trigger("BEFORE INSERT OR UPDATE", "IF new.name LIKE 'no%' THEN RETURN NULL; END IF; RETURN new;");
  EXPECT_EQ(counts_of(continuing({"id", "name"}, {"id"}), {"1, 'no1'", "2, 'new'", "3, 'c'", "4, 'no4'", "5, 'e'"}),
            counts(5, 1, 1, 1, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("2::suppressed_by_trigger", "5::suppressed_by_trigger"));
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"), "1|a 2|new 3|c 5|e");
}

TEST_F(ApplyTriggers, RowThatATriggerKeepsOutFailsTheLoadUnlessItGoesOn) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text)");
  trigger("BEFORE INSERT", "IF new.id = 2 THEN RETURN NULL; END IF; RETURN new;");
  const auto outcome = load(plan_for("t", {"id", "name"}, {"id"}), {"1, 'a'", "2, 'b'"});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("line 3"), HasSubstr("trigger")));
  EXPECT_EQ(query("SELECT count(*) FROM t"), "0");
}

TEST_F(ApplyTriggers, RowsWithoutAKeyThatATriggerKeepsOutAreFoundByHalving) {
  sql("CREATE TABLE t (a int)");
  trigger("BEFORE INSERT", "IF new.a % 5 = 0 THEN RETURN NULL; END IF; RETURN new;");
  EXPECT_EQ(counts_of(continuing({"a"}, {}), {"1", "5", "2", "3", "10", "4"}), counts(6, 4, 0, 0, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("3::suppressed_by_trigger", "6::suppressed_by_trigger"));
}

TEST_F(ApplyTriggers, ValuesThatATriggerChangesCountAsUpdatedEveryTime) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text, changed int DEFAULT 0); INSERT INTO t VALUES (1, 'A', 0)");
  trigger("BEFORE INSERT OR UPDATE", "new.name := upper(new.name); new.changed := new.changed + 1; RETURN new;");
  const Plan plan = continuing({"id", "name"}, {"id"});
  EXPECT_EQ(counts_of(plan, {"1, 'a'", "2, 'b'"}), counts(2, 1, 1, 0));
  EXPECT_EQ(counts_of(plan, {"1, 'a'", "2, 'B'"}), counts(2, 0, 1, 1));
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"), "1|A|2 2|B|1");
}

TEST_F(ApplyTriggers, TriggerThatWritesToTheSameTableDoesNotConfuseTheCounts) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  trigger("AFTER INSERT OR UPDATE",
          "IF new.id < 1000 AND pg_trigger_depth() = 1 THEN"
          " INSERT INTO t VALUES (new.id + 1000, 'copy') ON CONFLICT DO NOTHING; END IF;"
          " RETURN NULL;");
  EXPECT_EQ(counts_of(continuing({"id", "name"}, {"id"}), {"1, 'x'", "2, 'b'", "3, 'c'"}), counts(3, 1, 1, 1));
  EXPECT_EQ(query("SELECT id FROM t ORDER BY id"), "1 2 3 1001 1003");
}

TEST_F(ApplyTriggers, RowThatATriggerStoresElsewhereInTheTreeCountsAsInserted) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (t)");
  trigger("BEFORE INSERT", "INSERT INTO child VALUES (new.*); RETURN NULL;");
  EXPECT_EQ(counts_of(continuing({"id", "name"}, {"id"}), {"1, 'a'", "2, 'b'"}), counts(2, 2, 0, 0));
  EXPECT_EQ(query("SELECT count(*) FROM child"), "2");
}

TEST_F(ApplyTriggers, ErrorOfATriggerIsOneRowsOwn) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text)");
  trigger("BEFORE INSERT",
          "IF new.name = 'bad' THEN RAISE EXCEPTION 'no % here', new.name USING ERRCODE = 'ZZ123'; "
          "END IF; RETURN new;");
  EXPECT_EQ(counts_of(continuing({"id", "name"}, {"id"}), {"1, 'a'", "2, 'bad'", "3, 'c'"}), counts(3, 2, 0, 0, 0, 1));
  EXPECT_THAT(rejected(), ElementsAre("3::refused_by_server"));
  EXPECT_THAT(rejects_.kept().front().message, HasSubstr("no bad here"));
}

TEST_F(ApplyTriggers, DeferredConstraintTriggerIsCheckedBeforeTheCounts) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text);"
      "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN IF new.name = ''bad'' THEN RAISE ''late refusal''; END IF; RETURN NULL; END';"
      "CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON t DEFERRABLE INITIALLY DEFERRED"
      " FOR EACH ROW EXECUTE FUNCTION late()");
  EXPECT_EQ(counts_of(continuing({"id", "name"}, {"id"}), {"1, 'a'", "2, 'bad'", "3, 'c'"}), counts(3, 2, 0, 0, 0, 1));
}

TEST_F(ApplyTriggers, BrokenTriggerFunctionFailsTheLoadAtOnce) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text)");
  trigger("BEFORE INSERT", "INSERT INTO there_is_no_such_table VALUES (new.id); RETURN new;");
  EXPECT_THROW((void)load(continuing({"id", "name"}, {"id"}), {"1, 'a'", "2, 'b'"}), db::Error);
  EXPECT_EQ(query("SELECT count(*) FROM t"), "0");
}

TEST_F(ApplyTriggers, OfManyRowsThatATriggerKeepsOutTheFirstAreKeptAndAllCounted) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  trigger("BEFORE INSERT OR UPDATE", "RETURN NULL;");
  const Plan plan = continuing({"id", "name"}, {"id"});
  const target::Staging staging = stage(plan, {"1, 'x'", "2, 'x'", "3, 'x'", "4, 'x'"});
  RejectSink rejects(3);
  const auto outcome =
      commit_load(connection_, plan, staging, request_for(staging), rejects, [this] { return connect(); });
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->counts, counts(4, 0, 0, 0, 0, 4));
  EXPECT_EQ(rejects.count(), 4);
  EXPECT_EQ(rejects.kept().size(), 3U);
  EXPECT_EQ(rejects.kept().front().line, 2);
}

}  // namespace
}  // namespace cpi::import
