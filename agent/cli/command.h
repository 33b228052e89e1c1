// The subcommands of program cpi. Each `add_…` adds one to the parser; when a person chooses it, it runs inside parse()
// and leaves the process's exit code in `exit_code`: 0 all done, 1 failed, 2 usage, 3 partial.
#pragma once

#include <CLI/CLI.hpp>

namespace cpi::cli {

inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitPartial = 3;

void add_serve(CLI::App& app, int& exit_code);
void add_init(CLI::App& app, int& exit_code);
void add_import(CLI::App& app, int& exit_code);
void add_apply(CLI::App& app, int& exit_code);
void add_export(CLI::App& app, int& exit_code);
void add_test(CLI::App& app, int& exit_code);
void add_jobs(CLI::App& app, int& exit_code);
void add_sniff(CLI::App& app, int& exit_code);
void add_psql(CLI::App& app, int& exit_code);

}  // namespace cpi::cli
