// `cpi psql`: psql on the management database, with whatever arguments follow.
#include <libpq-fe.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "app/embedded.h"
#include "cli/command.h"

namespace cpi::cli {

namespace {

/// Hands a connection string to libpq's environment variables: as an argument of psql, its password would be in the
/// process list for as long as psql runs. What has no variable (keepalives, say) is left at its default.
void put_into_environment(const std::string& conninfo) {
  char* message = nullptr;
  std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfoParse(conninfo.c_str(), &message),
                                                                         PQconninfoFree);
  std::unique_ptr<char, void (*)(void*)> owner(message, PQfreemem);
  if (!options) throw std::runtime_error("MANAGEMENT_DATABASE_URL is no connection string that libpq understands");
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && option->envvar != nullptr) ::setenv(option->envvar, option->val, 1);
  }
}

[[noreturn]] void run_psql(bool superuser, const std::vector<std::string>& arguments) {
  const app::Settings settings = app::load_settings();
  if (superuser && !settings.embedded())
    throw std::runtime_error("--superuser is for the embedded PostgreSQL; MANAGEMENT_DATABASE_URL is set");
  if (settings.embedded() && !app::embedded_is_running(settings))
    throw std::runtime_error("the embedded PostgreSQL in " + settings.data_dir.string() +
                             " is not running; start it with: cpi serve");
  put_into_environment(superuser ? app::embedded_conninfo(settings, app::kEmbeddedSuperuser)
                                 : app::management_conninfo(settings));
  std::vector<const char*> words = {"psql"};
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
