// What a database call threw, asked as questions: the caller decides on facts, never on the text.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace cpi::db {

/// A statement that the server refused, or a connection that broke. Texts are scrubbed of passwords.
class Error : public std::runtime_error {
 public:
  /// `sqlstate` is empty when the server was not reached or the connection was lost without a word; a refused login has
  /// one (28P01 for a wrong password, 3D000 for a missing database).
  Error(std::string message, std::string sqlstate, std::string detail = {}, std::string hint = {},
        bool connection_lost = false);

  const std::string& sqlstate() const { return sqlstate_; }
  const std::string& detail() const { return detail_; }
  const std::string& hint() const { return hint_; }
  /// Name of the constraint, column or table that the server named, when it did.
  std::string constraint;
  std::string column;
  std::string table;

  /// The connection can serve no further statement.
  bool poisons_connection() const { return connection_lost_; }
  /// The same statement may succeed later without anybody changing anything: connection lost or not made (but not
  /// a refused login), 08, 53, 57P0x, 40001, 40P01, 55P03, 25P03, 25P04, 57014.
  bool retryable() const;
  /// The SQLSTATE begins with `prefix`, such as "23" for integrity violations.
  bool is(std::string_view prefix) const { return std::string_view(sqlstate_).starts_with(prefix); }

 private:
  std::string sqlstate_;
  std::string detail_;
  std::string hint_;
  bool connection_lost_;
};

}  // namespace cpi::db
