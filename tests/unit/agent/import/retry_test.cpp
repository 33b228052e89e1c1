// Which errors are tried again, and when: decided on codes and SQLSTATEs.
#include "import/retry.h"

#include <gtest/gtest.h>

namespace cpi::import {
namespace {

struct Case {
  const char* sqlstate;
  bool lost;
  Retry expected;
  const char* why;
};

TEST(Retry, DecidesOnTheSqlstate) {
  const Case cases[] = {
      {"40P01", false, Retry::kNow, "a deadlock is over once one side gave way"},
      {"40001", false, Retry::kNow, "a serialization failure likewise"},
      {"55P03", false, Retry::kLater, "somebody holds a lock for long"},
      {"53100", false, Retry::kLater, "a full disk may be emptied"},
      {"57P01", false, Retry::kLater, "the server is being restarted"},
      {"57014", false, Retry::kLater, "somebody cancelled the statement"},
      {"", true, Retry::kLater, "the connection was lost"},
      {"42501", false, Retry::kNever, "a missing right"},
      {"42P01", false, Retry::kNever, "a missing table"},
      {"23505", false, Retry::kNever, "a key that exists"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(retry_of(db::Error("x", c.sqlstate, "", "", c.lost)), c.expected) << c.why;
  }
}

TEST(Retry, ATableThatChangedMeanwhileIsPlannedAnewAtOnce) {
  EXPECT_EQ(retry_of(Error{Code::kStagingLost, "x", "", ""}), Retry::kNow);
}

TEST(Retry, AFileThatChangesIsTriedLaterAndABadOneNever) {
  EXPECT_EQ(retry_of(Error{Code::kFileChanged, "x", "", ""}), Retry::kLater);
  EXPECT_EQ(retry_of(Error{Code::kTargetUnreachable, "x", "", ""}), Retry::kLater);
  EXPECT_EQ(retry_of(Error{Code::kTooManyErrors, "x", "", ""}), Retry::kNever);
  EXPECT_EQ(retry_of(Error{Code::kFileNotFound, "x", "", ""}), Retry::kNever);
}

TEST(Retry, TheErrorTypeOfAMissingFileIsItsOwn) {
  EXPECT_EQ(error_type(Code::kFileNotFound), "FileNotFound");
  EXPECT_EQ(error_type(Code::kInvalidHeader), "ImportError");
}

}  // namespace
}  // namespace cpi::import
