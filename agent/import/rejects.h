// Where rejected rows go: bounded, so that a file full of errors costs no memory; all are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/csv/row.h"

namespace cpi::import {

/// Keeps the first `capacity` rejects, counts all. Not thread-safe.
class RejectSink {
 public:
  static constexpr std::size_t kDefaultCapacity = 10000;
  explicit RejectSink(std::size_t capacity = kDefaultCapacity) : capacity_(capacity) {}

  void add(csv::Reject reject) {
    ++count_;
    if (kept_.size() < capacity_) kept_.push_back(std::move(reject));
  }
  /// Counts rejects whose texts nobody fetches any more, `capacity` being reached.
  void count_only(std::int64_t rows) { count_ += rows; }
  /// How many more rejects are kept.
  std::size_t room() const { return capacity_ - kept_.size(); }
  std::int64_t count() const { return count_; }
  const std::vector<csv::Reject>& kept() const { return kept_; }

 private:
  std::size_t capacity_;
  std::int64_t count_ = 0;
  std::vector<csv::Reject> kept_;
};

}  // namespace cpi::import
