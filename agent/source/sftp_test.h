// POST /sources/{id}/test and `cpi test SOURCE`: can this agent, from where it stands, log in to that SFTP server, and
// what would it import? Blocking; bounded as a whole.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "source/sftp_connection.h"

namespace cpi::source {

/// `source` is the source as the API shows it to admins, JSON with credentials. Answers {"success","message",
/// "file_count","host_key","files":[first ten names],"findings":[{"rule","message","hint"}]}: success is false when the
/// server cannot be reached, is not the expected one, does not let us in or has no such directory. `file_count` is null
/// then, and `host_key` the key that the server showed, if it came that far. The host key of a server that none is
/// known of is kept by `access.pin`, as at an import. Returns within `time`, whatever `access.timeout` says; at once
/// when `stop` is requested. Never throws for a server's sake. No text holds a password.
std::string test_sftp_source(std::string_view source, SftpAccess access, std::chrono::milliseconds time,
                             const std::stop_token& stop = {});

}  // namespace cpi::source
