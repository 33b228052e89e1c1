// What is asked of an SFTP server about its files. Each call is bounded by the connection's time for an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"
#include "source/sftp_connection.h"
#include "source/source.h"
#include "source/spool.h"

namespace cpi::source {

/// What the server says of one name, links not followed.
struct RemoteFacts {
  enum class Kind { kRegular, kDirectory, kOther };
  Kind kind = Kind::kOther;
  std::int64_t size = 0;
  std::int64_t modified_seconds = 0;  ///< since 1970; 0 when the server does not say

  bool same_bytes(const RemoteFacts& other) const {
    return kind == other.kind && size == other.size && modified_seconds == other.modified_seconds;
  }
};

/// Looks at one path. Fails as SftpConnection::failure.
Result<RemoteFacts> look_at(SftpConnection& connection, const std::string& path);

/// All regular files of `directory`, sorted by path; with `recursive` those below it too, "a/b.csv". Hidden files and
/// directories are left out, links and special files as well. A name that is not UTF-8 is listed with U+FFFD in place
/// of what is not: no such file can be fetched. Fails with kLimitExceeded beyond 250,000 names.
Result<std::vector<Entry>> list_directory(SftpConnection& connection, const std::string& directory, bool recursive);

/// The bytes of the file, which must be as `expected` before and after. Fails with kFileChanged (also when the server
/// sends less than it announced), and as Spool::take.
Result<SpoolFile> fetch_file(SftpConnection& connection, const std::string& path, const RemoteFacts& expected,
                             Spool& spool, const std::stop_token& stop);

/// Source::put_aside for the file `name` of `directory`.
std::string put_file_aside(SftpConnection& connection, const std::string& directory, const std::string& name,
                           const RemoteFacts& loaded, const Aside& aside);

/// The manifest's entry of a file and back; the latter only of an entry with a time.
Entry entry_of(const std::string& path, const RemoteFacts& facts);
std::optional<RemoteFacts> facts_of(const Entry& entry);

}  // namespace cpi::source
