// `cpi psql`: psql on the management database, with whatever arguments follow.
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "app/embedded.h"
#include "cli/command.h"

namespace cpi::cli {

namespace {

[[noreturn]] void run_psql(bool superuser, const std::vector<std::string>& arguments) {
  const app::Settings settings = app::load_settings();
  if (superuser && !settings.embedded())
    throw std::runtime_error("--superuser is for the embedded PostgreSQL; MANAGEMENT_DATABASE_URL is set");
  if (settings.embedded() && !app::embedded_is_running(settings))
    throw std::runtime_error("the embedded PostgreSQL in " + settings.data_dir.string() +
                             " is not running; start it with: cpi serve");
  const std::string conninfo =
      superuser ? app::embedded_conninfo(settings, app::kEmbeddedSuperuser) : app::management_conninfo(settings);
  std::vector<const char*> words = {"psql", "-d", conninfo.c_str()};
  for (const std::string& argument : arguments) words.push_back(argument.c_str());
  words.push_back(nullptr);
  ::execvp("psql", const_cast<char* const*>(words.data()));
  throw std::runtime_error(std::string("cannot run psql (apt-get install postgresql-client): ") + std::strerror(errno));
}

}  // namespace

void add_psql(CLI::App& app, int&) {
  auto* command = app.add_subcommand("psql", "Open psql on the management database; further arguments go to psql");
  auto superuser = std::make_shared<bool>(false);
  command->add_flag("--superuser", *superuser, "As superuser of the embedded PostgreSQL");
  command->prefix_command();
  command->callback([command, superuser] {
    std::vector<std::string> rest = command->remaining();
    if (!rest.empty() && rest.front() == "--") rest.erase(rest.begin());
    run_psql(*superuser, rest);
  });
}

}  // namespace cpi::cli
