// `cpi import --to`: files straight into a database, without a management database. Runs load_file for each of them.
#pragma once

#include <string>
#include <vector>

#include "cli/import_options.h"

namespace cpi::cli {

struct DirectImport {
  std::string to;                  ///< libpq keywords or URI; empty: libpq's environment
  std::vector<std::string> files;  ///< as the person wrote them
  OptionFlags flags;
  bool dry_run = false;
  bool force = false;
  bool json = false;         ///< a file result per line on standard output
  bool quiet = false;        ///< no progress bar and no table
  std::string rejects_file;  ///< empty: nowhere
  int jobs = 1;              ///< files at a time, of different tables
};

/// Fails with kInvalidArgument for words after --to that libpq cannot read as a URL or as keywords; that no server
/// answers is no concern of it.
Result<void> check_target(const std::string& to);

/// Loads the files. Returns the exit code: 0 all loaded, 1 failed, 2 usage, 3 partial.
int run_direct_import(const DirectImport& request);

}  // namespace cpi::cli
