// The key file: the keys under which secrets are sealed, one line each, `VERSION:BASE64 OF 32 BYTES`. Blank lines and
// lines that start with # are ignored. The highest version seals; every version opens what it sealed.
//
// The file lies outside the data directory, so that base backups and dumps do not carry it; it is a regular file, owned
// by the server's operating-system user and closed to everybody else (0600 or 0400). It does not protect against
// superusers. Plain C++ and POSIX, without the server's headers; failures are thrown as pg::Failure and never hold a
// key.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cpi::entry {

/// One key. Its bytes are wiped when it goes.
struct Key {
  std::int32_t version = 0;
  unsigned char bytes[crypto_aead_xchacha20poly1305_ietf_KEYBYTES] = {};

  Key() = default;
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key() { sodium_memzero(bytes, sizeof bytes); }
};

/// The keys of a file, versions ascending, each once.
class KeyRing {
 public:
  /// Reads `path`; `data_directory` is where it must not lie. Fails when the file is missing, unsafe, malformed or
  /// empty, naming the command that mends it.
  static KeyRing load(const std::string& path, std::string_view data_directory);

  /// The key that seals.
  const Key& newest() const { return keys_.back(); }
  /// The key of `version`; fails when the file does not hold it (any more, or on this machine).
  const Key& find(std::int32_t version) const;
  const std::vector<Key>& keys() const { return keys_; }

 private:
  friend std::int32_t add_key(const std::string&, std::string_view);
  friend void remove_key(const std::string&, std::string_view, std::int32_t);
  void write(const std::string& path) const;

  std::vector<Key> keys_;
};

/// Writes a new random key under the next version into the key file `path` and returns that version. The file is
/// replaced as a whole (temporary file, fsync, rename, fsync of the directory): after a crash it is the old or the new
/// one. Two callers at once wait for each other.
std::int32_t add_key(const std::string& path, std::string_view data_directory);
/// Takes `version` out of the file, likewise; fails when it is the only one or not there.
void remove_key(const std::string& path, std::string_view data_directory, std::int32_t version);

}  // namespace cpi::entry
