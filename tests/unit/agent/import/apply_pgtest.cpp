// What a load does to a table: the real statements on a real server. Types, constraints and triggers have files of
// their own (apply_types_pgtest, apply_refusals_pgtest, apply_triggers_pgtest).
#include <thread>

#include "import/apply.h"
#include "load_fixture.h"

namespace cpi::import {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Apply : public LoadFixture {
 protected:
  /// Waits until `connection`'s session stands before a lock; false when it ends first.
  bool wait_until_blocked(int pid) {
    db::Connection observer = connect();
    for (;;) {
      const db::Rows rows = observer.exec("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1::int",
                                          {std::to_string(pid)});
      if (rows.empty()) return false;
      if (rows.text(0, 0) == "t") return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
};

TEST_F(Apply, CountsInsertedUpdatedAndSkippedRowsExactly) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'same'), (2, 'old'), (9, 'kept')");
  const Plan plan = plan_for("t", {"id", "name"}, {"id"});
  EXPECT_EQ(counts_of(plan, {"1, 'same'", "2, 'new'", "3, 'added'"}), counts(3, 1, 1, 1));
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"), "1|same 2|new 3|added 9|kept");
  EXPECT_EQ(counts_of(plan, {"1, 'same'", "2, 'new'", "3, 'added'"}), counts(3, 0, 0, 3));
}

TEST_F(Apply, LeavesUnchangedRowsUntouched) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a'), (2, NULL)");
  const std::string before = query("SELECT ctid, xmin FROM t ORDER BY id");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "name"}, {"id"}), {"1, 'a'", "2, NULL"}), counts(2, 0, 0, 2));
  EXPECT_EQ(query("SELECT ctid, xmin FROM t ORDER BY id"), before);
}

TEST_F(Apply, TellsNullFromEmptyAndFromValue) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, ''), (2, NULL), (3, 'x')");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "name"}, {"id"}), {"1, NULL", "2, ''", "3, NULL"}), counts(3, 0, 3, 0));
  EXPECT_EQ(query("SELECT name FROM t ORDER BY id"), "NULL  NULL");
}

TEST_F(Apply, LeavesColumnsThatTheFileLacksAlone) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text, note text DEFAULT 'new'); INSERT INTO t VALUES (1, 'old', "
      "'mine')");
  EXPECT_EQ(counts_of(plan_for("t", {"name", "id"}, {"id"}), {"'x', 1", "'y', 2"}), counts(2, 1, 1, 0));
  EXPECT_EQ(query("SELECT id, name, note FROM t ORDER BY id"), "1|x|mine 2|y|new");
}

TEST_F(Apply, SetsColumnsThatTheFileLacksToNullWhenThePlanSaysSo) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text, note varchar(9) DEFAULT 'new');"
      "INSERT INTO t VALUES (1, 'a', 'mine'), (2, 'b', NULL)");
  Plan plan = plan_for("t", {"id", "name"}, {"id"});
  plan.null_columns = {"note"};
  EXPECT_EQ(counts_of(plan, {"1, 'a'", "2, 'b'", "3, 'c'"}), counts(3, 1, 1, 1));
  EXPECT_EQ(query("SELECT note FROM t ORDER BY id"), "NULL NULL NULL");
}

TEST_F(Apply, FileWithKeyColumnsOnlyInsertsAndSkips) {
  sql("CREATE TABLE t (a int, b int, PRIMARY KEY (a, b)); INSERT INTO t VALUES (1, 1)");
  EXPECT_EQ(counts_of(plan_for("t", {"b", "a"}, {"a", "b"}), {"1, 1", "2, 1"}), counts(2, 1, 0, 1));
  EXPECT_EQ(query("SELECT a, b FROM t ORDER BY a"), "1|1 1|2");
}

TEST_F(Apply, QuotesOddNames) {
  sql(R"(CREATE TABLE "Sel""ect; --" ("Id" int PRIMARY KEY, "s" text, "t" text, "a b""c" text, "größe" text, "select" int))");
  const Plan plan = plan_for("Sel\"ect; --", {"Id", "s", "t", "a b\"c", "größe", "select"}, {"Id"});
  EXPECT_EQ(counts_of(plan, {"1, 's', 't', 'abc', 'g', 5"}), counts(1, 1, 0, 0));
  EXPECT_EQ(counts_of(plan, {"1, 's', 't', 'abc', 'h', 5", "2, 's', 't', 'abc', 'g', 5"}), counts(2, 1, 1, 0));
  EXPECT_EQ(query(R"(SELECT "größe", "a b""c" FROM "Sel""ect; --" ORDER BY 1)"), "g|abc h|abc");
}

TEST_F(Apply, AppendsWithoutAKey) {
  sql("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x')");
  EXPECT_EQ(counts_of(plan_for("t", {"a", "b"}, {}), {"1, 'x'", "1, 'x'"}), counts(2, 2, 0, 0));
  EXPECT_EQ(query("SELECT count(*) FROM t"), "3");
}

TEST_F(Apply, AcceptsALoadWithoutRows) {
  sql("CREATE TABLE t (id int PRIMARY KEY)");
  EXPECT_EQ(counts_of(plan_for("t", {"id"}, {"id"}), {}), counts(0, 0, 0, 0));
}

TEST_F(Apply, KeepsTheLastOfSeveralRowsWithOneKey) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'c')");
  const Plan plan = plan_for("t", {"id", "name"}, {"id"});
  EXPECT_EQ(counts_of(plan, {"1, 'a'", "2, 'x'", "1, 'b'", "1, 'c'", "2, 'y'"}), counts(5, 1, 0, 1, 3));
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"), "1|c 2|y");
}

TEST_F(Apply, KeepsTheFirstOfSeveralRowsWithOneKey) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text)");
  Plan plan = plan_for("t", {"id", "name"}, {"id"});
  plan.duplicates = config::Duplicates::kFirst;
  EXPECT_EQ(counts_of(plan, {"1, 'a'", "1, 'b'", "1, 'c'"}), counts(3, 1, 0, 0, 2));
  EXPECT_EQ(query("SELECT name FROM t"), "a");
}

TEST_F(Apply, DuplicateKeyFailsTheLoadAndNamesBothLines) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text)");
  Plan plan = plan_for("t", {"id", "name"}, {"id"});
  plan.duplicates = config::Duplicates::kError;
  const auto outcome = load(plan, {"7, 'a'", "8, 'b'", "7, 'c'"});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message,
              AllOf(HasSubstr("line 4"), HasSubstr("line 2"), HasSubstr("\"id\""), HasSubstr("7")));
  EXPECT_EQ(query("SELECT count(*) FROM t"), "0");
}

TEST_F(Apply, DuplicateKeyIsRejectedWhenTheLoadGoesOn) {
  sql("CREATE TABLE t (a int, b text, c int, PRIMARY KEY (a, b))");
  Plan plan = plan_for("t", {"a", "b", "c"}, {"a", "b"});
  plan.duplicates = config::Duplicates::kError;
  plan.continue_on_error = true;
  EXPECT_EQ(counts_of(plan, {"1, 'x', 1", "1, 'x', 2", "1, 'y', 3"}), counts(3, 2, 0, 0, 0, 1));
  EXPECT_THAT(rejected(), ElementsAre("3::duplicate_key"));
  EXPECT_EQ(query("SELECT c FROM t ORDER BY b"), "1 3");
}

TEST_F(Apply, RowWithoutAKeyFailsTheLoadWithItsLine) {
  sql("CREATE TABLE t (id int UNIQUE, name text)");
  const auto outcome = load(plan_for("t", {"id", "name"}, {"id"}), {"1, 'a'", "NULL, 'b'"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kTargetRefused);
  EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("line 3"), HasSubstr("\"id\"")));
}

TEST_F(Apply, RowWithoutAKeyIsRejectedWhenTheLoadGoesOn) {
  sql("CREATE TABLE t (id int UNIQUE, name text)");
  Plan plan = plan_for("t", {"id", "name"}, {"id"});
  plan.continue_on_error = true;
  EXPECT_EQ(counts_of(plan, {"1, 'a'", "NULL, 'b'"}), counts(2, 1, 0, 0, 0, 1));
  EXPECT_THAT(rejected(), ElementsAre("3:id:null_key"));
}

TEST_F(Apply, CountsRowsOfPartitionedTables) {
  sql("CREATE TABLE t (id int, region text, name text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);"
      "CREATE TABLE t_eu PARTITION OF t FOR VALUES IN ('eu');"
      "CREATE TABLE t_us PARTITION OF t FOR VALUES IN ('us') PARTITION BY RANGE (id);"
      "CREATE TABLE t_us_1 PARTITION OF t_us FOR VALUES FROM (0) TO (100);"
      "INSERT INTO t VALUES (1, 'eu', 'a'), (2, 'us', 'b')");
  const Plan plan = plan_for("t", {"id", "region", "name"}, {"id", "region"});
  EXPECT_EQ(counts_of(plan, {"1, 'eu', 'x'", "2, 'us', 'b'", "3, 'us', 'n'", "3, 'eu', 'n'"}), counts(4, 2, 1, 1));
}

TEST_F(Apply, RowWithoutAPartitionIsRefusedByItself) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text) PARTITION BY RANGE (id);"
      "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10)");
  Plan plan = plan_for("t", {"id", "name"}, {"id"});
  plan.continue_on_error = true;
  EXPECT_EQ(counts_of(plan, {"1, 'a'", "10, 'b'", "2, 'c'"}), counts(3, 2, 0, 0, 0, 1));
  EXPECT_THAT(rejected(), ElementsAre("3::refused_by_server"));
}

TEST_F(Apply, WithoutTheMergeStatementTheResultIsTheSame) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'same'), (2, 'old')");
  Plan plan = plan_for("t", {"id", "name"}, {"id"});
  plan.use_merge_statement = false;
  EXPECT_EQ(counts_of(plan, {"1, 'same'", "2, 'new'", "3, 'added'"}), counts(3, 1, 1, 1));
}

TEST_F(Apply, CountsExactlyWhereTheServerKeepsNoCounters) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'same'), (2, 'old');"
      "SET track_counts = off");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "name"}, {"id"}), {"1, 'same'", "2, 'new'", "3, 'added'"}),
            counts(3, 1, 1, 1));
}

TEST_F(Apply, LoadsTablesWithRules) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); CREATE TABLE log (id int);"
      "CREATE RULE logged AS ON INSERT TO t DO ALSO INSERT INTO log VALUES (new.id);"
      "INSERT INTO t VALUES (1, 'old'); DELETE FROM log");
  Plan plan = plan_for("t", {"id", "name"}, {"id"});
  plan.use_merge_statement = false;
  EXPECT_EQ(counts_of(plan, {"1, 'new'", "2, 'b'"}), counts(2, 1, 1, 0));
}

TEST_F(Apply, RaisesSequencesBehindSerialAndIdentityColumns) {
  sql("CREATE TABLE t (id serial PRIMARY KEY, no int GENERATED BY DEFAULT AS IDENTITY, name text)");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "no", "name"}, {"id"}), {"41, 7, 'a'", "5, 90, 'b'"}), counts(2, 2, 0, 0));
  EXPECT_EQ(query("INSERT INTO t (name) VALUES ('next') RETURNING id, no"), "42|91");
}

TEST_F(Apply, NeverLowersASequence) {
  sql("CREATE TABLE t (id serial PRIMARY KEY, name text); SELECT setval('t_id_seq', 1000)");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "name"}, {"id"}), {"5, 'a'"}), counts(1, 1, 0, 0));
  EXPECT_EQ(query("SELECT nextval('t_id_seq')"), "1001");
}

TEST_F(Apply, WritesIdentityAlwaysColumnsOnInsertOnly) {
  sql("CREATE TABLE t (id int PRIMARY KEY, no int GENERATED ALWAYS AS IDENTITY, name text);"
      "INSERT INTO t (id, name) VALUES (1, 'old')");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "no", "name"}, {"id"}), {"1, 50, 'new'", "2, 60, 'b'"}), counts(2, 1, 1, 0));
  EXPECT_EQ(query("SELECT id, no, name FROM t ORDER BY id"), "1|1|new 2|60|b");
  EXPECT_EQ(query("INSERT INTO t (id) VALUES (3) RETURNING no"), "61");
}

TEST_F(Apply, MatchesByAnIdentityAlwaysKey) {
  sql("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text); INSERT INTO t (name) VALUES "
      "('old')");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "name"}, {"id"}), {"1, 'new'", "7, 'b'"}), counts(2, 1, 1, 0));
  EXPECT_EQ(query("SELECT id, name FROM t ORDER BY id"), "1|new 7|b");
}

TEST_F(Apply, LeavesGeneratedColumnsToTheServer) {
  sql("CREATE TABLE t (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);"
      "INSERT INTO t VALUES (1, 1), (2, 2)");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "a"}, {"id"}), {"1, 5", "2, 2", "3, 7"}), counts(3, 1, 1, 1));
  EXPECT_EQ(query("SELECT twice FROM t ORDER BY id"), "10 4 14");
}

TEST_F(Apply, SeesRowsOfInheritedTables) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (t);"
      "INSERT INTO child VALUES (1, 'old'); INSERT INTO t VALUES (2, 'b')");
  EXPECT_EQ(counts_of(plan_for("t", {"id", "name"}, {"id"}), {"1, 'new'", "2, 'b'", "3, 'c'"}), counts(3, 1, 1, 1));
  EXPECT_EQ(query("SELECT name FROM child"), "new");
}

TEST_F(Apply, CountsWhatAnotherSessionInsertedMeanwhileAsSkippedOrUpdated) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'old')");
  const Plan plan = plan_for("t", {"id", "name"}, {"id"});
  db::Connection other = connect();
  other.exec("BEGIN; INSERT INTO t VALUES (2, 'theirs'), (3, 'same')");
  const target::Staging staging = stage(plan, {"1, 'new'", "2, 'ours'", "3, 'same'", "4, 'd'"});
  std::optional<Result<CommitOutcome>> outcome;
  std::jthread loading([&] { outcome = commit(plan, staging, request_for(staging)); });
  ASSERT_TRUE(wait_until_blocked(connection_.backend_pid()));
  other.exec("COMMIT");
  loading.join();
  ASSERT_TRUE(*outcome) << outcome->error().message;
  EXPECT_EQ((*outcome)->counts, counts(4, 1, 2, 1));
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"), "1|new 2|ours 3|same 4|d");
}

TEST_F(Apply, CountsWhatAnotherSessionDeletedMeanwhileAsInserted) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'old'), (2, 'old')");
  const Plan plan = plan_for("t", {"id", "name"}, {"id"});
  db::Connection other = connect();
  other.exec("BEGIN; DELETE FROM t WHERE id = 2");
  const target::Staging staging = stage(plan, {"1, 'new'", "2, 'new'"});
  std::optional<Result<CommitOutcome>> outcome;
  std::jthread loading([&] { outcome = commit(plan, staging, request_for(staging)); });
  ASSERT_TRUE(wait_until_blocked(connection_.backend_pid()));
  other.exec("COMMIT");
  loading.join();
  ASSERT_TRUE(*outcome) << outcome->error().message;
  EXPECT_EQ((*outcome)->counts, counts(2, 1, 1, 0));
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"), "1|new 2|new");
}

}  // namespace
}  // namespace cpi::import
