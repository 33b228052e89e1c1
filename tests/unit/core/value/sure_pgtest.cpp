// What is called "as written" against a real PostgreSQL: it must write the very text back. Of the dates, times and
// numbers that PostgreSQL writes itself all are; of the spellings that the converters are tested with, none by mistake.
#include <gtest/gtest.h>

#include "core/value/infer.h"
#include "support/cluster.h"
#include "unit/core/value/agreement_cases.h"

namespace cpi::value::test {

namespace {

unsigned written(const Sureness& sureness, std::string_view text, unsigned type) {
  return sureness.as_written(text, sureness.look(text, type).sure & type);
}

TEST(Sureness, WhatPostgreSQLWritesIsAsWritten) {
  db::Connection connection = cpi::test::Cluster::shared().connect();
  connection.exec("SET DateStyle = ISO");
  const struct {
    std::string type;
    std::string values;
  } cases[] = {
      {"integer", "SELECT n * 715827882 FROM generate_series(-3, 2) n"},
      {"bigint", "SELECT n * 3074457345618258602 FROM generate_series(-3, 2) n"},
      {"numeric", "SELECT trunc((-3.7)::numeric ^ n) FROM generate_series(0, 60) n"},
      {"date", "SELECT date '0001-01-01' + n * 9973 FROM generate_series(0, 700) n"},
      {"timestamp without time zone",
       "SELECT timestamp '1970-01-01 00:00:00.000001' + n * interval '1 day 17:13:29.65432' FROM generate_series(0, "
       "9000, 7) n UNION ALL SELECT timestamp '2024-01-05' + n * interval '0.5 s' FROM generate_series(0, 9) n"},
      {"uuid", "SELECT gen_random_uuid() FROM generate_series(1, 20)"},
  };
  const Sureness sureness{{}};
  for (const auto& tested : cases) {
    const db::Rows rows = connection.exec("SELECT v::" + tested.type + "::text FROM (" + tested.values + ") AS s (v)");
    for (int row = 0; row < rows.size(); ++row) {
      EXPECT_NE(written(sureness, rows.text(row, 0), candidate_called(tested.type)), 0U)
          << rows.text(row, 0) << " of " << tested.type;
    }
  }
}

TEST(Sureness, WhatIsAsWrittenIsWrittenSoByPostgreSQL) {
  db::Connection connection = cpi::test::Cluster::shared().connect();
  connection.exec("SET DateStyle = ISO");
  int checked = 0;
  for (const AgreementCase& tested : agreement_cases()) {
    const unsigned type = candidate_called(tested.type.name);
    if (type == 0) continue;
    const Sureness sureness(tested.format);
    const auto converter = make_converter(tested.type, tested.format);
    ASSERT_TRUE(converter.ok());
    for (const std::string& text : tested.texts) {
      CopyBuffer out;
      std::string why;
      if (written(sureness, text, type) == 0 || (*converter)->write(text, out, why) != Verdict::kOk) continue;
      EXPECT_EQ(connection.exec("SELECT $1::" + tested.type.name + "::text", {text}).str(0, 0), text)
          << tested.type.name;
      ++checked;
    }
  }
  EXPECT_GT(checked, 100);
}

}  // namespace

}  // namespace cpi::value::test
