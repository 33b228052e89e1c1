// SHA-256 of the bytes that pass by, computed on a thread of its own so that hashing costs the loading thread one
// memcpy. The bytes hashed are those that were loaded, not those that a second reading would find.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "source/source.h"

namespace cpi::import {

/// One hash of one file. `add` and `finish` belong to one thread.
class ContentHash {
 public:
  ContentHash();
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;
  /// Waits for the thread; what was not hashed is dropped.
  ~ContentHash();

  /// Takes the next bytes; copies them, and blocks while the thread is `kMostBlocks` behind.
  void add(std::span<const char> bytes);
  /// The hash of everything as 64 hexadecimal digits. Call it once, last. Throws std::runtime_error when OpenSSL fails.
  std::string finish();

 private:
  static constexpr std::size_t kMostBlocks = 4;
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<char>> waiting_;
  std::vector<std::vector<char>> spare_;  ///< blocks to be used again
  bool finished_ = false;
  bool dropped_ = false;
  std::string digest_;  ///< written by the thread before it ends
  std::jthread thread_;
};

/// The hash of a whole file, read for this alone. Fails with kFileUnreadable, kFileChanged or kStopped.
Result<std::string> hash_file(const source::File& file, std::stop_token stop);

}  // namespace cpi::import
