#include "deliver/deliverer.h"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "deliver/transfer.h"
#include "observe/failpoint.h"
#include "observe/observe.h"
#include "store/session.h"

namespace cpi::deliver {

namespace {

using Clock = std::chrono::steady_clock;
using observe::Kind;
using std::chrono::milliseconds;

constexpr int kMostInFlight = 512;
constexpr int kMostPerReceiver = 4;
constexpr milliseconds kLeastPause{20};  // between two claims, however soon the next delivery is due

struct CloseMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

}  // namespace

class Deliverer::Loop {
 public:
  explicit Loop(const DelivererOptions& options)
      : options_(options),
        multi_(curl_multi_init()),
        session_(options.conninfo, options.connect_timeout, "cpi deliverer"),
        random_(std::random_device{}()) {
    if (!multi_) throw std::bad_alloc();
  }
  ~Loop() {
    for (const auto& [handle, transfer] : transfers_) curl_multi_remove_handle(multi_.get(), handle);
  }

  void run(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_.get()); });
    while (!stop.stop_requested()) {
      guarded([this] { talk(); });
      guarded([this] { move_transfers(); });
      wait();
    }
    guarded([this] { give_back(); });
  }

 private:
  /// What a thread at the edge of the program does with whatever goes wrong: say it, and try later.
  template <typename Work>
  void guarded(Work&& work) {
    try {
      work();
      return;
    } catch (const store::ExtensionError&) {
      session_.reset();  // the heartbeat reports it
    } catch (const db::Error& error) {
      // CP003: not registered, as yet or after a restore; the heartbeat sees to it. That the management database is
      // away is the heartbeat's to report, too.
      if (!error.retryable() && !error.is("CP003")) observe::emit(observe::problem("webhooks", error));
    } catch (const std::exception& error) {
      observe::emit(observe::problem("webhooks", error.what()));
    }
    notifications_.fd = -1;
    const double jitter = std::generate_canonical<double, 16>(random_);
    talk_at_ = Clock::now() + store::reconnect_delay(failures_++, jitter);
  }

  /// Results first: their places are free then.
  void talk() {
    const Clock::time_point now = Clock::now();
    if (now < talk_at_) return;
    notice_notifications();
    if (results_.empty() && now < claim_at_) return;
    if (!results_.empty()) {
      write_results();
      claim_at_ = now;
    }
    claim();
    notifications_.fd = session_.once([](store::Management& management) { return management.connection().socket(); });
    failures_ = 0;
  }

  void notice_notifications() {
    if (!session_.connected()) return;
    session_.once([this](store::Management& management) {
      notifications_.fd = management.connection().socket();  // another one after a reconnect
      while (management.connection().wait_notification(milliseconds(0))) claim_at_ = Clock::now();
    });
  }

  void write_results() {
    FP("webhook_answered");
    const std::vector<store::DeliveryEnd> ends =
        session_.once([this](store::Management& management) { return management.finish_deliveries(results_); });
    FP("webhook_written");
    for (const store::DeliveryEnd& end : ends) report(end);
    results_.clear();
    tried_.clear();
  }

  void claim() {
    const int free = kMostInFlight - static_cast<int>(transfers_.size());
    const store::DeliveryClaim claim = session_.once([&](store::Management& management) {
      listen(management);
      return management.claim_deliveries(options_.agent_id, free, kMostPerReceiver);
    });
    if (!claim.deliveries.empty()) FP("webhook_claimed");
    milliseconds pause = claim.poll;
    if (claim.next_in) pause = std::clamp(*claim.next_in, kLeastPause, claim.poll);
    claim_at_ = Clock::now() + pause;
    for (const store::Delivery& delivery : claim.deliveries) begin(delivery, claim);
  }

  /// Before the claim, so that nothing slips between the two.
  void listen(store::Management& management) {
    const int pid = management.connection().backend_pid();
    if (pid == listening_pid_) return;
    management.listen_for_deliveries();
    listening_pid_ = pid;
  }

  void begin(const store::Delivery& delivery, const store::DeliveryClaim& claim) {
    try {
      auto transfer =
          std::make_unique<Transfer>(delivery, claim.secrets, options_.egress, claim.timeout, std::time(nullptr));
      CURL* handle = transfer->handle();
      if (const CURLMcode code = curl_multi_add_handle(multi_.get(), handle); code != CURLM_OK)
        throw std::runtime_error(curl_multi_strerror(code));
      transfers_.emplace(handle, std::move(transfer));
    } catch (const std::exception& error) {
      end(delivery, {Verdict::kRetry, std::string("cannot be sent: ") + error.what()}, {});
    }
  }

  void move_transfers() {
    int running = 0;
    if (const CURLMcode code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK)
      throw std::runtime_error(curl_multi_strerror(code));
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* handle = message->easy_handle;
      const CURLcode code = message->data.result;
      curl_multi_remove_handle(multi_.get(), handle);
      const auto found = transfers_.find(handle);
      if (found == transfers_.end()) continue;
      const std::unique_ptr<Transfer> transfer = std::move(found->second);
      transfers_.erase(found);
      const Answer answer = transfer->answer(code);
      end(transfer->delivery(), judge(answer), answer);
    }
  }

  void end(const store::Delivery& delivery, const Outcome& outcome, const Answer& answer) {
    results_.push_back({delivery.id, delivery.fence, std::string(verdict_name(outcome.verdict)), answer.status,
                        observe::mask(outcome.error), answer.retry_after_seconds});
    tried_[delivery.id] = {delivery.job_id, shown_url(delivery.url), outcome.error,
                           outcome.verdict == Verdict::kMoment};
  }

  void report(const store::DeliveryEnd& end) {
    const Tried& tried = tried_[end.id];
    // n8n that is not waiting yet is asked every second; one line says so.
    if (tried.in_a_moment && end.attempts > 1 && end.status == "pending") return;
    observe::Event event{
        end.status == "delivered" ? Kind::kWebhookDelivered
        : end.status == "failed"  ? Kind::kWebhookFailed
                                  : Kind::kWebhookDelayed,
        {{"delivery_id", end.id}, {"job_id", tried.job_id}, {"url", tried.url}, {"attempt", end.attempts}}};
    if (!tried.error.empty()) event.fields.emplace_back("error", tried.error);
    if (end.next_in_seconds) event.fields.emplace_back("next_try_seconds", *end.next_in_seconds);
    observe::emit(event);
  }

  void wait() {
    Clock::time_point until = results_.empty() ? claim_at_ : Clock::now();
    until = std::max(until, talk_at_);
    const auto pause =
        std::clamp(std::chrono::ceil<milliseconds>(until - Clock::now()), milliseconds(0), milliseconds(60000));
    const unsigned int count = notifications_.fd >= 0 ? 1 : 0;
    curl_multi_poll(multi_.get(), &notifications_, count, static_cast<int>(pause.count()), nullptr);
  }

  /// On the way out: what is under way is cut, and somebody else may try it at once.
  void give_back() {
    for (const auto& [handle, transfer] : transfers_) {
      results_.push_back({transfer->delivery().id, transfer->delivery().fence, "released", 0, "", std::nullopt});
      curl_multi_remove_handle(multi_.get(), handle);
    }
    transfers_.clear();
    if (results_.empty()) return;
    session_.once([this](store::Management& management) { return management.finish_deliveries(results_); });
  }

  /// What the log says of a delivery once the database has said what becomes of it.
  struct Tried {
    std::string job_id;
    std::string url;
    std::string error;
    bool in_a_moment = false;
  };

  const DelivererOptions& options_;
  std::unique_ptr<CURLM, CloseMulti> multi_;
  std::map<CURL*, std::unique_ptr<Transfer>> transfers_;
  std::vector<store::DeliveryResult> results_;  ///< not written yet; kept while the management database is away
  std::map<std::string, Tried> tried_;
  store::Session session_;
  int listening_pid_ = 0;
  curl_waitfd notifications_{-1, CURL_WAIT_POLLIN, 0};  ///< the connection's socket; -1 while there is none
  int failures_ = 0;
  Clock::time_point claim_at_ = Clock::now();
  Clock::time_point talk_at_ = Clock::now();  ///< not before: the management database is away
  std::minstd_rand random_;
};

struct Deliverer::Thread {
  explicit Thread(DelivererOptions deliverer_options) : options(std::move(deliverer_options)) {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      try {
        Loop(options).run(stop);
      } catch (const std::exception& error) {
        observe::emit(observe::problem("webhooks", error.what()));
        if (!store::sleep_for(milliseconds(1000), stop)) break;
      }
    }
    const std::lock_guard lock(mutex);
    has_ended = true;
    ended.notify_all();
  }

  const DelivererOptions options;
  std::mutex mutex;
  std::condition_variable ended;
  bool has_ended = false;
  std::jthread thread;  ///< last: it uses the others
};

Deliverer::Deliverer(DelivererOptions options) : thread_(std::make_unique<Thread>(std::move(options))) {
  set_up_curl();
}

Deliverer::~Deliverer() = default;

void Deliverer::start() {
  thread_->thread = std::jthread([this](const std::stop_token& stop) { thread_->run(stop); });
}

bool Deliverer::stop(std::chrono::milliseconds patience) {
  thread_->thread.request_stop();
  std::unique_lock lock(thread_->mutex);
  return thread_->ended.wait_for(lock, patience, [this] { return thread_->has_ended; });
}

}  // namespace cpi::deliver
