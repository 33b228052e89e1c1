#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/connection.h"
#include "support/cluster.h"

namespace cpi::db {
namespace {

using test::Cluster;

TEST(Connection, ReadsBackWhatItSent) {
  Connection connection = Cluster::shared().connect();
  Rows rows = connection.exec("SELECT $1::text, $2::int, NULL", {"it's", "42"});
  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows.text(0, 0), "it's");
  EXPECT_EQ(rows.int64(0, 1), 42);
  EXPECT_TRUE(rows.is_null(0, 2));
}

}  // namespace
}  // namespace cpi::db
