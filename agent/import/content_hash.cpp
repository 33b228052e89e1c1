#include "import/content_hash.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "import/failures.h"

namespace cpi::import {

namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace

ContentHash::ContentHash() : thread_([this] { run(); }) {}

ContentHash::~ContentHash() {
  const std::lock_guard lock(mutex_);
  dropped_ = true;
  changed_.notify_all();
}

void ContentHash::add(std::span<const char> bytes) {
  std::vector<char> block;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < kMostBlocks; });
    if (!spare_.empty()) {
      block = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  block.assign(bytes.begin(), bytes.end());
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(block));
  changed_.notify_all();
}

std::string ContentHash::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }
  thread_.join();
  if (digest_.empty()) throw std::runtime_error("OpenSSL could not compute a SHA-256");
  return digest_;
}

void ContentHash::run() {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (;;) {
    std::vector<char> block;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !waiting_.empty() || finished_ || dropped_; });
      if (dropped_) return;
      if (waiting_.empty()) break;
      block = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.notify_all();
    }
    good = good && EVP_DigestUpdate(context.get(), block.data(), block.size()) == 1;
    const std::lock_guard lock(mutex_);
    spare_.push_back(std::move(block));
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (good && EVP_DigestFinal_ex(context.get(), digest, &size) == 1) digest_ = to_hex({digest, size});
}

Result<std::string> hash_file(const source::File& file, std::stop_token stop) {
  ContentHash hash;
  std::vector<char> block(std::size_t{512} << 10);
  for (std::int64_t offset = 0; offset < file.entry().size;) {
    if (stop.stop_requested()) return stopped();
    const auto wanted = std::min<std::int64_t>(static_cast<std::int64_t>(block.size()), file.entry().size - offset);
    const ssize_t got = ::pread(file.descriptor(), block.data(), static_cast<std::size_t>(wanted), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return Error{got < 0 ? Code::kFileUnreadable : Code::kFileChanged,
                   "file \"" + file.entry().path + "\" cannot be read to its end" +
                       (got < 0 ? std::string(": ") + std::strerror(errno) : std::string()),
                   "", ""};
    }
    hash.add({block.data(), static_cast<std::size_t>(got)});
    offset += got;
  }
  return hash.finish();
}

}  // namespace cpi::import
