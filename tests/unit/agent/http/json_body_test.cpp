// Bodies that are JSON objects, and those that are not.
#include "http/json_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cpi::http {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Failure failure_of_body(std::string_view body) {
  const std::variant<json, Failure> parsed = parse_json_body(body);
  EXPECT_TRUE(std::holds_alternative<Failure>(parsed)) << body;
  return std::holds_alternative<Failure>(parsed) ? std::get<Failure>(parsed) : Failure{};
}

TEST(JsonBody, IsAnObjectAndAnEmptyOneIsTheEmptyObject) {
  EXPECT_EQ(std::get<json>(parse_json_body(R"({"a": {"a": [1, {"a": 2}]}})"))["a"]["a"][1]["a"], 2);
  EXPECT_EQ(std::get<json>(parse_json_body("")), json::object());
  EXPECT_EQ(std::get<json>(parse_json_body(" \r\n")), json::object());
}

TEST(JsonBody, ThatIsMalformedIsRefusedWithItsPosition) {
  const Failure failure = failure_of_body("{\"a\": 1,\n  \"b\": }");
  EXPECT_EQ(failure.status, 400U);
  EXPECT_THAT(failure.message, HasSubstr("line 2, column 8"));
  for (const char* body : {"{", "{\"a\"}", "{'a': 1}", "{\"a\": 01}", "{\"a\": 1,}", "{} {}", "nul", "{\"a\": NaN}",
                           "{\"a\": \"\xff\"}", "{\"a\": \"\\ud800\"}", "{\"a\": 1e999}"}) {
    EXPECT_EQ(failure_of_body(body).status, 400U) << body;
  }
}

TEST(JsonBody, WithAKeyThatComesTwiceIsRefused) {
  EXPECT_THAT(failure_of_body(R"({"a": 1, "a": 2})").message, HasSubstr("\"a\" twice"));
  EXPECT_THAT(failure_of_body(R"({"c": [{"b": 1, "\u0062": 2}]})").message, HasSubstr("\"b\" twice"));
}

TEST(JsonBody, NestedTooDeepIsRefused) {
  std::string deep = "{\"a\": ";
  for (int i = 0; i < kMaxJsonDepth - 1; ++i) deep += '[';
  for (int i = 0; i < kMaxJsonDepth - 1; ++i) deep += ']';
  EXPECT_TRUE(std::holds_alternative<json>(parse_json_body(deep + "}")));
  const std::string deeper = "{\"a\": " + std::string(500'000, '[');
  EXPECT_THAT(failure_of_body(deeper).message, HasSubstr("nested deeper"));
}

TEST(JsonBody, ThatIsNoObjectIsOfTheWrongType) {
  for (const char* body : {"[]", "1", "\"a\"", "null", "true"}) EXPECT_EQ(failure_of_body(body).status, 422U) << body;
}

}  // namespace
}  // namespace cpi::http
