// `cpi apply -f FILE.yaml`: makes the management database hold what files declare, all of it or nothing. What is
// declared and what differs is agent/declare's affair; here files are read, changes written and told.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>

#include "cli/command.h"
#include "cli/declared.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/text/identifier.h"
#include "declare/difference.h"
#include "store/declared.h"

namespace cpi::cli {

namespace {

using declare::Change;
using declare::Declared;
using declare::Kind;

struct ApplyOptions {
  std::vector<std::string> files;
  bool dry_run = false;
  bool json = false;
};

constexpr std::size_t kMostProblemsTold = 30;

int tell(declare::Problems problems) {
  // Within a file from top to bottom, as an editor shows it.
  std::stable_sort(problems.begin(), problems.end(), [](const declare::Problem& a, const declare::Problem& b) {
    return a.place.file == b.place.file &&
           std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
  for (std::size_t i = 0; i < problems.size() && i < kMostProblemsTold; ++i) {
    const declare::Problem& one = problems[i];
    std::fprintf(stderr, "%s: %s\n", one.place.text().c_str(), printable(one.message).c_str());
    if (!one.hint.empty()) std::fprintf(stderr, "  HINT: %s\n", printable(one.hint).c_str());
  }
  if (problems.size() > kMostProblemsTold) {
    std::fprintf(stderr, "… and %zu more\n", problems.size() - kMostProblemsTold);
  }
  std::fputs("cpi: nothing was changed\n", stderr);
  return kExitUsage;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<std::string> read_file(const std::string& name) {
  std::ostringstream text;
  if (name == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream in(name, std::ios::binary);
  if (!in || !(text << in.rdbuf())) {
    // An empty file sets failbit as a folder does; only the one can be read to its end.
    if (!in.is_open() || in.bad() || !in.seekg(0, std::ios::end) || in.tellg() != 0) return std::nullopt;
  }
  return text.str();
}

/// Names that projects refer to must be declared or stored already.
void check_references(const std::vector<Declared>& all, const Stored& stored, declare::Problems& problems) {
  for (const auto& [kind, field] : {std::pair{Kind::kConnection, "connection"}, std::pair{Kind::kSource, "source"}}) {
    std::set<std::string> known;
    for (const auto& [key, present] : stored) {
      if (key.first == kind) known.insert(key.second);
    }
    for (const Declared& one : all) {
      if (one.kind == kind) known.insert(one.name);
    }
    for (const Declared& one : all) {
      const auto found = one.fields.find(field);
      if (one.kind != Kind::kProject || found == one.fields.end() || found->second.empty()) continue;
      if (known.contains(found->second)) continue;
      const std::string near = text::nearest(found->second, {known.begin(), known.end()});
      problems.push_back(
          {one.place_of(field), std::string(field) + " \"" + found->second + "\" does not exist",
           near.empty() ? "Declare it in this file, or create it first." : "Did you mean \"" + near + "\"?"});
    }
  }
}

/// What the database refused, at the place that it is about.
declare::Problems refusal(const Declared& declared, const db::Error& error) {
  const nlohmann::json findings = nlohmann::json::parse(error.detail(), nullptr, false);
  declare::Problems problems;
  if (findings.is_array()) {
    for (const auto& finding : findings) {
      const auto text = [&finding](const char* key) {
        const auto found = finding.find(key);
        return found != finding.end() && found->is_string() ? found->get<std::string>() : "";
      };
      const std::string path = text("path");
      problems.push_back({declared.place_of(path), path + ": " + text("message"), text("hint")});
    }
  }
  if (problems.empty()) problems.push_back({declared.place, error.what(), error.hint()});
  return problems;
}

class Refused : public std::exception {
 public:
  explicit Refused(declare::Problems found) : problems(std::move(found)) {}
  declare::Problems problems;
};

void write(store::Management& management, const Declared& declared, const Change& change) {
  store::Arguments arguments = change.fields;
  if (change.config) arguments["config"] = change.config->dump();
  const bool create = change.action == declare::Action::kCreated;
  try {
    if (change.kind == Kind::kConnection) {
      store::write_connection(management, change.name, create, arguments);
    } else if (change.kind == Kind::kSource) {
      store::write_source(management, change.name, create, arguments);
    } else {
      // The functions take an id or a name.
      for (const char* kind : {"connection", "source"}) {
        if (auto taken = arguments.extract(kind)) arguments[std::string(kind) + "_id"] = taken.mapped();
      }
      store::write_project(management, change.name, create, arguments);
    }
  } catch (const db::Error& error) {
    if (error.is("PT4")) throw Refused(refusal(declared, error));
    throw;
  }
}

/// Compares and writes in one transaction; a dry run takes it back.
std::vector<Change> apply(store::Management& management, const std::vector<Declared>& all, bool dry_run) {
  db::Transaction transaction(management.connection());
  store::lock_declarations(management);
  Names names;
  for (const Declared& one : all) names[one.kind].push_back(one.name);
  const Stored stored = read_stored(management, names, true);
  declare::Problems problems;
  check_references(all, stored, problems);
  std::vector<Change> changes;
  for (const Declared& one : all) {
    const auto present = stored.find({one.kind, one.name});
    changes.push_back(
        declare::difference(one, present == stored.end() ? std::nullopt : std::optional(present->second)));
    if (changes.back().action == declare::Action::kCreated && one.kind == Kind::kConnection &&
        !one.fields.contains("database_url")) {
      problems.push_back({one.place, "connection \"" + one.name + "\" has no database_url",
                          "Add it, such as database_url: ${CUSTOMER_URL}."});
    }
  }
  if (!problems.empty()) throw Refused(std::move(problems));
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (changes[i].action != declare::Action::kUnchanged) write(management, all[i], changes[i]);
  }
  if (!dry_run) transaction.commit();
  return changes;
}

std::string value_text(const nlohmann::json& value) {
  constexpr std::size_t kWidth = 100;
  return value.is_null() ? "none" : shortened(printable(value.dump()), kWidth);
}

void print_text(const std::vector<Change>& changes, bool dry_run) {
  std::map<declare::Action, int> counts;
  for (const Change& change : changes) {
    ++counts[change.action];
    std::printf("%s %s: %s\n", std::string(declare::kind_name(change.kind)).c_str(), printable(change.name).c_str(),
                std::string(declare::action_name(change.action)).c_str());
    if (change.action != declare::Action::kChanged) continue;
    for (const declare::FieldChange& field : change.shown) {
      const std::string before = value_text(field.before);
      const std::string after = value_text(field.after);
      std::printf("    %s: %s\n", printable(field.path).c_str(),
                  before == after ? (after + " (changed)").c_str() : (before + " -> " + after).c_str());
    }
  }
  std::printf("%d created, %d changed, %d unchanged%s\n", counts[declare::Action::kCreated],
              counts[declare::Action::kChanged], counts[declare::Action::kUnchanged],
              dry_run ? " (dry run: nothing was written)" : "");
}

void print_json(const std::vector<Change>& changes, bool dry_run) {
  nlohmann::ordered_json out;
  out["dry_run"] = dry_run;
  for (const char* action : {"created", "changed", "unchanged"}) out[action] = 0;
  out["changes"] = nlohmann::ordered_json::array();
  for (const Change& change : changes) {
    const std::string action(declare::action_name(change.action));
    out[action] = out[action].get<int>() + 1;
    nlohmann::ordered_json fields = nlohmann::ordered_json::array();
    for (const declare::FieldChange& field : change.shown) {
      fields.push_back({{"path", field.path}, {"before", field.before}, {"after", field.after}});
    }
    out["changes"].push_back(
        {{"kind", declare::kind_name(change.kind)}, {"name", change.name}, {"action", action}, {"fields", fields}});
  }
  std::printf("%s\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
}

int run(const ApplyOptions& options) {
  declare::Problems problems;
  std::vector<Declared> all;
  for (const std::string& file : options.files) {
    const std::optional<std::string> text = read_file(file);
    if (!text) {
      std::fprintf(stderr, "cpi: file \"%s\" cannot be read\n", file.c_str());
      return kExitUsage;
    }
    for (Declared& one : declare::read_declarations(*text, file == "-" ? "<stdin>" : file, environment, problems)) {
      all.push_back(std::move(one));
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Declared& a, const Declared& b) { return a.kind < b.kind; });
  declare::check_names(all, problems);
  if (!problems.empty()) return tell(problems);
  return with_management("cpi apply", [&](store::Session& session) {
    try {
      const auto changes = session.once([&](store::Management& m) { return apply(m, all, options.dry_run); });
      options.json ? print_json(changes, options.dry_run) : print_text(changes, options.dry_run);
      return 0;
    } catch (const Refused& refused) {
      return tell(refused.problems);
    }
  });
}

}  // namespace

void add_apply(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("apply", "Make connections, sources and projects what YAML files declare");
  auto options = std::make_shared<ApplyOptions>();
  command->add_option("--file,-f", options->files, "YAML file; - reads standard input; may be given several times")
      ->type_name("FILE")
      ->required()
      ->allow_extra_args(false);
  command->add_flag("--dry-run", options->dry_run, "Show what would change, and change nothing");
  command->add_flag("--json", options->json, "As JSON");
  command->footer(
      "connections:\n"
      "  customer_abc_prod: {database_url: \"${CUSTOMER_ABC_URL}\"}\n"
      "projects:\n"
      "  customer_abc: {connection: customer_abc_prod, config: {defaults: {primary_key: id}}}\n"
      "\n${NAME} and ${NAME:-default} come from the environment ($${ is a literal ${); file:PATH as a database_url or\n"
      "password is read from that file, relative to the YAML file. All files are applied in one transaction; applying\n"
      "again changes nothing. What no file names is left alone; a field left out of an entry goes back to its "
      "default,\n"
      "but database_url, config and a learnt host_key stay. Sections: connections, sources, projects.\n"
      "Exit codes: 0 applied, 1 failed, 2 the files are wrong (nothing was changed)");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cpi::cli
