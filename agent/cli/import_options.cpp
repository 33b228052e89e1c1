#include "cli/import_options.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/option_list.h"
#include "declare/typed.h"
#include "declare/yaml.h"

namespace cpi::cli {

namespace {

using nlohmann::json;

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) {
    return Error{Code::kFileNotFound, "config file \"" + path + "\" cannot be read", "", ""};
  }
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Result<json> json_of(const std::string& text, const std::string& path) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    return Error{Code::kInvalidJson, "config file \"" + path + "\" is no valid JSON", std::string(error.what()) + ".",
                 ""};
  }
}

Result<json> yaml_of(const std::string& text, const std::string& path) {
  declare::Problems problems;
  const std::vector<declare::Node> documents = declare::read_yaml(text, path, problems);
  if (!problems.empty()) {
    const declare::Problem& first = problems.front();
    return Error{Code::kInvalidConfig, first.place.text() + ": " + first.message, "", first.hint};
  }
  return documents.size() == 1 ? declare::to_json(documents.front()) : json();
}

/// A config file's object: JSON where it begins as such, else YAML.
Result<json> read_config(const std::string& path) {
  if (path.empty()) return json::object();
  Result<std::string> text = read_text(path);
  if (!text.ok()) return text.error();
  const std::size_t first = text->find_first_not_of(" \t\r\n");
  const bool is_json = first == std::string::npos || (*text)[first] == '{' || (*text)[first] == '[';
  Result<json> parsed = is_json ? json_of(*text, path) : yaml_of(*text, path);
  if (!parsed.ok() || parsed->is_object()) return parsed;
  return Error{Code::kInvalidJson, "config file \"" + path + "\" holds no object of options, in JSON or YAML", "", ""};
}

std::string delimiter_of(const std::string& text) { return text == "tab" ? "\t" : typed(text); }

/// A number where it is one, so that the schema sees what it would see in a config file.
json number_or_text(const std::string& text) {
  const json parsed = json::parse(text, nullptr, false);
  return parsed.is_number() || parsed.is_boolean() ? parsed : json(text);
}

json overlay_of(const OptionFlags& flags, const std::string& schema) {
  json out = json::object();
  if (!schema.empty()) out["schema"] = schema;
  if (!flags.primary_key.empty()) out["primary_key"] = flags.primary_key;
  if (flags.delimiter) out["delimiter"] = delimiter_of(*flags.delimiter);
  if (flags.quote) out["quote"] = *flags.quote;
  if (flags.escape) out["escape"] = *flags.escape;
  if (!flags.encoding.empty()) out["encoding"] = flags.encoding;
  if (!flags.header.empty()) out["header"] = number_or_text(flags.header);
  if (!flags.skiprows.empty()) out["skiprows"] = number_or_text(flags.skiprows);
  if (!flags.null_if.empty()) out["null_if"] = flags.null_if;
  if (!flags.types.empty()) out["types"] = flags.types;
  if (!flags.new_columns.empty()) out["new_columns"] = flags.new_columns;
  if (!flags.missing_columns.empty()) out["missing_columns"] = flags.missing_columns;
  if (!flags.duplicates.empty()) out["duplicates"] = flags.duplicates;
  if (!flags.on_error.empty()) out["on_error"] = flags.on_error;
  if (!flags.max_errors.empty()) out["max_errors"] = number_or_text(flags.max_errors);
  if (!flags.datestyle.empty()) out["datestyle"] = flags.datestyle;
  return out;
}

}  // namespace

Result<ImportOptions> ImportOptions::load(const OptionFlags& flags) {
  Result<json> config = read_config(flags.config_file);
  if (!config.ok()) return config.error();

  ImportOptions result;
  result.table_ = flags.table;
  std::string schema = flags.schema;
  // schema.table, as psql takes it; a table whose name holds a dot is named with --schema beside it.
  if (const std::size_t dot = flags.table.find('.'); schema.empty() && dot != std::string::npos) {
    schema = flags.table.substr(0, dot);
    result.table_ = flags.table.substr(dot + 1);
    if (schema.empty() || result.table_.empty() || result.table_.find('.') != std::string::npos) {
      return Error{Code::kInvalidArgument, "--table \"" + flags.table + "\" is neither table nor schema.table", "",
                   "Name the schema of a table whose name holds a dot with --schema."};
    }
  }

  json overlay = overlay_of(flags, schema);
  for (const std::string& assignment : flags.set) {
    if (Result<void> set = set_option(assignment, overlay); !set.ok()) return set.error();
  }
  result.project_ = config->contains("defaults") || config->contains("tables") || config->contains("table_naming");
  if (!result.project_) {
    config->update(overlay);
    Result<config::TableOptions> options = config::parse_table_options(config->dump());
    if (!options.ok()) return options.error();
    result.options_ = std::move(*options);
    return result;
  }
  // Flags are for this call, so they win over every entry of the file.
  if (!config->contains("defaults")) (*config)["defaults"] = json::object();
  if ((*config)["defaults"].is_object()) (*config)["defaults"].update(overlay);
  if (config->contains("tables") && (*config)["tables"].is_array()) {
    for (json& entry : (*config)["tables"]) {
      if (entry.is_object()) entry.update(overlay);
    }
  }
  Result<config::ProjectConfig> parsed = config::parse(config->dump());
  if (!parsed.ok()) return parsed.error();
  result.config_ = std::move(*parsed);
  return result;
}

Result<FileOptions> ImportOptions::for_file(const std::string& path) const {
  FileOptions result{options_, ""};
  if (project_) {
    const auto found = config::options_for(config_, path);
    if (!found.has_value()) {
      return Error{Code::kInvalidArgument, "no file_pattern of the config matches \"" + path + "\"", "",
                   "Add an entry to tables, or widen defaults.file_pattern."};
    }
    result.options = *found;
  }
  if (!table_.empty()) result.options.target_table = table_;
  result.table = config::table_name_for(config_.table_naming, result.options, path);
  return result;
}

}  // namespace cpi::cli
