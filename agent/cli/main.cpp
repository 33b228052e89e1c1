// Program cpi: a table of its subcommands.
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/command.h"
#include "core/text/identifier.h"
#include "db/error.h"

namespace {

/// The words that name no subcommand are told with the nearest one that does.
bool is_unknown_subcommand(const CLI::App& app, const char* word) {
  if (word == nullptr || *word == '-') return false;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == word) return false;
    names.push_back(command->get_name());
  }
  const std::string nearest = cpi::text::nearest(word, names);
  std::fprintf(stderr, "cpi: \"%s\" is no subcommand\nHINT: %s\n", word,
               nearest.empty() ? "cpi --help lists them." : ("Did you mean \"" + nearest + "\"?").c_str());
  return true;
}

}  // namespace

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
  cpi::cli::add_sniff(app, exit_code);
  cpi::cli::add_apply(app, exit_code);
  cpi::cli::add_export(app, exit_code);
  cpi::cli::add_test(app, exit_code);
  cpi::cli::add_psql(app, exit_code);
  if (argc == 1) {
    std::fputs(app.help().c_str(), stderr);
    return cpi::cli::kExitUsage;
  }
  if (is_unknown_subcommand(app, argv[1])) return cpi::cli::kExitUsage;
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
