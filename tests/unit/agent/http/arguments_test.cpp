// Fields of a request against the signature of a function.
#include "http/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cpi::http {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

Function import_function() {
  Function function;
  function.name = "cpi_import";
  function.call = "public.cpi_import";
  function.arguments = {{"project", ArgumentType::kText, "text", true},
                        {"force", ArgumentType::kBoolean, "boolean", false},
                        {"limit", ArgumentType::kInteger, "integer", false},
                        {"local_files", ArgumentType::kTextArray, "text[]", false},
                        {"sftp_override", ArgumentType::kJson, "jsonb", false},
                        {"job", ArgumentType::kUuid, "uuid", false},
                        {"since", ArgumentType::kTimestamp, "timestamp with time zone", false}};
  return function;
}

Binding bind_body(const json& body) {
  Fields fields;
  fields.body = &body;
  return bind(import_function(), fields, true, false);
}

Binding bind_query(std::vector<NameValue> query) {
  Fields fields;
  fields.query = std::move(query);
  return bind(import_function(), fields, true, false);
}

TEST(Arguments, BecomeNamedAndTypedParametersInTheOrderOfTheSignature) {
  const Binding binding =
      bind_body({{"sftp_override", {{"port", 22}}}, {"project", "a"}, {"force", true}, {"limit", 5}});
  ASSERT_THAT(binding.findings, IsEmpty());
  EXPECT_EQ(binding.call.sql,
            "SELECT public.cpi_import(\"project\" => $1::text, \"force\" => $2::boolean, \"limit\" => $3::integer, "
            "\"sftp_override\" => $4::jsonb)");
  EXPECT_THAT(binding.call.params, ElementsAre(Optional(std::string("a")), Optional(std::string("true")),
                                               Optional(std::string("5")), Optional(std::string(R"({"port":22})"))));
}

TEST(Arguments, ComeFromPathQueryAndHeaderAlike) {
  Fields fields;
  fields.path = {{"project", "a"}};
  fields.query = {{"force", "1"}, {"local_files", "x"}, {"local_files", "y,z"}};
  fields.header = {{"limit", "7"}};
  const Binding binding = bind(import_function(), fields, false, false);
  ASSERT_THAT(binding.findings, IsEmpty());
  EXPECT_THAT(binding.call.params, ElementsAre(Optional(std::string("a")), Optional(std::string("true")),
                                               Optional(std::string("7")), Optional(std::string(R"({"x","y,z"})"))));
}

TEST(Arguments, ThatAreNullOrEmptyWhereTheTypeHasNoEmptyValueAreLeftOut) {
  const Binding binding =
      bind_body({{"project", ""}, {"force", nullptr}, {"limit", ""}, {"job", ""}, {"since", nullptr}});
  ASSERT_THAT(binding.findings, IsEmpty());
  EXPECT_EQ(binding.call.sql, "SELECT public.cpi_import(\"project\" => $1::text)");
  EXPECT_THAT(binding.call.params, ElementsAre(Optional(std::string("")))) << "an empty text is a text";
}

TEST(Arguments, AreAllNamedWhenSeveralAreWrong) {
  const Binding binding = bind_body({{"projekt", "a"}, {"force", "yes"}, {"limit", 1.5}, {"local_files", {"a", 1}}});
  ASSERT_THAT(binding.findings, SizeIs(5));
  EXPECT_EQ(binding.findings[0].path, "force");
  EXPECT_EQ(binding.findings[0].message, "must be true or false, not a string");
  EXPECT_EQ(binding.findings[1].message, "must be an integer, not the number 1.5");
  EXPECT_EQ(binding.findings[2].message, "must be an array of strings; item 1 is the number 1");
  EXPECT_EQ(binding.findings[3].path, "projekt");
  EXPECT_EQ(binding.findings[3].hint, "Did you mean \"project\"?");
  EXPECT_EQ(binding.findings[4].path, "project");
  EXPECT_EQ(binding.findings[4].message, "is missing");
}

TEST(Arguments, OutOfRangeOrOfTheWrongTypeAreRefusedBeforeTheServerSeesThem) {
  const std::pair<json, const char*> kCases[] = {
      {{{"limit", 2147483648LL}}, "2147483648 is out of range"},
      {{{"limit", 1e300}}, "must be an integer"},
      {{{"limit", "5"}}, "must be an integer, not a string"},
      {{{"limit", true}}, "must be an integer, not true"},
      {{{"project", 5}}, "must be a string, not the number 5"},
      {{{"project", {{"a", 1}}}}, "must be a string, not an object"},
      {{{"project", std::string("a\0b", 3)}}, "NUL character"},
      {{{"job", "7"}}, "\"7\" is no UUID"},
      {{{"since", "yesterday"}}, "\"yesterday\" is no time"},
      {{{"local_files", "a.csv"}}, "must be an array of strings, not a string"},
  };
  for (const auto& [body, message] : kCases) {
    json whole = body;
    if (!whole.contains("project")) whole["project"] = "a";
    const Binding binding = bind_body(whole);
    ASSERT_THAT(binding.findings, SizeIs(1)) << body;
    EXPECT_THAT(binding.findings[0].message, HasSubstr(message));
  }
}

TEST(Arguments, AcceptAWholeNumberHoweverItIsWritten) {
  EXPECT_THAT(bind_body({{"project", "a"}, {"limit", 5.0}}).call.params[1], Optional(std::string("5")));
  EXPECT_THAT(bind_body({{"project", "a"}, {"limit", -2147483648LL}}).call.params[1],
              Optional(std::string("-2147483648")));
}

TEST(Arguments, OfTheQueryAreReadAsText) {
  for (const char* no : {"false", "0", "NO", "off"}) {
    EXPECT_THAT(bind_query({{"project", "a"}, {"force", no}}).call.params[1], Optional(std::string("false")));
  }
  EXPECT_THAT(bind_query({{"project", "a"}, {"force", "maybe"}}).findings, SizeIs(1));
  EXPECT_THAT(bind_query({{"project", "a"}, {"sftp_override", "{"}}).findings, SizeIs(1));
  EXPECT_THAT(bind_query({{"project", "a"}, {"limit", "5x"}}).findings, SizeIs(1));
}

TEST(Arguments, GivenTwiceMustSayTheSame) {
  EXPECT_THAT(bind_query({{"project", "a"}, {"project", "a"}}).findings, IsEmpty());
  EXPECT_THAT(bind_query({{"project", "a"}, {"project", "b"}}).findings, SizeIs(1));
}

TEST(Arguments, OfThePathThatCannotBeOfTheirTypeMeanThatNothingIsThere) {
  Function function;
  function.call = "public.cpi_get_job";
  function.arguments = {{"id", ArgumentType::kUuid, "uuid", true}};
  Fields fields;
  fields.path = {{"id", "events"}};
  const Binding binding = bind(function, fields, false, false);
  EXPECT_THAT(binding.path_mismatch, Optional(HasSubstr("no UUID")));
  EXPECT_THAT(binding.findings, IsEmpty());
}

TEST(Arguments, CalledWaitInTheBodyPointToTheQuery) {
  const Binding binding = bind_body({{"project", "a"}, {"wait", 5}});
  ASSERT_THAT(binding.findings, SizeIs(1));
  EXPECT_THAT(binding.findings[0].hint, HasSubstr("?wait="));
}

TEST(Arguments, QuoteTheirNames) {
  Function function;
  function.call = "public.f";
  function.arguments = {{"a\"b", ArgumentType::kText, "text", true}};
  const json body = {{"a\"b", "x"}};
  Fields fields;
  fields.body = &body;
  EXPECT_EQ(bind(function, fields, false, false).call.sql, "SELECT public.f(\"a\"\"b\" => $1::text)");
}

}  // namespace
}  // namespace cpi::http
