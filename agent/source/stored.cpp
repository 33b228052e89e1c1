#include "source/stored.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "source/descriptor.h"

namespace cpi::source {

namespace {

class StoredFile final : public File {
 public:
  StoredFile(Descriptor descriptor, Entry entry) : descriptor_(std::move(descriptor)), entry_(std::move(entry)) {}
  const Entry& entry() const override { return entry_; }
  int descriptor() const override { return descriptor_.get(); }
  std::int64_t size() const override { return entry_.size; }
  /// Nobody else can reach it.
  Result<void> unchanged() const override { return {}; }

 private:
  Descriptor descriptor_;
  Entry entry_;
};

Error unwritable(const std::string& path) {
  return {Code::kFileUnreadable,
          "the stored content of \"" + path + "\" cannot be put into a temporary file: " + std::strerror(errno), "",
          "Give the agent's machine room in its directory for temporary files (TMPDIR)."};
}

class StoredSource final : public Source {
 public:
  StoredSource(std::vector<Entry> entries, std::function<Result<std::string>(const std::string&)> content)
      : entries_(std::move(entries)), content_(std::move(content)) {}

  Result<std::vector<Entry>> list() override { return entries_; }

  Result<std::unique_ptr<File>> fetch(const Entry& entry, std::stop_token) override {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& one) { return one.path == entry.path; });
    if (found == entries_.end()) {
      return Error{Code::kFileNotFound, "file \"" + entry.path + "\" is not among the stored ones", "", ""};
    }
    const Result<std::string> content = content_(entry.path);
    if (!content.ok()) return content.error();
    Descriptor file(::open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file.is_open()) return unwritable(entry.path);
    for (std::string_view rest = *content; !rest.empty();) {
      const ssize_t written = ::write(file.get(), rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return unwritable(entry.path);
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    Entry now = *found;
    now.size = static_cast<std::int64_t>(content->size());
    return std::unique_ptr<File>(std::make_unique<StoredFile>(std::move(file), std::move(now)));
  }

 private:
  std::vector<Entry> entries_;
  std::function<Result<std::string>(const std::string&)> content_;
};

}  // namespace

std::unique_ptr<Source> make_stored_source(std::vector<Entry> entries,
                                           std::function<Result<std::string>(const std::string& path)> content) {
  return std::make_unique<StoredSource>(std::move(entries), std::move(content));
}

}  // namespace cpi::source
