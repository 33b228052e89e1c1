// Which SFTP server, as whom, and where on it: from a project's source or its config's `sftp` object (the same keys),
// with the fields of a request's sftp_override laid over them.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace cpi::source {

/// Holds secrets in the clear: never logged.
struct SftpSettings {
  std::string host;
  int port = 22;
  std::string username;
  std::string password;     ///< of the login; with a `key_path` the passphrase of the key, too
  std::string key_path;     ///< a private key on the agent's machine; empty: none
  std::string remote_path;  ///< a directory on the server, without a slash at its end; "" is the root
  std::string host_key;     ///< empty, "strict", or the expected key (host_key.h)

  /// "host:port", as people are told of the server.
  std::string address() const;
  /// The path on the server of something below remote_path.
  std::string path_of(std::string_view relative) const;
};

/// Takes `stored` and `override` (JSON objects; empty: none) together. An override without credentials of its own keeps
/// the stored ones only for the stored server: its host, port and host key must then be the stored ones, whatever they
/// were when the request was accepted. Fails with kInvalidConfig, naming the field.
Result<SftpSettings> parse_sftp_settings(std::string_view stored, std::string_view override_fields);

}  // namespace cpi::source
