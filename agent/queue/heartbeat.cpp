#include "queue/heartbeat.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "observe/failpoint.h"
#include "observe/observe.h"
#include "store/session.h"

namespace cpi::queue {

namespace {

using observe::Kind;

/// While jobs run, people watch their progress: it is sent at least this often, however long the heartbeat is.
constexpr std::chrono::milliseconds kProgressInterval{1000};
/// Changed settings reach the agent, and an updated extension stops it, within this time.
constexpr std::chrono::seconds kRegisterAgain{10};

class Heartbeat {
 public:
  explicit Heartbeat(Shared& shared)
      : shared_(shared), session_(shared.options.conninfo, shared.options.connect_timeout, "cpi heartbeat") {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::chrono::milliseconds pause = shared_.settings().heartbeat;
      try {
        if (!shared_.registered || !session_.connected() || Clock::now() - registered_at_ > kRegisterAgain)
          register_agent();
        beat();
        failures_ = 0;
        trouble_.clear();
        if (!shared_.attempts.all().empty()) pause = std::min(pause, kProgressInterval);
      } catch (const db::Error& error) {
        pause = failed(error);
      } catch (const store::ExtensionError& error) {
        shared_.registered = false;
        session_.reset();
        if (is_news(error.what())) {
          observe::emit({Kind::kExtensionMissing, {{"error", error.what()}, {"hint", error.hint()}}});
        }
        pause = std::max(shared_.settings().poll, std::chrono::milliseconds(1000));
      } catch (const std::exception& error) {
        // Such as an answer that makes no sense. The connection may be out of step.
        session_.reset();
        if (is_news(error.what())) observe::emit(observe::problem("heartbeat", error.what()));
        pause = store::reconnect_delay(failures_++, 0.25);
      }
      shared_.heartbeat_wakeup.wait(pause, stop);
    }
  }

 private:
  void register_agent() {
    const bool anew = !shared_.registered || !session_.connected();
    const store::AgentSettings settings =
        session_.once([this](store::Management& management) { return management.register_agent(shared_.identity); });
    shared_.set_settings(settings);
    registered_at_ = Clock::now();
    bury_predecessor();
    if (anew) {
      observe::emit(
          {Kind::kManagementConnected, {{"agent", shared_.identity.name}, {"agent_id", shared_.identity.id}}});
    }
    if (!shared_.registered.exchange(true)) shared_.wakeup.hint();
  }

  void bury_predecessor() {
    if (shared_.options.predecessor.empty() || buried_) return;
    const int jobs = session_.once([this](store::Management& management) {
      return management.bury_agent(shared_.options.predecessor, shared_.identity.host);
    });
    buried_ = true;
    if (jobs == 0) return;
    observe::emit({Kind::kSwept, {{"jobs", jobs}, {"agent_id", shared_.options.predecessor}}});
    shared_.wakeup.hint();
  }

  /// One line for an outage, however long: a trouble is told when it begins, not each time that it is met.
  bool is_news(const std::string& text) {
    if (trouble_ == text) return false;
    trouble_ = text;
    return true;
  }

  void beat() {
    FP("heartbeat");
    std::vector<store::Lease> leases;
    for (const auto& attempt : shared_.attempts.all())
      leases.push_back({attempt->key(), attempt->progress().snapshot()});
    const Clock::time_point asked = Clock::now();
    const std::vector<store::Renewal> renewals =
        session_.once([&](store::Management& management) { return management.heartbeat(shared_.identity.id, leases); });
    for (const store::Renewal& renewal : renewals) {
      const std::shared_ptr<Attempt> attempt = shared_.attempts.find(renewal.job_id);
      // The job may have ended and been claimed again while the answer was on its way.
      const auto asked_for = std::find_if(
          leases.begin(), leases.end(), [&](const store::Lease& lease) { return lease.key.job_id == renewal.job_id; });
      if (!attempt || asked_for == leases.end() || attempt->key().fence != asked_for->key.fence) continue;
      if (!renewal.held) {
        attempt->interrupt(Interrupt::kFenced);
        continue;
      }
      attempt->renewed(asked);
      if (renewal.cancel_requested && attempt->interrupted() < Interrupt::kCancelled) {
        observe::emit({Kind::kCancelRequested, {{"job_id", renewal.job_id}}});
        attempt->interrupt(Interrupt::kCancelled);
      }
    }
  }

  std::chrono::milliseconds failed(const db::Error& error) {
    const std::chrono::milliseconds pause = store::reconnect_delay(failures_++, 0.25);
    // After a reconnect the agent registers anew; until then workers go on with the jobs that they hold.
    if (!session_.connected()) registered_at_ = {};
    if (!error.retryable()) {
      if (is_news(error.what())) observe::emit(observe::problem("heartbeat", error));
    } else if (is_news("away")) {
      observe::emit({Kind::kManagementLost, {{"error", error.what()}}});
    }
    return pause;
  }

  Shared& shared_;
  store::Session session_;
  Clock::time_point registered_at_;
  int failures_ = 0;
  std::string trouble_;  ///< what was told last and is not over yet
  bool buried_ = false;
};

}  // namespace

void keep_heartbeat(Shared& shared, const std::stop_token& stop) { Heartbeat(shared).run(stop); }

}  // namespace cpi::queue
