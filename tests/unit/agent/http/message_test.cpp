// Requests and responses as values, and the encoding of URLs.
#include "http/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/url.h"

namespace cpi::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

TEST(Message, FindsHeadersWhateverTheirCase) {
  Request request;
  request.headers = {{"content-TYPE", "a"}, {"Content-Type", "b"}};
  ASSERT_NE(request.header("Content-Type"), nullptr);
  EXPECT_EQ(*request.header("Content-Type"), "a");
  EXPECT_EQ(request.header("Content"), nullptr);
}

TEST(Message, SplitsTheTargetAtTheFirstQuestionMark) {
  Request request;
  request.target = "/jobs?a=1?2";
  EXPECT_EQ(request.path(), "/jobs");
  EXPECT_EQ(request.query(), "a=1?2");
}

TEST(Message, WritesNoHeaderThatHoldsALineBreak) {
  Response response;
  response.set("Location", "/jobs/1\r\nSet-Cookie: a=b");
  EXPECT_THAT(response_head(response, 0, true), Not(HasSubstr("Set-Cookie")));
}

TEST(Message, GivesNoLengthWhereThereIsNoBody) {
  Response response;
  response.status = 204;
  EXPECT_THAT(response_head(response, 0, true), Not(HasSubstr("Content-Length")));
  response.status = 200;
  EXPECT_THAT(response_head(response, 7, false), HasSubstr("Content-Length: 7\r\n"));
  EXPECT_THAT(response_head(response, 7, false), HasSubstr("Connection: close\r\n"));
}

TEST(Url, ParsesQueriesAsFormsWriteThem) {
  EXPECT_THAT(parse_query("a=1&b=x+y%2B&&c&d="), Optional(ElementsAre(NameValue("a", "1"), NameValue("b", "x y+"),
                                                                      NameValue("c", ""), NameValue("d", ""))));
  EXPECT_THAT(parse_query("a=%f"), Eq(std::nullopt));
  EXPECT_THAT(parse_query("%00=1"), Eq(std::nullopt));
}

TEST(Url, TellsUtf8FromOtherBytes) {
  for (const char* good : {"", "a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad :
       {"\xff", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Url, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(percent_encode("a-b_c.d~e/f g\xc3\xbc"), "a-b_c.d~e%2Ff%20g%C3%BC");
}

}  // namespace
}  // namespace cpi::http
