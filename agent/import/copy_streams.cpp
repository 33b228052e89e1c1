#include "import/copy_streams.h"

#include <system_error>
#include <utility>

namespace cpi::import {

namespace {

/// Role and database may carry time limits meant for queries (Supabase: 2 minutes). LOCAL, because a pooler may hand
/// the session to somebody else afterwards.
constexpr const char* kBeginCopy =
    "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = '5min'";

/// The end of COPY BINARY data: a field count of -1.
constexpr char kTrailer[2] = {'\xff', '\xff'};

}  // namespace

CopyStreams::CopyStreams(std::span<db::Connection> connections, const target::Staging& staging)
    : connections_(connections), staging_(staging), most_waiting_(connections.size() + 1) {
  threads_.reserve(connections_.size());
  try {
    for (db::Connection& connection : connections_) threads_.emplace_back([this, &connection] { send(connection); });
  } catch (const std::system_error&) {
    // No thread to spare: fewer streams do it too. Without any the load cannot go on; nobody waits then.
    if (threads_.empty()) throw;
  }
}

CopyStreams::~CopyStreams() {
  if (!threads_.empty()) abandon();
}

void CopyStreams::send(db::Connection& connection) {
  try {
    db::Transaction transaction(connection, kBeginCopy);
    db::CopyIn copy = target::copy_into(connection, staging_);
    for (;;) {
      ConvertedBatch batch;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !waiting_.empty() || finished_ || abandoned_; });
        if (abandoned_) return;
        if (waiting_.empty()) break;
        batch = std::move(waiting_.front());
        waiting_.pop_front();
        changed_.notify_all();
      }
      copy.put(batch.tuples.bytes());
      batch.tuples.clear();
      batch.rows = 0;
      const std::lock_guard lock(mutex_);
      spare_.push_back(std::move(batch));
    }
    copy.put(kTrailer);
    const std::int64_t copied = copy.finish();
    transaction.commit();
    const std::lock_guard lock(mutex_);
    copied_ += copied;
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    changed_.notify_all();
  }
}

void CopyStreams::rethrow_failure() {
  const std::exception_ptr failure = failure_;
  if (!failure) return;
  abandon();
  std::rethrow_exception(failure);
}

void CopyStreams::put(ConvertedBatch& batch, std::stop_token stop) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return waiting_.size() < most_waiting_ || failure_; });
    if (!failure_ && waiting_.size() < most_waiting_) {
      waiting_.push_back(std::exchange(batch, {}));
      if (!spare_.empty()) {
        batch = std::move(spare_.back());
        spare_.pop_back();
      }
      changed_.notify_all();
      return;
    }
    if (!failure_) return;
  }
  rethrow_failure();
}

std::int64_t CopyStreams::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }
  threads_.clear();
  if (failure_) std::rethrow_exception(failure_);
  return copied_;
}

void CopyStreams::abandon() noexcept {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }
  // A server that waits for a lock or a disk takes no bytes: only a cancel frees the thread that sends to it.
  for (db::Connection& connection : connections_) connection.cancel();
  threads_.clear();
}

}  // namespace cpi::import
