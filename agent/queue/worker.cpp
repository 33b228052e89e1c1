#include "queue/worker.h"

#include <memory>
#include <optional>
#include <random>
#include <string>

#include "job/runner.h"
#include "observe/failpoint.h"
#include "observe/observe.h"
#include "store/session.h"

namespace cpi::queue {

namespace {

using job::JobContext;
using job::JobEnd;
using job::run_job;
using observe::Kind;

class Worker {
 public:
  explicit Worker(Shared& shared)
      : shared_(shared),
        session_(shared.options.conninfo, shared.options.connect_timeout, "cpi worker"),
        random_(std::random_device{}()) {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!shared_.registered || !claim_and_run(stop)) shared_.wakeup.wait(poll_interval(), stop);
    }
  }

 private:
  /// Jittered, so that idle agents do not poll in step.
  std::chrono::milliseconds poll_interval() {
    const std::int64_t poll = shared_.settings().poll.count();
    return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(poll * 3 / 4, poll)(random_));
  }

  /// False when nothing was due.
  bool claim_and_run(const std::stop_token& stop) {
    try {
      std::shared_ptr<Attempt> attempt;
      const std::optional<store::Claim> claim = session_.call(stop, [&](store::Management& management) {
        // One claim of this agent at a time, until its attempt is known: the database takes back what we do not say
        // that we hold.
        const std::lock_guard one_at_a_time(shared_.claiming);
        const Clock::time_point asked = Clock::now();
        std::optional<store::Claim> answer = claim_once(management);
        if (answer) attempt = shared_.attempts.add(answer->key, answer->lease, asked);
        return answer;
      });
      if (!claim) return false;
      // Where there was one job there may be another: the hint wakes a second worker, which will wake the next.
      shared_.wakeup.hint();
      run_claim(*claim, attempt, stop);
      return true;
    } catch (const store::Unreachable&) {
      return false;
    } catch (const store::ExtensionError&) {
      session_.reset();
      return register_anew();
    } catch (const db::Error& error) {
      if (error.is("CP003"))
        return register_anew();  // the database was restored, or our row swept while we were cut off
      observe::emit(observe::problem("worker", error));
      return false;
    } catch (const std::exception& error) {
      observe::emit(observe::problem("worker", error.what()));
      return false;
    }
  }

  /// No claim before the heartbeat has registered the agent again; it reports what is in the way.
  bool register_anew() {
    shared_.registered = false;
    shared_.heartbeat_wakeup.hint();
    return false;
  }

  std::optional<store::Claim> claim_once(store::Management& management) {
    constexpr int kMostCollisions = 10;
    for (int collisions = 0;; ++collisions) {
      try {
        return management.claim_job(shared_.identity.id, shared_.attempts.held());
      } catch (const db::Error& error) {
        // Another agent claimed a job of the same project in the same moment (a unique index decides): claim again.
        if (!error.is("23505") || collisions == kMostCollisions) throw;
      }
    }
  }

  void run_claim(const store::Claim& claim, const std::shared_ptr<Attempt>& attempt, const std::stop_token& stop) {
    observe::emit({Kind::kJobClaimed,
                   {{"job_id", claim.key.job_id},
                    {"project", claim.project},
                    {"attempt", claim.attempt},
                    {"fence", claim.key.fence}}});
    try {
      FP("claimed");
      // Told to stop while the claim was on its way: whoever stops the running attempts may not have seen this one.
      if (stop.stop_requested()) attempt->interrupt(Interrupt::kStopping);
      end(claim, *attempt, attempt_job(claim, *attempt, stop));
    } catch (const store::Fenced&) {
      observe::emit({Kind::kJobFenced, {{"job_id", claim.key.job_id}, {"fence", claim.key.fence}}});
    } catch (const store::Unreachable& error) {
      observe::emit(observe::warning(
          "worker", "the job could not be given back, its lease runs out: " + std::string(error.what())));
      return shared_.attempts.forsake(attempt);
    } catch (const std::exception& error) {
      // The lease runs out by itself and the job is taken over, by us or by another agent.
      observe::emit(observe::problem("worker", error.what()));
      return shared_.attempts.forsake(attempt);
    }
    shared_.attempts.remove(attempt);
  }

  JobEnd attempt_job(const store::Claim& claim, Attempt& attempt, const std::stop_token& stop) {
    if (claim.cancel_requested) observe::emit({Kind::kCancelRequested, {{"job_id", claim.key.job_id}}});
    if (stop.stop_requested()) return {JobEnd::Kind::kRelease, "", ""};
    JobContext context{session_,
                       shared_.options.local_roots,
                       shared_.settings().max_attempts,
                       shared_.options.connect_timeout,
                       attempt.load_stop(),
                       attempt.abandoned(),
                       [&attempt] { return attempt.interrupted(); },
                       attempt.progress(),
                       shared_.target_slots,
                       shared_.options.egress,
                       shared_.spool,
                       shared_.settings().source_timeout};
    try {
      return run_job(claim, context);
    } catch (const store::Fenced&) {
      throw;
    } catch (const store::Unreachable&) {
      return {JobEnd::Kind::kRelease, "", "", true};
    } catch (const std::exception& error) {
      observe::emit(observe::problem("job", error.what()));
      return {JobEnd::Kind::kRelease, "retry", observe::mask(error.what()), true};
    }
  }

  /// Writes how the attempt ended. Once the lease is lost, or nothing could be written while it lasted, all that is
  /// left is to give the job back as soon as the management database answers: the next attempt finds in the target's
  /// ledger what this one committed.
  void end(const store::Claim& claim, Attempt& attempt, const JobEnd& job_end) {
    if (job_end.kind == JobEnd::Kind::kNothing) throw store::Fenced("fenced");
    if (job_end.kind == JobEnd::Kind::kFinish) {
      try {
        return finish(claim, attempt, job_end);
      } catch (const store::Unreachable&) {
        return release(claim, {JobEnd::Kind::kRelease, "", ""});
      }
    }
    release(claim, job_end);
  }

  void finish(const store::Claim& claim, Attempt& attempt, const JobEnd& job_end) {
    FP("before_finish_job");
    const nlohmann::json job = session_.call(attempt.abandoned(), [&](store::Management& management) {
      return management.finish_job(claim.key, job_end.status, job_end.message);
    });
    FP("finished_job");
    observe::emit({Kind::kJobFinished,
                   {{"job_id", claim.key.job_id},
                    {"project", claim.project},
                    {"status", job.value("status", "")},
                    {"files_processed", job.value("files_processed", std::int64_t{0})},
                    {"files_failed", job.value("files_failed", std::int64_t{0})}}});
  }

  void release(const store::Claim& claim, const JobEnd& job_end) {
    const std::string reason = job_end.status.empty() ? "stop" : job_end.status;
    const std::string& message = job_end.message;
    const std::string state = session_.call(shared_.give_up.get_token(), [&](store::Management& management) {
      return management.release_job(claim.key, reason, message, job_end.unresolved);
    });
    observe::Event event{
        Kind::kJobReleased,
        {{"job_id", claim.key.job_id}, {"project", claim.project}, {"reason", reason}, {"status", state}}};
    if (!message.empty()) event.fields.emplace_back("error", message);
    observe::emit(event);
  }

  Shared& shared_;
  store::Session session_;
  std::minstd_rand random_;
};

}  // namespace

void work(Shared& shared, const std::stop_token& stop) { Worker(shared).run(stop); }

}  // namespace cpi::queue
