#include "import/byte_feed.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cpi::import {

namespace {

/// Large enough that system calls do not count, small enough that bytes are still in the cache when they are scanned.
constexpr std::size_t kChunkBytes = std::size_t{512} << 10;

Error unreadable(const source::File& file, int error) {
  return {Code::kFileUnreadable, "file \"" + file.entry().path + "\" cannot be read: " + std::strerror(error), "", ""};
}

}  // namespace

ByteFeed::ByteFeed(const source::File& file, std::unique_ptr<text::Transcoder> transcoder, ContentHash* hash)
    : file_(&file), transcoder_(std::move(transcoder)), hash_(hash) {}

Result<ByteFeed> ByteFeed::open(const source::File& file, const std::string& encoding, ContentHash* hash) {
  char start[4096];
  const ssize_t size = ::pread(file.descriptor(), start, sizeof start, 0);
  if (size < 0) return unreadable(file, errno);
  auto transcoder = text::make_transcoder(encoding, {start, static_cast<std::size_t>(size)});
  if (!transcoder.ok()) return transcoder.error();
  return ByteFeed(file, std::move(*transcoder), hash);
}

Result<std::size_t> ByteFeed::read(char* into, std::size_t size) {
  const std::int64_t left = file_->entry().size - offset_;
  const std::size_t wanted = std::min(size, static_cast<std::size_t>(std::max<std::int64_t>(left, 0)));
  if (wanted == 0) return std::size_t{0};
  ssize_t got = 0;
  do {
    got = ::pread(file_->descriptor(), into, wanted, offset_);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return unreadable(*file_, errno);
  if (got == 0) {
    return Error{Code::kFileChanged, "file \"" + file_->entry().path + "\" was cut while it was being imported",
                 "It ends at byte " + std::to_string(offset_) + " of " + std::to_string(file_->entry().size) + ".",
                 "Let its producer write to another name and rename it when it is complete."};
  }
  if (hash_ != nullptr) hash_->add({into, static_cast<std::size_t>(got)});
  offset_ += got;
  return static_cast<std::size_t>(got);
}

Result<void> ByteFeed::fill(csv::Reader& reader) {
  if (transcoder_->is_identity()) {
    const std::span<char> window = reader.space(kChunkBytes);
    const Result<std::size_t> got = read(window.data(), std::min(window.size(), kChunkBytes));
    if (!got.ok()) return got.error();
    if (*got == 0) {
      reader.finish();
    } else {
      reader.commit(*got);
    }
    return {};
  }
  places_.forget_before(reader.bytes_read());
  raw_.resize(kChunkBytes);
  const std::int64_t from = offset_;
  const Result<std::size_t> got = read(raw_.data(), raw_.size());
  if (!got.ok()) return got.error();
  places_.add(given_, from, *got, transcoder_->clone(), *got == 0);
  transcoded_.clear();
  if (*got == 0) {
    transcoder_->finish(transcoded_);
  } else {
    transcoder_->convert({raw_.data(), *got}, transcoded_);
  }
  if (!transcoded_.empty()) {
    std::memcpy(reader.space(transcoded_.size()).data(), transcoded_.data(), transcoded_.size());
    reader.commit(transcoded_.size());
    given_ += static_cast<std::int64_t>(transcoded_.size());
  }
  if (*got == 0) reader.finish();
  return {};
}

csv::Origin ByteFeed::origin() {
  if (transcoder_->is_identity()) return {};
  return [this](std::int64_t utf8) { return file_offset(utf8); };
}

std::int64_t ByteFeed::file_offset(std::int64_t utf8) {
  if (transcoder_->is_identity()) return utf8;
  return places_.source_of(utf8, [this](std::int64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t got = ::pread(file_->descriptor(), bytes.data(), size, offset);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return bytes;
  });
}

}  // namespace cpi::import
