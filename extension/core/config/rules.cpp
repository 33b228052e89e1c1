// What the JSON Schema cannot say: values that are each allowed and contradict one another, or that cannot be meant.
// Works on the JSON, so that every finding has the path that the user wrote. A new rule is one function below.
#include <algorithm>
#include <cctype>
#include <map>

#include "core/config/file_columns.h"
#include "core/config/scope.h"
#include "core/config/table_options.h"
#include "core/text/identifier.h"

namespace cpi::config {
namespace {

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void check_dialect(const Scope& scope) {
  const std::string delimiter = scope.text("delimiter", ",");
  for (const char* key : {"quote", "escape"}) {
    const std::string value = scope.text(key, "");
    if (!scope.says(key) || value == "auto" || value.empty()) continue;
    if (characters(value) != 1 || value == "\n" || value == "\r") {
      scope.report(key, "not_one_character", shown(value) + " is not one character",
                   "Allowed is one character, \"auto\" to detect it, or \"\" for none.");
      return;
    }
  }
  if (scope.says("delimiter") && delimiter.find_first_of("\r\n") != std::string::npos) {
    scope.report("delimiter", "line_break", "the delimiter holds a line break",
                 "Rows end with line breaks; choose another.");
    return;
  }
  const std::string quote = scope.text("quote", "\"");
  if (scope.says_any({"delimiter", "quote"}) && !quote.empty() && quote != "auto" && delimiter != "auto" &&
      delimiter.find(quote) != std::string::npos) {
    scope.report(scope.says("quote") ? "quote" : "delimiter", "delimiter_holds_quote",
                 "delimiter " + shown(delimiter) + " holds the quote " + shown(quote),
                 "Set \"quote\" to another character, or to \"\" for none.");
  }
  const std::string escape = scope.text("escape", "");
  if (scope.says_any({"delimiter", "escape"}) && !escape.empty() && escape != "auto" && delimiter == escape) {
    scope.report("escape", "escape_is_delimiter", "escape and delimiter are the same, " + shown(escape),
                 "Change one of them.");
  }
  const std::string comment = scope.text("comment", "");
  if (scope.says_any({"comment", "delimiter", "quote"}) && !comment.empty() &&
      (comment == delimiter || (!quote.empty() && comment == quote))) {
    scope.report("comment", "comment_is_dialect", "lines that start with " + shown(comment) + " are rows, not comments",
                 "It is the delimiter or the quote; choose another mark or leave \"comment\" out.");
  }
  if (scope.says("comment") && comment.find_first_of("\r\n") != std::string::npos) {
    scope.report("comment", "line_break", "comment holds a line break, and no line begins with one", "Leave it out.");
  }
  const std::string stop = scope.text("stop_at", "");
  if (scope.says("stop_at") && stop.find_first_of("\r\n") != std::string::npos && stop != "\n" && stop != "\r\n" &&
      stop != "\r") {
    scope.report("stop_at", "line_break", "stop_at " + shown(stop) + " holds a line break, and no line begins with it",
                 "Set it to how the line begins, or to \"\\n\" alone for an empty line.");
  }
}

void check_names(const Scope& scope) {
  for (const char* key : {"schema", "target_table"}) {
    const std::string value = scope.text(key, "");
    if (!scope.says(key)) continue;
    if (value.size() > text::kMaxIdentifierBytes) {
      scope.report(key, "name_too_long", shown(value) + " is longer than PostgreSQL's 63 bytes", "Shorten it.");
    } else if (std::string_view(key) == "target_table" && value.find('.') != std::string::npos) {
      scope.report(key, "dotted_name", shown(value) + " holds a dot",
                   "Name the schema by \"schema\": " + shown(value.substr(0, value.find('.'))) + ".");
    }
  }
  if (!scope.says("column_mapping")) return;
  for (const auto& item : scope.own["column_mapping"].items()) {
    const auto name = item.value().get<std::string>();
    if (name.size() > text::kMaxIdentifierBytes) {
      scope.report("column_mapping", "name_too_long", shown(name) + " is longer than PostgreSQL's 63 bytes",
                   "Shorten it.");
    } else if (is_reserved(name)) {
      scope.report("column_mapping", "reserved_name",
                   "a column cannot be called " + shown(name) + ": " + std::string(keeper_of(name)),
                   "Choose another, such as " + shown(name + "_") + ".");
    }
  }
}

std::vector<std::string> key_columns(const Json& options) {
  if (!options.contains("primary_key")) return {};
  if (options["primary_key"].is_string()) return {options["primary_key"].get<std::string>()};
  return options["primary_key"].get<std::vector<std::string>>();
}

bool is_numbered(const std::string& name) {
  constexpr std::string_view kWord = "column";
  return name.size() > kWord.size() && name.starts_with(kWord) &&
         std::all_of(name.begin() + kWord.size(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

void check_columns(const Scope& scope) {
  const Json mapping = scope.options.value("column_mapping", Json::object());
  const Json header = scope.options.value("header", Json(true));
  const bool no_header = header == Json(false) || header == Json(0);
  const bool snake = scope.text("column_names", "keep") == "snake_case";
  if (!scope.says_any({"column_mapping", "primary_key", "columns", "header"})) return;

  std::map<std::string, std::string> file_column_of;  // table column → file column
  for (const auto& item : mapping.items()) {
    const auto target = item.value().get<std::string>();
    const auto [other, added] = file_column_of.emplace(target, item.key());
    if (!added && scope.says("column_mapping")) {
      // In an order of its own: jsonb does not keep that of the text.
      const auto [first, second] = std::minmax(other->second, item.key());
      scope.report("column_mapping", "mapped_twice",
                   "file columns " + shown(first) + " and " + shown(second) + " both become " + shown(target),
                   "Give each a column of its own.");
    }
  }
  // The names that the file's columns have for certain: by `columns`, or column1, column2, … without a header.
  const bool listed = scope.options.contains("columns");
  std::vector<std::string> columns;
  if (listed) columns = scope.options["columns"].get<std::vector<std::string>>();
  const auto in_file = [&](const std::string& name) {
    if (listed) return std::find(columns.begin(), columns.end(), name) != columns.end();
    return !no_header || is_numbered(name);
  };
  const std::string known =
      listed ? "The file's columns are those of \"columns\"."
             : "Without a header the file's columns are column1, column2, …: name them by \"columns\".";
  for (const auto& item : mapping.items()) {
    if (in_file(item.key())) continue;
    scope.report("column_mapping", "no_such_column", "the file has no column " + shown(item.key()), known);
  }
  for (const std::string& key : key_columns(scope.options)) {
    if (file_column_of.contains(key)) continue;
    if (mapping.contains(key)) {
      const auto target = mapping[key].get<std::string>();
      scope.report("primary_key", "key_mapped_away",
                   "column " + shown(key) + " is called " + shown(target) + " in the table, by column_mapping",
                   "did you mean " + shown(target) + "?");
      continue;
    }
    const bool snaked = snake && std::any_of(columns.begin(), columns.end(),
                                             [&](const std::string& name) { return text::snake_case(name) == key; });
    if (in_file(key) || snaked) continue;
    std::string near = text::nearest(key, columns);
    scope.report("primary_key", "no_such_column", "the file has no column " + shown(key),
                 near.empty() ? known : "did you mean " + shown(near) + "?");
  }
}

void check_policy(const Scope& scope) {
  const std::string pattern = scope.text("file_pattern", "");
  if (scope.says("file_pattern") && pattern.starts_with('/')) {
    scope.report("file_pattern", "absolute_pattern",
                 "no file matches " + shown(pattern) + ": paths are those below the source",
                 "Leave out the source's directory and the \"/\" at the beginning.");
  }
  if (scope.says("max_errors") && scope.says("on_error") && scope.own["on_error"] == "abort") {
    scope.report("max_errors", "max_errors_with_abort", "max_errors allows rejected rows, on_error \"abort\" none",
                 "Leave out one of the two; max_errors implies on_error \"continue\".");
  }
  const Json rebuild = scope.options.value("rebuild_table", Json(false));
  const std::string missing = scope.text("missing_rows", "");
  if (scope.says_any({"rebuild_table", "missing_rows"}) && rebuild != Json(false) && !missing.empty() &&
      missing != "delete") {
    scope.report("missing_rows", "rebuild_keeps_rows",
                 "rebuild_table deletes the rows that the files lack, missing_rows " + shown(missing) + " keeps them",
                 "Leave out one of the two.");
  }
}

void check_scope(const Scope& scope) {
  check_dialect(scope);
  check_values(scope);
  check_names(scope);
  check_columns(scope);
  check_policy(scope);
}

}  // namespace

void check_rules(const Json& document, std::string_view project_name, Findings& findings) {
  if (document.contains("name") && !project_name.empty() && document["name"] != project_name) {
    findings.push_back(
        {"name", "name_differs",
         "name is " + document["name"].dump() + ", but the project is called " + shown(std::string(project_name)),
         "Leave \"name\" out, or give the project's name."});
  }
  const Json defaults = document.value("defaults", Json::object());
  check_scope({{"defaults"}, defaults, defaults, findings});
  const Json tables = document.value("tables", Json::array());
  std::map<std::string, std::size_t> first_with;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    check_scope({{"tables", std::to_string(i)}, overlaid(defaults, tables[i]), tables[i], findings});
    const auto pattern = tables[i]["file_pattern"].get<std::string>();
    const auto [first, added] = first_with.emplace(pattern, i);
    if (!added) {
      findings.push_back({"tables[" + std::to_string(i) + "].file_pattern", "repeated_pattern",
                          "tables[" + std::to_string(first->second) + "] has the same pattern " + shown(pattern),
                          "The first entry that matches wins, so this one would never be used: remove or change it."});
    }
  }
}

}  // namespace cpi::config
