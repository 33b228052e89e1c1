// How a local path becomes an open descriptor without being led astray: beneath an allowed root, through no symbolic
// link, and only to a regular file or directory. Linux: openat2(2), with a walk of openat(O_NOFOLLOW) where a kernel or
// a seccomp filter refuses it.
//
// Hard links are files like any other: the kernel (fs.protected_hardlinks, on by default) lets nobody make one to a
// file that he may not read and write himself.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "source/descriptor.h"

namespace cpi::source {

/// A path and the root that it must not leave. Without a root (empty) the path is opened as it is, links included.
struct LocalPath {
  std::filesystem::path root;      ///< absolute, or empty
  std::filesystem::path relative;  ///< below `root`; the whole path when there is no root

  std::filesystem::path full() const { return root.empty() ? relative : root / relative; }
};

/// Where `path` (absolute) lies. An empty `roots` allows every path. Fails with kFileNotAllowed, naming the roots.
Result<LocalPath> locate(const std::vector<std::filesystem::path>& roots, const std::filesystem::path& path);

/// Opens a regular file for reading; never blocks on a FIFO. Fails with kFileNotFound (hint: the nearest name beside
/// it), kFileNotAllowed (a link, a FIFO, a device, a directory) or kFileUnreadable.
Result<Descriptor> open_regular_file(const LocalPath& path);

/// Opens a directory for listing. Fails likewise.
Result<Descriptor> open_directory(const LocalPath& path);

namespace detail {
/// The walk that stands in for openat2; `flags` as for open(2). Returns the descriptor, or -1 with errno set.
/// Visible for its test: on today's kernels it does not run otherwise.
int open_by_walk(int root, const std::filesystem::path& relative, int flags);
}  // namespace detail

}  // namespace cpi::source
