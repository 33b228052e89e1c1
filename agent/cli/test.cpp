// `cpi test NAME | --to URL`: can a target or a source be worked with from this machine? The same tests as
// POST /connections/{id}/test and POST /sources/{id}/test.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "app/settings.h"
#include "cli/command.h"
#include "cli/import_direct.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/config/url.h"
#include "core/text/identifier.h"
#include "probe/source_test.h"
#include "probe/target_test.h"
#include "store/declared.h"

namespace cpi::cli {

namespace {

using nlohmann::json;

constexpr std::chrono::seconds kTimeout{10};

struct TestOptions {
  std::string name;
  std::string to;
  bool json = false;
};

/// Prints what a test answered. Returns the exit code.
int show(const std::string& what, const json& answer, bool as_json) {
  const bool success = answer.value("success", false);
  if (as_json) {
    std::printf("%s\n", answer.dump(2).c_str());
    return success ? 0 : kExitFailed;
  }
  std::printf("%s: %s: %s\n", printable(what).c_str(), success ? "ok" : "FAILED",
              printable(answer.value("message", "")).c_str());
  // Of a source: what an import would find there.
  if (success && answer.contains("file_count")) {
    std::printf("  %s files; host key %s\n", answer["file_count"].dump().c_str(),
                printable(answer.value("host_key", json()).dump()).c_str());
    for (const json& file : answer.value("files", json::array())) {
      std::printf("    %s\n", printable(file.get<std::string>()).c_str());
    }
  }
  for (const json& finding : answer.value("findings", json::array())) {
    const json hint = finding.value("hint", json());
    // Without a success the first finding is the message again.
    if (finding.value("message", "") != answer.value("message", "")) {
      std::printf("  %s\n", printable(finding.value("message", "")).c_str());
    }
    if (hint.is_string()) std::printf("    HINT: %s\n", printable(hint.get<std::string>()).c_str());
  }
  return success ? 0 : kExitFailed;
}

/// A URL by the stricter rules of stored ones: libpq would take a raw @ of a password for the end of it, and name the
/// rest as a host. Everything else, the empty text included, by libpq's.
Result<void> check_words(const std::string& to) {
  if (!to.starts_with("postgresql://") && !to.starts_with("postgres://")) return check_target(to);
  const Result<config::ConnectionUrl> url = config::parse_connection_url(to);
  return url.ok() ? Result<void>() : url.error();
}

int test_url(const TestOptions& options) {
  if (const Result<void> words = check_words(options.to); !words.ok()) {
    std::fprintf(stderr, "cpi: %s\nHINT: %s\n", words.error().message.c_str(), words.error().hint.c_str());
    return kExitUsage;
  }
  const std::string shown = options.to.empty() ? "libpq's environment" : config::mask_url(options.to);
  return show(shown, json::parse(probe::test_own_target(options.to, kTimeout)), options.json);
}

/// Nothing: there is no such connection.
std::optional<int> test_connection(store::Management& management, const TestOptions& options) {
  try {
    const std::string url = store::database_url_of(management, options.name);
    const net::EgressPolicy egress = app::load_settings().egress_policy();
    return show("connection " + options.name, json::parse(probe::test_target(url, egress, kTimeout)), options.json);
  } catch (const db::Error& error) {
    if (error.is("PT404")) return std::nullopt;
    // Only an admin may see the URL; an operator may have the server of the management database connect.
    if (!error.is("42501")) throw;
  }
  try {
    return show("connection " + options.name + ", from the management database's server",
                store::test_connection(management, options.name), options.json);
  } catch (const db::Error& error) {
    if (error.is("PT404")) return std::nullopt;
    throw;
  }
}

/// Nothing: there is no such source.
std::optional<int> test_source(store::Management& management, const TestOptions& options) {
  json source;
  try {
    source = store::source_of(management, options.name);
  } catch (const db::Error& error) {
    if (error.is("PT404")) return std::nullopt;
    throw;
  }
  const app::Settings settings = app::load_settings();
  const std::string answer =
      probe::test_source(source.dump(), app::management_conninfo(settings), settings.egress_policy());
  return show("source " + options.name, json::parse(answer), options.json);
}

/// A connection and a source may bear the same name: then both are tested.
int test_named(store::Session& session, const TestOptions& options) {
  return session.once([&](store::Management& management) {
    const std::optional<int> connection = test_connection(management, options);
    std::optional<int> source;
    try {
      source = test_source(management, options);
    } catch (const db::Error& error) {
      // An operator, who may have a connection tested, gets no credentials of a source.
      if (!connection || !error.is("42501")) throw;
    }
    if (connection || source) return std::max(connection.value_or(0), source.value_or(0));
    std::vector<std::string> known;
    const json stored = store::exported(management);
    for (const char* section : {"connections", "sources"}) {
      for (const json& one : stored.at(section)) known.push_back(one.at("name").get<std::string>());
    }
    const std::string near = text::nearest(options.name, known);
    std::fprintf(stderr, "cpi: there is no connection and no source \"%s\"\n", printable(options.name).c_str());
    if (!near.empty()) std::fprintf(stderr, "HINT: Did you mean \"%s\"?\n", printable(near).c_str());
    return kExitUsage;
  });
}

}  // namespace

void add_test(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("test", "Test whether a target database or a source can be worked with from this machine");
  auto options = std::make_shared<TestOptions>();
  CLI::Option* name =
      command->add_option("name", options->name, "Connection or source to test, by name or id")->type_name("NAME");
  CLI::Option* to = command
                        ->add_option("--to", options->to,
                                     "Database to test, without a management database; empty: libpq's environment")
                        ->type_name("URL");
  command->add_flag("--json", options->json, "As JSON");
  command->footer("Exit codes: 0 it can be worked with, 1 it cannot, 2 wrong usage");
  command->callback([=, &exit_code] {
    if ((name->count() == 0) == (to->count() == 0)) {
      std::fputs("cpi: name a connection or a source, or a database with --to\n", stderr);
      exit_code = kExitUsage;
    } else if (to->count() > 0) {
      exit_code = test_url(*options);
    } else {
      exit_code = with_management("cpi test", [&](store::Session& session) { return test_named(session, *options); });
    }
  });
}

}  // namespace cpi::cli
