// The reader's memory: a window on the input that moves forward, and an arena for fields that are not as they stand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace cpi::csv {

/// Input that has been committed and not yet consumed, in one piece. Grows only when a single row does not fit.
class Window {
 public:
  const char* begin() const { return buffer_.get() + begin_; }
  const char* end() const { return buffer_.get() + end_; }
  std::size_t size() const { return end_ - begin_; }
  /// The byte offset in the stream of `at`, which lies within the window.
  std::int64_t offset(const char* at) const { return dropped_ + (at - buffer_.get()); }
  std::int64_t consumed() const { return dropped_ + static_cast<std::int64_t>(begin_); }

  /// Room for at least `bytes` bytes behind the input. Moves the input: every pointer into the window is void after it.
  std::span<char> space(std::size_t bytes) {
    if (capacity_ - end_ < bytes) {
      const std::size_t kept = size();
      // Twice what is kept, so that small chunks do not move a long row again and again.
      const std::size_t wanted = std::max(kept + bytes, kept * 2);
      if (wanted > capacity_) {
        const std::size_t capacity = std::max(wanted, kSmallest);
        std::unique_ptr<char[]> grown(new char[capacity]);
        if (kept > 0) std::memcpy(grown.get(), begin(), kept);
        buffer_ = std::move(grown);
        capacity_ = capacity;
      } else if (kept > 0) {
        std::memmove(buffer_.get(), begin(), kept);
      }
      dropped_ += static_cast<std::int64_t>(begin_);
      begin_ = 0;
      end_ = kept;
    }
    return {buffer_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t bytes) { end_ += bytes; }
  void consume(const char* up_to) { begin_ = static_cast<std::size_t>(up_to - buffer_.get()); }

 private:
  static constexpr std::size_t kSmallest = std::size_t{64} << 10;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::int64_t dropped_ = 0;  // bytes of the stream before the buffer
};

/// Keeps copies of texts at fixed addresses until `clear`.
class Arena {
 public:
  std::string_view store(std::string_view text) {
    if (room_ < text.size()) {
      const std::size_t size = std::max(text.size(), kBlock);
      blocks_.emplace_back(new char[size]);
      at_ = blocks_.back().get();
      room_ = size;
    }
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    const std::string_view stored(at_, text.size());
    at_ += text.size();
    room_ -= text.size();
    return stored;
  }
  void clear() {
    blocks_.clear();
    at_ = nullptr;
    room_ = 0;
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{64} << 10;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* at_ = nullptr;
  std::size_t room_ = 0;
};

}  // namespace cpi::csv
