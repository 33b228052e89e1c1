// Which route serves a method and a path.
#include "http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Router router_of(std::initializer_list<std::pair<const char*, const char*>> routes) {
  Router router;
  std::size_t number = 0;
  for (const auto& [method, path] : routes) EXPECT_TRUE(router.add(method, path, number++).ok()) << path;
  return router;
}

TEST(Router, FindsThePathAndGivesItsParametersByName) {
  const Router router =
      router_of({{"GET", "/jobs"}, {"GET", "/jobs/{id}"}, {"PUT", "/projects/{name}/files/{filename}"}});
  EXPECT_EQ(router.match("GET", "/jobs").route, 0U);
  const Match job = router.match("GET", "/jobs/7");
  EXPECT_EQ(job.kind, Match::Kind::kFound);
  EXPECT_EQ(job.route, 1U);
  EXPECT_THAT(job.parameters, ElementsAre(Pair("id", "7")));
  EXPECT_THAT(router.match("PUT", "/projects/a/files/b.csv").parameters,
              ElementsAre(Pair("name", "a"), Pair("filename", "b.csv")));
}

TEST(Router, PrefersAnExactWordToAParameter) {
  const Router router = router_of({{"GET", "/jobs/{id}"}, {"GET", "/jobs/events"}, {"GET", "/jobs/{id}/events"}});
  EXPECT_EQ(router.match("GET", "/jobs/events").route, 1U);
  EXPECT_EQ(router.match("GET", "/jobs/7").route, 0U);
}

TEST(Router, TriesTheParameterWhereTheExactWordLeadsNowhere) {
  const Router router = router_of({{"GET", "/jobs/events"}, {"POST", "/jobs/{id}/cancel"}, {"DELETE", "/jobs/{id}"}});
  const Match cancel = router.match("POST", "/jobs/events/cancel");
  EXPECT_EQ(cancel.route, 1U);
  EXPECT_THAT(cancel.parameters, ElementsAre(Pair("id", "events")));
  EXPECT_EQ(router.match("DELETE", "/jobs/events").route, 2U) << "the exact word takes another method only";
}

TEST(Router, NamesAParameterAsTheTemplateOfItsMethodDoes) {
  const Router router = router_of({{"GET", "/projects/{name}"}, {"PUT", "/projects/{project}"}});
  EXPECT_THAT(router.match("GET", "/projects/a").parameters, ElementsAre(Pair("name", "a")));
  EXPECT_THAT(router.match("PUT", "/projects/a").parameters, ElementsAre(Pair("project", "a")));
}

TEST(Router, TellsAnotherMethodFromNoPath) {
  const Router router = router_of({{"GET", "/jobs"}, {"POST", "/import"}});
  const Match other = router.match("DELETE", "/jobs");
  EXPECT_EQ(other.kind, Match::Kind::kOtherMethod);
  EXPECT_EQ(other.allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(router.match("GET", "/import").allow, "OPTIONS, POST");
  for (const char* path : {"/nothing", "/jobs/", "/jobs/1", "//jobs", "/", "jobs", "", "/JOBS"}) {
    EXPECT_EQ(router.match("GET", path).kind, Match::Kind::kNoPath) << path;
  }
}

TEST(Router, ServesHeadAsGet) {
  const Router router = router_of({{"GET", "/"}});
  EXPECT_EQ(router.match("HEAD", "/").kind, Match::Kind::kFound);
}

TEST(Router, DecodesASegmentAfterSplitting) {
  const Router router = router_of({{"GET", "/projects/{name}"}});
  EXPECT_THAT(router.match("GET", "/projects/a%2Fb%20%C3%BC+").parameters, ElementsAre(Pair("name", "a/b \xc3\xbc+")));
  for (const char* path : {"/projects/%", "/projects/%4", "/projects/%zz", "/projects/%00", "/projects/%ff"}) {
    EXPECT_EQ(router.match("GET", path).kind, Match::Kind::kBrokenEncoding) << path;
  }
}

TEST(Router, RefusesATemplateThatCannotBeServed) {
  Router router = router_of({{"GET", "/jobs/{id}"}});
  for (const char* path : {"jobs", "/jobs/", "/a//b", "/a/{b", "/a/x{b}", "/{a}/{a}", "/a?b"}) {
    EXPECT_FALSE(router.add("GET", path, 1).ok()) << path;
  }
  const Result<void> taken = router.add("GET", "/jobs/{name}", 1);
  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.error().message, HasSubstr("taken by /jobs/{id}"));
  EXPECT_EQ(router.match("GET", "/jobs/1").route, 0U);
}

}  // namespace
}  // namespace cpi::http
