#include "source/local_open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "core/text/identifier.h"

namespace cpi::source {

namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return "\"" + path.string() + "\""; }

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(::geteuid());
}

/// "Did you mean …?" with the nearest name in the file's directory; empty when nothing is near.
std::string nearest_hint(const fs::path& path) {
  std::vector<std::string> names;
  constexpr std::size_t kMostNames = 10000;
  std::error_code ignored;
  for (fs::directory_iterator it(path.parent_path().empty() ? fs::path(".") : path.parent_path(), ignored), end;
       it != end && names.size() < kMostNames; it.increment(ignored)) {
    names.push_back(it->path().filename().string());
  }
  const std::string nearest = text::nearest(path.filename().string(), names);
  return nearest.empty() ? "" : "Did you mean \"" + nearest + "\"?";
}

Error open_error(const LocalPath& path, int error, const char* what) {
  const std::string name = std::string(what) + " " + quoted(path.full());
  switch (error) {
    case ENOENT:
    case ENOTDIR: return {Code::kFileNotFound, name + " does not exist", "", nearest_hint(path.full())};
    case EACCES:
    case EPERM:
      return {Code::kFileUnreadable, name + " cannot be read: permission denied", "",
              "Give the user \"" + user_name() + "\" the right to read it and to pass through its directories."};
    case ELOOP:
    case EXDEV:
      return {Code::kFileNotAllowed, name + " goes through a symbolic link or leaves its root",
              "Files are read only from beneath " + quoted(path.root) + ", and through no symbolic link.",
              "Name the file itself, or add its directory to CPI_LOCAL_ROOTS."};
    case ENXIO:
    case ENODEV:
      return {Code::kFileNotAllowed, name + " is no regular file", "", "Only regular files can be imported."};
    default: return {Code::kFileUnreadable, name + " cannot be opened: " + std::strerror(error), "", ""};
  }
}

std::string_view kind_of_file(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "no regular file";
}

int open_beneath(int root, const fs::path& relative, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, root, relative.c_str(), &how, sizeof how);
  // EPERM is also what container runtimes answer whose seccomp filter is older than the call.
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
  return detail::open_by_walk(root, relative, flags);
}

Result<Descriptor> open_at(const LocalPath& path, int flags, const char* what) {
  // O_NONBLOCK: a FIFO without a writer must not hang us. It changes nothing for regular files.
  flags |= O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  if (path.root.empty()) {
    Descriptor file(::open(path.relative.c_str(), flags));
    if (!file.is_open()) return open_error(path, errno, what);
    return file;
  }
  const Descriptor root(::open(path.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) return open_error({"", path.root}, errno, "directory");
  Descriptor file(open_beneath(root.get(), path.relative.empty() ? fs::path(".") : path.relative, flags));
  if (!file.is_open()) return open_error(path, errno, what);
  return file;
}

/// `path` below `root` by their spelling, or nothing.
bool lies_beneath(const fs::path& root, const fs::path& path, fs::path& relative) {
  relative = path.lexically_relative(root);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

namespace detail {

int open_by_walk(int root, const fs::path& relative, int flags) {
  Descriptor directory(::openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return -1;
  const fs::path normal = relative.lexically_normal();
  for (auto part = normal.begin(); part != normal.end(); ++part) {
    if (*part == ".." || part->is_absolute()) {
      errno = EXDEV;
      return -1;
    }
    if (std::next(part) == normal.end()) return ::openat(directory.get(), part->c_str(), flags | O_NOFOLLOW);
    Descriptor next(::openat(directory.get(), part->c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next.is_open()) return -1;
    struct stat facts {};
    if (::fstat(next.get(), &facts) != 0) return -1;
    if (!S_ISDIR(facts.st_mode)) {
      errno = S_ISLNK(facts.st_mode) ? ELOOP : ENOTDIR;
      return -1;
    }
    directory = std::move(next);
  }
  errno = ENOENT;
  return -1;
}

}  // namespace detail

Result<LocalPath> locate(const std::vector<fs::path>& roots, const fs::path& path) {
  if (roots.empty()) return LocalPath{"", path};
  // Links are refused on the way down, so "a/../b" is "b" here.
  const fs::path normal = path.lexically_normal();
  std::string known;
  for (const fs::path& root : roots) {
    fs::path relative;
    std::error_code ignored;
    // A root may itself be reached through a link; people name files either way.
    for (const fs::path& spelling : {root.lexically_normal(), fs::weakly_canonical(root, ignored)}) {
      if (!spelling.empty() && lies_beneath(spelling, normal, relative)) return LocalPath{spelling, relative};
    }
    known += (known.empty() ? "" : ", ") + quoted(root);
  }
  return Error{Code::kFileNotAllowed, quoted(path) + " lies outside the allowed directories",
               "The allowed directories are: " + known + ".",
               "Move the file below one of them, or add its directory to CPI_LOCAL_ROOTS of the agent."};
}

Result<Descriptor> open_regular_file(const LocalPath& path) {
  Result<Descriptor> file = open_at(path, 0, "file");
  if (!file.ok()) return file;
  struct stat facts {};
  if (::fstat(file->get(), &facts) != 0) return open_error(path, errno, "file");
  if (!S_ISREG(facts.st_mode)) {
    return Error{Code::kFileNotAllowed, quoted(path.full()) + " is " + std::string(kind_of_file(facts.st_mode)), "",
                 S_ISDIR(facts.st_mode) ? "Name the files in it." : "Only regular files can be imported."};
  }
  return file;
}

Result<Descriptor> open_directory(const LocalPath& path) { return open_at(path, O_DIRECTORY, "directory"); }

}  // namespace cpi::source
