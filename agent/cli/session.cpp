#include "cli/session.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

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

/// Refusals of fields carry them as JSON (sql/README.md). The message names them; of several the hints are left to
/// tell.
std::string for_people(const std::string& detail) {
  const nlohmann::json fields = nlohmann::json::parse(detail, nullptr, false);
  if (!fields.is_array()) return detail;
  std::string out;
  for (const nlohmann::json& field : fields) {
    if (fields.size() < 2 || !field.is_object() || !field.contains("hint") || !field["hint"].is_string()) continue;
    out += (out.empty() ? "" : " ") + field.value("path", "") + ": " + field["hint"].get<std::string>();
  }
  return out;
}

/// What a login lacks that PostgreSQL has refused: `refused` ends with the name of the function or table.
std::string missing_role(store::Session& session, const std::string& refused) {
  constexpr std::string_view kSql = R"(
      SELECT current_user,
             (SELECT r.name FROM unnest(ARRAY['cpi_admin', 'cpi_operator', 'cpi_viewer']) WITH ORDINALITY AS r (name, place)
                WHERE pg_has_role(r.name, 'USAGE') ORDER BY r.place LIMIT 1),
             (SELECT r.name FROM unnest(ARRAY['cpi_viewer', 'cpi_operator', 'cpi_admin']) WITH ORDINALITY AS r (name, place)
                WHERE EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = $1::regnamespace AND p.proname = $2
                                AND has_function_privilege(r.name, p.oid, 'EXECUTE'))
                   OR EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = $1::regnamespace AND c.relname = $2
                                AND has_table_privilege(r.name, c.oid, 'SELECT'))
                ORDER BY r.place LIMIT 1),
             quote_ident(current_user))";
  try {
    return session.once([&](store::Management& management) {
      const std::string object = refused.substr(refused.rfind(' ') + 1);
      const db::Rows rows = management.connection().exec(std::string(kSql), {management.schema(), object});
      const std::string has = rows.is_null(0, 1) ? "no role of cpi" : "the role " + rows.str(0, 1);
      if (rows.is_null(0, 2)) return "Login \"" + rows.str(0, 0) + "\" has " + has + ".";
      return "Login \"" + rows.str(0, 0) + "\" has " + has + "; this needs " + rows.str(0, 2) +
             ". An administrator grants it: GRANT " + rows.str(0, 2) + " TO " + rows.str(0, 3) + ";";
    });
  } catch (const std::exception&) {
    return "The login of MANAGEMENT_DATABASE_URL lacks a role: cpi_viewer, cpi_operator or cpi_admin.";
  }
}

}  // namespace

int with_management(const std::string& application_name, const std::function<int(store::Session&)>& work) {
  const app::Settings settings = app::load_settings();
  if (settings.embedded() && !app::embedded_is_running(settings)) {
    tell("the embedded PostgreSQL in " + settings.data_dir.string() + " is not running", "",
         "Start it with: cpi serve. Or set MANAGEMENT_DATABASE_URL.");
    return kExitFailed;
  }
  store::Session session(app::management_conninfo(settings), std::chrono::seconds(10), application_name);
  try {
    return work(session);
  } catch (const store::ExtensionError& error) {
    tell(error.what(), "", error.hint());
  } catch (const db::Error& error) {
    const bool forbidden = error.is("42501") && error.hint().empty();
    tell(error.what(), for_people(error.detail()), forbidden ? missing_role(session, error.what()) : error.hint());
    // PT4xx: what was asked for is wrong. 22P02: an id that is no id.
    if (error.is("PT4") || error.is("22P02")) return kExitUsage;
  }
  return kExitFailed;
}

}  // namespace cpi::cli
