#include "app/agent_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <system_error>

namespace cpi::app {

namespace {

constexpr std::size_t kUuidSize = 36;

bool is_uuid(const std::string& text) {
  return text.size() == kUuidSize &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0 || c == '-'; });
}

}  // namespace

AgentFile::AgentFile(const std::filesystem::path& data_dir) {
  std::error_code ignored;
  std::filesystem::create_directories(data_dir, ignored);
  const int file = ::open((data_dir / "agent.id").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return;
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    ::close(file);
    return;
  }
  file_ = file;
  std::array<char, kUuidSize> text{};
  const ssize_t size = ::pread(file_, text.data(), text.size(), 0);
  if (size > 0) predecessor_.assign(text.data(), static_cast<std::size_t>(size));
  if (!is_uuid(predecessor_)) predecessor_.clear();
}

AgentFile::~AgentFile() {
  if (file_ >= 0) ::close(file_);
}

void AgentFile::remember(const std::string& id) const {
  if (file_ < 0) return;
  // One short write: what is there afterwards is the old id, the new one, or no id at all.
  if (::pwrite(file_, id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    [[maybe_unused]] const int emptied = ::ftruncate(file_, 0);
  }
}

}  // namespace cpi::app
