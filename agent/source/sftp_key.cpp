#include "source/sftp_key.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include "source/descriptor.h"

namespace cpi::source {

namespace {

constexpr std::size_t kMostBytes = 64 << 10;

/// Text that is wiped when it goes.
class SecretText {
 public:
  explicit SecretText(std::size_t size) : bytes_(size + 1) {}
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  char* data() { return bytes_.data(); }
  std::string_view view() const { return bytes_.data(); }

 private:
  std::vector<char> bytes_;
};

Error refused(std::string what, std::string detail, std::string hint) {
  return {Code::kSourceRefused, std::move(what), std::move(detail), std::move(hint)};
}

/// An OpenSSH key says its cipher near its beginning: "openssh-key-v1", a zero byte, then the cipher's name, which is
/// "none" for a key in the clear. In base64 such keys all begin alike.
bool is_encrypted(std::string_view text) {
  constexpr std::string_view kOpenSshInTheClear = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
  if (text.find("BEGIN OPENSSH PRIVATE KEY") != std::string_view::npos) {
    return text.find(kOpenSshInTheClear) == std::string_view::npos;
  }
  return text.find("ENCRYPTED") != std::string_view::npos;
}

Error no_key(std::string_view text) {
  if (text.starts_with("PuTTY-User-Key-File")) {
    return refused("the file that key_path names is a key in PuTTY's form", "",
                   "Convert it: puttygen KEY.ppk -O private-openssh -o KEY, and name the new file.");
  }
  if (text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") ||
      text.find("PUBLIC KEY") != std::string_view::npos) {
    return refused("the file that key_path names is a public key", "",
                   "Name the private key: usually the file without \".pub\".");
  }
  return refused("the file that key_path names is no private key that can be read",
                 "It must be an OpenSSH or PEM file.", "");
}

}  // namespace

Result<PrivateKey> read_private_key(const std::string& path, const std::string& passphrase) {
  // Where keys lie is not for everybody who may see a job's errors: the path is told to admins, by the source alone.
  const std::string name = "the private key that key_path names";
  if (!std::filesystem::path(path).is_absolute()) {
    return refused("key_path is no absolute path", "", "Write key_path from the root, such as \"/etc/cpi/erp_key\".");
  }
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.is_open()) {
    return refused(name + " cannot be read: " + std::strerror(errno), "",
                   "key_path names a file on the agent's machine that the agent's user can read.");
  }
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return refused(name + " is no regular file", "", "");
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0 && facts.st_uid == ::geteuid()) {
    return refused(name + " can be read or changed by others", "", "Run chmod 600 on it; its owner alone may read it.");
  }
  if (facts.st_size > static_cast<off_t>(kMostBytes)) return no_key("");

  SecretText text(static_cast<std::size_t>(facts.st_size));
  const ssize_t got = ::pread(file.get(), text.data(), static_cast<std::size_t>(facts.st_size), 0);
  if (got < 0) return refused(name + " cannot be read: " + std::strerror(errno), "", "");

  const bool encrypted = is_encrypted(text.view());
  if (encrypted && passphrase.empty()) {
    return refused(name + " is encrypted", "", "Give its passphrase as the password.");
  }
  ssh_key key = nullptr;
  // Never a null passphrase: OpenSSL would ask for one on the terminal.
  if (::ssh_pki_import_privkey_base64(text.data(), passphrase.c_str(), nullptr, nullptr, &key) != SSH_OK) {
    if (encrypted) {
      return refused("the passphrase of " + name + " is wrong", "", "With a key_path the password is the key's.");
    }
    return no_key(text.view());
  }
  return PrivateKey(key);
}

}  // namespace cpi::source
