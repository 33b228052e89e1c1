// Schema cpi of a target: the ledger and the staging tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "support/cluster.h"
#include "target/ledger.h"
#include "target/staging.h"

namespace cpi::target {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SchemaCpi : public testing::Test {
 protected:
  SchemaCpi() : database_(test::Cluster::shared().create_database()), connection_(connect()) {}
  db::Connection connect() const { return test::Cluster::shared().connect(database_); }
  std::int64_t count(const std::string& from) { return connection_.exec("SELECT count(*) FROM " + from).int64(0, 0); }
  void apply_load(const std::string& load_id, const std::string& sha256 = "aa") {
    ensure_ledger(connection_);
    db::Transaction transaction(connection_);
    ASSERT_TRUE(insert_load(connection_, {load_id, "", "f.csv", sha256, 1, ""}, {"public", "t"}));
    complete_load(connection_, load_id, {3, 1, 1, 1, 0, 0, 0}, "merge", "because");
    transaction.commit();
  }

  std::string database_;
  db::Connection connection_;
};

TEST_F(SchemaCpi, ALoadThatWasGivenUpCannotBeAppliedAnyMore) {
  const LoadIdentity identity{"x", "", "f.csv", "", 1, ""};
  EXPECT_FALSE(give_up_load(connection_, identity, {"public", "t"}));
  EXPECT_FALSE(give_up_load(connection_, identity, {"public", "t"}));
  ASSERT_TRUE(find_load(connection_, "x"));
  EXPECT_TRUE(find_load(connection_, "x")->given_up());
  EXPECT_FALSE(insert_load(connection_, {"x", "", "f.csv", "aa", 1, ""}, {"public", "t"}));
}

TEST_F(SchemaCpi, ALoadThatIsAppliedIsNotGivenUp) {
  apply_load("x");
  const auto entry = give_up_load(connection_, {"x", "", "f.csv", "", 1, ""}, {"public", "t"});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->counts, (Counts{3, 1, 1, 1, 0, 0, 0}));
}

TEST_F(SchemaCpi, GivingUpWaitsForATransactionThatIsApplyingTheLoad) {
  ensure_ledger(connection_);
  db::Transaction applying(connection_);
  ASSERT_TRUE(insert_load(connection_, {"x", "", "f.csv", "aa", 1, ""}, {"public", "t"}));
  db::Connection other = connect();
  try {
    give_up_load(other, {"x", "", "f.csv", "", 1, ""}, {"public", "t"}, std::chrono::milliseconds(50));
    FAIL() << "given up under the transaction's feet";
  } catch (const db::Error& error) {
    EXPECT_EQ(error.sqlstate(), "55P03");
  }
}

TEST_F(SchemaCpi, LedgerIsCreatedOnceByManyAtOnce) {
  {
    std::vector<std::jthread> sessions;
    for (int i = 0; i < 8; ++i) {
      sessions.emplace_back([this] {
        db::Connection connection = connect();
        EXPECT_NO_THROW(ensure_ledger(connection));
      });
    }
  }
  EXPECT_EQ(count("cpi.import_ledger"), 0);
}

TEST_F(SchemaCpi, StrangersSeeNothingOfIt) {
  apply_load("1");
  connection_.exec("CREATE ROLE " + database_ + "_stranger; SET ROLE " + database_ + "_stranger");
  EXPECT_THROW(connection_.exec("SELECT * FROM cpi.import_ledger"), db::Error);
  connection_.exec("RESET ROLE");
}

TEST_F(SchemaCpi, MissingRightsComeWithTheStatementsThatGiveThem) {
  const std::string role = database_ + "_loader";
  const auto hint = [&] {
    try {
      ensure_ledger(connection_);
    } catch (const db::Error& error) {
      EXPECT_EQ(error.sqlstate(), "42501");
      return error.hint();
    }
    return std::string();
  };
  connection_.exec("CREATE ROLE " + role + "; SET ROLE " + role);
  EXPECT_THAT(hint(), AllOf(HasSubstr("GRANT CREATE ON DATABASE " + database_ + " TO " + role + ";"),
                            HasSubstr("CREATE SCHEMA cpi AUTHORIZATION " + role + ";")));
  connection_.exec("RESET ROLE; CREATE SCHEMA cpi; SET ROLE " + role);
  EXPECT_THAT(hint(), HasSubstr("GRANT USAGE, CREATE ON SCHEMA cpi TO " + role + ";"));
  connection_.exec("RESET ROLE; GRANT USAGE ON SCHEMA cpi TO " + role + "; SET ROLE " + role);
  EXPECT_THAT(hint(), HasSubstr("GRANT USAGE, CREATE ON SCHEMA cpi TO " + role + ";"));
  connection_.exec("RESET ROLE");
  ensure_ledger(connection_);
  connection_.exec("GRANT SELECT ON cpi.import_ledger TO " + role + "; SET ROLE " + role);
  EXPECT_THAT(hint(), HasSubstr("GRANT SELECT, INSERT, UPDATE ON cpi.import_ledger TO " + role + ";"));
  connection_.exec("RESET ROLE; GRANT INSERT, UPDATE ON cpi.import_ledger TO " + role + "; SET ROLE " + role);
  EXPECT_EQ(hint(), "");
  connection_.exec("RESET ROLE");
}

TEST_F(SchemaCpi, UnknownLoadsAreNotFoundEvenWithoutALedger) {
  EXPECT_FALSE(find_load(connection_, "x"));
  EXPECT_FALSE(find_content(connection_, {"public", "t"}, "aa"));
  ensure_ledger(connection_);
  EXPECT_FALSE(find_load(connection_, "x"));
}

TEST_F(SchemaCpi, LoadIsInsertedOnceAndReadBack) {
  apply_load("x");
  EXPECT_FALSE(insert_load(connection_, {"x", "", "other.csv", "bb", 1, ""}, {"public", "u"}));
  const auto entry = find_load(connection_, "x");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->counts, (Counts{3, 1, 1, 1, 0, 0, 0}));
  EXPECT_EQ(entry->identity.file, "f.csv");
  EXPECT_EQ(entry->strategy_reason, "because");
  EXPECT_TRUE(entry->committed_at.ends_with("Z"));
}

TEST_F(SchemaCpi, ContentIsFoundByTableAndHash) {
  apply_load("x", "aa");
  EXPECT_TRUE(find_content(connection_, {"public", "t"}, "aa"));
  EXPECT_FALSE(find_content(connection_, {"public", "t"}, "bb"));
  EXPECT_FALSE(find_content(connection_, {"other", "t"}, "aa"));
}

TEST_F(SchemaCpi, LedgerRefusesCountsThatDoNotAddUp) {
  ensure_ledger(connection_);
  ASSERT_TRUE(insert_load(connection_, {"x", "", "f", "", 0, ""}, {"public", "t"}));
  EXPECT_THROW(complete_load(connection_, "x", {9, 1, 1, 1, 0, 0, 0}, "merge", ""), db::Error);
}

TEST_F(SchemaCpi, StagingTakesRowsInBinaryForm) {
  Staging staging = create_staging(connection_, "Load / 1", 1, {{"a\"b", "integer"}});
  EXPECT_FALSE(staging.temporary);
  db::CopyIn copy = copy_into(connection_, staging);
  const std::string row("\0\2\0\0\0\4\0\0\0\7\0\0\0\10\0\0\0\0\0\0\0\2", 22);
  copy.put(row);
  copy.put(row);
  EXPECT_EQ(copy.finish(), 2);
  const db::Rows rows = connection_.exec("SELECT * FROM " + staging.qualified);
  EXPECT_EQ(rows.int64(0, 0), 7);
  EXPECT_EQ(rows.int64(0, 1), 2);
  drop_staging(connection_, staging);
  EXPECT_NO_THROW(drop_staging(connection_, staging));
}

TEST_F(SchemaCpi, StagingTablesOfDifferentLoadsAndAttemptsAreDifferent) {
  const std::string long_id(80, 'x');
  std::set<std::string> names;
  for (const std::string& load : {std::string("a"), std::string("A"), std::string("-"), long_id, long_id + "y"}) {
    for (const int attempt : {1, 2}) names.insert(create_staging(connection_, load, attempt, {}).qualified);
  }
  EXPECT_EQ(names.size(), 10u);
}

TEST_F(SchemaCpi, StagingOfTheSameAttemptIsReplaced) {
  const Staging first = create_staging(connection_, "a", 1, {{"x", "integer"}});
  connection_.exec("INSERT INTO " + first.qualified + " VALUES (1, 2)");
  const Staging second = create_staging(connection_, "a", 1, {{"y", "text"}});
  EXPECT_EQ(count(second.qualified), 0);
}

TEST_F(SchemaCpi, ColumnThatBearsTheNameOfTheLineIsRefusedClearly) {
  try {
    create_staging(connection_, "a", 1, {{"cpi_line", "integer"}});
    FAIL();
  } catch (const db::Error& error) {
    EXPECT_THAT(error.hint(), HasSubstr("column_mapping"));
  }
}

TEST_F(SchemaCpi, StagingIsTemporaryWhereTheSchemaCannotBeCreated) {
  connection_.exec("CREATE ROLE " + database_ + "_guest; SET ROLE " + database_ + "_guest");
  const Staging staging = create_staging(connection_, "a", 1, {{"x", "integer"}});
  EXPECT_TRUE(staging.temporary);
  EXPECT_EQ(count(staging.qualified), 0);
  drop_staging(connection_, staging);
  connection_.exec("RESET ROLE");
}

TEST_F(SchemaCpi, SweepDropsFinishedAndOldStagingOnly) {
  EXPECT_EQ(sweep_staging(connection_, 0), 0);
  apply_load("finished");
  create_staging(connection_, "finished", 1, {});
  create_staging(connection_, "running", 1, {});
  EXPECT_EQ(sweep_staging(connection_, 3600), 1);
  EXPECT_EQ(count("pg_tables WHERE schemaname = 'cpi' AND tablename LIKE 'staging\\_running%'"), 1);
  EXPECT_EQ(sweep_staging(connection_, -1), 1);
  EXPECT_EQ(count("pg_tables WHERE schemaname = 'cpi'"), 1) << "the ledger stays";
}

TEST_F(SchemaCpi, SweepLeavesTablesAloneWhoseCommentSomebodyElseWrote) {
  apply_load("finished");
  connection_.exec("CREATE UNLOGGED TABLE cpi.staging_mine (a int); COMMENT ON TABLE cpi.staging_mine IS 'not {json'");
  connection_.exec("CREATE UNLOGGED TABLE cpi.staging_bare (a int)");
  create_staging(connection_, "finished", 1, {});
  EXPECT_EQ(sweep_staging(connection_, -1), 1);
  EXPECT_EQ(count("pg_tables WHERE schemaname = 'cpi' AND tablename IN ('staging_mine', 'staging_bare')"), 2);
}

TEST_F(SchemaCpi, SweepLeavesATableThatSomebodyWorksOn) {
  apply_load("x");
  const Staging staging = create_staging(connection_, "x", 1, {});
  db::Connection other = connect();
  other.exec("BEGIN; INSERT INTO " + staging.qualified + " VALUES (1)");
  EXPECT_EQ(sweep_staging(connection_, -1), 0);
  other.exec("ROLLBACK");
  EXPECT_EQ(sweep_staging(connection_, -1), 1);
}

}  // namespace
}  // namespace cpi::target
