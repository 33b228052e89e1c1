// The one transaction of a load: what makes it happen exactly once, whatever is cut off.
#include <thread>

#include "import/commit.h"
#include "load_fixture.h"
#include "target/ledger.h"

namespace cpi::import {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CommitLoad : public LoadFixture {
 protected:
  CommitLoad() { sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'old')"); }
  Plan plan() { return plan_for("t", {"id", "name"}, {"id"}); }

  /// Becomes a login of its own with these grants; `%` stands for its name.
  std::string become_role(std::string grants) {
    const std::string role = database_ + "_role";
    sql("CREATE ROLE " + role + " LOGIN");
    for (std::size_t at; (at = grants.find('%')) != std::string::npos;) grants.replace(at, 1, role);
    sql(grants);
    sql("SET ROLE " + role);
    return role;
  }
};

TEST_F(CommitLoad, WritesLedgerAndTableTogether) {
  const target::Staging staging = stage(plan(), {"1, 'new'", "2, 'b'"});
  CommitRequest request = request_for(staging);
  request.identity = {"job/1/file", "job-1", "dir/items.csv", std::string(64, 'f'), 123, "2024-01-02T03:04:05.000000Z"};
  request.rows_read = 5;
  request.rejected_before = 2;
  request.unchanged_before = 1;
  const auto outcome = commit(plan(), staging, request);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->counts, counts(5, 1, 1, 1, 0, 2));
  const auto entry = target::find_load(connection_, "job/1/file");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->counts, outcome->counts);
  EXPECT_EQ(entry->identity.job_id, "job-1");
  EXPECT_EQ(entry->identity.file, "dir/items.csv");
  EXPECT_EQ(entry->identity.size, 123);
  EXPECT_EQ(entry->table, (target::TableName{"public", "t"}));
  EXPECT_EQ(entry->strategy, "merge");
}

TEST_F(CommitLoad, LoadThatIsInTheLedgerIsNotAppliedAgain) {
  const Plan plan = this->plan();
  const target::Staging first = stage(plan, {"1, 'new'", "2, 'b'"});
  ASSERT_TRUE(commit(plan, first, request_for(first)));
  sql("UPDATE t SET name = 'changed since'");
  CommitRequest again = request_for(first);
  again.rows_read = 99;
  const auto outcome = commit(plan, first, again);
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->already_applied);
  EXPECT_EQ(outcome->counts, counts(2, 1, 1, 0));
  EXPECT_EQ(query("SELECT DISTINCT name FROM t"), "changed since");
}

TEST_F(CommitLoad, SameLoadCommittedByTwoSessionsAtOnceIsAppliedOnce) {
  sql("CREATE TABLE log (a int)");
  const Plan plan = plan_for("log", {"a"}, {});
  const target::Staging staging = stage(plan, {"1", "2", "3"});
  const CommitRequest request = request_for(staging);
  target::ensure_ledger(connection_);
  int applied = 0;
  std::mutex mutex;
  {
    std::vector<std::jthread> sessions;
    for (int i = 0; i < 4; ++i) {
      sessions.emplace_back([&] {
        db::Connection connection = connect();
        RejectSink rejects;
        const auto outcome = commit_load(connection, plan, staging, request, rejects, [&] { return connect(); });
        const std::lock_guard lock(mutex);
        ASSERT_TRUE(outcome) << outcome.error().message;
        EXPECT_EQ(outcome->counts, counts(3, 3, 0, 0));
        if (!outcome->already_applied) ++applied;
      });
    }
  }
  EXPECT_EQ(applied, 1);
  EXPECT_EQ(query("SELECT count(*) FROM log"), "3");
}

TEST_F(CommitLoad, BytesThatAnotherLoadAppendedMeanwhileAreNotAppendedAgainUnlessForced) {
  sql("CREATE TABLE log (a int)");
  const Plan plan = plan_for("log", {"a"}, {});
  const target::Staging staging = stage(plan, {"1", "2", "3"});
  CommitRequest request = request_for(staging);
  request.identity.sha256 = std::string(64, 'a');
  ASSERT_TRUE(commit(plan, staging, request));
  request.identity.load_id = "a later load of the same bytes";
  const auto outcome = commit(plan, staging, request);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(outcome->already_applied);
  EXPECT_EQ(outcome->counts, counts(3, 0, 0, 3));
  EXPECT_EQ(query("SELECT count(*) FROM log"), "3");
  EXPECT_FALSE(target::find_load(connection_, request.identity.load_id));
  request.force = true;
  ASSERT_TRUE(commit(plan, staging, request));
  EXPECT_EQ(query("SELECT count(*) FROM log"), "6");
}

TEST_F(CommitLoad, DryRunCountsAndChangesNothing) {
  sql("CREATE TABLE s (id serial PRIMARY KEY, name text)");
  const Plan plan = plan_for("s", {"id", "name"}, {"id"});
  const target::Staging staging = stage(plan, {"1, 'a'", "70, 'b'"});
  CommitRequest request = request_for(staging);
  request.dry_run = true;
  const auto outcome = commit(plan, staging, request);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->counts, counts(2, 2, 0, 0));
  EXPECT_EQ(query("SELECT count(*) FROM s"), "0");
  EXPECT_EQ(query("SELECT count(*) FROM cpi.import_ledger"), "0");
  EXPECT_EQ(query("SELECT nextval('s_id_seq')"), "1");
}

TEST_F(CommitLoad, CreatesTheTableWithItsKey) {
  Plan plan;
  plan.table = {"public", "New Table"};
  plan.create_table = true;
  plan.key = {"Id"};
  plan.key_is_new = true;
  plan.columns = {new_column("Id", 23, "integer"), new_column("name", 25, "text")};
  EXPECT_EQ(counts_of(plan, {"1, 'a'", "2, 'b'", "2, 'c'"}), counts(3, 2, 0, 0, 1));
  const auto table = target::read_table(connection_, plan.table);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->primary_key()->name, "New Table_pkey");
  EXPECT_EQ(table->estimated_rows, 2);
}

TEST_F(CommitLoad, TableThatAppearsMeanwhileIsPlannedAnew) {
  Plan plan;
  plan.table = {"public", "t"};
  plan.create_table = true;
  plan.columns = {new_column("id", 23, "integer")};
  const auto outcome = load(plan, {"1"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kStagingLost);
}

TEST_F(CommitLoad, AddsColumns) {
  Plan plan = this->plan();
  PlannedColumn added = new_column("Größe", 25, "text");
  added.add_to_table = true;
  plan.columns.push_back(added);
  EXPECT_EQ(counts_of(plan, {"1, 'old', 'L'", "2, 'b', 'M'"}), counts(2, 1, 1, 0));
  EXPECT_EQ(query("SELECT \"Größe\" FROM t ORDER BY id"), "L M");
}

TEST_F(CommitLoad, TableThatWasAlteredMeanwhileIsPlannedAnew) {
  const char* const changes[] = {"ALTER TABLE t ADD note text",
                                 "ALTER TABLE t ALTER name TYPE varchar(9)",
                                 "ALTER TABLE t DROP CONSTRAINT t_pkey",
                                 "ALTER TABLE t RENAME name TO label",
                                 "CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING",
                                 "DROP TABLE t"};
  for (const char* change : changes) {
    const Plan plan = plan_for("t", {"id"}, {"id"});
    const target::Staging staging = stage(plan, {"1"});
    sql(change);
    const auto outcome = commit(plan, staging, request_for(staging));
    ASSERT_FALSE(outcome) << change;
    EXPECT_EQ(outcome.error().code, Code::kStagingLost) << change;
    EXPECT_THAT(outcome.error().message, HasSubstr("public.t")) << change;
  }
}

TEST_F(CommitLoad, StagingThatLostRowsIsNotApplied) {
  const Plan plan = this->plan();
  const target::Staging staging = stage(plan, {"1, 'a'", "2, 'b'"});
  sql("TRUNCATE " + staging.qualified);
  const auto outcome = commit(plan, staging, request_for(staging));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kStagingLost);
}

TEST_F(CommitLoad, RowsThatDoNotAddUpAreRolledBack) {
  const Plan plan = this->plan();
  const target::Staging staging = stage(plan, {"1, 'a'", "2, 'b'"});
  CommitRequest request = request_for(staging);
  request.rows_read = 3;
  const auto outcome = commit(plan, staging, request);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kAccountingMismatch);
  EXPECT_EQ(query("SELECT * FROM t"), "1|old");
  EXPECT_FALSE(target::find_load(connection_, request.identity.load_id));
}

TEST_F(CommitLoad, SourceThatChangedIsRolledBack) {
  const Plan plan = this->plan();
  const target::Staging staging = stage(plan, {"1, 'a'"});
  CommitRequest request = request_for(staging);
  request.source_unchanged = [] { return Result<void>(Error{Code::kFileChanged, "the file changed", "", ""}); };
  const auto outcome = commit(plan, staging, request);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kFileChanged);
  EXPECT_EQ(query("SELECT * FROM t"), "1|old");
}

TEST_F(CommitLoad, PassesItsFailpointsInOrder) {
  const Plan plan = this->plan();
  const target::Staging staging = stage(plan, {"1, 'a'"});
  CommitRequest request = request_for(staging);
  std::vector<std::string> passed;
  request.failpoint = [&](const char* name) { passed.emplace_back(name); };
  ASSERT_TRUE(commit(plan, staging, request));
  EXPECT_THAT(passed,
              ElementsAre("ledger_before", "ledger_after", "applied", "prepared", "commit_before", "commit_after"));
}

TEST_F(CommitLoad, StopsAtEveryStepWithoutATrace) {
  for (const char* step : {"ledger_after", "applied", "prepared", "commit_before"}) {
    const Plan plan = this->plan();
    const target::Staging staging = stage(plan, {"1, 'a'"});
    CommitRequest request = request_for(staging);
    std::stop_source stop;
    request.stop = stop.get_token();
    request.failpoint = [&](const char* name) {
      if (std::string_view(name) == step) stop.request_stop();
    };
    const auto outcome = commit(plan, staging, request);
    ASSERT_FALSE(outcome) << step;
    EXPECT_EQ(outcome.error().code, Code::kStopped) << step;
    EXPECT_EQ(query("SELECT * FROM t"), "1|old");
    EXPECT_EQ(query("SELECT count(*) FROM cpi.import_ledger"), "0");
    EXPECT_FALSE(connection_.in_transaction());
  }
}

TEST_F(CommitLoad, ConnectionThatDiesBeforeTheCommitLeavesNothing) {
  const Plan plan = this->plan();
  for (const char* step : {"ledger_after", "applied", "prepared", "commit_before"}) {
    db::Connection victim = connect();
    const target::Staging staging = stage(plan, {"1, 'a'", "2, 'b'"});
    CommitRequest request = request_for(staging);
    request.failpoint = [&](const char* name) {
      if (std::string_view(name) == step) {
        connect().exec("SELECT pg_terminate_backend($1::int, 10000)", {std::to_string(victim.backend_pid())});
      }
    };
    RejectSink rejects;
    try {
      const auto outcome = commit_load(victim, plan, staging, request, rejects, [this] { return connect(); });
      ASSERT_FALSE(outcome) << step;
      EXPECT_EQ(outcome.error().code, Code::kTargetUnreachable);
    } catch (const db::Error& error) {
      EXPECT_TRUE(error.retryable()) << step;
    }
    EXPECT_EQ(query("SELECT * FROM t"), "1|old") << step;
    EXPECT_FALSE(target::find_load(connection_, request.identity.load_id)) << step;
  }
}

TEST(CommitLoadAnswerLost, LedgerTellsThatTheLoadWasCommitted) {
  // A standby that does not exist: COMMIT takes effect and its answer waits for ever. Ending the session then loses the
  // answer of a commit that has happened.
  test::Cluster cluster(
      {.durable = false, .settings = {"synchronous_standby_names = 'nobody'", "synchronous_commit = local"}});
  db::Connection observer = cluster.connect();
  observer.exec("CREATE TABLE t (id int PRIMARY KEY)");
  db::Connection victim = cluster.connect();
  const auto table = target::read_table(observer, {"public", "t"});
  Plan plan;
  plan.table = table->name;
  plan.fingerprint = table->fingerprint;
  plan.key = {"id"};
  plan.columns = {new_column("id", 23, "integer")};
  target::Staging staging = target::create_staging(observer, "load", 1, {{"id", "integer"}});
  observer.exec("INSERT INTO " + staging.qualified + " VALUES (1, 2), (2, 3)");
  staging.copied = 2;
  target::ensure_ledger(observer);

  CommitRequest request;
  request.identity = {"load", "", "f.csv", "", 0, ""};
  request.rows_read = 2;
  std::jthread killer([&cluster, pid = victim.backend_pid()] {
    db::Connection connection = cluster.connect();
    while (
        connection
            .exec(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1::int AND wait_event = 'SyncRep'",
                {std::to_string(pid)})
            .empty()) {
    }
  });
  RejectSink rejects;
  const auto outcome = commit_load(victim, plan, staging, request, rejects, [&] { return cluster.connect(); });
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_FALSE(victim.healthy());
  EXPECT_EQ(outcome->counts.inserted, 2);
  EXPECT_EQ(observer.exec("SELECT count(*) FROM t").int64(0, 0), 2);
}

TEST(CommitLoadAfterACrash, UnloggedStagingIsEmptyAndNothingIsApplied) {
  test::Cluster cluster({.durable = true, .settings = {}});
  Plan plan;
  target::Staging staging;
  {
    db::Connection connection = cluster.connect();
    connection.exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (7)");
    const auto table = target::read_table(connection, {"public", "t"});
    plan.table = table->name;
    plan.fingerprint = table->fingerprint;
    plan.key = {"id"};
    plan.columns = {new_column("id", 23, "integer")};
    staging = target::create_staging(connection, "load", 1, {{"id", "integer"}});
    connection.exec("INSERT INTO " + staging.qualified + " VALUES (1, 2), (2, 3); CHECKPOINT");
    staging.copied = 2;
  }
  cluster.crash();
  db::Connection connection = cluster.connect();
  CommitRequest request;
  request.identity = {"load", "", "f.csv", "", 0, ""};
  request.rows_read = 2;
  RejectSink rejects;
  const auto outcome = commit_load(connection, plan, staging, request, rejects, [&] { return cluster.connect(); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kStagingLost);
  EXPECT_EQ(connection.exec("SELECT id FROM t").int64(0, 0), 7);
}

TEST_F(CommitLoad, WaitsForAnotherLoadOfTheTableOnlyAsLongAsAllowed) {
  const Plan plan = this->plan();
  const target::Staging first = stage(plan, {"1, 'first'"});
  const CommitRequest first_request = request_for(first);
  const target::Staging second = stage(plan, {"1, 'second'"});
  CommitRequest request = request_for(second);
  request.lock_timeout = std::chrono::milliseconds(50);
  CommitRequest slow = first_request;
  slow.failpoint = [&](const char* name) {
    if (std::string_view(name) != "applied") return;
    db::Connection other = connect();
    RejectSink rejects;
    try {
      (void)commit_load(other, plan, second, request, rejects, [this] { return connect(); });
      ADD_FAILURE() << "two loads of one table at once";
    } catch (const db::Error& error) {
      EXPECT_EQ(error.sqlstate(), "55P03");
      EXPECT_TRUE(error.retryable());
    }
  };
  ASSERT_TRUE(commit(plan, first, slow));
  ASSERT_TRUE(commit(plan, second, request));
  EXPECT_EQ(query("SELECT * FROM t"), "1|second");
}

TEST_F(CommitLoad, LeavesNoSettingLockOrTableInTheSession) {
  const std::string before =
      query("SELECT string_agg(name || setting, ',' ORDER BY name) FROM pg_settings WHERE source = 'session'");
  Plan plan = this->plan();
  stage_as_text(plan, "id");
  plan.continue_on_error = true;
  EXPECT_EQ(counts_of(plan, {"'1', 'a'", "'x', 'b'"}), counts(2, 0, 1, 0, 0, 1));
  EXPECT_EQ(query("SELECT string_agg(name || setting, ',' ORDER BY name) FROM pg_settings WHERE source = 'session'"),
            before);
  EXPECT_EQ(query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
  EXPECT_EQ(query("SELECT count(*) FROM pg_proc WHERE proname LIKE 'cpi\\_%'"), "0");
}

TEST_F(CommitLoad, MissingRightNamesTheGrant) {
  const Plan plan = this->plan();
  const std::string role =
      become_role("GRANT CREATE ON DATABASE " + database_ + " TO %; GRANT SELECT, INSERT ON t TO %");
  const auto outcome = load(plan, {"1, 'a'"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kTargetRefused);
  EXPECT_THAT(outcome.error().message, HasSubstr("public.t"));
  EXPECT_THAT(outcome.error().hint, HasSubstr("GRANT SELECT, INSERT, UPDATE ON \"public\".\"t\" TO " + role + ";"));
}

TEST_F(CommitLoad, RightsOnTheColumnsOfTheFileSuffice) {
  const Plan plan = this->plan();
  sql("ALTER TABLE t ADD secret text");
  const Plan planned = plan_for("t", {"id", "name"}, {"id"});
  become_role("GRANT CREATE ON DATABASE " + database_ +
              " TO %; GRANT SELECT (id, name), INSERT (id, name), UPDATE (id, name) ON t TO %");
  EXPECT_EQ(counts_of(planned, {"1, 'a'", "2, 'b'"}), counts(2, 1, 1, 0));
}

TEST_F(CommitLoad, RoleThatMayOnlyInsertAppends) {
  sql("CREATE TABLE log (a int)");
  const Plan plan = plan_for("log", {"a"}, {});
  become_role("GRANT CREATE ON DATABASE " + database_ + " TO %; GRANT INSERT ON log TO %");
  EXPECT_EQ(counts_of(plan, {"1", "2"}), counts(2, 2, 0, 0));
}

TEST_F(CommitLoad, MissingSchemaOrRightToCreateATableNamesTheStatement) {
  Plan plan;
  plan.create_table = true;
  plan.columns = {new_column("id", 23, "integer")};
  plan.table = {"no such", "x"};
  const auto missing = load(plan, {"1"});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().hint, HasSubstr("CREATE SCHEMA \"no such\";"));
  const std::string role =
      become_role("GRANT CREATE ON DATABASE " + database_ +
                  " TO %; "
                  "GRANT USAGE ON SCHEMA cpi TO %; GRANT SELECT, INSERT, UPDATE ON cpi.import_ledger TO %");
  plan.table = {"public", "x"};
  const auto refused = load(plan, {"1"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().hint, HasSubstr("GRANT USAGE, CREATE ON SCHEMA \"public\" TO " + role));
}

TEST_F(CommitLoad, OnlyTheOwnerAddsColumns) {
  Plan plan = this->plan();
  PlannedColumn added = new_column("note", 25, "text");
  added.add_to_table = true;
  plan.columns.push_back(added);
  become_role("GRANT CREATE ON DATABASE " + database_ + " TO %; GRANT SELECT, INSERT, UPDATE ON t TO %");
  const auto outcome = load(plan, {"1, 'a', 'n'"});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().hint, AllOf(HasSubstr("ALTER TABLE"), HasSubstr("\"note\" text")));
}

TEST_F(CommitLoad, LoadsFromATemporaryTableWhereStagingMayNotBeCreated) {
  target::ensure_ledger(connection_);
  const Plan plan = this->plan();
  become_role("GRANT USAGE ON SCHEMA cpi TO %; GRANT SELECT, INSERT, UPDATE ON cpi.import_ledger, t TO %");
  const target::Staging staging = stage(plan, {"1, 'new'", "2, 'b'"});
  EXPECT_TRUE(staging.temporary);
  const auto outcome = commit(plan, staging, request_for(staging));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->counts, counts(2, 1, 1, 0));
}

TEST_F(CommitLoad, TemporaryStagingOfAnotherSessionSaysWhatToGrant) {
  const Plan plan = this->plan();
  target::Staging staging = stage(plan, {"1, 'new'"});
  const CommitRequest request = request_for(staging);
  // As a transaction pooler does it: the table was made on a session that is not this one.
  staging.temporary = true;
  staging.qualified = "pg_temp.staging_of_somebody";
  const auto outcome = commit(plan, staging, request);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kTargetRefused);
  EXPECT_THAT(outcome.error().hint, HasSubstr("CREATE ON SCHEMA cpi"));
}

TEST_F(CommitLoad, KeyWithoutAUniqueIndexNamesTheStatementThatMakesOne) {
  sql("CREATE TABLE u (\"Id\" int, name text)");
  const auto outcome = load(plan_for("u", {"Id", "name"}, {"Id"}), {"1, 'a'"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kKeyNotUnique);
  EXPECT_THAT(outcome.error().hint, HasSubstr("CREATE UNIQUE INDEX ON \"public\".\"u\" (\"Id\");"));
}

}  // namespace
}  // namespace cpi::import
