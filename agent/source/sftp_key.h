// The private key of an SFTP login: a file on the agent's machine, read into memory for the login and wiped after it.
#pragma once

#include <libssh/libssh.h>

#include <memory>
#include <string>

#include "core/result.h"

namespace cpi::source {

struct FreeKey {
  void operator()(ssh_key key) const { ::ssh_key_free(key); }
};
using PrivateKey = std::unique_ptr<ssh_key_struct, FreeKey>;

/// Reads a key in OpenSSH's or PEM form (ed25519, RSA, ecdsa), encrypted or not; `passphrase` is not looked at when it
/// is not encrypted. Fails with kSourceRefused: the file cannot be read, others may read it, it is no private key (and
/// what it is instead), or the passphrase is wrong or missing. No message holds the path or anything of the file.
Result<PrivateKey> read_private_key(const std::string& path, const std::string& passphrase);

}  // namespace cpi::source
