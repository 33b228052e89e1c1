#include "queue/attempts.h"

#include <algorithm>
#include <utility>

#include "observe/observe.h"

namespace cpi::queue {

Attempt::Attempt(store::JobKey key, std::chrono::milliseconds lease, Clock::time_point claimed)
    : key_(std::move(key)), lease_(lease), renewed_(claimed.time_since_epoch().count()) {}

void Attempt::interrupt(Interrupt why) {
  Interrupt now = why_.load();
  while (now < why && !why_.compare_exchange_weak(now, why)) {
  }
  std::call_once(stopping_, [this] { stopper_ = std::jthread([load = load_]() mutable { load.request_stop(); }); });
  if (why == Interrupt::kLeaseLost || why == Interrupt::kFenced) abandon_.request_stop();
}

bool Attempt::drain() {
  if (!progress_.applying()) {
    interrupt(Interrupt::kStopping);
    return false;
  }
  Interrupt none = Interrupt::kNone;
  why_.compare_exchange_strong(none, Interrupt::kStopping);
  return true;
}

void Attempt::renewed(Clock::time_point asked) { renewed_ = asked.time_since_epoch().count(); }

Clock::time_point Attempt::deadline() const {
  return Clock::time_point(Clock::duration(renewed_.load())) + lease_ * 2 / 3;
}

std::shared_ptr<Attempt> Attempts::add(store::JobKey key, std::chrono::milliseconds lease, Clock::time_point claimed) {
  auto attempt = std::make_shared<Attempt>(std::move(key), lease, claimed);
  const std::lock_guard lock(mutex_);
  attempts_.push_back(attempt);
  changed_.notify_all();
  return attempt;
}

void Attempts::remove(const std::shared_ptr<Attempt>& attempt) {
  const std::lock_guard lock(mutex_);
  std::erase(attempts_, attempt);
  changed_.notify_all();
}

void Attempts::forsake(const std::shared_ptr<Attempt>& attempt) {
  constexpr std::size_t kMostForsaken = 1000;  // their leases ran out long before
  {
    const std::lock_guard lock(mutex_);
    forsaken_.push_back(attempt->key());
    if (forsaken_.size() > kMostForsaken) forsaken_.pop_front();
  }
  remove(attempt);
}

std::vector<store::JobKey> Attempts::held() const {
  const std::lock_guard lock(mutex_);
  std::vector<store::JobKey> keys(forsaken_.begin(), forsaken_.end());
  for (const auto& attempt : attempts_) keys.push_back(attempt->key());
  return keys;
}

std::vector<std::shared_ptr<Attempt>> Attempts::all() const {
  const std::lock_guard lock(mutex_);
  return attempts_;
}

std::shared_ptr<Attempt> Attempts::find(const std::string& job_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(attempts_.begin(), attempts_.end(),
                                  [&job_id](const auto& attempt) { return attempt->key().job_id == job_id; });
  return found == attempts_.end() ? nullptr : *found;
}

bool Attempts::wait_until_none(Clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return attempts_.empty(); });
}

void Attempts::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    Clock::time_point next = Clock::time_point::max();
    std::vector<std::shared_ptr<Attempt>> overdue;
    for (const auto& attempt : attempts_) {
      if (attempt->interrupted() >= Interrupt::kLeaseLost) continue;
      const Clock::time_point deadline = attempt->deadline();
      if (deadline <= Clock::now()) {
        overdue.push_back(attempt);
      } else {
        next = std::min(next, deadline);
      }
    }
    if (!overdue.empty()) {
      for (const auto& attempt : overdue) {
        observe::emit({observe::Kind::kLeaseLost, {{"job_id", attempt->key().job_id}}});
        attempt->interrupt(Interrupt::kLeaseLost);
      }
      continue;
    }
    // A renewal only moves deadlines away, so that waking at the old one is early, never late. A new attempt wakes us.
    const auto unchanged = [this, count = attempts_.size(), newest = attempts_.empty() ? nullptr : attempts_.back()] {
      return attempts_.size() == count && (attempts_.empty() ? nullptr : attempts_.back()) == newest;
    };
    const auto woken = [&unchanged] { return !unchanged(); };
    if (next == Clock::time_point::max()) {
      changed_.wait(lock, stop, woken);
    } else {
      changed_.wait_until(lock, stop, next, woken);
    }
  }
}

}  // namespace cpi::queue
