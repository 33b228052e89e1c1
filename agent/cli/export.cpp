// `cpi export`: what the management database holds, as YAML that `cpi apply` takes.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "cli/declared.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/text/identifier.h"
#include "declare/exported.h"

namespace cpi::cli {

namespace {

using declare::Kind;

struct ExportOptions {
  std::vector<std::string> projects;
  bool with_secrets = false;
};

/// The projects with these names, and the connections and sources that they refer to; everything when there are none.
/// An unknown name is told; then the result is nothing.
std::optional<Names> chosen(const Stored& stored, const std::vector<std::string>& projects) {
  Names out;
  if (projects.empty()) {
    for (const auto& [key, present] : stored) out[key.first].push_back(key.second);
    return out;
  }
  const auto add = [&out](Kind kind, const std::string& name) {
    auto& names = out[kind];
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const std::string& name : projects) {
    const auto found = stored.find({Kind::kProject, name});
    if (found == stored.end()) {
      std::vector<std::string> known;
      for (const auto& [key, present] : stored) {
        if (key.first == Kind::kProject) known.push_back(key.second);
      }
      const std::string near = text::nearest(name, known);
      std::fprintf(stderr, "cpi: project \"%s\" does not exist\n", printable(name).c_str());
      if (!near.empty()) std::fprintf(stderr, "HINT: Did you mean \"%s\"?\n", printable(near).c_str());
      return std::nullopt;
    }
    add(Kind::kProject, name);
    for (const auto& [kind, field] : {std::pair{Kind::kConnection, "connection"}, std::pair{Kind::kSource, "source"}}) {
      const auto& fields = found->second.fields;
      if (fields.contains(field)) add(kind, fields.at(field));
    }
  }
  return out;
}

int run(store::Session& session, const ExportOptions& options) {
  return session.once([&](store::Management& management) {
    // Names, then their secrets: both of the same moment.
    db::Transaction transaction(management.connection(), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    Stored stored = read_stored(management, {}, false);
    const std::optional<Names> names = chosen(stored, options.projects);
    if (!names) return kExitUsage;
    if (options.with_secrets) stored = read_stored(management, *names, true);
    std::vector<declare::Exported> entries;
    for (const auto& [kind, list] : *names) {
      for (const std::string& name : list) entries.push_back({kind, name, stored.at({kind, name})});
    }
    std::fputs(declare::exported_yaml(entries, !options.with_secrets).c_str(), stdout);
    return 0;
  });
}

}  // namespace

void add_export(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("export", "Print connections, sources and projects as YAML for cpi apply");
  auto options = std::make_shared<ExportOptions>();
  command->add_option("projects", options->projects, "Projects, with what they refer to; else everything")
      ->type_name("PROJECT…");
  command->add_flag("--with-secrets", options->with_secrets,
                    "Print passwords and URLs in the clear instead of ${CPI_…}; needs the role cpi_admin");
  command->footer("Without --with-secrets a comment at the top lists the variables that stand for secrets.");
  command->callback([options, &exit_code] {
    exit_code = with_management("cpi export", [&](store::Session& session) { return run(session, *options); });
  });
}

}  // namespace cpi::cli
