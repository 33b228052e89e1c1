// Proves to an SSH server who we are: with the key when there is one, then with the password, as the server asks for
// it.
#pragma once

#include <libssh/libssh.h>

#include <string>

#include "core/result.h"
#include "source/sftp_settings.h"

namespace cpi::source {

struct LoginOutcome {
  bool success = false;
  bool broken = false;  ///< the connection ended in the middle
  std::string offered;  ///< the server's methods, for people
  std::string tried;    ///< ours
};

/// Tries what the settings hold. A server may ask for key and password both. Fails when the key cannot be used
/// (read_private_key). Blocks as long as the server does.
Result<LoginOutcome> try_login(ssh_session session, const SftpSettings& settings);

}  // namespace cpi::source
