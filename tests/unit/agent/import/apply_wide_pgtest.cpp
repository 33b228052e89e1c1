// Tables with more columns than two images of a row may have side by side in the server (1664).
#include "load_fixture.h"

namespace cpi::import {
namespace {

using testing::UnorderedElementsAre;

class ApplyWide : public LoadFixture, public testing::WithParamInterface<int> {
 protected:
  /// The table's columns: id, and integers c2 …
  std::vector<std::string> names() const {
    std::vector<std::string> out{"id"};
    for (int i = 2; i <= GetParam(); ++i) out.push_back("c" + std::to_string(i));
    return out;
  }
  void create(const std::string& id) {
    std::string columns = "id " + id;
    for (const std::string& name : names()) columns += name == "id" ? "" : ", " + name + " smallint";
    sql("CREATE TABLE t (" + columns + ")");
  }
  /// A row whose last column is `last` and whose others are 7.
  std::string row(int id, const std::string& last) const {
    std::string values = std::to_string(id);
    for (int i = 2; i < GetParam(); ++i) values += ", 7";
    return values + ", " + last;
  }
  std::string last() const { return "c" + std::to_string(GetParam()); }
  Plan continuing(const std::vector<std::string>& key) {
    Plan plan = plan_for("t", names(), key);
    plan.continue_on_error = true;
    return plan;
  }
};

TEST_P(ApplyWide, MergesNewChangedUnchangedAndDuplicateRows) {
  create("int PRIMARY KEY");
  sql("INSERT INTO t VALUES (" + row(1, "1") + "), (" + row(2, "2") + "), (" + row(3, "NULL") + ")");
  EXPECT_EQ(
      counts_of(continuing({"id"}), {row(1, "1"), row(2, "22"), row(3, "3"), row(4, "0"), row(4, "4"), row(5, "NULL")}),
      counts(6, 2, 2, 1, 1));
  EXPECT_EQ(query("SELECT id, c2, " + last() + " FROM t ORDER BY id"), "1|7|1 2|7|22 3|7|3 4|7|4 5|7|NULL");
}

TEST_P(ApplyWide, RowsThatACheckOrATriggerRefusesAreRejected) {
  create("int PRIMARY KEY, CHECK (id <> 3)");
  sql("INSERT INTO t VALUES (" + row(1, "1") + "), (" + row(2, "2") + ")");
  sql("CREATE FUNCTION react() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN IF new." + last() +
      " = 66 THEN RETURN NULL; END IF; RETURN new; END $body$; CREATE TRIGGER react BEFORE INSERT OR UPDATE ON t FOR "
      "EACH ROW EXECUTE FUNCTION react()");
  EXPECT_EQ(counts_of(continuing({"id"}), {row(1, "11"), row(2, "66"), row(3, "3"), row(4, "66"), row(5, "5")}),
            counts(5, 1, 1, 0, 0, 3));
  EXPECT_THAT(rejected(),
              UnorderedElementsAre("3::suppressed_by_trigger", "4:id:refused_by_server", "5::suppressed_by_trigger"));
}

TEST_P(ApplyWide, AppendsWithoutAKey) {
  create("int");
  EXPECT_EQ(counts_of(continuing({}), {row(1, "1"), row(1, "1")}), counts(2, 2, 0, 0));
}

INSTANTIATE_TEST_SUITE_P(Columns, ApplyWide, testing::Values(700, 1000, 1500));

}  // namespace
}  // namespace cpi::import
