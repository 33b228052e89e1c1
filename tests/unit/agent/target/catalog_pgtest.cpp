#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/cluster.h"
#include "target/catalog.h"

namespace cpi::target {
namespace {

using testing::ElementsAre;
using testing::Field;

class Catalog : public testing::Test {
 protected:
  Catalog() : connection_(test::Cluster::shared().connect(test::Cluster::shared().create_database())) {}
  Table read(const std::string& table) {
    const auto found = read_table(connection_, {"public", table});
    if (!found) throw std::runtime_error("no table " + table);
    return *found;
  }
  db::Connection connection_;
};

TEST_F(Catalog, KnowsWhatIsNotThere) {
  EXPECT_FALSE(read_table(connection_, {"public", "t"}));
  EXPECT_FALSE(read_table(connection_, {"no such schema", "t"}));
}

TEST_F(Catalog, NamesAreTakenAsTheyAre) {
  connection_.exec("CREATE TABLE \"T\" (\"Id\" int)");
  EXPECT_FALSE(read_table(connection_, {"public", "t"}));
  EXPECT_EQ(read("T").columns.front().name, "Id");
}

TEST_F(Catalog, DescribesColumns) {
  connection_.exec(
      "CREATE DOMAIN code AS varchar(3); CREATE DOMAIN inner_code AS code NOT NULL DEFAULT 'x';"
      "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, gone int, no serial, code inner_code, price numeric(10,2) "
      "NOT NULL,"
      " twice int GENERATED ALWAYS AS (id * 2) STORED, bits bit(3), name char(4) DEFAULT 'a'); ALTER TABLE t DROP "
      "gone");
  const Table t = read("t");
  ASSERT_THAT(t.columns,
              ElementsAre(Field(&Column::name, "id"), Field(&Column::name, "no"), Field(&Column::name, "code"),
                          Field(&Column::name, "price"), Field(&Column::name, "twice"), Field(&Column::name, "bits"),
                          Field(&Column::name, "name")));
  EXPECT_TRUE(t.column("id")->identity_always);
  EXPECT_EQ(t.column("id")->sequence, "public.t_id_seq");
  EXPECT_EQ(t.column("no")->sequence, "public.t_no_seq");
  EXPECT_TRUE(t.column("no")->has_default);
  EXPECT_EQ(t.column("code")->type.name, "inner_code");
  EXPECT_EQ(t.column("code")->base_type.name, "character varying(3)");
  EXPECT_EQ(t.column("code")->cast_type, "character varying");
  EXPECT_TRUE(t.column("code")->has_default);
  EXPECT_EQ(t.column("price")->type.name, "numeric(10,2)");
  EXPECT_TRUE(t.column("price")->not_null);
  EXPECT_FALSE(t.column("price")->has_default);
  EXPECT_TRUE(t.column("twice")->generated);
  EXPECT_FALSE(t.column("twice")->has_default);
  EXPECT_EQ(t.column("bits")->cast_type, "\"bit\"") << "bit alone would be bit(1)";
  EXPECT_EQ(t.column("name")->cast_type, "bpchar") << "character alone would be character(1)";
  EXPECT_EQ(t.column("gone"), nullptr);
}

TEST_F(Catalog, ListsOnlyIndexesThatDecideUniqueness) {
  connection_.exec(
      "CREATE TABLE t (a int, b int, c text, d int, PRIMARY KEY (b, a) INCLUDE (d));"
      "CREATE UNIQUE INDEX plain ON t (c); CREATE UNIQUE INDEX partial ON t (a) WHERE b > 0;"
      "CREATE UNIQUE INDEX expression ON t (lower(c)); CREATE INDEX not_unique ON t (d);"
      "ALTER TABLE t ADD CONSTRAINT deferred UNIQUE (d) DEFERRABLE");
  const Table t = read("t");
  ASSERT_EQ(t.unique_indexes.size(), 2u);
  EXPECT_EQ(t.primary_key()->name, "t_pkey");
  EXPECT_THAT(t.primary_key()->columns, ElementsAre("b", "a"));
  EXPECT_THAT(t.primary_key()->equals, ElementsAre("OPERATOR(pg_catalog.=)", "OPERATOR(pg_catalog.=)"));
  EXPECT_EQ(t.unique_indexes[1].name, "plain");
  EXPECT_EQ(t.unique_index({"a", "b"}), t.primary_key());
  EXPECT_EQ(t.unique_index({"a"}), nullptr);
  EXPECT_EQ(t.unique_index({"a", "b", "c"}), nullptr);
}

TEST_F(Catalog, TellsKindsRulesAndTriggers) {
  connection_.exec(
      "CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t;"
      "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE SEQUENCE s;"
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'");
  EXPECT_EQ(read("t").kind, 'r');
  EXPECT_EQ(read("v").kind, 'v');
  EXPECT_EQ(read("m").kind, 'm');
  EXPECT_EQ(read("p").kind, 'p');
  EXPECT_EQ(read("s").kind, 'S');
  EXPECT_FALSE(read("t").has_row_triggers);
  connection_.exec("CREATE TRIGGER statement AFTER INSERT ON t EXECUTE FUNCTION f()");
  EXPECT_FALSE(read("t").has_row_triggers);
  connection_.exec("CREATE TRIGGER for_row BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()");
  EXPECT_TRUE(read("t").has_row_triggers);
  connection_.exec("CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING");
  EXPECT_TRUE(read("t").has_rules);
  connection_.exec("DROP RULE r ON t");
  EXPECT_FALSE(read("t").has_rules);
}

TEST_F(Catalog, FingerprintChangesWithWhatThePlanDependsOnAndWithNothingElse) {
  connection_.exec(
      "CREATE TABLE t (id int PRIMARY KEY, name text);"
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'");
  std::string last = read("t").fingerprint;
  for (const char* change : {"INSERT INTO t VALUES (1, 'a')", "VACUUM FULL ANALYZE t", "CREATE INDEX i ON t (name)",
                             "COMMENT ON TABLE t IS 'x'", "TRUNCATE t"}) {
    connection_.exec(change);
    EXPECT_EQ(read("t").fingerprint, last) << change;
  }
  for (const char* change :
       {"ALTER TABLE t ADD c int", "ALTER TABLE t ALTER c TYPE bigint", "ALTER TABLE t ALTER c SET NOT NULL",
        "ALTER TABLE t ALTER c SET DEFAULT 1", "ALTER TABLE t RENAME c TO d", "ALTER TABLE t DROP d",
        "CREATE UNIQUE INDEX u ON t (name)", "ALTER TABLE t DROP CONSTRAINT t_pkey",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "ALTER TABLE t DISABLE TRIGGER g",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY", "CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING",
        "CREATE TABLE child () INHERITS (t)", "DROP TABLE t CASCADE; CREATE TABLE t (id int PRIMARY KEY, name text)"}) {
    connection_.exec(change);
    const std::string now = read("t").fingerprint;
    EXPECT_NE(now, last) << change;
    last = now;
  }
}

TEST_F(Catalog, IsReadWhileSomebodyHoldsTheTableExclusively) {
  connection_.exec("CREATE TABLE t (id int PRIMARY KEY)");
  db::Connection other = test::Cluster::shared().connect(connection_.exec("SELECT current_database()").str(0, 0));
  other.exec("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
  connection_.exec("SET lock_timeout = '1s'");
  EXPECT_EQ(read("t").columns.size(), 1u);
}

TEST_F(Catalog, SumsSizeAndRowsOverPartitions) {
  connection_.exec(
      "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (500);"
      "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (500) TO (1000)");
  EXPECT_EQ(read("p").estimated_rows, -1);
  connection_.exec("INSERT INTO p SELECT generate_series(0, 999); ANALYZE p");
  EXPECT_EQ(read("p").estimated_rows, 1000);
  EXPECT_GT(read("p").bytes, 0);
}

}  // namespace
}  // namespace cpi::target
