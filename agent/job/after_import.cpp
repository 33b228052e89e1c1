#include "job/after_import.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "source/dated_name.h"
#include "source/descriptor.h"
#include "source/iso_time.h"
#include "source/local_open.h"

namespace cpi::job {

namespace {

constexpr std::string_view kProcessed = "processed";
constexpr std::string_view kFailed = "failed";
constexpr std::string_view kImported = ".imported";

using source::Descriptor;

std::string reason() { return std::strerror(errno); }

bool same_bytes(int directory, const char* name, const store::ManifestEntry& file) {
  struct stat now {};
  if (::fstatat(directory, name, &now, AT_SYMLINK_NOFOLLOW) != 0) return false;
  return S_ISREG(now.st_mode) && file.size == now.st_size && file.modified_at &&
         source::parse_iso_time(source::iso_time(now.st_mtim)) == source::parse_iso_time(*file.modified_at);
}

int rename_new(int from_directory, const char* from, int to_directory, const char* to) {
  return static_cast<int>(::syscall(SYS_renameat2, from_directory, from, to_directory, to, RENAME_NOREPLACE));
}

/// Renames within the directory, or into its subdirectory `into`. Checked before and after: a file that was replaced
/// between the two goes back to its place.
std::string put_aside(const store::ManifestEntry& file, const FilePlace& place, std::string_view into, bool remove,
                      const std::string& new_name) {
  if (place.remote != nullptr) {
    return place.remote->put_aside({file.path, file.size.value_or(-1), file.modified_at.value_or("")},
                                   {std::string(into), new_name, remove});
  }
  const std::filesystem::path path = (place.base / file.path).lexically_normal();
  const std::string name = path.filename();
  const auto left = [&path](const std::string& why) {
    return "file \"" + path.string() + "\" was left in place: " + why;
  };

  const Result<source::LocalPath> parent = source::locate(place.roots, path.parent_path());
  if (!parent.ok()) return left(parent.error().message);
  const Result<Descriptor> opened = source::open_directory(*parent);
  if (!opened.ok()) return left(opened.error().message);
  const Descriptor& directory = *opened;
  if (::faccessat(directory.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) return "";
  if (!same_bytes(directory.get(), name.c_str(), file))
    return left("it has changed since, and the newer content waits");

  int to = directory.get();
  if (!into.empty()) {
    const std::string subdirectory(into);
    if (::mkdirat(directory.get(), subdirectory.c_str(), 0770) != 0 && errno != EEXIST) {
      return left("directory \"" + subdirectory + "\" cannot be made (" + reason() + ")");
    }
    to = ::openat(directory.get(), subdirectory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to < 0) return left("directory \"" + subdirectory + "\" cannot be opened (" + reason() + ")");
  }
  const Descriptor target(into.empty() ? -1 : to);

  std::string final_name = new_name;
  if (rename_new(directory.get(), name.c_str(), to, final_name.c_str()) != 0) {
    if (errno != EEXIST) return left(reason());
    final_name = source::dated_name(new_name);
    if (rename_new(directory.get(), name.c_str(), to, final_name.c_str()) != 0) return left(reason());
  }
  if (!same_bytes(to, final_name.c_str(), file)) {
    rename_new(to, final_name.c_str(), directory.get(), name.c_str());
    return left("it has changed since, and the newer content waits");
  }
  if (remove && ::unlinkat(to, final_name.c_str(), 0) != 0) return left("it cannot be deleted (" + reason() + ")");
  return "";
}

}  // namespace

std::string after_success(config::AfterImport what, const store::ManifestEntry& file, const FilePlace& place) {
  const std::string name = std::filesystem::path(file.path).filename();
  switch (what) {
    case config::AfterImport::kKeep: return "";
    case config::AfterImport::kMove: return put_aside(file, place, kProcessed, false, name);
    case config::AfterImport::kRename: return put_aside(file, place, "", false, name + std::string(kImported));
    case config::AfterImport::kDelete: return put_aside(file, place, "", true, "." + name + std::string(kImported));
  }
  return "";
}

std::string after_failure(config::OnFailure what, const store::ManifestEntry& file, const FilePlace& place) {
  // A missing file has no time in the manifest; there is nothing to move.
  if (what == config::OnFailure::kKeep || !file.modified_at) return "";
  return put_aside(file, place, kFailed, false, std::filesystem::path(file.path).filename());
}

bool is_put_aside(std::string_view path) {
  if (path.ends_with(kImported)) return true;
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view directory = path.substr(0, slash);
  const std::string_view last = directory.substr(directory.rfind('/') + 1);
  return last == kProcessed || last == kFailed;
}

}  // namespace cpi::job
