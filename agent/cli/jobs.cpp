// `cpi jobs [ID]`: what the queue did and does. Reads only.
#include "store/jobs.h"

#include <cstdio>
#include <memory>
#include <string>

#include "app/settings.h"
#include "cli/command.h"
#include "cli/file_report.h"
#include "cli/follow.h"
#include "cli/job_output.h"
#include "cli/job_rejects.h"
#include "cli/session.h"

namespace cpi::cli {

namespace {

struct JobsOptions {
  std::string id;
  std::string project;
  std::string status;
  std::string rejects_file;
  int limit = 20;
  bool json = false;
  bool watch = false;
};

constexpr int kRejectsShown = 10;

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

int show_one(store::Session& session, const JobsOptions& options) {
  if (options.watch) {
    StatusLine line;
    follow_job(session, options.id, {}, [&line](store::Management&, const nlohmann::json& job) {
      line.show(progress_line(job));
      return true;
    });
  }
  const nlohmann::json job = say(session, [&](store::Management& m) { return store::get_job(m, options.id, true); });
  if (!options.rejects_file.empty()) {
    if (const Result<void> place = check_job_rejects(job, options.rejects_file); !place.ok()) {
      std::fprintf(stderr, "cpi: %s", error_text(place.error()).c_str());
      return kExitUsage;
    }
  }
  if (options.json) {
    print(job.dump(2) + "\n");
  } else {
    store::FirstRejects rejects;
    if (job.value("total_rejected", std::int64_t{0}) > 0) {
      rejects = say(session, [&](store::Management& m) { return store::first_rejects(m, options.id, kRejectsShown); });
    }
    print(job_report(job, rejects));
  }
  if (!options.rejects_file.empty()) write_job_rejects(session, job, options.rejects_file);
  // Asked to watch, a script wants to know how it ended; a mere look always succeeds.
  return options.watch ? exit_code_of(job) : 0;
}

int show_list(store::Session& session, const JobsOptions& options) {
  const auto list = [&] {
    return say(session, [&](store::Management& m) {
      return store::list_jobs(m, options.project, options.status, options.limit);
    });
  };
  if (!options.watch) {
    const nlohmann::json answer = list();
    print(options.json ? answer.dump(2) + "\n" : jobs_table(answer.at("jobs")));
    return 0;
  }
  std::string last;
  for (;;) {
    const std::string table = jobs_table(list().at("jobs"));
    // Home and clear, as watch(1) does, but only when something is new.
    if (table != last) print("\x1b[H\x1b[2J" + table);
    std::fflush(stdout);
    last = table;
    store::sleep_for(std::chrono::seconds(1), std::stop_token());
  }
}

}  // namespace

void add_jobs(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("jobs", "Show the newest jobs, or one job with its files, errors and rejected rows");
  auto options = std::make_shared<JobsOptions>();
  command->add_option("id", options->id, "Job to show");
  command->add_option("--rejects", options->rejects_file, "Write the job's rejected rows to this file, to be mended")
      ->type_name("FILE");
  command->add_option("--project", options->project, "Only jobs of this project");
  command->add_option("--status", options->status, "Only jobs in this state")
      ->check(CLI::IsMember({"pending", "running", "completed", "partial", "failed", "cancelled"}));
  command->add_option("--limit", options->limit, "How many jobs")->check(CLI::Range(1, 100))->capture_default_str();
  command->add_flag("--json", options->json, "As JSON");
  command->add_flag("--watch", options->watch, "Follow a job until it ends, or keep the list up to date");
  command->footer("With an id and --watch the exit code tells how the job ended: 0 completed, 1 failed, 3 partial.");
  command->callback([options, &exit_code] {
    if (options->id.empty() && !options->rejects_file.empty()) {
      std::fputs("cpi: --rejects needs the id of a job\n", stderr);
      exit_code = kExitUsage;
      return;
    }
    exit_code = with_management("cpi jobs", [&](store::Session& session) {
      return options->id.empty() ? show_list(session, *options) : show_one(session, *options);
    });
  });
}

}  // namespace cpi::cli
