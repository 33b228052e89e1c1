#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/cluster.h"
#include "target/ddl.h"

namespace cpi::target {
namespace {

using testing::HasSubstr;

class Ddl : public testing::Test {
 protected:
  Ddl() : connection_(test::Cluster::shared().connect(test::Cluster::shared().create_database())) {}
  db::Connection connection_;
};

TEST_F(Ddl, CreatesATableWithOddNamesAndItsKey) {
  const TableName name{"public", "Order\"s; DROP"};
  const auto sql = create_table_statement(
      connection_, name, {{"Id", "integer", true}, {"a b\"c", "text"}, {"select", "numeric(10,2)"}}, {"Id"});
  ASSERT_TRUE(sql);
  connection_.exec(*sql);
  const auto table = read_table(connection_, name);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->primary_key()->name, "Order\"s; DROP_pkey");
  EXPECT_NE(table->column("a b\"c"), nullptr);
}

TEST_F(Ddl, CutsTheNameOfTheKeyAtACharacter) {
  std::string long_name;
  for (int i = 0; i < 31; ++i) long_name += "ä";
  const auto sql = create_table_statement(connection_, {"public", long_name}, {{"id", "integer"}}, {"id"});
  ASSERT_TRUE(sql);
  connection_.exec(*sql);
  const auto table = read_table(connection_, {"public", long_name});
  ASSERT_TRUE(table);
  EXPECT_LE(table->primary_key()->name.size(), 63u);
  EXPECT_TRUE(table->primary_key()->name.ends_with("ä_pkey"));
}

TEST_F(Ddl, RefusesNamesThatPostgresqlWouldCutOrMixUp) {
  const std::string twin(63, 'a');
  const std::vector<std::vector<ColumnDefinition>> refused = {
      {{"", "text"}}, {{twin + "b", "text"}}, {{std::string("a\0b", 3), "text"}}, {{"a", "text"}, {"a", "text"}}};
  for (const auto& columns : refused) {
    const auto created = create_table_statement(connection_, {"public", "t"}, columns, {});
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, Code::kInvalidHeader);
    EXPECT_FALSE(created.error().hint.empty());
    EXPECT_FALSE(add_columns_statement(connection_, {"public", "t"}, columns));
  }
  EXPECT_FALSE(create_table_statement(connection_, {"public", twin + "b"}, {{"a", "text"}}, {}));
  EXPECT_TRUE(create_table_statement(connection_, {"public", twin}, {{"a", "text"}, {"A", "text"}}, {}));
}

TEST_F(Ddl, AddsSeveralColumnsAtOnce) {
  connection_.exec("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  const auto sql = add_columns_statement(connection_, {"public", "t"}, {{"B", "text"}, {"c", "bigint"}});
  ASSERT_TRUE(sql);
  connection_.exec(*sql);
  EXPECT_EQ(read_table(connection_, {"public", "t"})->columns.size(), 3u);
}

TEST_F(Ddl, UniqueIndexStatementRuns) {
  connection_.exec("CREATE TABLE \"T\" (\"a\"\"b\" int, c int)");
  connection_.exec(unique_index_statement(connection_, {"public", "T"}, {"a\"b", "c"}));
  EXPECT_NE(read_table(connection_, {"public", "T"})->unique_index({"c", "a\"b"}), nullptr);
}

}  // namespace
}  // namespace cpi::target
