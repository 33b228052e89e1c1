#include "source/stored.h"

#include <algorithm>

namespace cpi::source {

namespace {

class StoredFile final : public File {
 public:
  StoredFile(SpoolFile spooled, Entry entry) : spooled_(std::move(spooled)), entry_(std::move(entry)) {}
  const Entry& entry() const override { return entry_; }
  int descriptor() const override { return spooled_.descriptor(); }
  std::int64_t size() const override { return entry_.size; }
  /// Nobody else can reach it.
  Result<void> unchanged() const override { return {}; }

 private:
  SpoolFile spooled_;
  Entry entry_;
};

class StoredSource final : public Source {
 public:
  StoredSource(std::vector<Entry> entries, std::function<Result<std::string>(const std::string&)> content, Spool& spool)
      : entries_(std::move(entries)), content_(std::move(content)), spool_(spool) {}

  Result<std::vector<Entry>> list() override { return entries_; }

  Result<std::unique_ptr<File>> fetch(const Entry& entry, std::stop_token stop) override {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& one) { return one.path == entry.path; });
    if (found == entries_.end()) {
      return Error{Code::kFileNotFound, "file \"" + entry.path + "\" is not among the stored ones", "", ""};
    }
    const Result<std::string> content = content_(entry.path);
    if (!content.ok()) return content.error();
    Result<SpoolFile> file = spool_.take(static_cast<std::int64_t>(content->size()), stop);
    if (!file.ok()) return file.error();
    if (Result<void> kept = file->write(content->data(), content->size(), 0); !kept.ok()) return kept.error();
    Entry now = *found;
    now.size = static_cast<std::int64_t>(content->size());
    return std::unique_ptr<File>(std::make_unique<StoredFile>(std::move(*file), std::move(now)));
  }

 private:
  std::vector<Entry> entries_;
  std::function<Result<std::string>(const std::string&)> content_;
  Spool& spool_;
};

}  // namespace

std::unique_ptr<Source> make_stored_source(std::vector<Entry> entries,
                                           std::function<Result<std::string>(const std::string& path)> content,
                                           Spool& spool) {
  return std::make_unique<StoredSource>(std::move(entries), std::move(content), spool);
}

}  // namespace cpi::source
