#include "db/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <sstream>
#include <utility>

namespace cpi::db {

namespace {

/// Without the line end that libpq puts there, and cut: a hostile server may send a message of any length.
std::string trimmed(const char* text) {
  constexpr std::size_t kMostBytes = 8192;
  std::string s(text != nullptr ? text : "", text != nullptr ? ::strnlen(text, kMostBytes) : 0);
  while (!s.empty() && (s.back() == '\n' || s.back() == ' ')) s.pop_back();
  return s;
}

/// The values that may stand in no message: passwords of `conninfo`, as libpq itself reads them. Throws when it cannot
/// be read, without libpq's own words: they quote the string.
std::vector<std::string> secrets_of(const std::string& conninfo) {
  std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfoParse(conninfo.c_str(), nullptr),
                                                                         PQconninfoFree);
  if (!options) {
    throw Error("the connection string cannot be read", "", "",
                "Write postgresql://user:password@host:port/database; characters such as @ : / # % of a password "
                "percent-encoded, @ as %40.");
  }
  std::vector<std::string> secrets;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val != nullptr && *option->val != '\0' && (keyword == "password" || keyword == "sslpassword")) {
      secrets.emplace_back(option->val);
    }
  }
  return secrets;
}

/// What a server that refused a login said: libpq keeps no SQLSTATE of it, but writes it into its text when asked to be
/// verbose ("FATAL:  28P01: password authentication failed …"), with a line of LOCATION that is of use to nobody here.
struct Refusal {
  std::string message;
  std::string sqlstate;
  std::string hint;
};

Refusal refusal_of(const std::string& verbose) {
  Refusal refusal;
  std::istringstream lines(verbose);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(":  ");
    const bool has_state = colon != std::string::npos && colon + 9 < line.size() && line[colon + 8] == ':' &&
                           std::all_of(line.begin() + static_cast<std::ptrdiff_t>(colon) + 3,
                                       line.begin() + static_cast<std::ptrdiff_t>(colon) + 8,
                                       [](unsigned char c) { return std::isupper(c) != 0 || std::isdigit(c) != 0; });
    if (has_state) {
      refusal.sqlstate = line.substr(colon + 3, 5);
      line.erase(colon + 3, 7);
    }
    if (!line.starts_with("LOCATION:")) refusal.message += (refusal.message.empty() ? "" : "\n") + line;
  }
  if (refusal.sqlstate.starts_with("28")) refusal.hint = "Check user and password, and the server's pg_hba.conf.";
  if (refusal.sqlstate == "3D000") refusal.hint = "Check the database's name, or create it: CREATE DATABASE …;";
  if (refusal.sqlstate == "42501")
    refusal.hint = "The user needs the right to connect: GRANT CONNECT ON DATABASE … TO …;";
  return refusal;
}

std::string scrubbed(std::string text, const std::vector<std::string>& secrets) {
  // libpq's own texts hold no password; this is the second net. Short ones are left: replacing "p" in every word would
  // make the text unreadable, and tell the password to whoever fills the gaps.
  constexpr std::size_t kLeastSecret = 6;
  for (const std::string& secret : secrets) {
    if (secret.size() < kLeastSecret) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

std::string field(const PGresult* result, int code) { return trimmed(PQresultErrorField(result, code)); }

void keep_notice(void* sink, const PGresult* result) {
  auto* notices = static_cast<std::vector<std::string>*>(sink);
  constexpr std::size_t kMostNotices = 100;
  if (notices->size() < kMostNotices) notices->push_back(field(result, PG_DIAG_MESSAGE_PRIMARY));
}

}  // namespace

Error::Error(std::string message, std::string sqlstate, std::string detail, std::string hint, bool connection_lost)
    : std::runtime_error(std::move(message)),
      sqlstate_(std::move(sqlstate)),
      detail_(std::move(detail)),
      hint_(std::move(hint)),
      connection_lost_(connection_lost) {}

bool Error::retryable() const {
  // A login that was refused will be refused again.
  if (connection_lost_) return !(is("28") || is("3D") || is("42501"));
  // 57014, 57P05, 25P04: somebody cancelled the statement, or a timeout of the server did.
  return is("08") || is("53") || is("57P0") || is("40001") || is("40P01") || is("55P03") || is("25P03") ||
         is("57014") || is("25P04");
}

Rows::Rows(pg_result* result) : result_(result) {}
void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }
int Rows::size() const { return PQntuples(result_.get()); }
int Rows::columns() const { return PQnfields(result_.get()); }
bool Rows::is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
std::string_view Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}
std::optional<std::string> Rows::optional(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return str(row, column);
}
std::int64_t Rows::int64(int row, int column) const {
  std::string_view s = text(row, column);
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error != std::errc{} || end != s.data() + s.size())
    throw std::invalid_argument("not an integer: " + std::string(s.substr(0, 40)));
  return value;
}
std::int64_t Rows::affected() const {
  std::string_view tag = PQcmdTuples(result_.get());
  std::int64_t value = 0;
  std::from_chars(tag.data(), tag.data() + tag.size(), value);
  return value;
}

std::string_view Rows::tag() const { return PQcmdStatus(result_.get()); }
std::uint32_t Rows::type_oid(int column) const { return PQftype(result_.get(), column); }
std::int32_t Rows::typmod(int column) const { return PQfmod(result_.get(), column); }

void Connection::FreeCancel::operator()(pg_cancel* cancel) const { PQfreeCancel(cancel); }
void Connection::Finish::operator()(pg_conn* conn) const { PQfinish(conn); }

Connection::Connection(std::unique_ptr<pg_conn, Finish> conn)
    : conn_(std::move(conn)),
      cancel_(PQgetCancel(conn_.get())),
      notices_(std::make_unique<std::vector<std::string>>()) {
  PQsetNoticeReceiver(conn_.get(), keep_notice, notices_.get());
}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Connection Connection::connect(const std::string& conninfo, std::chrono::milliseconds timeout,
                               const std::string& application_name) {
  const std::vector<std::string> secrets = secrets_of(conninfo);
  // expand_dbname lets `dbname` hold the whole string; what follows it only fills in what it does not say, except
  // client_encoding, which is ours to decide.
  const char* const keywords[] = {
      "fallback_application_name", "dbname",           "client_encoding",  "keepalives_idle",
      "keepalives_interval",       "keepalives_count", "tcp_user_timeout", nullptr};
  const char* const values[] = {application_name.c_str(), conninfo.c_str(), "UTF8", "30", "10", "3", "60000", nullptr};
  std::unique_ptr<pg_conn, Finish> conn(PQconnectStartParams(keywords, values, 1));
  if (!conn) throw std::bad_alloc();
  PQsetErrorVerbosity(conn.get(), PQERRORS_VERBOSE);

  const auto deadline = std::chrono::steady_clock::now() + timeout;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (PQstatus(conn.get()) != CONNECTION_BAD && state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      throw Error("connection timed out after " + std::to_string(timeout.count()) + " ms", "", "",
                  "Check host and port, and that a firewall lets this machine through.", true);
    }
    pollfd waited{PQsocket(conn.get()), static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    if (::poll(&waited, 1, static_cast<int>(left)) > 0) state = PQconnectPoll(conn.get());
  }
  if (PQstatus(conn.get()) != CONNECTION_OK) {
    const Refusal refusal = refusal_of(scrubbed(trimmed(PQerrorMessage(conn.get())), secrets));
    throw Error(refusal.message, refusal.sqlstate, "", refusal.hint, true);
  }
  PQsetErrorVerbosity(conn.get(), PQERRORS_DEFAULT);
  return Connection(std::move(conn));
}

void Connection::fail(pg_result* result) {
  Rows owner(result);
  // An answer that is a COPY nobody asked for leaves the session in a state that no statement can end.
  const ExecStatusType status = PQresultStatus(result);
  const bool astray = status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
  const bool lost = astray || PQstatus(conn_.get()) != CONNECTION_OK;
  std::string message = result != nullptr ? field(result, PG_DIAG_MESSAGE_PRIMARY) : "";
  if (message.empty()) message = trimmed(PQerrorMessage(conn_.get()));
  if (message.empty()) message = "the server gave no answer";
  Error error(message, result != nullptr ? field(result, PG_DIAG_SQLSTATE) : "",
              result != nullptr ? field(result, PG_DIAG_MESSAGE_DETAIL) : "",
              result != nullptr ? field(result, PG_DIAG_MESSAGE_HINT) : "", lost);
  if (result != nullptr) {
    error.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    error.column = field(result, PG_DIAG_COLUMN_NAME);
    error.table = field(result, PG_DIAG_TABLE_NAME);
  }
  throw error;
}

Rows Connection::check(pg_result* result) {
  switch (result != nullptr ? PQresultStatus(result) : PGRES_FATAL_ERROR) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY: return Rows(result);
    default: fail(result);
  }
}

Rows Connection::exec(const std::string& sql) { return check(PQexec(conn_.get(), sql.c_str())); }

std::vector<Rows> Connection::exec_all(const std::string& sql) {
  if (PQsendQuery(conn_.get(), sql.c_str()) != 1) fail(nullptr);
  std::vector<Rows> answers;
  std::optional<Error> refused;
  while (PGresult* result = PQgetResult(conn_.get())) {
    try {
      answers.push_back(check(result));
    } catch (const Error& error) {
      if (!refused) refused = error;
      if (error.poisons_connection()) break;
    }
  }
  if (refused) throw *refused;
  return answers;
}

Rows Connection::drain() {
  std::optional<Rows> last;
  std::optional<Error> refused;
  while (PGresult* result = PQgetResult(conn_.get())) {
    try {
      last = check(result);
    } catch (const Error& error) {
      if (!refused) refused = error;
      if (error.poisons_connection()) break;
    }
  }
  if (refused) throw *refused;
  if (!last) fail(nullptr);
  return std::move(*last);
}

Rows Connection::exec(const std::string& sql, const Params& params) {
  std::vector<const char*> values;
  values.reserve(params.size());
  for (const Param& param : params) values.push_back(param ? param->c_str() : nullptr);
  return check(PQexecParams(conn_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                            nullptr, 0));
}

CopyIn Connection::copy_in(const std::string& sql) {
  PGresult* result = PQexec(conn_.get(), sql.c_str());
  if (PQresultStatus(result) != PGRES_COPY_IN) fail(result);
  PQclear(result);
  return CopyIn(this);
}

void CopyIn::put(std::span<const char> bytes) {
  // libpq takes an int; one message may hold at most 1 GB, and small messages keep the server's buffers small.
  constexpr std::size_t kMostBytes = std::size_t{1} << 20;
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), kMostBytes);
    if (PQputCopyData(connection_->get(), bytes.data(), static_cast<int>(n)) != 1) {
      // The server has ended the COPY, and its reason waits in the queue of answers.
      Connection* connection = std::exchange(connection_, nullptr);
      connection->drain();
      connection->fail(nullptr);
    }
    bytes = bytes.subspan(n);
  }
}

std::int64_t CopyIn::finish() {
  Connection* connection = std::exchange(connection_, nullptr);
  if (PQputCopyEnd(connection->get(), nullptr) != 1) connection->fail(nullptr);
  return connection->drain().affected();
}

CopyIn::~CopyIn() {
  if (connection_ == nullptr) return;
  PQputCopyEnd(connection_->get(), "cancelled by cpi");
  while (PGresult* rest = PQgetResult(connection_->get())) PQclear(rest);
}

void Connection::copy_out(const std::string& sql, const std::function<void(std::string_view)>& sink) {
  PGresult* result = PQexec(conn_.get(), sql.c_str());
  if (PQresultStatus(result) != PGRES_COPY_OUT) fail(result);
  PQclear(result);
  char* message = nullptr;
  int size = 0;
  while ((size = PQgetCopyData(conn_.get(), &message, 0)) > 0) {
    std::unique_ptr<char, void (*)(void*)> owner(message, PQfreemem);
    sink({message, static_cast<std::size_t>(size)});
  }
  drain();
}

std::string Connection::quote_identifier(std::string_view name) const {
  if (name.find('\0') != std::string_view::npos) throw Error("an identifier may not hold a NUL byte", "22021");
  std::unique_ptr<char, void (*)(void*)> quoted(PQescapeIdentifier(conn_.get(), name.data(), name.size()), PQfreemem);
  if (!quoted) throw Error(trimmed(PQerrorMessage(conn_.get())), "22021");
  return quoted.get();
}

std::string Connection::quote_literal(std::string_view value) const {
  if (value.find('\0') != std::string_view::npos) throw Error("a text value may not hold a NUL byte", "22021");
  std::unique_ptr<char, void (*)(void*)> quoted(PQescapeLiteral(conn_.get(), value.data(), value.size()), PQfreemem);
  if (!quoted) throw Error(trimmed(PQerrorMessage(conn_.get())), "22021");
  return quoted.get();
}

int Connection::server_version() const { return PQserverVersion(conn_.get()); }

std::string Connection::server_encoding() const {
  const char* name = PQparameterStatus(conn_.get(), "server_encoding");
  return name == nullptr ? std::string() : std::string(name);
}
int Connection::backend_pid() const { return PQbackendPID(conn_.get()); }
bool Connection::in_transaction() const { return PQtransactionStatus(conn_.get()) != PQTRANS_IDLE; }
bool Connection::healthy() const { return PQstatus(conn_.get()) == CONNECTION_OK; }
int Connection::socket() const { return PQsocket(conn_.get()); }

std::optional<std::pair<std::string, std::string>> Connection::wait_notification(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (PQconsumeInput(conn_.get()) == 0) fail(nullptr);
    if (std::unique_ptr<PGnotify, void (*)(void*)> note(PQnotifies(conn_.get()), PQfreemem); note) {
      return std::pair<std::string, std::string>(note->relname, note->extra);
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return std::nullopt;
    pollfd waited{socket(), POLLIN, 0};
    ::poll(&waited, 1, static_cast<int>(left));
  }
}

std::vector<std::string> Connection::take_notices() { return std::exchange(*notices_, {}); }

void Connection::cancel() noexcept {
  std::array<char, 256> error{};
  if (cancel_) PQcancel(cancel_.get(), error.data(), static_cast<int>(error.size()));
}

Transaction::Transaction(Connection& connection, const std::string& begin) : connection_(connection) {
  try {
    connection_.exec(begin);
  } catch (const Error&) {
    // `begin` may hold more than BEGIN: what was opened is closed again.
    if (connection_.healthy() && connection_.in_transaction()) connection_.exec("ROLLBACK");
    throw;
  }
}

Transaction::~Transaction() {
  // A cancel request that comes late may hit the ROLLBACK itself: once more then. On a connection that died the server
  // rolls back by itself.
  for (int tries = 0; open_ && tries < 2 && connection_.healthy() && connection_.in_transaction(); ++tries) {
    try {
      connection_.exec("ROLLBACK");
    } catch (const Error&) {
    }
  }
}

void Transaction::commit() {
  open_ = false;
  // The server answers COMMIT of a failed transaction with ROLLBACK, and without an error.
  if (connection_.exec("COMMIT").tag() != "COMMIT") {
    throw Error("the transaction was rolled back instead of committed", "25P02", "A statement in it had failed.");
  }
}

void Transaction::rollback() {
  open_ = false;
  connection_.exec("ROLLBACK");
}

std::string array_literal(std::span<const std::string> values) {
  std::string out = "{";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

}  // namespace cpi::db
