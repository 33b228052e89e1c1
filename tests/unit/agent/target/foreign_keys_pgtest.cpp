// Parents before children, from the target's own foreign keys.
#include <gtest/gtest.h>

#include "support/cluster.h"
#include "target/foreign_keys.h"

namespace cpi::target {
namespace {

const TableName kOrders{"public", "orders"};
const TableName kCustomers{"public", "customers"};
const TableName kItems{"sales", "items"};

TEST(ParentsFirst, PutsParentsBeforeChildrenAndKeepsTheOrderOtherwise) {
  const std::vector<TableName> tables = {kItems, kOrders, {"public", "a"}, kCustomers};
  const std::vector<std::size_t> order = parents_first(tables, {{kOrders, kCustomers}, {kItems, kOrders}});
  EXPECT_EQ(order, (std::vector<std::size_t>{2, 3, 1, 0}));
}

TEST(ParentsFirst, ACircleEndsInTheGivenOrder) {
  const std::vector<std::size_t> order =
      parents_first({kOrders, kCustomers}, {{kOrders, kCustomers}, {kCustomers, kOrders}});
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1}));
}

TEST(ParentsFirst, AParentThatIsNotLoadedIsNotWaitedFor) {
  EXPECT_EQ(parents_first({kOrders}, {{kOrders, kCustomers}}), (std::vector<std::size_t>{0}));
}

TEST(ForeignKeys, AreReadAcrossSchemasWithoutSelfReferencesAndMissingTables) {
  test::Cluster& cluster = test::Cluster::shared();
  db::Connection connection = cluster.connect(cluster.create_database());
  connection.exec(
      "CREATE SCHEMA sales; CREATE TABLE customers (id int PRIMARY KEY, boss int REFERENCES customers);"
      "CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers);"
      "CREATE TABLE sales.items (id int, o int REFERENCES orders, p int REFERENCES orders)");
  const auto keys = foreign_keys(connection, {kItems, kOrders, kCustomers, {"public", "missing\"table"}});
  EXPECT_EQ(keys.size(), 2U);
  EXPECT_NE(std::find(keys.begin(), keys.end(), std::pair(kOrders, kCustomers)), keys.end());
  EXPECT_NE(std::find(keys.begin(), keys.end(), std::pair(kItems, kOrders)), keys.end());
}

}  // namespace
}  // namespace cpi::target
