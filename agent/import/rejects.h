// Where rejected rows go: bounded, so that a file full of errors costs no memory; all are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/csv/row.h"

namespace cpi::import {

/// Keeps the first `capacity` rejects, or fewer when their texts are long; counts all. Not thread-safe.
class RejectSink {
 public:
  static constexpr std::size_t kDefaultCapacity = 10000;
  /// Of raw rows and messages: they travel to the management database as one JSON document.
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  explicit RejectSink(std::size_t capacity = kDefaultCapacity) : capacity_(capacity) {}

  void add(csv::Reject reject) {
    ++count_;
    if (room() == 0) return;
    bytes_ += reject.raw.size() + reject.message.size();
    kept_.push_back(std::move(reject));
  }
  /// Counts rejects whose texts nobody fetches any more, there being no room.
  void count_only(std::int64_t rows) { count_ += rows; }
  /// How many more rejects are kept.
  std::size_t room() const { return bytes_ < kMostBytes ? capacity_ - kept_.size() : 0; }
  std::int64_t count() const { return count_; }
  const std::vector<csv::Reject>& kept() const { return kept_; }

 private:
  std::size_t capacity_;
  std::size_t bytes_ = 0;
  std::int64_t count_ = 0;
  std::vector<csv::Reject> kept_;
};

}  // namespace cpi::import
