// What a failure looks like to a client.
#include "http/error_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cpi::http {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

TEST(ErrorResponse, MapsSqlstatesToStatuses) {
  const std::pair<const char*, unsigned> kCases[] = {
      {"PT404", 404}, {"PT422", 422}, {"PT200", 500}, {"PT9x9", 500}, {"23505", 409}, {"23503", 409}, {"23502", 422},
      {"23514", 422}, {"23000", 400}, {"22P02", 422}, {"22003", 422}, {"42501", 403}, {"28P01", 403}, {"08006", 503},
      {"53300", 503}, {"57P01", 503}, {"57014", 503}, {"40001", 503}, {"40P01", 503}, {"42883", 404}, {"42P01", 404},
      {"P0001", 400}, {"P0002", 500}, {"XX000", 500}, {"25006", 405}, {"25001", 500}, {"42601", 400}, {"", 503}};
  for (const auto& [sqlstate, status] : kCases) EXPECT_EQ(status_of(sqlstate, false), status) << sqlstate;
  EXPECT_EQ(status_of("42501", true), 401U) << "whoever came without a key is asked for one";
}

TEST(ErrorResponse, HoldsTheFieldsOfPostgrestAndTheOneOfFastapi) {
  const Response response = error_response(failure_of(db::Error("no such job", "PT404", "", "Look again."), false));
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(json::parse(response.body), json::parse(R"({"code": "PT404", "message": "no such job", "details": null,
                                                        "hint": "Look again.", "detail": "no such job"})"));
}

TEST(ErrorResponse, TakesFieldErrorsOutOfTheDetail) {
  const std::string errors = R"([{"path": "config.defaults", "message": "is wrong", "hint": null}])";
  const json body = json::parse(error_response(failure_of(db::Error("wrong", "PT422", errors), false)).body);
  EXPECT_EQ(body["errors"], json::parse(errors));
  EXPECT_TRUE(body["details"].is_null());
  for (const char* detail : {"[1, 2]", "[", "[]", "plain words"}) {
    const json plain = json::parse(error_response(failure_of(db::Error("wrong", "PT422", detail), false)).body);
    EXPECT_FALSE(plain.contains("errors")) << detail;
    EXPECT_EQ(plain["details"], detail);
  }
}

TEST(ErrorResponse, OfADatabaseThatIsAwayNamesNoHostAndSaysWhenToTryAgain) {
  const db::Error lost("connection to server at \"db.internal\", port 5432 failed", "", "", "", true);
  const Failure failure = failure_of(lost, false);
  EXPECT_EQ(failure.status, 503U);
  EXPECT_THAT(failure.headers, Contains(Key("Retry-After")));
  EXPECT_THAT(error_response(failure).body, Not(HasSubstr("db.internal")));
}

TEST(ErrorResponse, NamesEveryFieldAndSumsUpInOneMessage) {
  const Failure one = invalid_fields({{"project", "missing", "is missing", "Name one."}});
  EXPECT_EQ(one.message, "project: is missing");
  EXPECT_EQ(one.hint, "Name one.");
  Findings many;
  for (int i = 0; i < 7; ++i) many.push_back({"f" + std::to_string(i), "r", "is wrong", ""});
  const Failure failure = invalid_fields(many);
  EXPECT_THAT(failure.message, HasSubstr("7 fields are wrong: f0: is wrong; f1"));
  EXPECT_EQ(json::parse(failure.errors).size(), 7U);
}

TEST(ErrorResponse, ListsTheMethodsOfAPath) {
  EXPECT_THAT(method_not_allowed("DELETE", "/jobs", "GET, HEAD, OPTIONS").headers,
              Contains(NameValue("Allow", "GET, HEAD, OPTIONS")));
  EXPECT_THAT(unauthorized("no API key", "").headers, Contains(Key("WWW-Authenticate")));
}

TEST(ErrorResponse, SurvivesBytesThatAreNoUtf8) {
  EXPECT_FALSE(json::parse(error_response(bad_request("\xff", "", "")).body).is_discarded());
}

}  // namespace
}  // namespace cpi::http
