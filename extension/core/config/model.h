// A project's config as the code sees it: typed, defaulted, checked. design.md section 5 defines every key;
// config/schema.json is their single source. Only the planner reads TableOptions beyond the parts passed on whole
// (dialect to the reader, format to the converters).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/csv/dialect.h"
#include "core/result.h"
#include "core/value/format.h"

namespace cpi::config {

enum class Types { kText, kInfer };
enum class ColumnNames { kKeep, kSnakeCase };
enum class NewColumns { kAdd, kIgnore, kFail };
enum class MissingColumns { kKeep, kNull, kFail };
enum class RebuildTable { kNo, kDelete, kTruncate };
enum class MissingRows { kKeep, kMark, kDelete };
enum class Duplicates { kLast, kFirst, kError };
enum class OnError { kAbort, kContinue };
enum class StrategyChoice { kAuto, kFresh, kMerge, kDiff };
enum class AfterImport { kKeep, kMove, kDelete, kRename };
enum class OnFailure { kKeep, kMove };

/// A number of rows or a percentage of them: `max_errors: 10`, `max_missing: "10%"`.
struct Amount {
  double value = 0;
  bool percent = false;
  /// Whether `count` out of `total` is more than this allows.
  bool exceeded_by(std::int64_t count, std::int64_t total) const;
};

/// The options of one table: `defaults`, overlaid by the first entry of `tables` that matches the file.
struct TableOptions {
  std::string file_pattern;                                         ///< of the entry that these options come from
  std::vector<std::string> primary_key;                             ///< empty: the table's own
  std::vector<std::pair<std::string, std::string>> column_mapping;  ///< file column → table column
  csv::Dialect dialect;
  bool detect_delimiter = false;  ///< `delimiter: auto`, likewise below
  bool detect_quote = false;
  bool detect_escape = false;
  bool detect_header = false;
  bool detect_skiprows = false;
  std::string encoding = "utf-8";  ///< or "auto"
  value::Format format;
  std::vector<std::string> null_if = {""};  ///< unquoted fields that mean NULL
  Types types = Types::kText;
  ColumnNames column_names = ColumnNames::kKeep;
  std::string schema = "public";
  std::string target_table;  ///< empty: from the file's name by table_naming
  NewColumns new_columns = NewColumns::kAdd;
  MissingColumns missing_columns = MissingColumns::kKeep;
  RebuildTable rebuild_table = RebuildTable::kNo;
  MissingRows missing_rows = MissingRows::kKeep;
  Amount max_missing{10, true};
  Duplicates duplicates = Duplicates::kLast;
  OnError on_error = OnError::kAbort;
  std::optional<Amount> max_errors;  ///< given: implies on_error continue
  StrategyChoice strategy = StrategyChoice::kAuto;

  /// Whether rows may be rejected while the others are loaded.
  bool continues() const { return on_error == OnError::kContinue || max_errors.has_value(); }
};

struct TableNaming {
  std::string strip_prefix;
  std::string strip_suffix;
  bool lowercase = true;
};

struct TableRule {
  std::string file_pattern;
  TableOptions options;  ///< already overlaid on the defaults
};

struct ProjectConfig {
  std::string name;
  std::string local_path;              ///< `local.path`; empty: none
  bool has_sftp = false;               ///< an inline `sftp` object is there (read by source/sftp_settings)
  std::string file_pattern = "*.csv";  ///< `defaults.file_pattern`
  TableOptions defaults;
  TableNaming table_naming;
  std::vector<TableRule> tables;  ///< in the order written; the first match wins
  std::string exclude_pattern;
  bool latest_only = false;
  std::optional<double> stable_seconds;  ///< absent: 0 local, 5 remote
  std::string done_file;
  bool skip_loaded = false;
  AfterImport after_import = AfterImport::kKeep;
  OnFailure on_failure = OnFailure::kKeep;
  bool refresh_materialized_views = false;
};

/// Every way in which `json` breaks the schema or contradicts itself; empty: it is a valid config. Each finding names
/// its path and, for an unknown key or value, the nearest known one. `project_name` must equal `name` where that is
/// given.
Findings validate(std::string_view json, std::string_view project_name);

/// The typed form of a valid config. Fails with kInvalidConfig (all findings in the detail, one a line).
Result<ProjectConfig> parse(std::string_view json);

/// The options of a table given alone, as in `cpi import --to … --config FILE` and `cpi_preview`: same keys as
/// `defaults`.
Result<TableOptions> parse_table_options(std::string_view json);

/// The JSON Schema (draft 2020-12 keywords that valijson and OpenAPI 3.1 share), as text.
std::string_view schema();

/// The options for a file (path relative to the source), or nothing when no pattern matches it or it is excluded.
std::optional<TableOptions> options_for(const ProjectConfig& config, std::string_view path);

/// The table for a file: the options' target_table, else the file name without extension by `naming`. Never cut: two
/// long names must not become one table, so the load refuses what is no legal identifier.
std::string table_name_for(const TableNaming& naming, const TableOptions& options, std::string_view path);

}  // namespace cpi::config
