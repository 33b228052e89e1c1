// Where files come from. A source lists what is there and fetches one file as a regular file that can be read twice.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"

namespace cpi::source {

/// One file as a listing shows it; becomes a row of the manifest (cpi_job_files).
struct Entry {
  std::string path;  ///< relative to the source's root, with '/'; absolute for `local_files`
  std::int64_t size = 0;
  std::string modified_at;  ///< ISO 8601 in UTC with microseconds
};

/// An open regular file, at its beginning, that can be read more than once. Owns the descriptor and its spool, if any.
class File {
 public:
  virtual ~File() = default;
  virtual const Entry& entry() const = 0;
  /// A descriptor for pread(); valid as long as this object.
  virtual int descriptor() const = 0;
  /// Size now, as fstat says.
  virtual std::int64_t size() const = 0;
  /// Still the bytes that were opened (device, inode, size and time for local files)? Fails with kFileChanged.
  virtual Result<void> unchanged() const = 0;
};

/// Where a file goes that was loaded or has failed: renamed in its directory or into a subdirectory of it, or removed.
struct Aside {
  std::string subdirectory;  ///< made when it is missing; empty: the file's own directory
  std::string name;          ///< with `remove`, the name that the file has for a moment
  bool remove = false;
};

class Source {
 public:
  virtual ~Source() = default;
  /// All candidate files, sorted by path. Fails with kFileNotFound, kFileNotAllowed or kFileUnreadable.
  virtual Result<std::vector<Entry>> list() = 0;
  /// Opens one file of the manifest. Fails likewise, and with kFileChanged when size or time differ from `entry`.
  virtual Result<std::unique_ptr<File>> fetch(const Entry& entry, std::stop_token stop) = 0;
  /// The file as it is now, without its bytes. Fails likewise.
  virtual Result<Entry> look(const Entry& entry);
  /// Puts a file of the manifest aside, for sources that are no directory of this machine. Touches only the bytes that
  /// `entry` describes and never overwrites a file. Answers a sentence that says why the file had to be left in place;
  /// "" when it was put aside or is not there any more.
  virtual std::string put_aside(const Entry& entry, const Aside& aside);
};

/// Files below `directory`, which must lie beneath one of `roots` (CPI_LOCAL_ROOTS); no symlinks, FIFOs or devices
/// (openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS). `recursive`: a pattern has a '/'.
Result<std::unique_ptr<Source>> make_local_source(const std::vector<std::filesystem::path>& roots,
                                                  const std::filesystem::path& directory, bool recursive);

/// Exactly the named files (`local_files`), relative to `base_path` when given; a missing one is reported by `fetch`,
/// not by `list`, so that it becomes a failed file of the job. An empty `roots` allows every path (`cpi import --to`,
/// which runs with the rights of the person who calls it).
std::unique_ptr<Source> make_named_files_source(const std::vector<std::filesystem::path>& roots,
                                                const std::filesystem::path& base_path,
                                                const std::vector<std::string>& files);

}  // namespace cpi::source
