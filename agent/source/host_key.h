// What is known of an SFTP server's key before it shows it: nothing, that it must be known already, or which it is.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace cpi::source {

/// The meaning of a source's `host_key`.
struct ExpectedHostKey {
  bool strict = false;      ///< refuse a key that is not known
  std::string fingerprint;  ///< "SHA256:…" as OpenSSH writes it, without padding; empty: not known
};

/// Reads "" (any key: the first one seen is kept), "strict", a fingerprint ("SHA256:…", as ssh-keygen -l prints it) or
/// a public key ("ssh-ed25519 AAAA…", also with a host name before it, as ssh-keyscan prints it). Fails with
/// kInvalidConfig, and says what is accepted.
Result<ExpectedHostKey> parse_host_key(std::string_view text);

}  // namespace cpi::source
