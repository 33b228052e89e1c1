// Rows that constraints and policies of the table refuse: found one by one, named with line and column, and never
// taking their neighbours along.
#include "load_fixture.h"

namespace cpi::import {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

class ApplyRefusals : public LoadFixture {
 protected:
  Plan continuing(const std::string& table, const std::vector<std::string>& columns,
                  const std::vector<std::string>& key) {
    Plan plan = plan_for(table, columns, key);
    plan.continue_on_error = true;
    return plan;
  }

  /// "n, 'value'" for n in [first, last].
  static std::vector<std::string> rows(int first, int last, const std::string& rest) {
    std::vector<std::string> out;
    for (int i = first; i <= last; ++i) out.push_back(std::to_string(i) + ", " + rest);
    return out;
  }
};

TEST_F(ApplyRefusals, FirstRefusalFailsTheLoadWithLineColumnAndValue) {
  sql("CREATE TABLE t (id int PRIMARY KEY, qty int CONSTRAINT qty_positive CHECK (qty > 0));"
      "INSERT INTO t VALUES (1, 1)");
  const auto outcome = load(plan_for("t", {"id", "qty"}, {"id"}), {"1, 2", "2, 5", "3, -7", "4, -8"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kTargetRefused);
  EXPECT_THAT(outcome.error().message,
              AllOf(HasSubstr("line 4"), HasSubstr("\"qty\""), HasSubstr("-7"), HasSubstr("qty_positive")));
  EXPECT_EQ(query("SELECT * FROM t"), "1|1");
}

TEST_F(ApplyRefusals, CheckConstraintRejectsItsRowsOnly) {
  sql("CREATE TABLE t (id int PRIMARY KEY, qty int CHECK (qty > 0)); INSERT INTO t VALUES (1, 1)");
  EXPECT_EQ(counts_of(continuing("t", {"id", "qty"}, {"id"}), {"1, -1", "2, 5", "3, -7", "4, NULL"}),
            counts(4, 2, 0, 0, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("2:qty:refused_by_server", "4:qty:refused_by_server"));
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"), "1|1 2|5 4|NULL");
}

TEST_F(ApplyRefusals, CheckOverColumnsThatTheFileLacksIsFoundByHalving) {
  sql("CREATE TABLE t (id int PRIMARY KEY, low int DEFAULT 10, high int, CHECK (low < high)); "
      "INSERT INTO t VALUES (1, 1, 2)");
  EXPECT_EQ(counts_of(continuing("t", {"id", "high"}, {"id"}), {"1, 5", "2, 5", "3, 50", "4, 6"}),
            counts(4, 1, 1, 0, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("3:low:refused_by_server", "5:low:refused_by_server"));
}

TEST_F(ApplyRefusals, ForeignKeyRejectsEveryRowWithoutAParent) {
  sql("CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (2);"
      "CREATE TABLE t (id int PRIMARY KEY, parent_id int REFERENCES parent)");
  EXPECT_EQ(counts_of(continuing("t", {"id", "parent_id"}, {"id"}), {"1, 1", "2, 9", "3, NULL", "4, 2", "5, 8"}),
            counts(5, 3, 0, 0, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("3:parent_id:refused_by_server", "6:parent_id:refused_by_server"));
  EXPECT_THAT(rejects_.kept().front().message, AllOf(HasSubstr("t_parent_id_fkey"), HasSubstr("9")));
}

TEST_F(ApplyRefusals, DeferredForeignKeyIsCheckedBeforeTheCommit) {
  sql("CREATE TABLE parent (a int, b int, PRIMARY KEY (a, b)); INSERT INTO parent VALUES (1, 1);"
      "CREATE TABLE t (id int PRIMARY KEY, a int, b int,"
      " FOREIGN KEY (a, b) REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
  EXPECT_EQ(counts_of(continuing("t", {"id", "a", "b"}, {"id"}), {"1, 1, 1", "2, 1, 2", "3, 1, NULL"}),
            counts(3, 2, 0, 0, 0, 1));
  const auto outcome = load(plan_for("t", {"id", "a", "b"}, {"id"}), {"4, 1, 1", "5, 6, 7"});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("line 3"), HasSubstr("6, 7")));
}

TEST_F(ApplyRefusals, ChildMayComeBeforeItsParentInTheSameFile) {
  sql("CREATE TABLE t (id int PRIMARY KEY, boss int REFERENCES t)");
  EXPECT_EQ(counts_of(continuing("t", {"id", "boss"}, {"id"}), {"1, 2", "2, 3", "3, NULL", "4, 9", "5, 4", "6, 5"}),
            counts(6, 3, 0, 0, 0, 3));
  EXPECT_THAT(rejected(),
              ElementsAre("5:boss:refused_by_server", "6:boss:refused_by_server", "7:boss:refused_by_server"));
}

TEST_F(ApplyRefusals, ChildBeforeItsParentSurvivesHalving) {
  sql("CREATE TABLE t (id int PRIMARY KEY, boss int REFERENCES t, mail text UNIQUE)");
  EXPECT_EQ(counts_of(continuing("t", {"id", "boss", "mail"}, {"id"}),
                      {"1, 2, 'a'", "2, 3, 'b'", "3, NULL, 'c'", "4, NULL, 'c'", "5, 4, 'd'"}),
            counts(5, 3, 0, 0, 0, 2));
  EXPECT_EQ(query("SELECT id FROM t ORDER BY id"), "1 2 3");
}

TEST_F(ApplyRefusals, SecondUniqueIndexRejectsTheRowsThatComeTooLate) {
  sql("CREATE TABLE t (id int PRIMARY KEY, mail text); CREATE UNIQUE INDEX t_mail ON t (lower(mail));"
      "INSERT INTO t VALUES (1, 'a@x')");
  EXPECT_EQ(counts_of(continuing("t", {"id", "mail"}, {"id"}),
                      {"1, 'a@x'", "2, 'A@X'", "3, 'b@x'", "4, 'B@x'", "5, 'c@x'", "6, NULL"}),
            counts(6, 3, 0, 1, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("3::refused_by_server", "5::refused_by_server"));
}

TEST_F(ApplyRefusals, UniqueConstraintNamesItsColumn) {
  sql("CREATE TABLE t (id int PRIMARY KEY, mail text UNIQUE); INSERT INTO t VALUES (1, 'a')");
  const auto outcome = load(plan_for("t", {"id", "mail"}, {"id"}), {"2, 'b'", "3, 'a'"});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("line 3"), HasSubstr("\"mail\""), HasSubstr("(mail)=(a)")));
}

TEST_F(ApplyRefusals, MissingValueRejectsTheRow) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL); INSERT INTO t VALUES (1, 'a')");
  EXPECT_EQ(counts_of(continuing("t", {"id", "name"}, {"id"}), {"1, NULL", "2, 'b'", "3, NULL"}),
            counts(3, 1, 0, 0, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("2:name:not_null_violation", "4:name:not_null_violation"));
}

TEST_F(ApplyRefusals, MissingValueThatATriggerFillsInIsLoaded) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL);"
      "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN IF new.id < 5 THEN new.name := coalesce(new.name, ''filled''); END IF; RETURN new; END';"
      "CREATE TRIGGER fill BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION fill()");
  EXPECT_EQ(counts_of(continuing("t", {"id", "name"}, {"id"}), {"1, NULL", "2, 'b'", "7, NULL"}),
            counts(3, 2, 0, 0, 0, 1));
  EXPECT_THAT(rejected(), ElementsAre("4:name:not_null_violation"));
}

TEST_F(ApplyRefusals, ManyRefusedRowsAreAllCountedAndNeighboursLoaded) {
  sql("CREATE TABLE t (id int PRIMARY KEY, mail text UNIQUE); INSERT INTO t VALUES (0, 'taken')");
  std::vector<std::string> all = rows(1, 40, "'taken'");
  for (int i = 100; i < 120; ++i)
    all.insert(all.begin() + (i - 100) * 2, std::to_string(i) + ", 'm" + std::to_string(i) + "'");
  EXPECT_EQ(counts_of(continuing("t", {"id", "mail"}, {"id"}), all), counts(60, 20, 0, 0, 0, 40));
}

TEST_F(ApplyRefusals, MoreThanMaxErrorsFailsTheLoad) {
  sql("CREATE TABLE t (id int PRIMARY KEY, qty int CHECK (qty > 0), mail text UNIQUE)");
  Plan plan = continuing("t", {"id", "qty", "mail"}, {"id"});
  plan.max_errors = config::Amount{2, false};
  EXPECT_EQ(counts_of(plan, {"1, 1, 'a'", "2, -1, 'b'", "3, 1, 'a'"}), counts(3, 1, 0, 0, 0, 2));
  const auto outcome = load(plan, {"11, 1, 'x'", "12, -1, 'b'", "13, 1, 'x'", "14, 1, 'x'"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kTooManyErrors);
  EXPECT_EQ(query("SELECT count(*) FROM t"), "1");
}

TEST_F(ApplyRefusals, RejectsBeyondTheSinkAreCounted) {
  sql("CREATE TABLE t (id int PRIMARY KEY, qty int CHECK (qty > 0))");
  const Plan plan = continuing("t", {"id", "qty"}, {"id"});
  const target::Staging staging = stage(plan, rows(1, 20, "-1"));
  RejectSink sink(3);
  const auto outcome =
      commit_load(connection_, plan, staging, request_for(staging), sink, [this] { return connect(); });
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->counts, counts(20, 0, 0, 0, 0, 20));
  EXPECT_THAT(sink.kept(), SizeIs(3));
  EXPECT_EQ(sink.count(), 20);
}

TEST_F(ApplyRefusals, RowSecurityRefusesRowsAndNotTheLoad) {
  sql("CREATE TABLE t (id int PRIMARY KEY, tenant text); INSERT INTO t VALUES (1, 'ours'), (2, 'theirs');"
      "ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
      "CREATE POLICY own ON t USING (tenant = 'ours') WITH CHECK (tenant = 'ours');"
      "CREATE ROLE " +
      database_ + "_loader LOGIN; GRANT SELECT, INSERT, UPDATE ON t TO " + database_ +
      "_loader;"
      "GRANT CREATE ON DATABASE " +
      database_ + " TO " + database_ + "_loader; SET ROLE " + database_ + "_loader");
  const Plan plan = continuing("t", {"id", "tenant"}, {"id"});
  EXPECT_EQ(counts_of(plan, {"1, 'ours'", "2, 'ours'", "3, 'ours'", "4, 'theirs'"}), counts(4, 1, 0, 1, 0, 2));
  EXPECT_THAT(rejected(), ElementsAre("3:id:refused_by_server", "5::refused_by_server"));
  sql("RESET ROLE");
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"), "1|ours 2|theirs 3|ours");
}

TEST_F(ApplyRefusals, ExclusionConstraintRejectsTheRow) {
  sql("CREATE TABLE t (id int PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&))");
  EXPECT_EQ(counts_of(continuing("t", {"id", "during"}, {"id"}), {"1, '[1,5]'", "2, '[4,9]'", "3, '[7,9]'"}),
            counts(3, 2, 0, 0, 0, 1));
  EXPECT_THAT(rejected(), ElementsAre("3:during:refused_by_server"));
}

}  // namespace
}  // namespace cpi::import
