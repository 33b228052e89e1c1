#include "db/async_session.h"

#include <libpq-fe.h>
#include <poll.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

namespace cpi::db {

namespace asio = boost::asio;

namespace {

/// Each set of named arguments is a statement text of its own; past this many, texts are parsed at every call.
constexpr std::size_t kMostPrepared = 256;

std::string trimmed(const char* text) {
  std::string s = text != nullptr ? text : "";
  while (!s.empty() && (s.back() == '\n' || s.back() == ' ')) s.pop_back();
  return s;
}

std::string field(const PGresult* result, int code) { return trimmed(PQresultErrorField(result, code)); }

std::vector<const char*> pointers(const Params& params) {
  std::vector<const char*> values;
  values.reserve(params.size());
  for (const Param& param : params) values.push_back(param ? param->c_str() : nullptr);
  return values;
}

}  // namespace

Error error_of(const pg_result* result, bool connection_lost) {
  std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = trimmed(PQresultErrorMessage(result));
  if (message.empty()) message = "the management database gave no answer";
  Error error(std::move(message), field(result, PG_DIAG_SQLSTATE), field(result, PG_DIAG_MESSAGE_DETAIL),
              field(result, PG_DIAG_MESSAGE_HINT), connection_lost);
  error.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  error.column = field(result, PG_DIAG_COLUMN_NAME);
  error.table = field(result, PG_DIAG_TABLE_NAME);
  return error;
}

struct AsyncSession::Sent {
  bool prepare = false;  ///< a Parse alone; `sql` is then the text whose name becomes usable
  std::string sql;
  std::string name;
};

AsyncSession::AsyncSession(const asio::any_io_executor& executor, Connection connection)
    : connection_(std::move(connection)), socket_(executor) {
  PGconn* conn = connection_.get();
  if (PQsetnonblocking(conn, 1) != 0 || PQenterPipelineMode(conn) != 1) fail_lost("cannot enter pipeline mode");
  socket_.assign(PQsocket(conn));
}

AsyncSession::~AsyncSession() {
  if (socket_.is_open()) socket_.release();
}

void AsyncSession::fail_lost(const char* what) {
  cut_ = true;
  std::string message = trimmed(PQerrorMessage(connection_.get()));
  throw Error(message.empty() ? what : message, "", "", "", true);
}

asio::awaitable<void> AsyncSession::wait(asio::posix::stream_descriptor::wait_type what) {
  if (cut_) fail_lost("the connection was given up");
  auto [error] = co_await socket_.async_wait(what, asio::as_tuple(asio::use_awaitable));
  if (cut_ || error) fail_lost("the connection was given up after its deadline");
}

void AsyncSession::send(const Statement& statement, bool prepared, std::vector<Sent>& sent) {
  PGconn* conn = connection_.get();
  const std::vector<const char*> values = pointers(statement.params);
  const int count = static_cast<int>(values.size());
  auto name = prepared ? names_.find(statement.sql) : names_.end();
  if (prepared && name == names_.end() && names_.size() < kMostPrepared) {
    Sent parse{true, statement.sql, "cpi_" + std::to_string(next_name_++)};
    // The name is entered before the answer, so that a text that comes twice in one pipeline is parsed once; `run`
    // takes it out again when the server refused.
    name = names_.emplace(parse.sql, parse.name).first;
    if (PQsendPrepare(conn, parse.name.c_str(), parse.sql.c_str(), count, nullptr) != 1) fail_lost("cannot send");
    sent.push_back(std::move(parse));
  }
  const int ok =
      name != names_.end()
          ? PQsendQueryPrepared(conn, name->second.c_str(), count, values.data(), nullptr, nullptr, 0)
          : PQsendQueryParams(conn, statement.sql.c_str(), count, nullptr, values.data(), nullptr, nullptr, 0);
  if (ok != 1) fail_lost("cannot send");
  sent.push_back({});
}

asio::awaitable<Rows> AsyncSession::run(const std::vector<Statement>& statements, Clock::time_point deadline,
                                        bool prepared) {
  PGconn* conn = connection_.get();
  deadline_ = deadline;
  running_ = true;
  struct Idle {
    bool& running;
    ~Idle() { running = false; }
  } idle{running_};

  std::vector<Sent> sent;
  for (const Statement& statement : statements) send(statement, prepared, sent);
  if (PQpipelineSync(conn) != 1) fail_lost("cannot send");
  for (int left = PQflush(conn); left != 0; left = PQflush(conn)) {
    if (left < 0) fail_lost("the connection broke while sending");
    co_await wait(asio::posix::stream_descriptor::wait_write);
  }

  std::optional<Error> error;
  std::optional<Rows> rows;
  for (std::size_t command = 0;;) {
    while (PQisBusy(conn) != 0) {
      co_await wait(asio::posix::stream_descriptor::wait_read);
      if (PQconsumeInput(conn) != 1 && !error) fail_lost("the connection broke");
    }
    PGresult* result = PQgetResult(conn);
    if (result == nullptr) {  // the end of one command's results
      if (PQstatus(conn) != CONNECTION_OK) break;
      ++command;
      continue;
    }
    Rows owner(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) break;
    const bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (command < sent.size() && sent[command].prepare && !ok) names_.erase(sent[command].sql);
    if (ok) {
      rows.emplace(std::move(owner));
    } else if (status != PGRES_PIPELINE_ABORTED && !error) {
      error = error_of(result, PQstatus(conn) != CONNECTION_OK);
    }
  }
  if (PQstatus(conn) != CONNECTION_OK) {
    cut_ = true;
    if (error) throw Error(error->what(), error->sqlstate(), error->detail(), error->hint(), true);
    fail_lost("the connection broke");
  }
  if (error) throw Error(*error);
  if (!rows) fail_lost("the management database gave no answer");
  co_return std::move(*rows);
}

asio::awaitable<std::pair<std::string, std::string>> AsyncSession::next_notification() {
  for (;;) {
    std::unique_ptr<PGnotify, void (*)(void*)> note(PQnotifies(connection_.get()), PQfreemem);
    if (note) co_return std::pair<std::string, std::string>(note->relname, note->extra);
    co_await wait(asio::posix::stream_descriptor::wait_read);
    if (PQconsumeInput(connection_.get()) != 1) fail_lost("the connection broke");
  }
}

bool AsyncSession::alive() {
  if (cut_ || PQstatus(connection_.get()) != CONNECTION_OK) return false;
  pollfd waited{PQsocket(connection_.get()), POLLIN, 0};
  if (::poll(&waited, 1, 0) <= 0) return true;
  if (PQconsumeInput(connection_.get()) != 1) return false;
  // A server that shuts down says so before it closes: PQisBusy parses that message and marks the connection as bad.
  (void)PQisBusy(connection_.get());
  return PQstatus(connection_.get()) == CONNECTION_OK && ::poll(&waited, 1, 0) <= 0;
}

void AsyncSession::cut() {
  cut_ = true;
  boost::system::error_code ignored;
  if (socket_.is_open()) socket_.cancel(ignored);
}

}  // namespace cpi::db
