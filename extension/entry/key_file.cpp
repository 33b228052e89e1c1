#include "entry/key_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "pg/bridge.h"

namespace cpi::entry {
namespace {

constexpr std::size_t kMaxFileBytes = 65536;

[[noreturn]] void fail(std::string message, std::string detail, std::string hint) {
  throw pg::Failure{pg::kKeyFileError, {Code::kInvalidConfig, std::move(message), std::move(detail), std::move(hint)}};
}

/// How to make a key file at `path`. noclobber: never over an existing key.
std::string making_command(const std::string& path) {
  return "As the server's operating-system user run: (umask 077; set -C; echo \"1:$(head -c 32 /dev/urandom | "
         "base64)\" > '" +
         path + "')";
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A buffer of known size for key material: it never moves in memory, and is wiped when it goes.
struct Buffer {
  std::unique_ptr<char[]> bytes = std::make_unique<char[]>(kMaxFileBytes + 1);
  std::size_t size = 0;
  ~Buffer() { sodium_memzero(bytes.get(), kMaxFileBytes + 1); }
  std::string_view text() const { return {bytes.get(), size}; }
  void add(std::string_view text) {
    if (size + text.size() > kMaxFileBytes) throw std::length_error("the key file would grow beyond 64 kB");
    std::memcpy(bytes.get() + size, text.data(), text.size());
    size += text.size();
  }
};

std::string reason() { return std::string(std::strerror(errno)) + "."; }

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), &std::free);
  return resolved ? resolved.get() : std::string();
}

bool lies_below(const std::string& path, const std::string& directory) {
  return !directory.empty() && path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/' || directory == "/");
}

void check_safe(const std::string& path, int fd, std::string_view data_directory) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail("key file \"" + path + "\" cannot be examined", reason(), "");
  if (!S_ISREG(status.st_mode)) {
    fail("key file \"" + path + "\" is not a regular file", "", "Set cpi.key_file to the path of a file.");
  }
  if (lies_below(real_path(path), real_path(std::string(data_directory)))) {
    fail("key file \"" + path + "\" lies inside the data directory",
         "Every base backup would carry the key beside the data.",
         "Move it to another directory and set cpi.key_file to the new path.");
  }
  if (status.st_uid != ::geteuid()) {
    fail("key file \"" + path + "\" does not belong to the server's operating-system user", "",
         "Run as root: chown " + std::to_string(::geteuid()) + " '" + path + "'");
  }
  if ((status.st_mode & 0177) != 0) {
    fail("key file \"" + path + "\" is open to other users", "Its mode must be 0600 or 0400.",
         "Run: chmod 600 '" + path + "'");
  }
}

std::string directory_of(const std::string& path) {
  const std::string target = real_path(path);
  return target.substr(0, target.rfind('/') + 1);
}

/// Held while the file is rewritten; the file itself cannot be locked, since the rename replaces it. Without the lock
/// two sessions could each write a file that lacks the other one's key.
Descriptor lock_directory(const std::string& path) {
  const int fd = ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int locked = -1;
  if (fd >= 0) {
    do {
      locked = ::flock(fd, LOCK_EX);
    } while (locked != 0 && errno == EINTR);
  }
  if (locked != 0) {
    const std::string why = reason();
    if (fd >= 0) ::close(fd);
    fail("the directory of key file \"" + path + "\" cannot be locked", why,
         "Let the server's operating-system user read the directory, and keep it on a file system that has locks.");
  }
  return Descriptor(fd);
}

/// `line` as a key; fails naming the line's number only.
Key parse_line(const std::string& path, std::size_t number, std::string_view line) {
  Key key;
  const std::size_t colon = line.find(':');
  const char* const end = line.data() + (colon == std::string_view::npos ? 0 : colon);
  const auto [stop, error] = std::from_chars(line.data(), end, key.version);
  std::size_t size = 0;
  const bool valid = colon != std::string_view::npos && error == std::errc() && stop == end && key.version > 0 &&
                     sodium_base642bin(key.bytes, sizeof key.bytes, line.data() + colon + 1, line.size() - colon - 1,
                                       "\r\t ", &size, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0 &&
                     size == sizeof key.bytes;
  if (!valid) {
    fail("line " + std::to_string(number) + " of key file \"" + path + "\" is not a key",
         "A key's line is VERSION:KEY, with a whole number above 0 and 32 bytes in base64.",
         "Correct the line, or put # before it if no secret is sealed under it.");
  }
  return key;
}

}  // namespace

KeyRing KeyRing::load(const std::string& path, std::string_view data_directory) {
  if (path.empty()) {
    fail("cpi.key_file is not set: secrets cannot be sealed",
         "Passwords are stored sealed under a key outside the database.",
         making_command("/var/lib/postgresql/cpi.key") +
             "; then run as superuser: LOAD 'cpi'; ALTER SYSTEM SET cpi.key_file = '/var/lib/postgresql/cpi.key'; "
             "SELECT "
             "pg_reload_conf();");
  }
  if (path[0] != '/')
    fail("cpi.key_file \"" + path + "\" is not an absolute path", "", "Set cpi.key_file to a path from /.");
  // O_NONBLOCK: a FIFO must not hold up the server.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    const bool missing = errno == ENOENT;
    fail("key file \"" + path + "\" cannot be opened", reason(),
         missing ? making_command(path) + ". If secrets are sealed already, restore the file from its backup instead."
                 : "The server's operating-system user must be able to read it.");
  }
  check_safe(path, file.get(), data_directory);

  Buffer buffer;
  while (buffer.size <= kMaxFileBytes) {
    const ssize_t got = ::read(file.get(), buffer.bytes.get() + buffer.size, kMaxFileBytes + 1 - buffer.size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("key file \"" + path + "\" cannot be read", reason(), "");
    if (got == 0) break;
    buffer.size += static_cast<std::size_t>(got);
  }
  if (buffer.size > kMaxFileBytes) fail("key file \"" + path + "\" is larger than 64 kB", "", making_command(path));

  KeyRing ring;
  std::string_view rest = buffer.text();
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    ring.keys_.push_back(parse_line(path, number, line));
  }
  if (ring.keys_.empty()) {
    fail("key file \"" + path + "\" holds no key", "", "Remove the empty file. " + making_command(path));
  }
  const auto by_version = [](const Key& a, const Key& b) { return a.version < b.version; };
  std::sort(ring.keys_.begin(), ring.keys_.end(), by_version);
  for (std::size_t i = 1; i < ring.keys_.size(); ++i) {
    if (ring.keys_[i].version == ring.keys_[i - 1].version) {
      fail("key file \"" + path + "\" holds version " + std::to_string(ring.keys_[i].version) + " twice", "",
           "Give the newer key the next number.");
    }
  }
  return ring;
}

const Key& KeyRing::find(std::int32_t version) const {
  for (const Key& key : keys_) {
    if (key.version == version) return key;
  }
  fail("the key file does not hold version " + std::to_string(version) + " of the key", "A secret is sealed under it.",
       "Add the line of that version from a backup of the key file, or from the machine on which it was made.");
}

void KeyRing::write(const std::string& path) const {
  Buffer buffer;
  buffer.add("# Keys of cpi's secrets, VERSION:BASE64. Keep a copy: without it no sealed password can be read.\n");
  for (const Key& key : keys_) {
    char base64[sodium_base64_ENCODED_LEN(sizeof key.bytes, sodium_base64_VARIANT_ORIGINAL)];
    sodium_bin2base64(base64, sizeof base64, key.bytes, sizeof key.bytes, sodium_base64_VARIANT_ORIGINAL);
    buffer.add(std::to_string(key.version) + ":");
    buffer.add(base64);
    buffer.add("\n");
    sodium_memzero(base64, sizeof base64);
  }

  // The rename must not replace a symbolic link by a file, so the link's target is written.
  const std::string target = real_path(path);
  const std::string directory = directory_of(path);
  std::string temporary = target + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  const std::string hint = "Give the server's operating-system user the right to write to " + directory +
                           ", or add a line VERSION:KEY by hand: echo \"" + std::to_string(newest().version) +
                           ":$(head -c 32 /dev/urandom | base64)\" >> '" + path + "'";
  if (file.get() < 0) fail("no new key file can be written beside \"" + path + "\"", reason(), hint);
  std::size_t written = 0;
  bool good = true;
  while (good && written < buffer.size) {
    const ssize_t put = ::write(file.get(), buffer.bytes.get() + written, buffer.size - written);
    if (put < 0 && errno == EINTR) continue;
    good = put > 0;
    if (good) written += static_cast<std::size_t>(put);
  }
  good = good && ::fsync(file.get()) == 0 && ::rename(temporary.c_str(), target.c_str()) == 0;
  if (!good) {
    const std::string why = reason();
    ::unlink(temporary.c_str());
    fail("no new key file can be written beside \"" + path + "\"", why, hint);
  }
  const Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) {
    fail("directory \"" + directory + "\" of the key file cannot be flushed to disk", reason(),
         "Check the disk, then try again.");
  }
}

std::int32_t add_key(const std::string& path, std::string_view data_directory) {
  KeyRing::load(path, data_directory);  // a wrong path is refused in its own words, before its directory
  const Descriptor lock = lock_directory(path);
  KeyRing ring = KeyRing::load(path, data_directory);
  Key key;
  key.version = ring.newest().version + 1;
  randombytes_buf(key.bytes, sizeof key.bytes);
  ring.keys_.push_back(key);
  ring.write(path);
  return key.version;
}

void remove_key(const std::string& path, std::string_view data_directory, std::int32_t version) {
  KeyRing::load(path, data_directory);  // a wrong path is refused in its own words, before its directory
  const Descriptor lock = lock_directory(path);
  KeyRing ring = KeyRing::load(path, data_directory);
  ring.find(version);
  if (ring.keys_.size() == 1) {
    fail("version " + std::to_string(version) + " is the only key", "", "Rotate first: SELECT cpi_rotate_key()");
  }
  std::erase_if(ring.keys_, [version](const Key& candidate) { return candidate.version == version; });
  ring.write(path);
}

}  // namespace cpi::entry
