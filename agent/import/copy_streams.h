// The sending half of the pipeline: one COPY per connection, each on a thread of its own, fed from one bounded queue,
// so that converting never waits for one server process while another is idle, and memory does not grow with the file.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "db/connection.h"
#include "import/filter.h"
#include "target/staging.h"

namespace cpi::import {

/// COPYs batches into one staging table. `put`, `finish` and `abandon` belong to one thread; the connections and the
/// staging table must outlive it, and nobody else may use the connections meanwhile.
class CopyStreams {
 public:
  CopyStreams(std::span<db::Connection> connections, const target::Staging& staging);
  CopyStreams(const CopyStreams&) = delete;
  CopyStreams& operator=(const CopyStreams&) = delete;
  /// Abandons what was not finished.
  ~CopyStreams();

  /// Hands a batch over and leaves an empty one in its place; blocks while all streams are busy and the queue is full,
  /// until `stop` is requested. Throws the db::Error that ended a stream.
  void put(ConvertedBatch& batch, std::stop_token stop);

  /// Waits until everything is in the table and committed; returns the sum of the COPY tags. Throws as `put`.
  std::int64_t finish();

  /// Cancels the COPYs and waits for the threads; the table keeps nothing of streams that had not ended.
  void abandon() noexcept;

 private:
  void send(db::Connection& connection);
  void rethrow_failure();

  std::span<db::Connection> connections_;
  const target::Staging& staging_;
  std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<ConvertedBatch> waiting_;
  std::vector<ConvertedBatch> spare_;  ///< emptied batches, to be filled again
  bool finished_ = false;
  bool abandoned_ = false;
  std::exception_ptr failure_;
  std::int64_t copied_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace cpi::import
