#include "source/sftp_login.h"

#include "source/sftp_key.h"

namespace cpi::source {

namespace {

std::string method_names(int methods) {
  std::string names;
  const auto add = [&](int method, const char* name) {
    if ((methods & method) != 0) names += (names.empty() ? "" : ", ") + std::string(name);
  };
  add(SSH_AUTH_METHOD_PUBLICKEY, "publickey");
  add(SSH_AUTH_METHOD_PASSWORD, "password");
  add(SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive");
  add(SSH_AUTH_METHOD_HOSTBASED, "hostbased");
  add(SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi-with-mic");
  return names.empty() ? "nothing" : names;
}

/// Answers every question of the server with the password, as servers ask that have PAM behind them. A server that
/// goes on asking is left after a few rounds.
int answer_questions(ssh_session session, const std::string& password) {
  constexpr int kMostRounds = 5;
  int state = ::ssh_userauth_kbdint(session, nullptr, nullptr);
  for (int round = 0; state == SSH_AUTH_INFO && round < kMostRounds; ++round) {
    const int prompts = ::ssh_userauth_kbdint_getnprompts(session);
    for (int i = 0; i < prompts; ++i) {
      if (::ssh_userauth_kbdint_setanswer(session, static_cast<unsigned>(i), password.c_str()) < 0)
        return SSH_AUTH_ERROR;
    }
    state = ::ssh_userauth_kbdint(session, nullptr, nullptr);
  }
  return state == SSH_AUTH_INFO ? SSH_AUTH_DENIED : state;
}

class Login {
 public:
  Login(ssh_session session, const SftpSettings& settings) : session_(session), settings_(settings) {}

  Result<LoginOutcome> run() {
    int state = ::ssh_userauth_none(session_, nullptr);
    if (state != SSH_AUTH_SUCCESS && state != SSH_AUTH_ERROR) {
      state = SSH_AUTH_DENIED;
      outcome_.offered = method_names(::ssh_userauth_list(session_, nullptr));
      if (!settings_.key_path.empty()) {
        Result<PrivateKey> key = read_private_key(settings_.key_path, settings_.password);
        if (!key.ok()) return key.error();
        if (offers(SSH_AUTH_METHOD_PUBLICKEY)) {
          tried("private key");
          state = ::ssh_userauth_publickey(session_, nullptr, key->get());
          // A server may take one of RSA's two signatures only without saying so (OpenSSH 9.2 does).
          if (state == SSH_AUTH_DENIED && ::ssh_key_type(key->get()) == SSH_KEYTYPE_RSA &&
              ::ssh_options_set(session_, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, "rsa-sha2-256") == SSH_OK) {
            state = ::ssh_userauth_publickey(session_, nullptr, key->get());
          }
        }
      }
      if (goes_on(state) && !settings_.password.empty()) state = by_password(state);
    }
    outcome_.success = state == SSH_AUTH_SUCCESS;
    outcome_.broken = state == SSH_AUTH_ERROR;
    if (outcome_.tried.empty()) outcome_.tried = "nothing that it offers";
    return std::move(outcome_);
  }

 private:
  int by_password(int state) {
    if (offers(SSH_AUTH_METHOD_PASSWORD)) {
      tried("password");
      state = ::ssh_userauth_password(session_, nullptr, settings_.password.c_str());
    }
    if (goes_on(state) && offers(SSH_AUTH_METHOD_INTERACTIVE)) {
      tried("password, when asked");
      state = answer_questions(session_, settings_.password);
    }
    return state;
  }

  static bool goes_on(int state) { return state == SSH_AUTH_DENIED || state == SSH_AUTH_PARTIAL; }
  bool offers(int method) { return (::ssh_userauth_list(session_, nullptr) & method) != 0; }
  void tried(const char* what) { outcome_.tried += (outcome_.tried.empty() ? "" : ", ") + std::string(what); }

  ssh_session session_;
  const SftpSettings& settings_;
  LoginOutcome outcome_;
};

}  // namespace

Result<LoginOutcome> try_login(ssh_session session, const SftpSettings& settings) {
  return Login(session, settings).run();
}

}  // namespace cpi::source
