// Types that cpi inferred from one file meet the values of the next: the column is widened where it was cpi's choice,
// and the row is rejected where it was a person's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "import/load.h"
#include "support/cluster.h"

namespace cpi::import {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Widening : public testing::Test {
 protected:
  Widening() : database(test::Cluster::shared().create_database()), connection(connect()) {
    char pattern[] = "/tmp/cpi_widen_XXXXXX";
    directory = ::mkdtemp(pattern);
    request.table = {"public", "t"};
    request.options.primary_key = {"id"};
    request.options.types = config::Types::kInfer;
  }
  ~Widening() override { fs::remove_all(directory); }

  db::Connection connect() const { return test::Cluster::shared().connect(database); }

  LoadResult load(const std::string& csv) {
    std::ofstream(directory / "t.csv", std::ios::binary) << csv;
    request.load_id = "load-" + std::to_string(++loads);
    const auto source = source::make_named_files_source({}, directory, {"t.csv"});
    request.file = source->list()->front();
    Progress progress;
    LoadContext context{*source, connector, progress, std::stop_token()};
    return load_file(request, context);
  }

  std::string value(const std::string& query) { return connection.exec(query).str(0, 0); }
  std::string type(const std::string& column) {
    return value(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = '" +
        column + "'");
  }
  static std::vector<std::string> widened(const LoadResult& result) {
    std::vector<std::string> out;
    for (const Widened& one : result.widened) out.push_back(one.column + ": " + one.from + " to " + one.to);
    return out;
  }

  std::string database;
  db::Connection connection;
  fs::path directory;
  LoadRequest request;
  std::function<db::Connection()> connector = [this] { return connect(); };
  int loads = 0;
};

#define ASSERT_LOADED(result) ASSERT_TRUE((result).success) << (result).error->message << " " << (result).error->detail

TEST_F(Widening, NumbersClimbFromIntegerToTextAndNoValueIsLost) {
  ASSERT_LOADED(load("id,n,day\n1,7,2024-01-31\n"));
  EXPECT_EQ(type("n"), "integer");
  LoadResult result = load("id,n,day\n2,3000000000,2024-02-01\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("n: integer to bigint"));
  result = load("id,n,day\n3,1.50,2024-02-01 12:30:00\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("n: bigint to numeric", "day: date to timestamp without time zone"));
  result = load("id,n,day\n4,n/a,\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("n: numeric to text"));
  EXPECT_EQ(result.counts.rejected, 0);
  EXPECT_EQ(value("SELECT string_agg(n, ' ' ORDER BY id) FROM t"), "7 3000000000 1.50 n/a");
  EXPECT_EQ(value("SELECT day::text FROM t WHERE id = 1"), "2024-01-31 00:00:00");
  result = load("id,n,day\n5,5,2024-01-01\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), IsEmpty()) << "what is wide enough stays";
}

TEST_F(Widening, AColumnKeepsATypeThatTakesEveryValueThoughTheFileAloneWouldNotProveIt) {
  ASSERT_LOADED(load("id,flag,measured,until\n1,true,1.5e-3,2024-01-31\n2,f,2,2024-02-01\n"));
  const LoadResult result = load("id,flag,measured,until\n3,f,1E5,infinity\n4,no,2E10,infinity\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), IsEmpty());
  EXPECT_EQ(value("SELECT string_agg(concat_ws('/', flag, measured, until), ' ' ORDER BY id) FROM t"),
            "t/0.0015/2024-01-31 f/2/2024-02-01 f/100000/infinity f/20000000000/infinity");
}

TEST_F(Widening, KeysAndTheirIndexesAreWidenedToo) {
  ASSERT_LOADED(load("id,n\n1,a\n2,b\n"));
  connection.exec("CREATE INDEX ON t (id, n)");
  const LoadResult result = load("id,n\n2,c\nA-3,d\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("id: integer to text"));
  EXPECT_EQ(result.counts, (target::Counts{2, 1, 1, 0, 0, 0, 0}));
}

TEST_F(Widening, AViewThatStandsInTheWayIsNamedAndNothingChanges) {
  ASSERT_LOADED(load("id,n\n1,7\n"));
  connection.exec("CREATE VIEW report AS SELECT n FROM t");
  const LoadResult result = load("id,n\n2,3000000000\n3,8\n");
  ASSERT_FALSE(result.success);
  EXPECT_THAT(result.error->message, HasSubstr("cannot widen \"n\""));
  EXPECT_THAT(result.error->detail, HasSubstr("view report"));
  EXPECT_THAT(result.error->hint, HasSubstr("TYPE bigint"));
  EXPECT_EQ(value("SELECT count(*) FROM t"), "1");
}

TEST_F(Widening, WhereRowsMayBeRejectedOneTypingErrorMakesNoTextOfAColumn) {
  ASSERT_LOADED(load("id,n,day,flag\n1,7,2024-01-31,true\n"));
  request.options.on_error = config::OnError::kContinue;
  LoadResult result = load("id,n,day,flag\n2,eleven,,\n3,1.5,,\n4,,2024-02-01 10:00,\n5,,soon,\n6,,,\n7,,,maybe\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("n: integer to numeric", "day: date to timestamp without time zone"));
  EXPECT_EQ(result.counts, (target::Counts{6, 3, 0, 0, 0, 3, 0}));
  EXPECT_THAT(result.warnings,
              ElementsAre(AllOf(HasSubstr("\"n\""), HasSubstr("stays numeric"),
                                HasSubstr("ALTER TABLE \"public\".\"t\" ALTER COLUMN \"n\" TYPE text")),
                          HasSubstr("\"day\""), HasSubstr("\"flag\"")));
  EXPECT_EQ(value("SELECT string_agg(concat_ws('/', id, n, day), ' ' ORDER BY id) FROM t"),
            "1/7/2024-01-31 00:00:00 3/1.5 4/2024-02-01 10:00:00 6");
  result = load("id,n,day,flag\nA-8,1,,\n9,2,,\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(type("id"), "integer") << "keys likewise";
  EXPECT_EQ(result.counts, (target::Counts{2, 1, 0, 0, 0, 1, 0}));
}

TEST_F(Widening, ATypeThatAPersonChoseIsKeptAndTheRowRejected) {
  request.options.on_error = config::OnError::kContinue;
  ASSERT_LOADED(load("id,n,m,k\n1,7,7,7\n"));
  connection.exec("COMMENT ON COLUMN t.n IS 'pieces'; ALTER TABLE t ALTER COLUMN m TYPE smallint");
  LoadResult result = load("id,n,m,k\n2,x,1,1\n3,1,y,1\n4,1,1,3000000000\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("k: integer to bigint"));
  EXPECT_EQ(result.counts, (target::Counts{3, 1, 0, 0, 0, 2, 0}));

  connection.exec("DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, n int, m int, k int)");
  result = load("id,n,m,k\n2,x,1,1\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts.rejected, 1);
}

TEST_F(Widening, EmptyColumnsAndDryRunsWidenNothing) {
  ASSERT_LOADED(load("id,n\n1,7\n"));
  LoadResult result = load("id,n\n2,\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), IsEmpty());
  request.dry_run = true;
  ASSERT_LOADED(load("id,n\n3,1.5\n"));
  EXPECT_EQ(type("n"), "integer");
}

}  // namespace
}  // namespace cpi::import
