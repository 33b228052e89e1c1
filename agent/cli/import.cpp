// `cpi import`: the words of its command line. With --to the files go straight into a database (import_direct), without
// it through the queue of the management database (import_managed).
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/import_direct.h"
#include "cli/import_managed.h"
#include "cli/option_list.h"

namespace cpi::cli {

namespace {

/// Everything that the command line can say; the two requests are cut from it.
struct Words {
  std::vector<std::string> arguments;
  DirectImport direct;
  bool no_wait = false;
  std::string callback_url;
  Replay replay;
};

/// What is wrong with the words around --replay; empty: nothing.
std::string misused_replay(const CLI::App& command, const Words& words) {
  if (words.replay.job_id.empty()) return words.replay.file.empty() ? "" : "--file goes with --replay";
  if (words.arguments.size() > 1) return "--replay takes one file: the mended rows";
  if (words.direct.dry_run) return "--dry-run does not go with --replay: a replay is dry where its job was";
  if (command.get_option("--callback-url")->count() > 0) return "--replay calls the webhook of its job";
  if (command.get_option("--encoding")->count() > 0 && words.arguments.empty()) return "--encoding is of a file";
  return "";
}

int run_managed(const CLI::App& command, const Words& words) {
  // Silently ignoring --delimiter, say, would load something else than was asked for: the project's config decides
  // there.
  const bool replay = !words.replay.job_id.empty();
  for (const CLI::Option* option : command.get_options()) {
    if (replay && option->get_single_name() == "encoding") continue;
    if (option->count() > 0 && option->get_group() == "With --to") {
      std::fprintf(stderr, "cpi: %s goes with --to only; in a project the config says it\n",
                   option->get_name().c_str());
      return kExitUsage;
    }
  }
  if (const std::string wrong = misused_replay(command, words); !wrong.empty()) {
    std::fprintf(stderr, "cpi: %s\n", wrong.c_str());
    return kExitUsage;
  }
  if (words.arguments.empty() && !replay) {
    std::fputs("cpi: name a project, or a database with --to (see cpi import --help)\n", stderr);
    return kExitUsage;
  }
  ManagedImport request;
  if (replay) {
    request.replay = words.replay;
    request.replay->encoding = words.direct.flags.encoding;
    if (!words.arguments.empty()) request.replay->mended = words.arguments.front();
  } else {
    request.project = words.arguments.front();
    for (std::size_t i = 1; i < words.arguments.size(); ++i) {
      request.files.push_back(std::filesystem::absolute(words.arguments[i]).lexically_normal().string());
    }
  }
  request.force = words.direct.force;
  request.dry_run = words.direct.dry_run;
  request.no_wait = words.no_wait;
  request.json = words.direct.json;
  request.quiet = words.direct.quiet;
  request.rejects_file = words.direct.rejects_file;
  if (!words.callback_url.empty()) request.callback_url = words.callback_url;
  return run_managed_import(request);
}

void add_table_options(CLI::App& command, OptionFlags& flags) {
  const auto direct = [](CLI::Option* option) { return option->group("With --to"); };
  direct(
      command.add_option("--table,-t", flags.table, "Table, or schema.table; else the file's name without extension"));
  direct(command.add_option("--schema", flags.schema, "Schema of the table [public]"));
  direct(command.add_option("--primary-key,-k", flags.primary_key,
                            "Key columns, separated by commas; else the table's own"))
      ->delimiter(',')
      ->allow_extra_args(false);
  direct(command.add_option("--config,-c", flags.config_file, "Options as in a project's config, as JSON or YAML"))
      ->type_name("FILE");
  direct(
      command.add_option("--delimiter,-d", flags.delimiter, "What separates fields [,]; \\t is a tab; auto detects"));
  direct(command.add_option("--quote", flags.quote, "Quote character [\"]; empty: none; or auto"));
  direct(command.add_option("--escape", flags.escape, "Escape character inside quotes [the quote doubled]; or auto"));
  direct(command.add_option("--encoding", flags.encoding,
                            "Encoding of the files [utf-8]; or auto; with --replay, of FILE"));
  direct(command.add_option("--header", flags.header, "true, false, the number of header rows, or auto [true]"));
  direct(command.add_option("--skiprows", flags.skiprows, "Lines before the header to be ignored [0]; or auto"));
  direct(command.add_option("--null-if", flags.null_if, "Unquoted fields that mean NULL [empty ones]"))
      ->allow_extra_args(false);
  direct(command.add_option("--datestyle", flags.datestyle, "Order of day, month and year, such as DMY"));
  direct(command.add_option("--types", flags.types, "Columns of a new table: text or infer [text]"));
  direct(command.add_option("--new-columns", flags.new_columns, "Columns the table lacks: add, ignore or fail [add]"));
  direct(command.add_option("--missing-columns", flags.missing_columns,
                            "Columns the file lacks: keep, null or fail [keep]"));
  direct(command.add_option("--duplicates", flags.duplicates, "A key that comes again: last, first or error [last]"));
  direct(command.add_option("--on-error", flags.on_error, "A row that does not fit: abort or continue [abort]"));
  direct(command.add_option("--max-errors", flags.max_errors,
                            "Rows that may be rejected: a number or a percentage; implies continue"));
  direct(command.add_option(
             "--set,-o", flags.set,
             "Any option of a config, such as decimal_separator=, or stop_at=\\n (\\t, \\n, \\r and \\\\ in "
             "delimiter, comment and stop_at)"))
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  direct(command.add_flag_callback(
      "--list-options",
      [] {
        std::fputs(option_list().c_str(), stdout);
        throw CLI::Success();
      },
      "Print all options of a config, with their values and defaults"));
}

}  // namespace

void add_import(CLI::App& app, int& exit_code) {
  const auto words = std::make_shared<Words>();
  CLI::App* command = app.add_subcommand("import", "Import CSV files: FILE… --to URL, or PROJECT [FILE…]");
  command->footer(
      "cpi import --to postgresql://user@host/db orders.csv       straight into a database\n"
      "cpi import --to \"\" *.csv --jobs 2                          where PGHOST, PGDATABASE … point to\n"
      "cpi import customer_abc                                    a project, through the queue\n"
      "cpi import customer_abc --rejects mend.csv                 ... and the rows that were not loaded, to be mended\n"
      "cpi import --replay JOB mend.csv                           those rows, mended; without a file as they are\n"
      "\nPasswords are taken from PGPASSWORD or ~/.pgpass as well as from the URL.\n"
      "Exit codes: 0 all loaded, 1 failed, 2 wrong usage, 3 partly loaded");
  command->add_option("arguments", words->arguments, "With --to: the files. Without: the project, then files of it")
      ->type_name("FILE…|PROJECT [FILE…]");
  CLI::Option* to = command->add_option("--to", words->direct.to, "Database to load into; empty: libpq's environment")
                        ->type_name("URL");
  command->add_flag("--dry-run", words->direct.dry_run, "Do everything but the commit");
  command->add_flag("--force", words->direct.force, "Load content again that a table without a key has got");
  command->add_flag("--json", words->direct.json, "Print results as JSON");
  command->add_flag("--quiet,-q", words->direct.quiet, "Print only errors and rejected rows");
  command->add_option("--rejects", words->direct.rejects_file, "Write rejected rows to this file, to be mended")
      ->type_name("FILE");
  add_table_options(*command, words->direct.flags);
  command->add_option("--jobs,-j", words->direct.jobs, "Files at a time, of different tables [1]")
      ->check(CLI::Range(1, 64))
      ->group("With --to");
  CLI::Option* no_wait =
      command->add_flag("--no-wait", words->no_wait, "Print the job's id and leave")->group("With PROJECT");
  CLI::Option* callback = command->add_option("--callback-url", words->callback_url, "Webhook to call at the job's end")
                              ->group("With PROJECT");
  CLI::Option* replay = command
                            ->add_option("--replay", words->replay.job_id,
                                         "Import the rejected rows of this job: from FILE, mended, or else as they are")
                            ->type_name("JOB")
                            ->group("With PROJECT");
  CLI::Option* of_file = command->add_option("--file", words->replay.file, "Of which file of that job the rows are")
                             ->type_name("NAME")
                             ->group("With PROJECT");
  command->callback([=, &exit_code] {
    if (to->count() == 0) {
      exit_code = run_managed(*command, *words);
      return;
    }
    if (no_wait->count() > 0 || callback->count() > 0 || replay->count() > 0 || of_file->count() > 0) {
      std::fputs("cpi: --no-wait, --callback-url and --replay go with a project, not with --to\n", stderr);
      exit_code = kExitUsage;
      return;
    }
    if (words->arguments.empty()) {
      std::fputs("cpi: name at least one file\n", stderr);
      exit_code = kExitUsage;
      return;
    }
    words->direct.files = words->arguments;
    exit_code = run_direct_import(words->direct);
  });
}

}  // namespace cpi::cli
