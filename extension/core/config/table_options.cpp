#include "core/config/table_options.h"

#include <cstdlib>
#include <map>

namespace cpi::config {
namespace {

/// The word of `key` as a value of an enumeration; `words` starts with the default.
template <typename Enum>
Enum choice(const Json& options, const char* key, std::initializer_list<std::pair<std::string_view, Enum>> words) {
  const std::string word = options.value(key, std::string(words.begin()->first));
  for (const auto& [name, value] : words) {
    if (name == word) return value;
  }
  return words.begin()->second;
}

Amount amount(const Json& value) {
  if (value.is_number()) return {value.get<double>(), false};
  return {std::strtod(value.get_ref<const std::string&>().c_str(), nullptr), true};
}

std::vector<std::string> texts(const Json& value) {
  if (value.is_string()) return {value.get<std::string>()};
  return value.get<std::vector<std::string>>();
}

/// A text of the dialect, or "auto".
void detectable(const Json& options, const char* key, std::string& value, bool& detect) {
  const std::string given = options.value(key, value);
  detect = given == "auto";
  if (!detect) value = given;
}

void read_dialect(const Json& options, TableOptions& table) {
  csv::Dialect& dialect = table.dialect;
  detectable(options, "delimiter", dialect.delimiter, table.detect_delimiter);
  detectable(options, "quote", dialect.quote, table.detect_quote);
  detectable(options, "escape", dialect.escape, table.detect_escape);
  if (dialect.escape == dialect.quote) dialect.escape.clear();  // both say: a quote is doubled
  const Json header = options.value("header", Json(true));
  table.detect_header = header == "auto";
  if (header.is_boolean()) dialect.header_rows = header.get<bool>() ? 1 : 0;
  if (header.is_number()) dialect.header_rows = header.get<int>();
  if (options.contains("columns")) dialect.columns = texts(options["columns"]);
  const Json skiprows = options.value("skiprows", Json(0));
  table.detect_skiprows = skiprows == "auto";
  if (skiprows.is_number()) dialect.skip_rows = skiprows.get<std::int64_t>();
  dialect.comment = options.value("comment", "");
  dialect.stop_at = options.value("stop_at", "");
  dialect.trim = options.value("trim", false);
  dialect.ragged = choice<csv::Ragged>(
      options, "ragged", {{"reject", csv::Ragged::kReject}, {"pad", csv::Ragged::kPad}, {"cut", csv::Ragged::kCut}});
  dialect.on_nul =
      choice<csv::OnNul>(options, "on_nul", {{"reject", csv::OnNul::kReject}, {"strip", csv::OnNul::kStrip}});
  dialect.invalid_bytes = choice<csv::InvalidBytes>(
      options, "invalid_bytes", {{"reject", csv::InvalidBytes::kReject}, {"replace", csv::InvalidBytes::kReplace}});
}

void read_format(const Json& options, TableOptions& table) {
  value::Format& format = table.format;
  format.date_order_given = options.contains("datestyle");
  format.date_order = choice<value::DateOrder>(options, "datestyle",
                                               {{"MDY", value::DateOrder::kMdy},
                                                {"mdy", value::DateOrder::kMdy},
                                                {"DMY", value::DateOrder::kDmy},
                                                {"dmy", value::DateOrder::kDmy},
                                                {"YMD", value::DateOrder::kYmd},
                                                {"ymd", value::DateOrder::kYmd}});
  format.date_format = options.value("date_format", "");
  format.timezone = options.value("timezone", format.timezone);
  format.decimal_separator = options.value("decimal_separator", ".")[0];
  format.thousands_separator = options.value("thousands_separator", "");
  if (options.contains("true_values")) format.true_values = texts(options["true_values"]);
  if (options.contains("false_values")) format.false_values = texts(options["false_values"]);
  if (options.contains("null_if")) table.null_if = texts(options["null_if"]);
}

void read_policy(const Json& options, TableOptions& table) {
  table.types = choice<Types>(options, "types", {{"text", Types::kText}, {"infer", Types::kInfer}});
  table.column_names = choice<ColumnNames>(options, "column_names",
                                           {{"keep", ColumnNames::kKeep}, {"snake_case", ColumnNames::kSnakeCase}});
  table.new_columns =
      choice<NewColumns>(options, "new_columns",
                         {{"add", NewColumns::kAdd}, {"ignore", NewColumns::kIgnore}, {"fail", NewColumns::kFail}});
  table.missing_columns = choice<MissingColumns>(
      options, "missing_columns",
      {{"keep", MissingColumns::kKeep}, {"null", MissingColumns::kNull}, {"fail", MissingColumns::kFail}});
  const Json rebuild = options.value("rebuild_table", Json(false));
  if (rebuild == true) table.rebuild_table = RebuildTable::kDelete;
  if (rebuild == "truncate") table.rebuild_table = RebuildTable::kTruncate;
  table.missing_rows = choice<MissingRows>(
      options, "missing_rows",
      {{"keep", MissingRows::kKeep}, {"mark", MissingRows::kMark}, {"delete", MissingRows::kDelete}});
  if (options.contains("max_missing")) table.max_missing = amount(options["max_missing"]);
  table.duplicates =
      choice<Duplicates>(options, "duplicates",
                         {{"last", Duplicates::kLast}, {"first", Duplicates::kFirst}, {"error", Duplicates::kError}});
  table.on_error = choice<OnError>(options, "on_error", {{"abort", OnError::kAbort}, {"continue", OnError::kContinue}});
  if (options.contains("max_errors")) {
    table.max_errors = amount(options["max_errors"]);
    table.on_error = OnError::kContinue;
  }
  table.strategy = choice<StrategyChoice>(options, "strategy",
                                          {{"auto", StrategyChoice::kAuto},
                                           {"fresh", StrategyChoice::kFresh},
                                           {"merge", StrategyChoice::kMerge},
                                           {"diff", StrategyChoice::kDiff}});
}

}  // namespace

Json overlaid(const Json& defaults, const Json& entry) {
  Json options = defaults;
  if (entry.value("on_error", "") == "abort") options.erase("max_errors");
  options.update(entry);
  return options;
}

TableOptions read_table_options(const Json& options) {
  TableOptions table;
  table.file_pattern = options.value("file_pattern", "*.csv");
  if (options.contains("primary_key")) table.primary_key = texts(options["primary_key"]);
  const Json mapping = options.value("column_mapping", Json::object());
  for (const auto& item : mapping.items()) {
    table.column_mapping.emplace_back(item.key(), item.value().get<std::string>());
  }
  table.encoding = options.value("encoding", table.encoding);
  table.schema = options.value("schema", table.schema);
  table.target_table = options.value("target_table", "");
  read_dialect(options, table);
  read_format(options, table);
  read_policy(options, table);
  return table;
}

}  // namespace cpi::config
