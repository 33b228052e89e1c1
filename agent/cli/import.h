// `cpi import`: load CSV files. With `--to` straight into a database, without one through the queue of the management
// database (import_managed.h). This file only declares the subcommand; what is printed is in import_output.h.
#pragma once

#include <CLI/CLI.hpp>

namespace cpi::cli {

/// Adds the subcommand `import` to `app`. When it is chosen, its callback runs the import and sets `exit_code`:
/// 0 all loaded, 1 failed, 2 usage, 3 partial, 130 interrupted. `exit_code` must outlive the parsing of `app`.
void add_import(CLI::App& app, int& exit_code);

}  // namespace cpi::cli
