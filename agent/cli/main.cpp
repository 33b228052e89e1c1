// Program cpi: a table of its subcommands.
#include <csignal>
#include <cstdio>
#include <exception>

#include "cli/command.h"
#include "db/error.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe or socket is an error of the write, not the end of the agent
  CLI::App app("cpi imports CSV files into PostgreSQL databases, exactly once, and can prove what it did.", "cpi");
  app.set_version_flag("--version,-V", "cpi " CPI_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Start with:  cpi import --to postgresql://user@host/database customers.csv\n"
      "Exit codes:  0 all loaded, 1 failed, 2 wrong usage, 3 partly loaded");

  int exit_code = 0;
  cpi::cli::add_import(app, exit_code);
  cpi::cli::add_serve(app, exit_code);
  cpi::cli::add_init(app, exit_code);
  cpi::cli::add_jobs(app, exit_code);
  cpi::cli::add_psql(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : cpi::cli::kExitUsage;
  } catch (const cpi::db::Error& error) {
    std::fprintf(stderr, "cpi: %s\n", error.what());
    if (!error.detail().empty()) std::fprintf(stderr, "DETAIL: %s\n", error.detail().c_str());
    if (!error.hint().empty()) std::fprintf(stderr, "HINT: %s\n", error.hint().c_str());
    return cpi::cli::kExitFailed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cpi: %s\n", error.what());
    return cpi::cli::kExitFailed;
  }
  return exit_code;
}
