#include "cli/import_managed.h"

#include <chrono>
#include <cstdio>

#include "cli/command.h"
#include "cli/file_report.h"
#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/job_output.h"
#include "cli/job_rejects.h"
#include "cli/rejects_file.h"
#include "cli/session.h"
#include "cli/table.h"
#include "store/jobs.h"
#include "store/uuid.h"

namespace cpi::cli {

namespace {

using nlohmann::json;

constexpr int kRejectsShown = 10;
constexpr int kExitInterrupted = 130;

/// A job that waits makes people wonder: after some seconds the reason is told, once.
class WaitingNote {
 public:
  void look(store::Management& management, const json& job, StatusLine& line) {
    constexpr std::chrono::seconds kPatience{5};
    if (told_ || job.value("status", "") != "pending" || std::chrono::steady_clock::now() - start_ < kPatience) return;
    told_ = true;
    line.clear();
    const std::string running = store::running_job_of(management, job.value("project_name", ""));
    if (store::agents_alive(management) == 0) {
      std::fputs("waiting: no agent has given a sign of life within a minute; start one with: cpi serve\n", stderr);
    } else if (!running.empty()) {
      std::fprintf(stderr, "waiting: job %s of the same project is running\n", running.c_str());
    } else if (job.contains("last_error") && job["last_error"].is_string()) {
      std::fprintf(stderr, "waiting to be tried again: %s\n", printable(job["last_error"].get<std::string>()).c_str());
    } else {
      std::fputs("waiting: the agents are busy with other jobs\n", stderr);
    }
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool told_ = false;
};

/// Follows the job to its end: the first Ctrl-C asks to cancel it, the second leaves it alone. False: left alone.
bool follow(store::Session& session, const std::string& job_id, const Interrupt& interrupt, bool quiet) {
  StatusLine line;
  WaitingNote waiting;
  bool cancelled = false;
  try {
    follow_job(session, job_id, interrupt.token(), [&](store::Management& management, const json& job) {
      if (interrupt.requested()) return false;
      if (interrupt.count() > 0 && !cancelled) {
        cancelled = true;
        line.clear();
        try {
          store::cancel_job(management, job_id);
        } catch (const db::Error& error) {
          if (!error.is("PT409")) throw;  // it has ended meanwhile
        }
      }
      waiting.look(management, job, line);
      if (!quiet) line.show(progress_line(job));
      return true;
    });
  } catch (const store::Unreachable&) {
    return false;
  }
  return !interrupt.requested();
}

/// Enqueues what was asked for; the answer of cpi_import or cpi_replay_rejects.
Result<json> enqueue(store::Session& session, const ManagedImport& request) {
  if (request.replay) {
    store::ReplayCall call;
    call.job_id = request.replay->job_id;
    call.file = request.replay->file;
    call.force = request.force;
    if (!request.replay->mended.empty()) {
      Result<std::string> content =
          read_mended(session, request.replay->mended, call.job_id, call.file, request.replay->encoding);
      if (!content.ok()) return content.error();
      call.content = std::move(*content);
    }
    return session.once([&](store::Management& management) { return store::replay_rejects(management, call); });
  }
  store::ImportCall call;
  call.project = request.project;
  call.local_files = request.files;
  call.callback_url = request.callback_url;
  call.force = request.force;
  call.dry_run = request.dry_run;
  call.idempotency_key = "cpi-import-" + store::random_uuid();
  return say(session, [&](store::Management& management) { return store::import_project(management, call); });
}

int run(store::Session& session, const ManagedImport& request) {
  const Result<json> enqueued = enqueue(session, request);
  if (!enqueued.ok()) {
    std::fprintf(stderr, "cpi: %s", error_text(enqueued.error()).c_str());
    return kExitUsage;
  }
  const json& accepted = *enqueued;
  const std::string job_id = accepted.at("job_id").get<std::string>();
  if (request.no_wait) {
    std::printf("%s\n", request.json ? accepted.dump(2).c_str() : job_id.c_str());
    return 0;
  }

  const Interrupt interrupt("cpi: cancelling the job (again to leave it to itself)", 2);
  if (!follow(session, job_id, interrupt, request.quiet)) {
    std::fprintf(stderr, "job %s goes on; see: cpi jobs %s\n", job_id.c_str(), job_id.c_str());
    return kExitInterrupted;
  }
  const json job = say(session, [&](store::Management& m) { return store::get_job(m, job_id, true); });
  const bool rejected = job.value("total_rejected", std::int64_t{0}) > 0;
  if (request.json) {
    std::printf("%s\n", job.dump(2).c_str());
  } else {
    store::FirstRejects rejects;
    if (rejected) {
      rejects = say(session, [&](store::Management& m) { return store::first_rejects(m, job_id, kRejectsShown); });
    }
    std::fputs(job_report(job, rejects).c_str(), stdout);
  }
  if (!request.rejects_file.empty()) write_job_rejects(session, job, request.rejects_file);
  return exit_code_of(job);
}

}  // namespace

int run_managed_import(const ManagedImport& request) {
  if (!request.rejects_file.empty()) {
    std::vector<std::string> inputs = request.files;
    if (request.replay && !request.replay->mended.empty()) inputs.push_back(request.replay->mended);
    if (const Result<void> place = check_rejects_path(request.rejects_file, inputs); !place.ok()) {
      std::fprintf(stderr, "cpi: %s", error_text(place.error()).c_str());
      return kExitUsage;
    }
  }
  return with_management("cpi import", [&request](store::Session& session) { return run(session, request); });
}

}  // namespace cpi::cli
