// Which characters the target's database can hold. One that its encoding lacks would fail a COPY as a whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.h"

namespace cpi::target {

/// The characters of a database's encoding. Immutable.
class Repertoire {
 public:
  /// Asks the server, once for each encoding and version of servers. Nothing where every character is taken as it comes
  /// (UTF8, SQL_ASCII). One query, half a millisecond for encodings of one byte, half a second for those of more.
  /// Thread-safe. Throws db::Error.
  static std::optional<Repertoire> read(db::Connection& connection);

  /// `characters` in UTF-8, all but ASCII, which every encoding has.
  Repertoire(std::string encoding, std::string_view characters);

  /// The first character of `text`, which is valid UTF-8, that the encoding lacks; empty when it has all.
  std::string_view first_lacking(std::string_view text) const;

  /// As PostgreSQL calls it, such as LATIN1.
  const std::string& encoding() const { return encoding_; }

 private:
  std::string encoding_;
  std::vector<bool> has_;  ///< by code point
};

}  // namespace cpi::target
