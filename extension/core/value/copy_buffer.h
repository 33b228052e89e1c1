// A growing buffer of COPY BINARY bytes in network byte order.
// The format: PostgreSQL's documentation of COPY, section "Binary Format"; src/backend/commands/copyto.c.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace cpi::value {

/// Bytes to be sent. Keeps its memory across `clear()`. Not thread-safe.
class CopyBuffer {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const char* data() const { return data_.get(); }
  std::span<const char> bytes() const { return {data_.get(), size_}; }
  void clear() { size_ = 0; }
  /// Drops everything after the first `size` bytes: takes back a row that turned out to be rejected.
  void truncate(std::size_t size) { size_ = size; }

  /// Room for `bytes` more; the pointer is valid until the next call.
  char* reserve(std::size_t bytes) {
    if (capacity_ - size_ < bytes) grow(bytes);
    return data_.get() + size_;
  }
  /// Counts `bytes` written at `reserve()`.
  void advance(std::size_t bytes) { size_ += bytes; }

  void put_bytes(std::string_view bytes) {
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void put_int16(std::int16_t v) { put(__builtin_bswap16(static_cast<std::uint16_t>(v))); }
  void put_int32(std::int32_t v) { put(__builtin_bswap32(static_cast<std::uint32_t>(v))); }
  void put_int64(std::int64_t v) { put(__builtin_bswap64(static_cast<std::uint64_t>(v))); }
  void put_float4(float v) { put(__builtin_bswap32(std::bit_cast<std::uint32_t>(v))); }
  void put_float8(double v) { put(__builtin_bswap64(std::bit_cast<std::uint64_t>(v))); }
  /// A NULL field: a length of -1.
  void put_null() { put_int32(-1); }

 private:
  template <typename T>
  void put(T v) {
    std::memcpy(reserve(sizeof v), &v, sizeof v);
    size_ += sizeof v;
  }
  void grow(std::size_t bytes) {
    std::size_t wanted = capacity_ * 2 > size_ + bytes ? capacity_ * 2 : size_ + bytes + 4096;
    auto next = std::make_unique_for_overwrite<char[]>(wanted);
    if (size_ > 0) std::memcpy(next.get(), data_.get(), size_);
    data_ = std::move(next);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace cpi::value
