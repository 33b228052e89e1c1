// The JSON Schema's verdict, by valijson: whether a document is valid, and where it is not. Its texts are not shown:
// explain() says the same in words that help.
#include <algorithm>
#include <memory>

// g++ 12 warns falsely of the standard library's regular expressions, which valijson uses, when sanitizers are on.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "core/config/document.h"
#include "core/config/model.h"

namespace cpi::config {
namespace {

const valijson::Schema& compiled_schema() {
  static const std::unique_ptr<valijson::Schema> compiled = [] {
    const auto json = nlohmann::json::parse(schema());
    auto result = std::make_unique<valijson::Schema>();
    valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(json), *result);
    return result;
  }();
  return *compiled;
}

/// valijson's context is "<root>", "[tables]", "[0]", …
Path to_path(const std::vector<std::string>& context) {
  Path path;
  for (std::size_t i = 1; i < context.size(); ++i) path.push_back(context[i].substr(1, context[i].size() - 2));
  return path;
}

}  // namespace

std::vector<Path> schema_violations(const Json& document) {
  const nlohmann::json copy = document;
  valijson::ValidationResults results;
  if (valijson::Validator().validate(compiled_schema(), valijson::adapters::NlohmannJsonAdapter(copy), &results)) {
    return {};
  }
  std::vector<Path> paths;
  for (const valijson::ValidationResults::Error& error : results) {
    Path path = to_path(error.context);
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace cpi::config
