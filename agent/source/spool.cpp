#include "source/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace cpi::source {

namespace {

namespace fs = std::filesystem;

/// Of files on file systems without O_TMPFILE, for the moment between their making and their unlinking.
constexpr std::string_view kNamePrefix = "cpi-spool-";

std::string in_megabytes(std::int64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MB"; }

Error disk_error(int error, const std::string& what) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return {Code::kSpoolFull, what + ": " + std::strerror(error), "",
          full ? "Free disk space for CPI_DATA_DIR of the agent, or name a larger disk there."
               : "The agent must be able to write below CPI_DATA_DIR."};
}

}  // namespace

SpoolFile::SpoolFile(Spool& spool, Descriptor descriptor, std::int64_t bytes)
    : spool_(&spool), descriptor_(std::move(descriptor)), bytes_(bytes) {}

SpoolFile::SpoolFile(SpoolFile&& other) noexcept
    : spool_(std::exchange(other.spool_, nullptr)), descriptor_(std::move(other.descriptor_)), bytes_(other.bytes_) {}

SpoolFile::~SpoolFile() {
  if (spool_ == nullptr) return;
  descriptor_ = Descriptor();  // the disk first, then the room for another one
  spool_->give_back(bytes_);
}

Result<void> SpoolFile::write(const char* data, std::size_t size, std::int64_t offset) {
  while (size > 0) {
    const ssize_t written = ::pwrite(descriptor_.get(), data, size, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return disk_error(written < 0 ? errno : EIO, "cannot write the spooled file");
    data += written;
    size -= static_cast<std::size_t>(written);
    offset += written;
  }
  return {};
}

Spool::Spool(fs::path directory, std::int64_t max_bytes) : directory_(std::move(directory)), max_bytes_(max_bytes) {
  std::error_code ignored;
  for (fs::directory_iterator it(directory_, ignored), end; !ignored && it != end; it.increment(ignored)) {
    std::error_code gone;
    if (it->path().filename().string().starts_with(kNamePrefix)) fs::remove(it->path(), gone);
  }
}

Result<Descriptor> Spool::open_nameless() const {
  std::error_code failed;
  fs::create_directories(directory_.parent_path(), failed);
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
    return disk_error(errno, "cannot make the directory \"" + directory_.string() + "\"");
  }
  Descriptor file(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.is_open()) return file;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) {
    return disk_error(errno, "cannot make a file in \"" + directory_.string() + "\"");
  }
  std::string name = directory_ / (std::string(kNamePrefix) + "XXXXXX");
  Descriptor named(::mkostemp(name.data(), O_CLOEXEC));
  if (!named.is_open()) return disk_error(errno, "cannot make a file in \"" + directory_.string() + "\"");
  ::unlink(name.c_str());
  return named;
}

Result<SpoolFile> Spool::take(std::int64_t bytes, const std::stop_token& stop) {
  if (bytes > max_bytes_) {
    return Error{Code::kLimitExceeded,
                 "the file has " + in_megabytes(bytes) + ", and the agent may keep " + in_megabytes(max_bytes_) +
                     " of remote files at a time",
                 "", "Raise CPI_SPOOL_MAX of the agent."};
  }
  {
    std::unique_lock lock(mutex_);
    // Whoever has the room loads a file and ends: nobody who holds some waits for more.
    if (!freed_.wait(lock, stop, [&] { return used_ + bytes <= max_bytes_; })) {
      return Error{Code::kStopped, "stopped while waiting for room in the spool", "", ""};
    }
    used_ += bytes;
  }
  Result<Descriptor> opened = open_nameless();
  if (!opened.ok()) {
    give_back(bytes);
    return opened.error();
  }
  SpoolFile file(*this, std::move(*opened), bytes);
  // A full disk is better known before the transfer than at its end.
  if (bytes > 0 && ::fallocate(file.descriptor(), FALLOC_FL_KEEP_SIZE, 0, bytes) != 0 &&
      (errno == ENOSPC || errno == EDQUOT)) {
    return disk_error(errno, "no room for " + in_megabytes(bytes) + " in \"" + directory_.string() + "\"");
  }
  return file;
}

void Spool::give_back(std::int64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    used_ -= bytes;
  }
  freed_.notify_all();
}

}  // namespace cpi::source
