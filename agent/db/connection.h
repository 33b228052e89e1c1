// A blocking connection to PostgreSQL: a thin owner of one PGconn for the worker threads. There is no SQL here and no
// pool: statements live in store/ and target/ under names. The HTTP side has its own asynchronous pool
// (db/async_pool.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/error.h"

struct pg_cancel;
struct pg_conn;
struct pg_result;

namespace cpi::db {

/// One bind parameter in text form, or NULL. Types are inferred by the server: write `$1::uuid` where it cannot.
using Param = std::optional<std::string>;
using Params = std::vector<Param>;

/// The answer to one statement. Owns the PGresult; views are valid as long as it lives.
class Rows {
 public:
  explicit Rows(pg_result* result);

  int size() const;
  bool empty() const { return size() == 0; }
  int columns() const;
  bool is_null(int row, int column) const;
  /// The value as text; empty for NULL.
  std::string_view text(int row, int column) const;
  std::string str(int row, int column) const { return std::string(text(row, column)); }
  std::optional<std::string> optional(int row, int column) const;
  /// Fails with std::invalid_argument when the value is no integer.
  std::int64_t int64(int row, int column) const;
  bool boolean(int row, int column) const { return text(row, column) == "t"; }
  /// Rows affected, from the command tag ("UPDATE 3"); 0 where the tag has none.
  std::int64_t affected() const;
  /// The command tag, such as "MERGE 3" or "COMMIT".
  std::string_view tag() const;
  /// Type and typmod of a column of the answer.
  std::uint32_t type_oid(int column) const;
  std::int32_t typmod(int column) const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

class Connection;

/// A running COPY … FROM STDIN. Destroying it unfinished cancels the COPY. Points to its connection, which must neither
/// be moved nor used otherwise meanwhile.
class CopyIn {
 public:
  CopyIn(CopyIn&& other) noexcept : connection_(other.connection_) { other.connection_ = nullptr; }
  CopyIn& operator=(CopyIn&&) = delete;
  ~CopyIn();
  /// Sends bytes; blocks when the server is behind. Throws db::Error, with the server's own reason when it has given
  /// up.
  void put(std::span<const char> bytes);
  /// Ends the COPY; returns the rows that the server counted. Throws db::Error when it refuses them.
  std::int64_t finish();

 private:
  friend class Connection;
  explicit CopyIn(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

/// One session. Not thread-safe, except `cancel`. Throws db::Error; statement texts never appear in messages.
class Connection {
 public:
  /// Connects within `timeout`. `conninfo` is a libpq keyword string or URI; `application_name` shows in
  /// pg_stat_activity. Client encoding is UTF8, TCP keep-alives and tcp_user_timeout are on, notices are kept for
  /// `take_notices`.
  static Connection connect(const std::string& conninfo, std::chrono::milliseconds timeout,
                            const std::string& application_name = "cpi");
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Runs one or more statements without parameters; returns the last answer.
  Rows exec(const std::string& sql);
  /// The same, and all answers. Throws at the first error; outside a transaction block all statements are one.
  std::vector<Rows> exec_all(const std::string& sql);
  /// Runs one statement with bind parameters (extended protocol).
  Rows exec(const std::string& sql, const Params& params);
  /// Begins `COPY … FROM STDIN`.
  CopyIn copy_in(const std::string& sql);
  /// Runs `COPY … TO STDOUT` and hands over every data message; the view is valid during the call only.
  void copy_out(const std::string& sql, const std::function<void(std::string_view)>& sink);

  /// "identifier", quoted when it must be; NUL bytes and invalid encodings are refused.
  std::string quote_identifier(std::string_view name) const;
  std::string quote_literal(std::string_view value) const;

  /// The server's version, such as 150020 (PQserverVersion).
  int server_version() const;
  /// The encoding of the database, as PostgreSQL calls it: UTF8, LATIN1, …
  std::string server_encoding() const;
  int backend_pid() const;
  bool in_transaction() const;
  bool healthy() const;
  /// The socket, for polling; -1 when closed.
  int socket() const;
  /// Waits up to `timeout` for a notification. Returns its channel and payload, or nothing.
  std::optional<std::pair<std::string, std::string>> wait_notification(std::chrono::milliseconds timeout);
  std::vector<std::string> take_notices();

  /// Asks the server to cancel the running statement; does nothing when none runs. May be called from another thread
  /// while this object lives and is not moved from.
  void cancel() noexcept;

  pg_conn* get() const { return conn_.get(); }

 private:
  friend class CopyIn;
  struct Finish {
    void operator()(pg_conn* conn) const;
  };
  struct FreeCancel {
    void operator()(pg_cancel* cancel) const;
  };
  explicit Connection(std::unique_ptr<pg_conn, Finish> conn);
  [[noreturn]] void fail(pg_result* result);
  Rows check(pg_result* result);
  /// Reads answers until there are no more; the last, or the first error.
  Rows drain();

  std::unique_ptr<pg_conn, Finish> conn_;
  std::unique_ptr<pg_cancel, FreeCancel> cancel_;      ///< made once: reading conn_ from another thread would be a race
  std::unique_ptr<std::vector<std::string>> notices_;  ///< its address is libpq's notice argument: stable across moves
};

/// BEGIN on construction, ROLLBACK on destruction unless committed. Does not retry.
class Transaction {
 public:
  explicit Transaction(Connection& connection, const std::string& begin = "BEGIN");
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();
  void rollback();

 private:
  Connection& connection_;
  bool open_ = true;
};

/// The text form of a PostgreSQL array of text: {"a","b"}.
std::string array_literal(std::span<const std::string> values);

}  // namespace cpi::db
