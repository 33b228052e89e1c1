#include "cli/rejects_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "core/csv/rejects_csv.h"
#include "import/result_json.h"
#include "net/descriptor.h"

namespace cpi::cli {

namespace {

namespace fs = std::filesystem;
using net::Descriptor;

/// By what it is, whatever it is called and whichever links lead to it; by its path where nothing is there yet.
bool is_same_file(const std::string& one, const std::string& other) {
  std::error_code ignored;
  if (fs::equivalent(one, other, ignored)) return true;
  const fs::path place = fs::weakly_canonical(fs::absolute(one, ignored), ignored);
  return !place.empty() && place == fs::weakly_canonical(fs::absolute(other, ignored), ignored);
}

/// Writes all of it and closes the file. False, with errno: not all of it has been written.
bool write_and_close(Descriptor file, std::string_view bytes, bool sync) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (sync && ::fsync(file.get()) != 0) return false;
  return ::close(file.release()) == 0;
}

/// Writes a file beside `path`, hidden as work in progress, that takes its place when it is complete. Returns why not:
/// what was there is there still then; "" when it is done.
std::string replace(const fs::path& path, const std::string& bytes) {
  struct stat old {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  // A file that may not be written to does not make way for another one either.
  if (exists && ::access(path.c_str(), W_OK) != 0) return std::strerror(errno);
  fs::path unfinished = path;
  unfinished.replace_filename(".cpi-rejects-" + std::to_string(::getpid()));
  ::unlink(unfinished.c_str());
  Descriptor file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, exists ? 0600 : 0666));
  if (!file.is_open()) return std::string("no file can be made in its directory: ") + std::strerror(errno);
  // Root gives it to whom it belonged; others may not, and then it is theirs.
  [[maybe_unused]] const int given = exists ? ::fchown(file.get(), old.st_uid, old.st_gid) : 0;
  if ((!exists || ::fchmod(file.get(), old.st_mode & 0777) == 0) && write_and_close(std::move(file), bytes, true) &&
      ::rename(unfinished.c_str(), path.c_str()) == 0) {
    return "";
  }
  const std::string why = std::strerror(errno);
  ::unlink(unfinished.c_str());
  return why;
}

/// For what cannot be replaced: a pipe, a device such as /dev/stdout, a link to what is not there yet. Returns why not,
/// or "" when it is done.
std::string write_through(const std::string& path, const std::string& bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  return file.is_open() && write_and_close(std::move(file), bytes, false) ? "" : std::strerror(errno);
}

}  // namespace

std::string rejects_csv(const csv::Dialect& dialect, std::vector<std::string> header,
                        const std::vector<csv::Reject>& rejects, std::size_t reasons) {
  header.erase(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(reasons));
  std::string out = csv::rejects_header(dialect, header);
  for (const csv::Reject& reject : rejects) {
    if (!import::is_whole(reject)) continue;
    out += csv::rejects_row(dialect, "", reject.line, reject.column, reject.message,
                            csv::without_first_fields(dialect, reject.raw, reasons));
  }
  return out;
}

Result<void> write_rejects(const std::string& path, const std::string& csv, const text::FileEncoding& encoding) {
  const Result<std::string> bytes = text::encode(csv, encoding);
  if (!bytes.ok()) return bytes.error();
  std::error_code ignored;
  const fs::file_status there = fs::status(path, ignored);
  const bool link = fs::is_symlink(fs::symlink_status(path, ignored));
  const bool replaceable = fs::exists(there) ? fs::is_regular_file(there) : !link;
  const std::string why =
      replaceable ? replace(link ? fs::canonical(path, ignored) : fs::path(path), *bytes) : write_through(path, *bytes);
  if (why.empty()) return {};
  return Error{Code::kFileUnreadable, "rejects file \"" + path + "\" cannot be written: " + why, "", ""};
}

Result<void> check_rejects_path(const std::string& path, const std::vector<std::string>& inputs) {
  std::vector<std::string> targets{path};
  std::set<std::string> taken;
  for (const std::string& input : inputs) {
    if (inputs.size() > 1) targets.push_back(rejects_path(path, input, true, taken));
  }
  for (const std::string& target : targets) {
    for (const std::string& input : inputs) {
      if (!is_same_file(target, input)) continue;
      return Error{Code::kInvalidArgument, "--rejects would replace \"" + input + "\", a file that the rows come from",
                   target == input ? "" : "\"" + target + "\" is that file.", "Name another file with --rejects."};
    }
  }
  return {};
}

std::string stale_rejects(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) ? "no row was rejected: " + path + " is from an earlier import\n" : "";
}

std::string rejects_path(const std::string& path, const std::string& name, bool several, std::set<std::string>& taken) {
  if (!several) return path;
  const fs::path asked(path);
  const std::string stem = asked.stem().string() + "." + fs::path(name).stem().string();
  for (int number = 1;; ++number) {
    fs::path named(asked);
    named.replace_filename(stem + (number > 1 ? "_" + std::to_string(number) : "") + asked.extension().string());
    if (taken.insert(named.string()).second) return named.string();
  }
}

}  // namespace cpi::cli
