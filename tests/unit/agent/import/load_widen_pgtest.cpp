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
using testing::Not;

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

TEST_F(Widening, ValuesThatPostgresSpellsOtherwiseThanTheFilesDoNotBecomeText) {
  request.options.dialect.delimiter = ";";
  request.options.format.decimal_separator = ',';
  request.options.format.date_order = value::DateOrder::kDmy;
  request.options.format.date_order_given = true;
  ASSERT_LOADED(load("id;n;d\n1;1,234;01.02.2024\n"));
  LoadResult result = load("id;n;d\n2;n/a;01.02.2024\n3;2,5;soon\n");
  EXPECT_FALSE(result.success);
  EXPECT_EQ(type("n"), "numeric");
  request.options.on_error = config::OnError::kContinue;
  result = load("id;n;d\n2;n/a;01.02.2024\n3;2,5;soon\n4;7,5;02.02.2024\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{3, 1, 0, 0, 0, 2, 0}));
  EXPECT_THAT(widened(result), IsEmpty());
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

TEST_F(Widening, DifferentKeysStayDifferentRows) {
  LoadResult result = load("id,v\n1.1,a\n1.10,b\n1.2,c\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(type("id"), "text");
  EXPECT_EQ(result.counts, (target::Counts{3, 3, 0, 0, 0, 0, 0}));
  connection.exec("DROP TABLE t");
  ASSERT_LOADED(load("id,v\n12,a\n13,b\n"));
  EXPECT_EQ(type("id"), "integer");
  result = load("id,v\n\" 12\",c\n13,d\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("id: integer to text"));
  EXPECT_EQ(value("SELECT string_agg(concat_ws('/', id, v), ' ' ORDER BY v) FROM t"), "12/a  12/c 13/d");
}

TEST_F(Widening, AKeyThatBecomesTextFindsItsRowsAgain) {
  request.options.format.date_order = value::DateOrder::kDmy;
  request.options.format.date_order_given = true;
  request.options.primary_key = {"d"};
  const struct {
    std::string type, first, second;
  } cases[] = {
      {"text", "31.12.2024", "total"},
      {"date", "2024-12-31", "total"},
      {"date", "2024-12-31", "2024-12-31 10:00:00"},
      {"text", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "foo"},
      {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "foo"},
      {"text", ".5", "x"},
      {"integer", "-7", "1.5"},
      {"integer", "7", "007"},
      {"bigint", "3000000000", "A7"},
      {"timestamp without time zone", "2024-12-31 10:00:00.5", "x"},
  };
  for (const auto& tested : cases) {
    connection.exec("DROP TABLE IF EXISTS t");
    ASSERT_LOADED(load("d,v\n" + tested.first + ",1\n"));
    EXPECT_EQ(type("d"), tested.type) << tested.first;
    const LoadResult result = load("d,v\n" + tested.first + ",2\n" + tested.second + ",3\n");
    ASSERT_LOADED(result);
    EXPECT_EQ(type("d"), "text") << tested.first;
    EXPECT_EQ(result.counts, (target::Counts{2, 1, 1, 0, 0, 0, 0})) << tested.first;
  }
}

TEST_F(Widening, AKeySpelledInAnotherWayIsRejectedWhereItDoesNotBecomeText) {
  ASSERT_LOADED(load("id,v\n12,a\n"));
  request.options.on_error = config::OnError::kContinue;
  LoadResult result = load("id,v\n\" 12\",b\n012,c\n3000000000,d\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("id: integer to bigint"));
  EXPECT_EQ(result.counts, (target::Counts{3, 1, 0, 0, 0, 2, 0}));
  EXPECT_THAT(result.rejects.at(0).message, HasSubstr("not spelled as PostgreSQL writes bigint"));
  request.options.types = config::Types::kText;
  result = load("id,v\n\" 12\",b\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts.rejected, 1) << "whatever types says of new tables";
}

TEST_F(Widening, AColumnThatAPersonMadeTheKeyDoesNotBecomeText) {
  request.options.primary_key = {};
  request.options.format.date_order = value::DateOrder::kDmy;
  request.options.format.date_order_given = true;
  ASSERT_LOADED(load("d,v\n31.12.2024,1\n"));
  EXPECT_EQ(type("d"), "date");
  connection.exec("ALTER TABLE t ADD PRIMARY KEY (d)");
  LoadResult result = load("d,v\n31.12.2024,2\ntotal,3\n");
  ASSERT_FALSE(result.success);
  EXPECT_THAT(result.error->message, HasSubstr("\"total\""));
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("as text, rows would be there twice")));
  result = load("d,v\n31.12.2024,2\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{1, 0, 1, 0, 0, 0, 0}));
}

TEST_F(Widening, ADoubleThatWouldRoundBecomesNumericAndKeepsEveryDigit) {
  connection.exec("ALTER DATABASE " + connection.quote_identifier(database) + " SET extra_float_digits = 0");
  ASSERT_LOADED(load("id,n\n1,1.5e3\n2,0.30000000000000004\n3,1.5e-7\n4,inf\n"));
  EXPECT_EQ(type("n"), "double precision");
  const LoadResult result = load("id,n\n5,9007199254740993\n6,12345678901234567890.123\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("n: double precision to numeric"));
  EXPECT_EQ(value("SELECT string_agg(n::text, ' ' ORDER BY id) FROM t"),
            "1500 0.30000000000000004 0.00000015 Infinity 9007199254740993 12345678901234567890.123");
}

TEST_F(Widening, AnIntegerThatBecameADoubleBecomesNumericWhenThatWouldRound) {
  ASSERT_LOADED(load("id,n\n1,2147483647\n"));
  LoadResult result = load("id,n\n2,1.5e3\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), ElementsAre("n: integer to double precision"));
  result = load("id,n\n3,9007199254740993\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(value("SELECT string_agg(n::text, ' ' ORDER BY id) FROM t"), "2147483647 1500 9007199254740993");
}

TEST_F(Widening, ABooleanStaysOneAndOtherWordsAreRejected) {
  request.options.format.true_values = {"ja"};
  request.options.format.false_values = {"nein"};
  ASSERT_LOADED(load("id,flag\n1,ja\n2,nein\n"));
  LoadResult result = load("id,flag\n3,vielleicht\n");
  ASSERT_FALSE(result.success);
  EXPECT_THAT(result.error->message, AllOf(HasSubstr("\"vielleicht\""), HasSubstr("true_values")));
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("\"flag\" of public.t stays boolean")));
  request.options.on_error = config::OnError::kContinue;
  result = load("id,flag\n3,vielleicht\n4,1\n5,ja\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{3, 1, 0, 0, 0, 2, 0})) << "1 is a number";
  EXPECT_EQ(type("flag"), "boolean");
}

TEST_F(Widening, WhereRowsMayBeRejectedNoValueIsChangedToFit) {
  ASSERT_LOADED(load("id,n,x,at\n1,7,1.5e3,2024-01-31 10:00\n"));
  connection.exec("CREATE VIEW report AS SELECT x FROM t");
  request.options.on_error = config::OnError::kContinue;
  const LoadResult result = load("id,n,x,at\n2,007,,\n3,,9007199254740993,\n4,,,2024-01-31 10:00:00.1234567\n5,8,2,\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{4, 1, 0, 0, 0, 3, 0}));
  for (const csv::Reject& reject : result.rejects) EXPECT_THAT(reject.message, HasSubstr("would be changed"));
}

TEST_F(Widening, DatesInDigitsAloneAreTold) {
  request.options.format.date_format = "YYYYMMDD";
  const LoadResult result = load("id,n,m\n1,20231201,x\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(type("n"), "date");
  EXPECT_EQ(type("id"), "integer");
  EXPECT_THAT(result.warnings,
              ElementsAre(HasSubstr("table public.t is created with date for column \"n\", because date_format")));
}

TEST_F(Widening, ARowWithoutAKeyShapesNoColumn) {
  ASSERT_LOADED(load("id,v\n1,1\n"));
  connection.exec("CREATE VIEW report AS SELECT v FROM t");
  request.options.on_error = config::OnError::kContinue;
  LoadResult result = load("id,v\n2,2\n,3000000000\n3,9\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{3, 2, 0, 0, 0, 1, 0}));
  EXPECT_THAT(result.warnings, IsEmpty());
  connection.exec("DROP VIEW report; DROP TABLE t");
  ASSERT_LOADED(load("id,v\n1,1\n,x\n"));
  EXPECT_EQ(type("v"), "integer") << "nor one of a new table";
}

TEST_F(Widening, WhereRowsMayBeRejectedAViewInTheWayCostsOnlyTheRowsThatNeedMore) {
  ASSERT_LOADED(load("id,v,w\n1,1,1\n"));
  connection.exec("CREATE VIEW report AS SELECT v FROM t");
  request.options.on_error = config::OnError::kContinue;
  const LoadResult result = load("id,v,w\n2,2,2\n3,3000000000,3\n4,4,3000000000\n5,n/a,5\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts, (target::Counts{4, 2, 0, 0, 0, 2, 0}));
  EXPECT_THAT(widened(result), ElementsAre("w: integer to bigint"));
  EXPECT_THAT(result.warnings, ElementsAre(AllOf(HasSubstr("\"v\" of public.t stays integer"),
                                                 HasSubstr("refuses to make it bigint"), HasSubstr("view report"))));
  EXPECT_EQ(value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM t"), "1 2 4");
}

TEST_F(Widening, AllThatStandsInTheWayIsNamedAndNothingElse) {
  ASSERT_LOADED(load("id,n,m\n1,7,1\n"));
  connection.exec(
      "CREATE VIEW report AS SELECT n, m FROM t; CREATE VIEW above AS SELECT n + 1 AS more FROM report;"
      "CREATE INDEX plain ON t (n); CREATE INDEX sum ON t ((n + m)); CREATE INDEX part ON t (id) WHERE n > 5;"
      "CREATE FUNCTION total() RETURNS bigint BEGIN ATOMIC SELECT sum(n) FROM t; END;"
      "CREATE STATISTICS known ON n, m FROM t; ALTER TABLE t ALTER n SET DEFAULT 3, ADD CHECK (n > 0), ADD UNIQUE (n),"
      "ADD COLUMN twice int GENERATED ALWAYS AS (n * 2) STORED");
  LoadResult result = load("id,n,m\n2,3000000000,3000000000\n");
  ASSERT_FALSE(result.success);
  EXPECT_EQ(result.error->detail,
            "The file has values that the column's type does not hold; what depends on the column: column twice of "
            "table t, function total(), view above, view report.");
  connection.exec("DROP VIEW report CASCADE; DROP FUNCTION total; ALTER TABLE t DROP COLUMN twice");
  result = load("id,n,m\n2,x,1\n");
  ASSERT_FALSE(result.success);
  EXPECT_EQ(
      result.error->detail,
      "The file has values that the column's type does not hold; what depends on the column: constraint t_n_check "
      "on table t, index part, index sum.");
  connection.exec("DROP INDEX part, sum; ALTER TABLE t DROP CONSTRAINT t_n_check");
  ASSERT_LOADED(load("id,n,m\n2,x,1\n"));
}

TEST_F(Widening, AnIdentityThatDoesNotTakeTheTypeIsNamed) {
  ASSERT_LOADED(load("id,n\n1,7\n"));
  connection.exec("ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY");
  const LoadResult result = load("id,n\n12345678901234567890,7\n");
  ASSERT_FALSE(result.success);
  EXPECT_THAT(result.error->message, AllOf(HasSubstr("cannot widen \"id\" of public.t"), HasSubstr("identity column")));
  EXPECT_THAT(result.error->detail, HasSubstr("the identity of column id"));
}

TEST_F(Widening, APartitionKeyIsNotSaidToYieldToDropping) {
  ASSERT_LOADED(load("id,n\n1,7\n"));
  connection.exec(
      "ALTER TABLE t RENAME TO old; CREATE TABLE t (LIKE old INCLUDING COMMENTS, PRIMARY KEY (id)) PARTITION BY RANGE "
      "(id); CREATE TABLE t_0 PARTITION OF t DEFAULT");
  LoadResult result = load("id,n\n3000000000,7\n");
  ASSERT_FALSE(result.success);
  EXPECT_THAT(result.error->message, HasSubstr("partition key"));
  EXPECT_THAT(result.error->hint, AllOf(HasSubstr("make the table anew"), Not(HasSubstr("drop"))));
  request.options.on_error = config::OnError::kContinue;
  result = load("id,n\n3000000000,7\n2,8\n");
  ASSERT_LOADED(result);
  EXPECT_EQ(result.counts.rejected, 1);
}

TEST_F(Widening, ATableMadeLikeOneOfOursIsNotOurs) {
  ASSERT_LOADED(load("id,n\n1,7\n"));
  connection.exec("CREATE TABLE mine (LIKE t INCLUDING ALL)");
  request.table.table = "mine";
  request.options.on_error = config::OnError::kContinue;
  const LoadResult result = load("id,n\n2,3000000000\n");
  ASSERT_LOADED(result);
  EXPECT_THAT(widened(result), IsEmpty());
  EXPECT_EQ(result.counts.rejected, 1);
}

}  // namespace
}  // namespace cpi::import
