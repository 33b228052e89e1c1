// What the management database publishes, as _cpi_catalog tells it.
#include "http/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace cpi::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string row(const std::string& more) {
  return R"({"method": "POST", "path": "/import", "function": "public.cpi_import", "success_status": 202, "role": "operator",
             "native": null, "location": "/jobs/{job_id}", "header_arguments": {"Idempotency-Key": "idempotency_key"},
             "waits": true, "stable": false, "returns_json": true,
             "arguments": [{"name": "project", "type": "text", "required": true},
                           {"name": "local_files", "type": "text[]", "required": false}])" +
         more + "}";
}

TEST(RouteCatalog, HoldsRoutesWithTheSignaturesOfTheirFunctions) {
  const Catalog catalog = parse_catalog("public", "0.1.0", "[" + row("") + "]");
  EXPECT_THAT(catalog.problems, IsEmpty());
  const Match match = catalog.router.match("POST", "/import");
  ASSERT_EQ(match.kind, Match::Kind::kFound);
  const Route& route = catalog.routes[match.route];
  EXPECT_EQ(route.status, 202U);
  EXPECT_EQ(route.role, Role::kOperator);
  EXPECT_TRUE(route.waits);
  EXPECT_THAT(route.header_arguments, ElementsAre(NameValue("Idempotency-Key", "idempotency_key")));
  ASSERT_TRUE(route.function);
  EXPECT_EQ(route.function->name, "cpi_import");
  EXPECT_FALSE(route.function->read_only);
  ASSERT_NE(route.function->argument("local_files"), nullptr);
  EXPECT_EQ(route.function->argument("local_files")->type, ArgumentType::kTextArray);
  EXPECT_EQ(route.function->argument("nothing"), nullptr);
  EXPECT_TRUE(catalog.functions.contains("cpi_import"));
}

TEST(RouteCatalog, AddsTheAgentsOwnPages) {
  for (const Catalog& catalog : {parse_catalog("public", "0.1.0", "[]"), builtin_catalog()}) {
    for (const char* path : {"/", "/health", "/docs", "/docs/init.js", "/openapi.json"}) {
      EXPECT_EQ(catalog.router.match("GET", path).kind, Match::Kind::kFound) << path;
    }
  }
}

TEST(RouteCatalog, ServesTheOtherRoutesWhenOneIsWrong) {
  const Catalog catalog =
      parse_catalog("public", "0.1.0",
                    R"([{"method": "GET", "path": "/a", "function": null, "native": "root", "role": "king"},
          {"method": "GET", "path": "b", "function": null, "native": "root", "role": "viewer"},
          {"method": "GET", "path": "/c", "function": null, "native": "root", "role": "viewer"}])");
  EXPECT_EQ(catalog.problems.size(), 2U);
  EXPECT_THAT(catalog.problems[0], HasSubstr("unknown role \"king\""));
  EXPECT_EQ(catalog.router.match("GET", "/c").kind, Match::Kind::kFound);
  EXPECT_EQ(catalog.router.match("GET", "/a").kind, Match::Kind::kNoPath);
}

TEST(RouteCatalog, ThatIsOfAnotherFormIsRefused) {
  EXPECT_THROW(parse_catalog("public", "0.1.0", "nonsense"), std::runtime_error);
  EXPECT_THROW(
      parse_catalog("public", "0.1.0", R"([{"method": "GET", "path": "/a", "role": "viewer", "function": "f"}])"),
      std::runtime_error);
}

}  // namespace
}  // namespace cpi::http
