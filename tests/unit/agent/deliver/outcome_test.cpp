// What an answer means for a webhook.
#include "deliver/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::deliver {
namespace {

using testing::HasSubstr;
using testing::Not;

Verdict verdict(int status, const std::string& body = "") {
  Answer answer;
  answer.status = status;
  answer.body = body;
  return judge(answer).verdict;
}

TEST(Outcome, EveryKindOfStatusHasItsMeaning) {
  for (const int status : {200, 201, 202, 204, 299}) EXPECT_EQ(verdict(status), Verdict::kDelivered) << status;
  for (const int status : {0, 100, 199, 301, 302, 304, 308, 400, 401, 404, 409, 429, 500, 503, 599}) {
    EXPECT_EQ(verdict(status), Verdict::kRetry) << status;
  }
  EXPECT_EQ(verdict(410), Verdict::kRefused);
}

TEST(Outcome, OnlyN8nsWordsMakeAConflictAMoment) {
  EXPECT_EQ(verdict(409, R"({"code":409,"message":"The execution \"17\" is running already."})"), Verdict::kMoment);
  EXPECT_EQ(verdict(409, R"({"message":"The execution \"17 has finished already."})"), Verdict::kRetry);
  EXPECT_EQ(verdict(500, "is running already"), Verdict::kRetry);
}

TEST(Outcome, AStatusThatCameCountsThoughTheRestDidNot) {
  Answer answer;
  answer.status = 200;
  answer.failure = "Operation timed out";
  EXPECT_EQ(judge(answer).verdict, Verdict::kDelivered);
}

TEST(Outcome, AUrlThatNoRequestCanBeMadeOfIsGivenUp) {
  Answer answer;
  answer.hopeless = true;
  answer.failure = "URL using bad/illegal format";
  EXPECT_EQ(judge(answer).verdict, Verdict::kRefused);
}

TEST(Outcome, TheErrorShowsTheReceiversWordsAsOnePlainLine) {
  Answer answer;
  answer.status = 500;
  answer.body = "first\r\nsecond\x1b[31m" + std::string(1000, 'x');
  const std::string error = judge(answer).error;
  EXPECT_THAT(error, HasSubstr("the receiver answered 500: first  second [31m"));
  EXPECT_LT(error.size(), 300U);
}

TEST(Outcome, AUrlIsShownWithoutWhatMayBeSecret) {
  EXPECT_EQ(shown_url("https://u:p@h:1/a/b?signature=x#f"), "https://h:1/a/b");
  EXPECT_EQ(shown_url("https://h/a@b"), "https://h/a@b");
  EXPECT_EQ(shown_url("http://h?x"), "http://h");
  EXPECT_EQ(shown_url("http://u:p/h@h2/x"), "http://u:p/h@h2/x") << "the path begins at the first slash";
}

}  // namespace
}  // namespace cpi::deliver
