#include "cli/session.h"

#include <cstdio>

#include "app/embedded.h"
#include "app/settings.h"
#include "cli/command.h"
#include "observe/observe.h"

namespace cpi::cli {

namespace {

void tell(const std::string& message, const std::string& detail, const std::string& hint) {
  std::fprintf(stderr, "cpi: %s\n", observe::mask(message).c_str());
  if (!detail.empty()) std::fprintf(stderr, "DETAIL: %s\n", observe::mask(detail).c_str());
  if (!hint.empty()) std::fprintf(stderr, "HINT: %s\n", hint.c_str());
}

}  // namespace

int with_management(const std::string& application_name, const std::function<int(store::Session&)>& work) {
  const app::Settings settings = app::load_settings();
  if (settings.embedded() && !app::embedded_is_running(settings)) {
    tell("the embedded PostgreSQL in " + settings.data_dir.string() + " is not running", "",
         "Start it with: cpi serve. Or set MANAGEMENT_DATABASE_URL.");
    return kExitFailed;
  }
  try {
    store::Session session(app::management_conninfo(settings), std::chrono::seconds(10), application_name);
    return work(session);
  } catch (const store::ExtensionError& error) {
    tell(error.what(), "", error.hint());
  } catch (const db::Error& error) {
    const bool forbidden = error.is("42501") && error.hint().empty();
    tell(error.what(), error.detail(),
         forbidden ? "The login of MANAGEMENT_DATABASE_URL lacks a role: cpi_viewer, cpi_operator or cpi_admin."
                   : error.hint());
    // PT4xx: what was asked for is wrong. 22P02: an id that is no id.
    if (error.is("PT4") || error.is("22P02")) return kExitUsage;
  }
  return kExitFailed;
}

}  // namespace cpi::cli
