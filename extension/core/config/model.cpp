// From text to a typed config: validate() and parse().
#include "core/config/model.h"

#include <stdexcept>

#include "core/config/document.h"
#include "core/config/table_options.h"

namespace cpi::config {
namespace {

const Json& schema_document() {
  static const Json document = Json::parse(schema());
  return document;
}

/// Reads and checks; `document` is valid when there are no findings.
Findings check(std::string_view text, std::string_view project_name, Json& document) {
  Findings findings;
  document = read_document(text, findings);
  if (!findings.empty()) return findings;
  const std::vector<Path> violations = schema_violations(document);
  for (const Path& path : violations) explain(document, schema_document(), path, findings);
  if (!violations.empty() && findings.empty()) {
    findings.push_back({path_text(violations.front()), "invalid", "the value is not what the JSON Schema allows", ""});
  }
  if (findings.empty()) check_rules(document, project_name, findings);
  return findings;
}

Error invalid(const Findings& findings) {
  std::string lines;
  for (const Finding& finding : findings) {
    if (!lines.empty()) lines += '\n';
    lines += finding.path + (finding.path.empty() ? "" : ": ") + finding.message;
    if (!finding.hint.empty()) lines += " (" + finding.hint + ")";
  }
  const std::size_t count = findings.size();
  return {Code::kInvalidConfig, "the config has " + std::to_string(count) + (count == 1 ? " mistake" : " mistakes"),
          std::move(lines), findings.front().hint};
}

AfterImport after_import(const std::string& word) {
  if (word == "move") return AfterImport::kMove;
  if (word == "delete") return AfterImport::kDelete;
  return word == "rename" ? AfterImport::kRename : AfterImport::kKeep;
}

}  // namespace

bool Amount::exceeded_by(std::int64_t count, std::int64_t total) const {
  const double allowed = percent ? value * static_cast<double>(total) / 100.0 : value;
  return static_cast<double>(count) > allowed;
}

Findings validate(std::string_view json, std::string_view project_name) {
  Json document;
  return check(json, project_name, document);
}

Result<ProjectConfig> parse(std::string_view json) {
  Json document;
  if (const Findings findings = check(json, "", document); !findings.empty()) return invalid(findings);

  ProjectConfig config;
  config.name = document.value("name", "");
  config.local_path = document.value("local", Json::object()).value("path", "");
  config.has_sftp = document.contains("sftp");
  const Json defaults = document.value("defaults", Json::object());
  config.file_pattern = defaults.value("file_pattern", config.file_pattern);
  config.defaults = read_table_options(defaults);
  const Json naming = document.value("table_naming", Json::object());
  config.table_naming = {naming.value("strip_prefix", ""), naming.value("strip_suffix", ""),
                         naming.value("lowercase", true)};
  for (const Json& entry : document.value("tables", Json::array())) {
    config.tables.push_back({entry["file_pattern"].get<std::string>(), read_table_options(overlaid(defaults, entry))});
  }
  config.exclude_pattern = document.value("exclude_pattern", "");
  config.latest_only = document.value("latest_only", false);
  if (document.contains("stable_seconds")) config.stable_seconds = document["stable_seconds"].get<double>();
  config.done_file = document.value("done_file", "");
  config.skip_loaded = document.value("skip_loaded", false);
  config.after_import = after_import(document.value("after_import", "keep"));
  config.on_failure = document.value("on_failure", "keep") == "move" ? OnFailure::kMove : OnFailure::kKeep;
  config.refresh_materialized_views = document.value("refresh_materialized_views", false);
  return config;
}

Result<TableOptions> parse_table_options(std::string_view json) {
  Findings findings;
  Json options = read_document(json, findings);
  if (findings.empty()) {
    // The options alone are checked as the defaults of a config; the findings' paths start below that.
    findings = validate(Json{{"defaults", options}}.dump(), "");
    constexpr std::string_view kPrefix = "defaults";
    for (Finding& finding : findings) {
      if (!finding.path.starts_with(kPrefix)) continue;
      finding.path.erase(
          0, kPrefix.size() + (finding.path.size() > kPrefix.size() && finding.path[kPrefix.size()] == '.'));
    }
  }
  if (!findings.empty()) return invalid(findings);
  return read_table_options(options);
}

}  // namespace cpi::config
