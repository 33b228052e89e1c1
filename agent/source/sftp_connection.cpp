#include "source/sftp_connection.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>
#include <vector>

#include "net/connect.h"
#include "observe/observe.h"
#include "source/host_key.h"
#include "source/sftp_login.h"

namespace cpi::source {

namespace {

/// A server shows one of its keys, of the first of these kinds that it has. Asked one after the other when the key that
/// is known is of another kind.
constexpr std::array<const char*, 3> kHostKeyTypes = {
    "ssh-ed25519", "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521", "rsa-sha2-512,rsa-sha2-256"};

Error key_changed(const SftpSettings& settings, const std::string& expected, const std::string& shown) {
  return {Code::kSourceRefused,
          "the host key of SFTP server \"" + settings.address() + "\" is not the known one: expected " + expected +
              ", got " + shown,
          "Somebody may be answering in its place, or the server was set up anew. Nothing was sent to it.",
          "Ask its administrator for the fingerprint. When the new one is right, set host_key to it."};
}

Error key_unknown(const SftpSettings& settings, const std::string& shown) {
  return {
      Code::kSourceRefused,
      "the host key of SFTP server \"" + settings.address() + "\" is not known, and host_key is strict: got " + shown,
      "", "Ask its administrator for the fingerprint. When this one is right, set host_key to \"" + shown + "\"."};
}

}  // namespace

void SftpConnection::FreeSession::operator()(ssh_session session) const {
  ::ssh_disconnect(session);
  ::ssh_free(session);
}

Result<std::unique_ptr<SftpConnection>> SftpConnection::open(const SftpSettings& settings, const SftpAccess& access,
                                                             const std::stop_token& stop) {
  Result<ExpectedHostKey> expected = parse_host_key(settings.host_key);
  if (!expected.ok()) return expected.error();
  std::string first_shown;
  std::vector<const char*> kinds = {nullptr};  // libssh's own order first
  kinds.insert(kinds.end(), kHostKeyTypes.begin(), kHostKeyTypes.end());
  for (const char* kind : kinds) {
    Result<Descriptor> socket =
        net::connect(settings.host, static_cast<std::uint16_t>(settings.port), access.egress, access.timeout, stop);
    if (!socket.ok()) return socket.error();
    std::unique_ptr<SftpConnection> connection(new SftpConnection(settings, access.timeout));
    if (Result<void> exchanged = connection->exchange_keys(std::move(*socket), kind, stop); !exchanged.ok()) {
      if (kind == nullptr || stop.stop_requested()) return exchanged.error();
      continue;  // it has no key of this kind
    }
    const std::string& shown = connection->host_key_;
    if (first_shown.empty()) first_shown = shown;
    if (access.shown) access.shown(first_shown);
    if (expected->fingerprint.empty()) {
      if (expected->strict) return key_unknown(settings, shown);
      if (access.pin) {
        const std::string text = access.pin(settings.host, settings.port, shown);
        const Result<ExpectedHostKey> kept = parse_host_key(text);
        if (!kept.ok()) return kept.error();
        if (kept->strict) return key_unknown(settings, shown);
        if (text.empty()) {
          return Error{Code::kSourceUnreachable,
                       "SFTP server \"" + settings.address() + "\" is not the one of the source any more", "",
                       "The source was changed meanwhile: try again."};
        }
        expected->fingerprint = kept->fingerprint;
      }
    }
    if (!expected->fingerprint.empty() && expected->fingerprint != shown) continue;
    if (Result<void> done = connection->log_in(); !done.ok()) return done.error();
    if (Result<void> done = connection->start_sftp(); !done.ok()) return done.error();
    return connection;
  }
  return key_changed(settings, expected->fingerprint, first_shown);
}

SftpConnection::~SftpConnection() {
  // Saying goodbye must not wait for a server that does not listen.
  if (watchdog_ && session_) watchdog_->arm(std::chrono::seconds(2));
  sftp_.reset();
  session_.reset();
}

Result<void> SftpConnection::exchange_keys(Descriptor socket, const char* host_key_types, const std::stop_token& stop) {
  watchdog_.emplace(socket.get(), stop);
  session_.reset(::ssh_new());
  ssh_session session = session_.get();
  if (session == nullptr) throw std::bad_alloc();
  const bool no_config = false;
  // Later than the watchdog's, which knows why it ended the wait.
  const long seconds = static_cast<long>(timeout_.count() / 1000) + 10;
  const socket_t fd = socket.get();
  bool good = ::ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no_config) == SSH_OK &&
              // We have connected already: a name that libssh would not take as a host's must not matter.
              ::ssh_options_set(session, SSH_OPTIONS_HOST, "server") == SSH_OK &&
              ::ssh_options_set(session, SSH_OPTIONS_SSH_DIR, "/nonexistent") == SSH_OK &&
              ::ssh_options_set(session, SSH_OPTIONS_USER, settings_.username.c_str()) == SSH_OK &&
              // Without these two the user's known_hosts would decide which of its keys the server is asked for.
              ::ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null") == SSH_OK &&
              ::ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") == SSH_OK &&
              ::ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &seconds) == SSH_OK &&
              ::ssh_options_set(session, SSH_OPTIONS_FD, &fd) == SSH_OK;
  if (good && host_key_types != nullptr) {
    good = ::ssh_options_set(session, SSH_OPTIONS_HOSTKEYS, host_key_types) == SSH_OK;
  }
  if (!good) {
    return Error{Code::kInvalidConfig, server() + " cannot be asked: " + said(), "", "Check host and username."};
  }
  socket.release();  // the session owns it now
  watchdog_->arm(timeout_);
  if (::ssh_connect(session) != SSH_OK) {
    if (!watchdog_->expired() && !watchdog_->stopped() && ::ssh_get_serverbanner(session) == nullptr) {
      return Error{Code::kSourceUnreachable, "no SSH server answers at \"" + settings_.address() + "\"", said(),
                   "Check host and port: SFTP is SSH, usually on port 22. FTP and FTPS are something else."};
    }
    return lost(server() + " did not agree on a connection");
  }
  ssh_key raw = nullptr;
  if (::ssh_get_server_publickey(session, &raw) != SSH_OK) return lost(server() + " showed no host key");
  const std::unique_ptr<ssh_key_struct, void (*)(ssh_key)> key(raw, ::ssh_key_free);
  unsigned char* digest = nullptr;
  std::size_t size = 0;
  if (::ssh_get_publickey_hash(raw, SSH_PUBLICKEY_HASH_SHA256, &digest, &size) != 0) {
    return lost(server() + " showed a host key that cannot be read");
  }
  char* text = ::ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, digest, size);
  ::ssh_clean_pubkey_hash(&digest);
  if (text == nullptr) throw std::bad_alloc();
  host_key_ = text;
  ::ssh_string_free_char(text);
  return {};
}

Result<void> SftpConnection::log_in() {
  watchdog_->arm(timeout_);
  Result<LoginOutcome> outcome = try_login(session_.get(), settings_);
  if (!outcome.ok()) return outcome.error();
  if (outcome->success) return {};
  if (outcome->broken) return lost(server() + " broke off the login");
  return Error{Code::kSourceRefused, server() + " did not let user \"" + settings_.username + "\" in",
               "It offers: " + outcome->offered + "; tried: " + outcome->tried + ".",
               "Check username, password and key_path, and that the server knows the key."};
}

Result<void> SftpConnection::start_sftp() {
  watchdog_->arm(timeout_);
  sftp_.reset(::sftp_new(session_.get()));
  if (!sftp_ || ::sftp_init(sftp_.get()) != SSH_OK) {
    if (!alive()) return lost(server() + " ended the connection");
    return Error{Code::kSourceRefused, server() + " has no SFTP for user \"" + settings_.username + "\"", said(),
                 "Ask its administrator to allow SFTP (the subsystem sftp) to this user."};
  }
  watchdog_->disarm();
  return {};
}

bool SftpConnection::alive() const {
  return watchdog_ && !watchdog_->was_cut() && ::ssh_is_connected(session_.get()) != 0;
}

/// libssh's words for what went wrong, fit for a log: one line, and without the password.
std::string SftpConnection::said() const {
  std::string text = ::ssh_get_error(session_.get());
  if (text.size() > 300) text = text.substr(0, 300) + "…";
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  for (const std::string& secret : {settings_.password, settings_.key_path}) {
    if (secret.empty()) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret)) {
      text.replace(at, secret.size(), "***");
    }
  }
  text = observe::mask(text);
  return text.empty() || text.ends_with('.') ? text : text + ".";
}

Error SftpConnection::lost(const std::string& what) const {
  if (watchdog_->stopped()) return {Code::kStopped, "the import was stopped", "", ""};
  if (watchdog_->expired()) {
    return {Code::kSourceUnreachable,
            server() + " did not answer within " + std::to_string(timeout_.count() / 1000) + " s", what + ".",
            "It is tried again later."};
  }
  return {Code::kSourceUnreachable, what, said(), ""};
}

Error SftpConnection::failure(const std::string& what) const {
  if (!alive()) return lost("the connection to " + server() + " was lost at " + what);
  const std::string path = what + " on " + server();
  switch (status()) {
    case SSH_FX_NO_SUCH_FILE:
    case SSH_FX_NO_SUCH_PATH: return {Code::kFileNotFound, path + " does not exist", "", ""};
    case SSH_FX_PERMISSION_DENIED:
    case SSH_FX_WRITE_PROTECT:
      return {Code::kSourceRefused, path + ": permission denied", "",
              "Give user \"" + settings_.username + "\" of that server the right to it."};
    case SSH_FX_OP_UNSUPPORTED: return {Code::kSourceRefused, path + ": the server does not support this", said(), ""};
    default: return {Code::kSourceUnreachable, path + ": the server could not do it", said(), ""};
  }
}

}  // namespace cpi::source
