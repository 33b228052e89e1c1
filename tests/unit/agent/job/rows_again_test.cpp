// Rejected rows that are tried again as they are: what becomes a text, and what is set aside.
#include "job/rows_again.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cpi::job {
namespace {

TEST(RowsAgain, RowsThatWouldRunIntoOthersAreSetAsideBehindThem) {
  const RowsAgain rows =
      rows_again(R"([{"raw": "2,\"a,3", "column": "t", "reason": "unclosed_quote", "message": "open"},
                                        {"raw": "3,\"b\nc\",x"}, {"raw": "4,b\",5", "reason": "of tomorrow"},
                                        {"raw": "6,d,y", "column": null, "reason": "invalid_value", "message": "no"}])",
                 csv::Dialect(), 0);
  EXPECT_EQ(rows.text, "3,\"b\nc\",x\n6,d,y\n");
  ASSERT_EQ(rows.set_aside.size(), 2U);
  const csv::Reject& first = rows.set_aside[0];
  EXPECT_EQ(first.raw, "2,\"a,3");
  EXPECT_EQ(first.column, "t");
  EXPECT_EQ(first.reason, csv::Reason::kUnclosedQuote);
  EXPECT_EQ(first.message, "open");
  EXPECT_EQ(first.line, 4);
  EXPECT_EQ(first.offset, static_cast<std::int64_t>(rows.text.size()));
  EXPECT_EQ(rows.set_aside[1].line, 5);
  EXPECT_EQ(rows.set_aside[1].offset, first.offset + 7);
}

TEST(RowsAgain, ReasonsOfAnEarlierTimeAreLeftOut) {
  const RowsAgain rows = rows_again(R"([{"raw": "\"line 2: bad\",1,a"}, {"raw": "bad,2,\"b"}])", csv::Dialect(), 1);
  EXPECT_EQ(rows.text, "1,a\n");
  ASSERT_EQ(rows.set_aside.size(), 1U);
  EXPECT_EQ(rows.set_aside[0].raw, "2,\"b");
}

TEST(RowsAgain, WhatIsNoListOfRowsIsAnError) {
  EXPECT_THROW(rows_again("id,name\n", csv::Dialect(), 0), nlohmann::json::exception);
}

}  // namespace
}  // namespace cpi::job
