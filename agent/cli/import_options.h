// From flags and a config file to the options of each file. The config's own schema judges both, so that a flag and a
// key of the config mean the same and are refused in the same words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/model.h"

namespace cpi::cli {

/// The flags of `cpi import --to` that say how files are read and loaded. Empty means: not given.
struct OptionFlags {
  std::string config_file;
  std::string table;  ///< may be schema.table
  std::string schema;
  std::vector<std::string> primary_key;
  std::optional<std::string> delimiter;  ///< "\t" and "tab" are a tab
  std::optional<std::string> quote;
  std::optional<std::string> escape;
  std::string encoding;
  std::string header;    ///< true, false, a number of rows, or auto
  std::string skiprows;  ///< a number of lines, or auto
  std::vector<std::string> null_if;
  std::string types;
  std::string new_columns;
  std::string missing_columns;
  std::string duplicates;
  std::string on_error;
  std::string max_errors;
  std::string datestyle;
  std::vector<std::string> set;  ///< KEY=VALUE of any option
};

/// What is loaded from one file into which table.
struct FileOptions {
  config::TableOptions options;
  std::string table;
};

/// Flags and config file, read and checked.
class ImportOptions {
 public:
  /// Reads the config file, lays the flags over it and checks the whole. Fails with kFileNotFound, kInvalidJson or
  /// kInvalidConfig.
  static Result<ImportOptions> load(const OptionFlags& flags);

  /// The options for one file. Fails with kInvalidArgument when a project's config has no pattern that matches it.
  Result<FileOptions> for_file(const std::string& path) const;

 private:
  bool project_ = false;  ///< the config file was a whole project's, with defaults and tables
  config::ProjectConfig config_;
  config::TableOptions options_;
  std::string table_;
};

}  // namespace cpi::cli
