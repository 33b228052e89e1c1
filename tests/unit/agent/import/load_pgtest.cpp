// load_file from a real file into a real server: what arrives, what is rejected, what is left behind when it fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "import/load.h"
#include "support/cluster.h"

namespace cpi::import {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Loading : public testing::Test {
 protected:
  Loading() : database(test::Cluster::shared().create_database()), connection(connect()) {
    char pattern[] = "/tmp/cpi_load_XXXXXX";
    directory = ::mkdtemp(pattern);
    request.table = {"public", "t"};
    request.options.primary_key = {"id"};
  }
  ~Loading() override { fs::remove_all(directory); }

  db::Connection connect() const { return test::Cluster::shared().connect(database); }

  void write(const std::string& text) { std::ofstream(directory / "t.csv", std::ios::binary) << text; }

  /// Loads the file under a load id of its own, unless `same_load`.
  LoadResult load(bool same_load = false) {
    if (!same_load) request.load_id = "load-" + std::to_string(++loads);
    const auto source = source::make_named_files_source({}, directory, {"t.csv"});
    request.file = source->list()->front();
    LoadContext context{*source, connector, progress, stop.get_token(), failpoint};
    return load_file(request, context);
  }

  /// The rows of the table, ordered, columns joined with '|' and NULL as ∅.
  std::vector<std::string> rows(const std::string& columns = "*") {
    const db::Rows found = connection.exec("SELECT " + columns + " FROM t ORDER BY 1");
    std::vector<std::string> out;
    for (int row = 0; row < found.size(); ++row) {
      std::string line;
      for (int column = 0; column < found.columns(); ++column) {
        line += (column > 0 ? "|" : "") + found.optional(row, column).value_or("∅");
      }
      out.push_back(line);
    }
    return out;
  }

  std::int64_t staging_tables() {
    return connection.exec("SELECT count(*) FROM pg_class WHERE relname LIKE 'staging%'").int64(0, 0);
  }
  std::int64_t ledger_rows() { return connection.exec("SELECT count(*) FROM cpi.import_ledger").int64(0, 0); }

  static std::vector<std::int64_t> lines(const LoadResult& result) {
    std::vector<std::int64_t> out;
    for (const csv::Reject& reject : result.rejects) out.push_back(reject.line);
    return out;
  }

  std::string database;
  db::Connection connection;
  fs::path directory;
  LoadRequest request;
  Progress progress;
  std::stop_source stop;
  std::function<db::Connection()> connector = [this] { return connect(); };
  std::function<void(const char*)> failpoint = [](const char*) {};
  int loads = 0;
};

#define ASSERT_LOADED(result) ASSERT_TRUE((result).success) << (result).error->message << " " << (result).error->detail

TEST_F(Loading, CreatesTheTableAndSkipsEverythingTheSecondTime) {
  write("id,name\n1,Ann\n2,\n3,\"\"\n");
  LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{3, 3, 0, 0, 0, 0, 0}));
  EXPECT_THAT(rows(), ElementsAre("1|Ann", "2|∅", "3|"));
  EXPECT_THAT(result.columns, ElementsAre("id", "name"));
  EXPECT_EQ(result.size, 22);
  EXPECT_EQ(result.sha256.size(), 64U);
  result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{3, 0, 0, 3, 0, 0, 0}));
  EXPECT_EQ(staging_tables(), 0);
  EXPECT_EQ(ledger_rows(), 2);
}

TEST_F(Loading, UpdatesInsertsAndSkipsByKey) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY, price numeric(8,2), day date)");
  connection.exec("INSERT INTO t VALUES (1, 10, '2024-01-01'), (2, 20, '2024-01-02'), (9, 9, NULL)");
  write("day,ID,price\n2024-01-01,1,10.00\n2024-01-02,2,21\n,3,30\n2024-05-05,3,31\n");
  const LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{4, 1, 1, 1, 1, 0, 0}));
  EXPECT_THAT(rows(), ElementsAre("1|10.00|2024-01-01", "2|21.00|2024-01-02", "3|31.00|2024-05-05", "9|9.00|∅"));
}

TEST_F(Loading, UnderAbortNothingChangesAndEveryBadRowIsTold) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY, price int)");
  write("id,price\n1,1\n2,x\n3,3\n,4\n5,5,5\n6,y\n");
  const LoadResult result = load();
  ASSERT_FALSE(result.success);
  EXPECT_EQ(result.error->code, Code::kTooManyErrors);
  EXPECT_THAT(result.error->message, HasSubstr("line 3, column \"price\""));
  EXPECT_THAT(result.error->detail, HasSubstr("4 of 6 rows"));
  EXPECT_THAT(lines(result), ElementsAre(3, 5, 6, 7));
  EXPECT_EQ(result.rejects[0].raw, "2,x");
  EXPECT_EQ(result.rejects[0].offset, 13);
  EXPECT_EQ(result.counts.rejected, 4);
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_EQ(staging_tables(), 0);
  EXPECT_EQ(ledger_rows(), 0);
}

TEST_F(Loading, UnderContinueABadRowDoesNotTakeItsNeighboursAlong) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY, price int CONSTRAINT positive CHECK (price > 0))");
  request.options.on_error = config::OnError::kContinue;
  write("id,price\n1,1\n2,x\n3,-3\n4,4\n5,\"5\n6,6\n");
  const LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{6, 3, 0, 0, 0, 3, 0}));
  EXPECT_THAT(rows(), ElementsAre("1|1", "4|4", "6|6"));
  EXPECT_THAT(lines(result), ElementsAre(3, 4, 6));
  EXPECT_EQ(result.rejects[1].reason, csv::Reason::kRefusedByServer);
  EXPECT_EQ(result.rejects[1].raw, "3,-3");
  EXPECT_EQ(result.rejects[1].offset, 17);
  EXPECT_THAT(result.rejects[1].message, HasSubstr("positive"));
}

TEST_F(Loading, MoreErrorsThanAllowedFailTheLoadAsNumberAndAsShare) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY)");
  write("id\n1\nx\ny\n4\n5\n6\n7\n8\n9\n10\n");
  for (const auto& [allowed, loaded] : std::vector<std::pair<config::Amount, bool>>{
           {{1, false}, false}, {{2, false}, true}, {{19, true}, false}, {{20, true}, true}}) {
    request.options.max_errors = allowed;
    const LoadResult result = load();
    EXPECT_EQ(result.success, loaded) << allowed.value << (allowed.percent ? "%" : "");
    EXPECT_THAT(lines(result), ElementsAre(3, 4));
    if (!loaded) {
      EXPECT_EQ(result.error->code, Code::kTooManyErrors);
      EXPECT_THAT(result.error->hint, HasSubstr("max_errors allows"));
    }
  }
}

TEST_F(Loading, ASpellingThatOnlyTheServerKnowsSendsItsColumnToTheServer) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY, at timestamp, day date, doc jsonb)");
  request.options.on_error = config::OnError::kContinue;
  write(
      "id,at,day,doc\n1,2024-01-02 03:04:05,2024-01-02,{}\n2,Jan 5 2024 10:00,\"January 8, "
      "1999\",[1]\n3,nonsense,2024-01-01,{\n");
  const LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_THAT(rows(), ElementsAre("1|2024-01-02 03:04:05|2024-01-02|{}", "2|2024-01-05 10:00:00|1999-01-08|[1]"));
  EXPECT_THAT(lines(result), ElementsAre(4));
  EXPECT_EQ(result.counts.rejected, 1);
  EXPECT_EQ(staging_tables(), 0);
}

TEST_F(Loading, ATableWithoutAKeyTakesTheSameContentOnceUnlessForced) {
  connection.exec("CREATE TABLE t (id int, name text)");
  request.options.primary_key.clear();
  write("id,name\n1,a\n1,a\n");
  LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts.inserted, 2);
  EXPECT_THAT(result.warnings, Contains(HasSubstr("rows are appended")));
  result = load();
  ASSERT_LOADED(result);
  EXPECT_TRUE(result.already_applied);
  EXPECT_EQ(result.counts, (target::Counts{2, 0, 0, 2, 0, 0, 0}));
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("the same content was loaded at")));
  request.force = true;
  ASSERT_LOADED(load());
  EXPECT_EQ(rows().size(), 4U);
}

TEST_F(Loading, ALoadThatTheLedgerKnowsIsReportedNotRepeated) {
  write("id,name\n1,a\n");
  ASSERT_LOADED(load());
  connection.exec("DELETE FROM t");
  LoadResult result = load(true);
  ASSERT_LOADED(result);
  EXPECT_TRUE(result.already_applied);
  EXPECT_EQ(result.counts, (target::Counts{1, 1, 0, 0, 0, 0, 0}));
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  write("id,name\n1,a\n2,b\n");
  result = load(true);
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("newer content waits")));
}

TEST_F(Loading, InferredTypesComeFromTheWholeFile) {
  request.options.types = config::Types::kInfer;
  std::string text = "id,code,amount\n";
  for (int i = 1; i <= 5000; ++i) text += std::to_string(i) + ",12," + std::to_string(i) + "\n";
  write(text + "5001,012,1.5\n");
  ASSERT_LOADED(load());
  const db::Rows types = connection.exec(
      "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > "
      "0 "
      "ORDER BY attnum");
  EXPECT_EQ(types.text(0, 1), "integer");
  EXPECT_EQ(types.text(1, 1), "text");
  EXPECT_EQ(types.text(2, 1), "numeric");
  EXPECT_EQ(rows().size(), 5001U);
}

TEST_F(Loading, ANewColumnIsAddedAndOldRowsKeepNull) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  write("id,colour\n2,red\n");
  const LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_THAT(rows(), ElementsAre("1|∅", "2|red"));
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("\"colour\" is new")));
}

TEST_F(Loading, LatinOneArrivesAsUtf8) {
  request.options.encoding = "latin-1";
  write("id,name\n1,M\xfcller\n");
  ASSERT_LOADED(load());
  EXPECT_THAT(rows(), ElementsAre("1|Müller"));
}

TEST_F(Loading, MoneyIsReadByTheFilesSeparatorsNotByTheServersLocale) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY, price money, parts numeric[])");
  write("id;price;parts\n1;5,50;{7}\n2;1.234,5;\n3;5.50;\n4;1;{1,5}\n");
  request.options.dialect.delimiter = ";";
  request.options.format.decimal_separator = ',';
  request.options.format.thousands_separator = ".";
  request.options.on_error = config::OnError::kContinue;
  const LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_THAT(rows("id, price::numeric, parts"), ElementsAre("1|5.50|{7}", "2|1234.50|∅"));
  EXPECT_THAT(lines(result), ElementsAre(4, 5));
  EXPECT_THAT(result.rejects[1].message, HasSubstr("the decimal_separator"));
}

TEST_F(Loading, WhatStopAtCutsOffIsToldAndTheHashIsThatOfTheWholeFile) {
  std::string text = "id,name\n1,a\n2,b\n";
  request.options.dialect.stop_at = "Total";
  request.options.primary_key = {};
  write(text + "Total,2\n3,c\n");
  LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_THAT(rows(), ElementsAre("1|a", "2|b"));
  EXPECT_THAT(result.warnings, Contains("the table ended at line 4 (stop_at): 12 bytes from there on were not read"));

  text += "Total,2\n";
  for (int i = 0; i < 50'000; ++i) text += "much more than one reading\n";
  write(text);
  ASSERT_LOADED(load());
  EXPECT_THAT(load().warnings, ElementsAre(HasSubstr("the same content was loaded at")));

  request.options.dialect.stop_at = "\n";
  write("id,name\n7,g\n\n \n");
  result = load();
  ASSERT_LOADED(result);
  EXPECT_THAT(result.warnings, Not(Contains(HasSubstr("stop_at")))) << "nothing is lost";
}

TEST_F(Loading, AFileWithoutTheLineThatStopsTheTableIsTold) {
  request.options.dialect.stop_at = "Total";
  write("id,name\n1,a\n2,\"\nTotal\"\n");
  LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts.inserted, 2);
  EXPECT_THAT(result.warnings,
              Contains("no line that begins with \"Total\" ended the table (stop_at): the file was read to its end"));
  request.options.dialect.stop_at = "\n";
  write("id,name\n3,c\n");
  result = load();
  ASSERT_LOADED(result);
  EXPECT_THAT(result.warnings, Contains("no empty line ended the table (stop_at): the file was read to its end"));
}

TEST_F(Loading, AFileWithoutRowsSucceedsAndAnEmptyOneSaysSo) {
  write("id,name\n");
  LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{}));
  write("");
  result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{}));
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("the file is empty")));
}

TEST_F(Loading, ADryRunCountsAndChangesNothing) {
  request.dry_run = true;
  write("id,name\n1,a\n2,b\n");
  const LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts.inserted, 2);
  EXPECT_EQ(result.strategy, "merge");
  EXPECT_EQ(connection.exec("SELECT count(*) FROM pg_class WHERE relname = 't'").int64(0, 0), 0);
  EXPECT_EQ(ledger_rows(), 0);
  EXPECT_EQ(staging_tables(), 0);
}

TEST_F(Loading, ALoadThatIsStoppedLeavesNothing) {
  write("id,name\n1,a\n");
  failpoint = [this](const char* name) {
    if (std::string_view(name) == "staged") stop.request_stop();
  };
  const LoadResult result = load();
  ASSERT_FALSE(result.success);
  EXPECT_EQ(result.error->code, Code::kStopped) << result.error->message;
  EXPECT_EQ(staging_tables(), 0);
  EXPECT_EQ(connection.exec("SELECT count(*) FROM pg_class WHERE relname = 't'").int64(0, 0), 0);
}

TEST_F(Loading, ATableThatChangesMeanwhileIsPlannedAnew) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY, name text)");
  write("id,name\n1,7\n");
  int times = 0;
  failpoint = [&](const char* name) {
    if (std::string_view(name) == "staged" && times++ == 0)
      connection.exec("ALTER TABLE t ALTER name TYPE int USING 0");
  };
  const LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(times, 2);
  EXPECT_EQ(result.counts, (target::Counts{1, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(staging_tables(), 0);
}

TEST_F(Loading, ATableThatKeepsChangingFailsAsRetryable) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY)");
  write("id\n1\n");
  int times = 0;
  failpoint = [&](const char* name) {
    if (std::string_view(name) == "staged")
      connection.exec("ALTER TABLE t ADD COLUMN c" + std::to_string(++times) + " int");
  };
  const LoadResult result = load();
  ASSERT_FALSE(result.success);
  EXPECT_EQ(result.error->code, Code::kStagingLost);
  EXPECT_THAT(rows("id"), IsEmpty());
  EXPECT_EQ(staging_tables(), 0);
}

TEST_F(Loading, StagingThatLostItsRowsIsFilledAgain) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY)");
  write("id\n1\n2\n");
  int times = 0;
  failpoint = [&](const char* name) {
    if (std::string_view(name) != "staged" || times++ > 0) return;
    const std::string staging =
        connection.exec("SELECT oid::regclass FROM pg_class WHERE relname LIKE 'staging%'").str(0, 0);
    connection.exec("TRUNCATE " + staging);
  };
  const LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(times, 2);
  EXPECT_EQ(result.counts.inserted, 2);
}

TEST_F(Loading, AFileThatChangesMeanwhileLoadsNothing) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY)");
  write("id\n1\n");
  failpoint = [&](const char* name) {
    if (std::string_view(name) == "staged") write("id\n1\n2\n");
  };
  const LoadResult result = load();
  ASSERT_FALSE(result.success);
  EXPECT_EQ(result.error->code, Code::kFileChanged);
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_EQ(ledger_rows(), 0);
}

TEST_F(Loading, ALargeFileGoesOverTwoStreamsAndArrivesWhole) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY, pad text)");
  constexpr std::int64_t kRows = 100000;
  std::string text = "id,pad\n";
  for (std::int64_t i = 1; i <= kRows; ++i) text += std::to_string(i) + "," + std::string(90, 'x') + "\n";
  ASSERT_GT(text.size(), std::size_t{8} << 20);
  write(text);
  int connections = 0;
  connector = [&] {
    ++connections;
    return connect();
  };
  const LoadResult result = load();
  ASSERT_LOADED(result);
  EXPECT_EQ(connections, 2);
  EXPECT_EQ(result.counts.inserted, kRows);
  const db::Rows sums = connection.exec("SELECT count(*), sum(id), min(length(pad)), max(length(pad)) FROM t");
  EXPECT_EQ(sums.int64(0, 0), kRows);
  EXPECT_EQ(sums.int64(0, 1), kRows * (kRows + 1) / 2);
  EXPECT_EQ(sums.int64(0, 2), 90);
  EXPECT_EQ(sums.int64(0, 3), 90);
}

TEST_F(Loading, AMissingRightIsNamedWithTheStatementThatGivesIt) {
  connection.exec("CREATE TABLE t (id int PRIMARY KEY)");
  connection.exec("DO $$ BEGIN CREATE ROLE cpi_test_poor LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
  connector = [this] {
    return db::Connection::connect(test::Cluster::shared().conninfo(database) + " user=cpi_test_poor",
                                   std::chrono::seconds(10));
  };
  write("id\n1\n");
  const LoadResult result = load();
  ASSERT_FALSE(result.success);
  EXPECT_EQ(result.error->code, Code::kTargetRefused);
  EXPECT_THAT(result.error->detail, HasSubstr("42501"));
  EXPECT_THAT(result.error->hint, HasSubstr("GRANT"));
}

TEST_F(Loading, AServerThatIsAwayIsThrownAsRetryable) {
  connector = []() -> db::Connection {
    return db::Connection::connect("host=127.0.0.1 port=1", std::chrono::seconds(5));
  };
  write("id\n1\n");
  try {
    load();
    FAIL() << "a server that is away must throw";
  } catch (const db::Error& error) {
    EXPECT_TRUE(error.retryable());
  }
}

}  // namespace
}  // namespace cpi::import
