// How many loads may run against one target at the same time, so that cpi never takes all of a small server's
// connections.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace cpi::job {

/// Counts loads per target. A load uses up to two connections (one of them a second COPY stream). Thread-safe; must
/// outlive its slots.
class TargetSlots {
 public:
  static constexpr int kConnectionsPerLoad = 2;

  /// `connections`: the most to one target (CPI_TARGET_CONNECTIONS). One load is always allowed.
  explicit TargetSlots(int connections) : most_(std::max(1, connections / kConnectionsPerLoad)) {}

  /// The right to one load; given back on destruction.
  class Slot {
   public:
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), target_(std::move(other.target_)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_ != nullptr) slots_->give_back(target_);
    }

   private:
    friend class TargetSlots;
    Slot(TargetSlots* slots, std::string target) : slots_(slots), target_(std::move(target)) {}
    TargetSlots* slots_;
    std::string target_;
  };

  /// Waits for a slot; nothing when `stop` was requested first.
  std::optional<Slot> acquire(const std::string& target, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return running_[target] < most_; })) return std::nullopt;
    ++running_[target];
    return Slot(this, target);
  }

 private:
  void give_back(const std::string& target) {
    const std::lock_guard lock(mutex_);
    if (--running_[target] == 0) running_.erase(target);
    changed_.notify_all();
  }

  const int most_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, int> running_;
};

}  // namespace cpi::job
