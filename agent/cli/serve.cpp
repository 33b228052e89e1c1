// `cpi serve`: the agent. Its flags are the settings table's, so that none can be forgotten here.
#include "app/serve.h"

#include <cstdlib>

#include "cli/command.h"

namespace cpi::cli {

namespace {

/// CPI_DATA_DIR → --data-dir, PORT → --port, MANAGEMENT_DATABASE_URL → --management-database-url.
std::string flag_of(std::string_view variable) {
  if (variable.starts_with("CPI_")) variable.remove_prefix(4);
  std::string flag = "--";
  for (char c : variable) flag += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return flag;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("serve", "Run imports, and carry REST to the management database");
  for (const app::Setting& setting : app::settings_table()) {
    // A key on the command line would be in the process list for everybody to read.
    if (setting.name == "API_KEY") continue;
    command
        ->add_option_function<std::string>(
            flag_of(setting.name),
            [name = std::string(setting.name)](const std::string& value) { ::setenv(name.c_str(), value.c_str(), 1); },
            std::string(setting.description) + " [" + std::string(setting.default_value) + "]")
        ->type_name(std::string(setting.name));
  }
  command->footer(
      "API_KEY (environment or .env only): admin key for REST; without any key only loopback is listened on.");
  command->callback([&exit_code] { exit_code = app::serve(app::load_settings()); });
}

}  // namespace cpi::cli
