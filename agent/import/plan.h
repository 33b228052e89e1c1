// The plan of one load: everything decided before the first byte is copied. Made by the planner, obeyed by all others.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/config/model.h"
#include "core/result.h"
#include "core/value/infer.h"
#include "target/catalog.h"

namespace cpi::import {

enum class Strategy { kFresh, kMerge, kDiff };
std::string_view strategy_name(Strategy strategy);

/// One column of the load: a column of the file on its way to a column of the table.
struct PlannedColumn {
  std::size_t file_index = 0;  ///< position in the file's rows
  std::string file_column;     ///< name in the header, as stored in the file result
  std::string table_column;
  value::ColumnType type;       ///< of the table's column, or of the column to be created
  value::ColumnType base_type;  ///< the type below all domains: what the converter writes
  std::string staging_type;     ///< of the staging column: the type itself, or text
  bool needs_cast = false;      ///< staged as text: the server casts to `type`
  bool key = false;
  bool not_null = false;
  bool add_to_table = false;  ///< ALTER TABLE … ADD COLUMN before applying
  bool inferred = false;      ///< `type` was inferred from the file; noted on the column that is made or widened
  bool as_written = false;    ///< of an inferred type, as a key: values spelled in another way are rejected
  bool sure_only = false;     ///< of an inferred type that not every value fits: what is not surely of it is rejected
  std::string widened_from;   ///< the column's present type, when ALTER … TYPE `type` comes before applying
  bool insert_only = false;   ///< identity ALWAYS outside the key
};

struct Plan {
  target::TableName table;
  bool create_table = false;              ///< the table does not exist: create it with `columns` and `key`
  std::string fingerprint;                ///< of the catalog's table that this plan is for; empty with create_table
  std::vector<PlannedColumn> columns;     ///< in file order; columns of the file that are not loaded are absent
  std::vector<std::string> null_columns;  ///< table columns absent from the file, set to NULL (missing_columns: null)
  std::vector<std::string> key;           ///< table columns; empty: rows are appended
  bool key_is_new = false;                ///< created together with the table
  std::vector<std::string> sequences;     ///< to be raised after the apply
  Strategy strategy = Strategy::kMerge;
  std::string strategy_reason;      ///< one sentence for people
  bool use_merge_statement = true;  ///< false: UPDATE then INSERT (server below 15, or a table with rules)
  config::Duplicates duplicates = config::Duplicates::kLast;
  bool continue_on_error = false;  ///< rows that the server refuses are isolated and rejected
  std::optional<config::Amount> max_errors;
  std::string cast_datestyle;         ///< DateStyle while the server casts text, such as "ISO, DMY"; empty: its own
  std::string cast_timezone = "UTC";  ///< TimeZone meanwhile
  std::vector<std::string> warnings;  ///< for the file result, such as "no key: rows are appended"
};

/// Everything the planner may look at. No I/O: a pure function, so that a table of cases can test it.
struct PlannerInput {
  std::optional<target::Table> table;  ///< nothing: it does not exist
  target::TableName table_name;
  config::TableOptions options;
  std::vector<std::string> header;  ///< as the reader gave it
  std::int64_t file_size = 0;
  int server_version = 150000;
  /// All values of the file, under `types: infer` for a table to be created or with columns that may be widened.
  std::shared_ptr<const value::Inference> inference;
  std::set<std::string> cast_on_server;  ///< table columns that an earlier run found to need the server's cast
  std::map<std::string, std::string> not_widened;  ///< table columns that PostgreSQL refused to widen, and why
};

/// Decides. Fails with kKeyMissing, kKeyNotUnique (hint: the CREATE UNIQUE INDEX statement), kColumnMissing,
/// kColumnUnknown, kUnsupportedTarget or kInvalidConfig.
Result<Plan> make_plan(const PlannerInput& input);

/// What is to be found out of the file's values before the plan can be made for good, by position in the header.
struct ValueRules {
  std::vector<value::Watched> watched;
  std::vector<bool> required;  ///< a row without this value is rejected, so that its others count for nothing
  bool operator==(const ValueRules&) const = default;
};
ValueRules value_rules(const PlannerInput& input);

}  // namespace cpi::import
