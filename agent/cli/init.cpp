// `cpi init`: once, as superuser, prepares a management database that you administer.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "app/install.h"
#include "cli/command.h"

namespace cpi::cli {

namespace {

struct InitOptions {
  std::string url;
  std::string schema = "public";
  std::string login = "cpi";
  bool print = false;
};

void run_init(const InitOptions& options) {
  db::Connection connection = db::Connection::connect(options.url, std::chrono::seconds(10), "cpi init");
  const app::InstallState state = app::read_install_state(connection);
  std::optional<std::string> password;
  if (const char* given = std::getenv("CPI_LOGIN_PASSWORD"); given != nullptr && *given != '\0') password = given;
  const std::vector<std::string> statements = app::install_statements(connection, state, options.schema, options.login,
                                                                      options.print ? std::nullopt : password);
  if (statements.empty()) {
    std::printf("nothing to do: extension cpi %s and login %s are there\n", state.installed_version->c_str(),
                options.login.c_str());
    return;
  }
  if (options.print) {
    for (const std::string& statement : statements) std::printf("%s;\n", statement.c_str());
    return;
  }
  if (!state.installed_version && !state.available_version)
    throw std::runtime_error("this server has no extension cpi to create; run `make install` on the server's machine");
  if (!state.superuser)
    throw std::runtime_error(
        "only a superuser can create the extension; run as one, or hand the statements of "
        "`cpi init --print` to the administrator");
  app::install(connection, statements);
  for (const std::string& statement : statements)
    if (statement.find(" PASSWORD ") == std::string::npos) std::printf("%s;\n", statement.c_str());
  std::printf("done; start the agent with MANAGEMENT_DATABASE_URL naming login %s%s\n", options.login.c_str(),
              password ? "" : " (give it a password or another way to log in: pg_hba.conf)");
}

}  // namespace

void add_init(CLI::App& app, int&) {
  auto* command = app.add_subcommand("init", "Create the extension and the agent's login in a management database");
  auto options = std::make_shared<InitOptions>();
  command->add_option("url", options->url, "postgresql:// URL of the management database, as superuser")->required();
  command->add_option("--schema", options->schema, "Schema of the extension")->capture_default_str();
  command->add_option("--login", options->login, "Name of the agent's login")->capture_default_str();
  command->add_flag("--print", options->print, "Only print the statements");
  command->footer("CPI_LOGIN_PASSWORD in the environment becomes the login's password.");
  command->callback([options] { run_init(*options); });
}

}  // namespace cpi::cli
