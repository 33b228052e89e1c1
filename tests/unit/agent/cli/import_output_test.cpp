// What `cpi import` prints and writes, as text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command.h"
#include "cli/file_report.h"
#include "cli/progress_bar.h"
#include "cli/rejects_file.h"
#include "import/result_json.h"

namespace cpi::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

import::LoadResult result(const std::string& file, target::Counts counts, bool success = true){import::LoadResult out;
out.filename = file;
out.table_name = "t";
out.counts = counts;
out.success = success;
out.duration_seconds = 2;
if (!success) out.error = Error{Code::kTooManyErrors, "line 3: no", "One row.", "Mend it."};
return out;
}  // namespace

TEST(SummaryTable, AlignsNamesLeftAndCountsRightWithATotal) {
  EXPECT_EQ(
      summary_table({result("a.csv", {100, 90, 5, 5, 0, 0, 0}), result("größer.csv", {1, 0, 0, 0, 0, 1, 0}, false)}),
      "file        table  read  inserted  updated  skipped  duplicates  rejected  seconds  rows/s\n"
      "a.csv       t       100        90        5        5           0         0     2.00      50\n"
      "größer.csv  t         1         0        0        0           0         1     2.00       0  FAILED\n"
      "total               101        90        5        5           0         1     4.00      25\n");
}

TEST(SummaryTable, ANameCannotMoveTheCursor) {
  EXPECT_THAT(summary_table({result("a\x1b[2J\n.csv", {})}), Not(HasSubstr("\x1b")));
}

TEST(Remarks, NameFileLineAndHint) {
  import::LoadResult failed = result("a.csv", {5, 0, 0, 0, 0, 2, 0}, false);
  failed.rejects.push_back({3, 0, "price", csv::Reason::kInvalidValue, "no number: \"x\"", "1,x"});
  const std::string text = remarks(failed, "");
  EXPECT_THAT(text, HasSubstr("a.csv: error: line 3: no\n  DETAIL:  One row.\n  HINT:  Mend it.\n"));
  EXPECT_THAT(text, HasSubstr("a.csv:3: rejected: column \"price\": no number: \"x\"\n"));
  EXPECT_THAT(text, HasSubstr("1 more rejected rows are not shown"));
  EXPECT_THAT(text, HasSubstr("--rejects FILE"));
  EXPECT_THAT(
      remarks(failed, "r.csv"),
      HasSubstr("1 of 2 rejected rows are in r.csv (only the first 1 are kept); nothing was loaded: mend them in the "
                "file itself"));
  import::LoadResult partly = failed;
  partly.success = true;
  EXPECT_THAT(remarks(partly, "r.csv"),
              HasSubstr("1 of 2 rejected rows are in r.csv (only the first 1 are kept): mend them there"));
}

TEST(ExitCode, SaysWhetherAllSomeOrNothingWasLoaded) {
  const auto good = result("a", {1, 1, 0, 0, 0, 0, 0});
  const auto partly = result("b", {2, 1, 0, 0, 0, 1, 0});
  const auto bad = result("c", {1, 0, 0, 0, 0, 1, 0}, false);
  EXPECT_EQ(exit_code_of({good, good}), 0);
  EXPECT_EQ(exit_code_of({good, partly}), kExitPartial);
  EXPECT_EQ(exit_code_of({good, bad}), kExitPartial);
  EXPECT_EQ(exit_code_of({bad, bad}), kExitFailed);
}

TEST(ProgressLine, ShowsShareRateAndTimeLeft) {
  ProgressView view;
  view.label = "orders.csv";
  view.phase = "copying";
  view.bytes_read = 45;
  view.bytes_total = 100;
  view.rows = 1200000;
  view.seconds = 9;
  EXPECT_EQ(progress_line(view, 120), "orders.csv [#########-----------]  45% 1.2M rows 133k rows/s 0:11 left");
  view.files = 11;
  view.done = 1;
  EXPECT_THAT(progress_line(view, 120), testing::StartsWith("2/11 orders.csv ["));
}

TEST(ProgressLine, FitsEveryWidthAndAnUnknownSize) {
  ProgressView view;
  view.label = "eine-längere-datei-mit-umlauten-äöü.csv";
  view.phase = "copying";
  view.rows = 5;
  for (std::size_t width = 1; width < 100; ++width) EXPECT_LE(progress_line(view, width).size(), width) << width;
  view.phase = "applying";
  EXPECT_THAT(progress_line(view, 100), HasSubstr("applying"));
}

TEST(ShortCount, IsReadAtAGlance) {
  EXPECT_EQ(short_count(999), "999");
  EXPECT_EQ(short_count(1500), "1.5k");
  EXPECT_EQ(short_count(350000), "350k");
  EXPECT_EQ(short_count(1234567), "1.2M");
}

TEST(RejectsCsv, PutsTheReasonBeforeTheRowAsItStood) {
  csv::Dialect dialect;
  dialect.delimiter = ";";
  const std::vector<csv::Reject> rejects{{7, 90, "price", csv::Reason::kInvalidValue, "no \"number\"", "1;\"a;b\";x"}};
  EXPECT_EQ(rejects_csv(dialect, {"id", "na\"me"}, rejects),
            "\"cpi_reason\";\"id\";\"na\"\"me\"\n"
            "\"line 7, column \"\"price\"\": no \"\"number\"\"\";1;\"a;b\";x\n");
}

TEST(RejectsCsv, RowsThatAreNotThereWholeAreLeftOut) {
  std::vector<csv::Reject> rejects{{7, 90, "", csv::Reason::kInvalidValue, "bad", "1,2"}};
  rejects.push_back({8, 0, "", csv::Reason::kRowTooLong, "long", std::string(csv::kMostRawBytes, 'x')});
  rejects.push_back({9, 0, "", csv::Reason::kNulByte, "NUL", std::string("x\0y", 3)});
  rejects.push_back({10, 0, "", csv::Reason::kRefusedByServer, "not found again", ""});
  EXPECT_EQ(rejects_csv(csv::Dialect(), {"a", "b"}, rejects), "\"cpi_reason\",\"a\",\"b\"\n\"line 7: bad\",1,2\n");
}

TEST(RejectsCsv, OneFileOfSeveralIsNamedByIt) {
  std::set<std::string> taken;
  EXPECT_EQ(rejects_path("out/bad.csv", "in/orders.csv", false, taken), "out/bad.csv");
  EXPECT_EQ(rejects_path("out/bad.csv", "in/orders.csv", true, taken), "out/bad.orders.csv");
  EXPECT_EQ(rejects_path("out/bad.csv", "other/orders.csv", true, taken), "out/bad.orders_2.csv");
}

TEST(RejectsWritten, SaysHowManyAndWhyNotAll) {
  EXPECT_EQ(rejects_written(2, 2, 2, "r.csv"), "the rejected rows are in r.csv");
  EXPECT_EQ(rejects_written(9990, 10000, 34567, "r.csv"),
            "9,990 of 34,567 rejected rows are in r.csv (only the first 10,000 are kept, 10 are not whole)");
  EXPECT_EQ(rejects_written(0, 3, 3, "r.csv"),
            "none of the 3 rejected rows was kept whole: mend them in the file itself");
}

TEST(Remarks, AWidenedColumnIsTold) {
  import::LoadResult widened = result("a.csv", {1, 1, 0, 0, 0, 0, 0});
  widened.table_name = "orders";
  widened.widened.push_back({"price", "integer", "numeric"});
  EXPECT_THAT(remarks(widened, ""),
              HasSubstr("a.csv: column \"price\" of orders was widened from integer to numeric\n"));
  widened.success = false;
  EXPECT_EQ(remarks(widened, ""), "");
}

TEST(FileResultJson, HasTheFieldsOfTheContractAndSurvivesOddBytes) {
  import::LoadResult odd = result("a\xff.csv", {1, 0, 0, 0, 0, 1, 0}, false);
  odd.rejects.push_back({2, 5, "", csv::Reason::kNulByte, "a NUL byte", std::string("x\0y", 3)});
  const nlohmann::json json = import::file_result_json(odd, "");
  for (const char* key : {"id", "filename", "table_name", "status", "read", "inserted", "updated", "skipped",
                          "duplicates", "rejected", "deleted", "success", "error", "strategy", "strategy_reason",
                          "sha256", "size", "duration_seconds", "key_columns"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["status"], "failed");
  EXPECT_EQ(json["error_code"], "too_many_errors");
  EXPECT_NO_THROW(static_cast<void>(json.dump()));
  EXPECT_EQ(import::rejects_json(odd)[0]["raw"], "xy");
}

}  // namespace cpi::cli
}  // namespace cpi::cli
