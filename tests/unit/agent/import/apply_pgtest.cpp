// What a load does to a table: the real statements on a real server.
#include "import/apply.h"
#include "load_fixture.h"

namespace cpi::import {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Apply : public LoadFixture {};

TEST_F(Apply, CountsInsertedUpdatedAndSkippedRowsExactly) {
  sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'same'), (2, 'old'), (9, 'kept')");
  const Plan plan = plan_for("t", {"id", "name"}, {"id"});
  EXPECT_EQ(counts_of(plan, {"1, 'same'", "2, 'new'", "3, 'added'"}), counts(3, 1, 1, 1));
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"), "1|same 2|new 3|added 9|kept");
  EXPECT_EQ(counts_of(plan, {"1, 'same'", "2, 'new'", "3, 'added'"}), counts(3, 0, 0, 3));
}

}  // namespace
}  // namespace cpi::import
