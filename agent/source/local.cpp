// Local files: a directory listed, or files that were named. Both open through local_open.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "source/iso_time.h"
#include "source/local_open.h"
#include "source/source.h"

namespace cpi::source {

namespace {

namespace fs = std::filesystem;

Entry describe(const std::string& path, const struct stat& facts) {
  return {path, static_cast<std::int64_t>(facts.st_size), iso_time(facts.st_mtim)};
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

Error changed(const fs::path& path, const std::string& detail) {
  return {Code::kFileChanged, "file \"" + path.string() + "\" changed while it was being imported", detail,
          "Let its producer write to another name and rename it when it is complete."};
}

class LocalFile final : public File {
 public:
  LocalFile(Descriptor descriptor, LocalPath path, Entry entry, const struct stat& facts)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), entry_(std::move(entry)), opened_(facts) {}

  const Entry& entry() const override { return entry_; }
  int descriptor() const override { return descriptor_.get(); }

  std::int64_t size() const override {
    struct stat now {};
    return ::fstat(descriptor_.get(), &now) == 0 ? static_cast<std::int64_t>(now.st_size) : -1;
  }

  Result<void> unchanged() const override {
    struct stat now {};
    if (::fstat(descriptor_.get(), &now) != 0) return changed(path_.full(), std::strerror(errno));
    if (!same_file(opened_, now)) {
      return changed(path_.full(), "It had " + std::to_string(opened_.st_size) + " bytes of " +
                                       iso_time(opened_.st_mtim) + " and has " + std::to_string(now.st_size) +
                                       " bytes of " + iso_time(now.st_mtim) + ".");
    }
    // The name must still lead to these bytes: what is done to the file after the import is done by name.
    const Result<Descriptor> again = open_regular_file(path_);
    if (!again.ok()) return changed(path_.full(), again.error().message + ".");
    if (::fstat(again->get(), &now) != 0 || !same_file(opened_, now)) {
      return changed(path_.full(), "Another file has taken its place.");
    }
    return {};
  }

 private:
  Descriptor descriptor_;
  LocalPath path_;
  Entry entry_;
  struct stat opened_;
};

/// Opens `path` and checks it against the manifest; an entry without a time (a file that was missing then) matches all.
Result<std::unique_ptr<File>> open_entry(const LocalPath& path, const Entry& entry) {
  Result<Descriptor> descriptor = open_regular_file(path);
  if (!descriptor.ok()) return descriptor.error();
  struct stat facts {};
  if (::fstat(descriptor->get(), &facts) != 0) {
    return Error{Code::kFileUnreadable, "file \"" + path.full().string() + "\": " + std::strerror(errno), "", ""};
  }
  Entry now = describe(entry.path, facts);
  const auto listed_time = parse_iso_time(entry.modified_at);
  if (listed_time && (entry.size != now.size || listed_time != parse_iso_time(now.modified_at))) {
    return changed(path.full(), "It was listed with " + std::to_string(entry.size) + " bytes of " + entry.modified_at +
                                    " and has " + std::to_string(now.size) + " bytes of " + now.modified_at + ".");
  }
  return std::unique_ptr<File>(std::make_unique<LocalFile>(std::move(*descriptor), path, std::move(now), facts));
}

}  // namespace

Result<Entry> Source::look(const Entry& entry) {
  const Result<std::unique_ptr<File>> file = fetch({entry.path, -1, ""}, {});
  if (!file.ok()) return file.error();
  return (*file)->entry();
}

std::string Source::put_aside(const Entry& entry, const Aside&) {
  return "file \"" + entry.path + "\" was left in place: it is none of a remote source";
}

namespace {

class DirectorySource final : public Source {
 public:
  DirectorySource(LocalPath directory, bool recursive) : directory_(std::move(directory)), recursive_(recursive) {}

  Result<std::vector<Entry>> list() override {
    std::vector<Entry> entries;
    Result<Descriptor> top = open_directory(directory_);
    if (!top.ok()) return top.error();
    if (Result<void> listed = list_into(std::move(*top), "", 0, entries); !listed.ok()) return listed.error();
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
    return entries;
  }

  Result<std::unique_ptr<File>> fetch(const Entry& entry, std::stop_token) override {
    // The manifest comes from the management database: a path in it may no more leave the root than one that was typed.
    const fs::path relative = (directory_.relative / entry.path).lexically_normal();
    if (fs::path(entry.path).is_absolute() || relative.empty() || *relative.begin() == "..") {
      return Error{Code::kFileNotAllowed, "\"" + entry.path + "\" lies outside the project's directory", "", ""};
    }
    return open_entry({directory_.root, relative}, entry);
  }

 private:
  static constexpr int kMostDepth = 64;

  Result<void> list_into(Descriptor directory, const std::string& prefix, int depth, std::vector<Entry>& entries) {
    struct Close {
      void operator()(DIR* stream) const { ::closedir(stream); }
    };
    const std::unique_ptr<DIR, Close> stream(::fdopendir(directory.get()));
    if (!stream) {
      return Error{
          Code::kFileUnreadable,
          "directory \"" + (directory_.full() / prefix).string() + "\" cannot be listed: " + std::strerror(errno), "",
          ""};
    }
    const int fd = directory.release();  // the stream owns it now
    while (const dirent* item = ::readdir(stream.get())) {
      const std::string name = item->d_name;
      // Hidden files are other programs' work in progress (editors, rsync), and as in a shell `*` does not mean them.
      if (name.front() == '.') continue;
      struct stat facts {};
      if (::fstatat(fd, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone since readdir
      const std::string path = prefix.empty() ? name : prefix + "/" + name;
      if (S_ISREG(facts.st_mode)) {
        entries.push_back(describe(path, facts));
      } else if (S_ISDIR(facts.st_mode) && recursive_ && depth < kMostDepth) {
        Descriptor below(::openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!below.is_open()) {
          if (errno == ENOENT) continue;
          return Error{
              Code::kFileUnreadable,
              "directory \"" + (directory_.full() / path).string() + "\" cannot be read: " + std::strerror(errno), "",
              ""};
        }
        if (Result<void> listed = list_into(std::move(below), path, depth + 1, entries); !listed.ok()) return listed;
      }
    }
    return {};
  }

  LocalPath directory_;
  bool recursive_;
};

class NamedFilesSource final : public Source {
 public:
  NamedFilesSource(std::vector<fs::path> roots, const fs::path& base_path, const std::vector<std::string>& files)
      : roots_(std::move(roots)) {
    for (const std::string& file : files) paths_.push_back(fs::absolute(base_path / file).lexically_normal());
  }

  Result<std::vector<Entry>> list() override {
    std::vector<Entry> entries;
    for (const fs::path& path : paths_) {
      entries.push_back({path.string(), -1, ""});
      const Result<LocalPath> place = locate(roots_, path);
      if (!place.ok()) continue;
      const Result<Descriptor> file = open_regular_file(*place);
      struct stat facts {};
      if (file.ok() && ::fstat(file->get(), &facts) == 0) entries.back() = describe(path.string(), facts);
    }
    return entries;
  }

  Result<std::unique_ptr<File>> fetch(const Entry& entry, std::stop_token) override {
    const Result<LocalPath> place = locate(roots_, entry.path);
    if (!place.ok()) return place.error();
    return open_entry(*place, entry);
  }

 private:
  std::vector<fs::path> roots_;
  std::vector<fs::path> paths_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_local_source(const std::vector<fs::path>& roots, const fs::path& directory,
                                                  bool recursive) {
  if (!directory.is_absolute()) {
    return Error{Code::kFileNotAllowed, "directory \"" + directory.string() + "\" is no absolute path", "",
                 "Write local.path from the root, such as \"/srv/inbox\"."};
  }
  if (roots.empty()) {
    return Error{Code::kFileNotAllowed, "no local directory is allowed", "", "Set CPI_LOCAL_ROOTS of the agent."};
  }
  Result<LocalPath> place = locate(roots, directory);
  if (!place.ok()) return place.error();
  if (const Result<Descriptor> opened = open_directory(*place); !opened.ok()) return opened.error();
  return std::unique_ptr<Source>(std::make_unique<DirectorySource>(std::move(*place), recursive));
}

std::unique_ptr<Source> make_named_files_source(const std::vector<fs::path>& roots, const fs::path& base_path,
                                                const std::vector<std::string>& files) {
  return std::make_unique<NamedFilesSource>(roots, base_path, files);
}

}  // namespace cpi::source
