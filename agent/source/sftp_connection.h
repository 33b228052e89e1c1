// One SFTP session: from a connected socket to a server that is the expected one and has let us in. Everything of
// libssh that can block is bounded by a Watchdog here. What is asked of the server is in the sftp_*.cpp beside it.
//
//   connect (egress rules) ─► key exchange ─► host key known? ─► login ─► SFTP
//                                              │ no: pin it, before anything secret is sent
//                                              └ another one: perhaps the server has several keys; ask for the others
//
// No agent, no forwarding, no ~/.ssh: nothing but the settings decides where we go and as whom.
#pragma once

#include <libssh/libssh.h>
#include <libssh/sftp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/result.h"
#include "net/egress.h"
#include "source/descriptor.h"
#include "source/sftp_settings.h"
#include "source/watchdog.h"

namespace cpi::source {

/// Keeps the key of a server that none is known of yet. Answers the one that is kept now: another one when somebody was
/// faster; empty when it cannot be kept, because what named the server is gone. May throw what a database call throws.
using PinHostKey = std::function<std::string(const std::string& host, int port, const std::string& fingerprint)>;

/// How servers are reached.
struct SftpAccess {
  net::EgressPolicy egress;
  PinHostKey pin;                             ///< empty: nothing is kept, every unknown key is accepted
  std::chrono::milliseconds timeout{30'000};  ///< for each answer, and for the whole of connecting
  std::function<void(const std::string& fingerprint)> shown = {};  ///< told of the key that a server shows
};

/// A session that is logged in. For one thread.
class SftpConnection {
 public:
  /// Fails with kSourceUnreachable, kSourceRefused (host key, login, no SFTP there), kInvalidConfig, kStopped, or as
  /// net::connect does.
  static Result<std::unique_ptr<SftpConnection>> open(const SftpSettings& settings, const SftpAccess& access,
                                                      const std::stop_token& stop);
  ~SftpConnection();
  SftpConnection(const SftpConnection&) = delete;
  SftpConnection& operator=(const SftpConnection&) = delete;

  sftp_session get() const { return sftp_.get(); }
  bool alive() const;
  /// The fingerprint of the key that the server showed.
  const std::string& host_key() const { return host_key_; }

  /// One question to the server: what is asked within the scope must be answered in time.
  class Question {
   public:
    explicit Question(SftpConnection& connection) : connection_(connection) { again(); }
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;
    ~Question() { connection_.watchdog_->disarm(); }
    /// An answer has come; the time begins anew.
    void again() { connection_.watchdog_->arm(connection_.timeout_); }

   private:
    SftpConnection& connection_;
  };

  /// Cuts the connection: answers are on their way that nobody waits for any more.
  void abandon() { watchdog_->cut(); }

  /// Why the last call failed: kStopped, kSourceUnreachable when the connection is gone, else by the server's answer
  /// kFileNotFound, or kSourceRefused. `what` is the subject, such as `file "/in/a.csv"`.
  Error failure(const std::string& what) const;
  /// The server's answer to the last call that failed: SSH_FX_….
  int status() const { return ::sftp_get_error(sftp_.get()); }

 private:
  struct FreeSession {
    void operator()(ssh_session session) const;
  };
  struct FreeSftp {
    void operator()(sftp_session sftp) const { ::sftp_free(sftp); }
  };

  SftpConnection(const SftpSettings& settings, std::chrono::milliseconds timeout)
      : settings_(settings), timeout_(timeout) {}
  Result<void> exchange_keys(Descriptor socket, const char* host_key_types, const std::stop_token& stop);
  Result<void> log_in();
  Result<void> start_sftp();
  Error lost(const std::string& what) const;
  std::string said() const;
  std::string server() const { return "SFTP server \"" + settings_.address() + "\""; }

  const SftpSettings settings_;
  const std::chrono::milliseconds timeout_;
  std::string host_key_;
  std::unique_ptr<ssh_session_struct, FreeSession> session_;
  std::unique_ptr<sftp_session_struct, FreeSftp> sftp_;  // goes before its session
  std::optional<Watchdog> watchdog_;                     // goes first
};

}  // namespace cpi::source
