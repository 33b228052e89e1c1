// Rows to tuples without a server: what NULL is, what is rejected and what is left to the server.
#include "import/row_converter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "import/content_hash.h"

namespace cpi::import {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

csv::Field field(std::string_view text, bool quoted = false) {
  return {text.data(), static_cast<std::uint32_t>(text.size()), quoted};
}

Plan plan_of(std::vector<std::pair<std::string, value::ColumnType>> columns) {
  Plan plan;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    PlannedColumn column;
    column.file_index = i;
    column.file_column = column.table_column = columns[i].first;
    column.type = column.base_type = columns[i].second;
    plan.columns.push_back(column);
  }
  return plan;
}

const value::ColumnType kInt4{23, -1, "integer"};
const value::ColumnType kText{25, -1, "text"};
const value::ColumnType kDate{1082, -1, "date"};

TEST(RowConverter, WritesTheColumnsAndTheLineAsATuple) {
  auto converter = RowConverter::make(plan_of({{"id", kInt4}, {"name", kText}}), {});
  ASSERT_TRUE(converter.ok());
  ConvertedBatch batch;
  RejectSink rejects;
  const std::vector<csv::Field> fields{field("7"), field("")};
  converter->convert({5, 40, fields}, "7,", batch, rejects);
  EXPECT_EQ(batch.rows, 1);
  const std::string expected(
      "\0\3"
      "\0\0\0\4"
      "\0\0\0\7"
      "\xff\xff\xff\xff"
      "\0\0\0\10"
      "\0\0\0\0\0\0\0\5",
      26);
  EXPECT_EQ(std::string(batch.tuples.data(), batch.tuples.size()), expected);
}

TEST(RowConverter, ARejectedRowLeavesNoBytesBehind) {
  Plan plan = plan_of({{"name", kText}, {"id", kInt4}});
  plan.columns[1].key = plan.columns[1].not_null = true;
  auto converter = RowConverter::make(plan, {});
  ConvertedBatch batch;
  RejectSink rejects;
  for (const char* id : {"x", ""}) {
    const std::vector<csv::Field> fields{field("a"), field(id)};
    converter->convert({2, 9, fields}, std::string("a,") + id, batch, rejects);
  }
  EXPECT_EQ(batch.rows, 0);
  EXPECT_EQ(batch.tuples.size(), 0U);
  ASSERT_EQ(rejects.kept().size(), 2U);
  EXPECT_EQ(rejects.kept()[0].reason, csv::Reason::kInvalidValue);
  EXPECT_EQ(rejects.kept()[0].raw, "a,x");
  EXPECT_EQ(rejects.kept()[0].column, "id");
  EXPECT_EQ(rejects.kept()[1].reason, csv::Reason::kNullKey);
  EXPECT_THAT(rejects.kept()[1].message, HasSubstr("\"id\""));
}

TEST(RowConverter, AColumnThatNeedsTheServerIsNamedOnceAndNotLookedAtAgain) {
  auto converter = RowConverter::make(plan_of({{"id", kInt4}, {"day", kDate}}), {});
  ConvertedBatch batch;
  RejectSink rejects;
  for (const char* day : {"January 8, 1999", "not a day at all", "2024-01-01"}) {
    const std::vector<csv::Field> fields{field("1"), field(day)};
    converter->convert({2, 9, fields}, day, batch, rejects);
  }
  EXPECT_THAT(converter->asked(), ElementsAre("day"));
  EXPECT_EQ(batch.rows, 0);
  EXPECT_THAT(rejects.kept(), IsEmpty());
}

TEST(ContentHash, IsThatOfAllBytesInOrder) {
  ContentHash hash;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "0123456789";
  for (std::size_t at = 0; at < text.size(); at += 777) hash.add(std::string_view(text).substr(at, 777));
  // printf '0123456789%.0s' $(seq 1000) | sha256sum
  EXPECT_EQ(hash.finish(), "4c207598af7a20db0e3334dd044399a40e467cb81b37f7ba05a4f76dcbd8fd59");
  EXPECT_EQ(ContentHash().finish(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(ContentHash, MayBeDroppedHalfWay) {
  ContentHash hash;
  for (int i = 0; i < 100; ++i) hash.add(std::string(100000, 'x'));
}

}  // namespace
}  // namespace cpi::import
