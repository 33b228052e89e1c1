#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "db/connection.h"
#include "support/cluster.h"

namespace cpi::db {
namespace {

using test::Cluster;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::seconds kTimeout(20);

class ConnectionTest : public testing::Test {
 protected:
  Connection connection_ = Cluster::shared().connect();

  /// What `action` throws; fails the test when it throws nothing.
  template <typename Action>
  static Error error_of(Action action) {
    try {
      action();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return {"", ""};
  }
};

TEST_F(ConnectionTest, ReadsBackWhatItSent) {
  const Rows rows = connection_.exec("SELECT $1::text, $2::int, NULL", {"it's", "42"});
  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows.text(0, 0), "it's");
  EXPECT_EQ(rows.int64(0, 1), 42);
  EXPECT_TRUE(rows.is_null(0, 2));
}

TEST_F(ConnectionTest, AnswersEveryStatementOfExecAll) {
  const std::vector<Rows> answers = connection_.exec_all(
      "SELECT 1; CREATE TEMP TABLE a (x int); INSERT INTO a VALUES (1), (2); SELECT count(*) FROM a");
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_EQ(answers[2].tag(), "INSERT 0 2");
  EXPECT_EQ(answers[3].int64(0, 0), 2);
}

TEST_F(ConnectionTest, ErrorInExecAllLeavesTheConnectionUsable) {
  const Error error = error_of([&] { connection_.exec_all("SELECT 1; SELECT 1/0; SELECT 2"); });
  EXPECT_EQ(error.sqlstate(), "22012");
  EXPECT_EQ(connection_.exec("SELECT 3").int64(0, 0), 3);
}

TEST_F(ConnectionTest, CommitOfAFailedTransactionThrows) {
  connection_.exec("CREATE TEMP TABLE a (x int)");
  Transaction transaction(connection_);
  connection_.exec("INSERT INTO a VALUES (1)");
  EXPECT_THROW(connection_.exec("SELECT 1/0"), Error);
  EXPECT_EQ(error_of([&] { transaction.commit(); }).sqlstate(), "25P02");
  EXPECT_FALSE(connection_.in_transaction());
  EXPECT_EQ(connection_.exec("SELECT count(*) FROM a").int64(0, 0), 0);
}

TEST_F(ConnectionTest, TransactionWhoseBeginFailsHalfwayIsNotLeftOpen) {
  EXPECT_THROW(Transaction(connection_, "BEGIN; SET LOCAL no_such_setting = 1"), Error);
  EXPECT_FALSE(connection_.in_transaction());
}

TEST_F(ConnectionTest, TransactionLeftByAnExceptionIsRolledBack) {
  connection_.exec("CREATE TEMP TABLE a (x int)");
  try {
    Transaction transaction(connection_);
    connection_.exec("INSERT INTO a VALUES (1)");
    throw std::runtime_error("elsewhere");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(connection_.exec("SELECT count(*) FROM a").int64(0, 0), 0);
}

TEST_F(ConnectionTest, CopyInCountsItsRows) {
  connection_.exec("CREATE TEMP TABLE a (x int, y text)");
  CopyIn copy = connection_.copy_in("COPY a FROM STDIN");
  copy.put(std::string("1\ta\n2\t"));
  copy.put(std::string("b\n"));
  EXPECT_EQ(copy.finish(), 2);
  EXPECT_EQ(connection_.exec("SELECT count(*) FROM a").int64(0, 0), 2);
}

TEST_F(ConnectionTest, CopyInThatTheServerRefusesSaysWhyAndLeavesTheConnectionUsable) {
  connection_.exec("CREATE TEMP TABLE a (x int)");
  CopyIn copy = connection_.copy_in("COPY a FROM STDIN");
  const std::string rows = [] {
    std::string text = "no number\n";
    while (text.size() < (1u << 20)) text += "1\n";
    return text;
  }();
  const Error error = error_of([&] {
    for (int i = 0; i < 64; ++i) copy.put(rows);
    copy.finish();
  });
  EXPECT_EQ(error.sqlstate(), "22P02");
  EXPECT_EQ(connection_.exec("SELECT count(*) FROM a").int64(0, 0), 0);
}

TEST_F(ConnectionTest, CopyInLeftUnfinishedLoadsNothing) {
  connection_.exec("CREATE TEMP TABLE a (x int)");
  { connection_.copy_in("COPY a FROM STDIN").put(std::string("1\n2\n")); }
  EXPECT_EQ(connection_.exec("SELECT count(*) FROM a").int64(0, 0), 0);
}

TEST_F(ConnectionTest, CopyOutHandsOverEveryRow) {
  std::string text;
  connection_.copy_out("COPY (SELECT generate_series(1, 3)) TO STDOUT", [&](std::string_view row) { text += row; });
  EXPECT_EQ(text, "1\n2\n3\n");
  EXPECT_EQ(error_of([&] {
              connection_.copy_out("COPY (SELECT 1/(3 - i) FROM generate_series(1, 5) i) TO STDOUT", [](auto) {});
            }).sqlstate(),
            "22012");
  EXPECT_EQ(connection_.exec("SELECT 1").int64(0, 0), 1);
}

TEST_F(ConnectionTest, CopyThatNobodyAskedForPoisonsTheConnection) {
  connection_.exec("CREATE TEMP TABLE a (x int)");
  EXPECT_TRUE(error_of([&] { connection_.exec("COPY a FROM STDIN"); }).poisons_connection());
}

TEST_F(ConnectionTest, QuotesIdentifiersAndRefusesNul) {
  EXPECT_EQ(connection_.quote_identifier("a\"b; --"), "\"a\"\"b; --\"");
  EXPECT_EQ(connection_.quote_identifier("Größe"), "\"Größe\"");
  EXPECT_THROW(connection_.quote_identifier(std::string("a\0b", 3)), Error);
  EXPECT_THROW(connection_.quote_identifier("\xff"), Error);
}

TEST_F(ConnectionTest, CancelsAStatementFromAnotherThread) {
  const int pid = connection_.backend_pid();
  std::jthread canceller([&] {
    Connection observer = Cluster::shared().connect();
    while (observer
               .exec("SELECT count(*) FROM pg_stat_activity WHERE pid = $1::int AND wait_event = 'PgSleep'",
                     {std::to_string(pid)})
               .int64(0, 0) == 0) {
    }
    connection_.cancel();
  });
  EXPECT_EQ(error_of([&] { connection_.exec("SELECT pg_sleep(600)"); }).sqlstate(), "57014");
  EXPECT_EQ(connection_.exec("SELECT 1").int64(0, 0), 1);
}

TEST_F(ConnectionTest, LostConnectionIsRetryableAndPoisons) {
  Connection victim = Cluster::shared().connect();
  connection_.exec("SELECT pg_terminate_backend($1::int, 10000)", {std::to_string(victim.backend_pid())});
  const Error error = error_of([&] { victim.exec("SELECT 1"); });
  EXPECT_TRUE(error.poisons_connection());
  EXPECT_TRUE(error.retryable());
  EXPECT_FALSE(victim.healthy());
}

TEST_F(ConnectionTest, WrongPasswordIsToldAsSuchAndNeverShown) {
  test::Cluster cluster;
  {
    Connection admin = cluster.connect();
    admin.exec("CREATE ROLE guarded LOGIN PASSWORD 'right'; CREATE TABLE hba (line text)");
    admin.exec("INSERT INTO hba VALUES ('local all postgres trust'), ('host all all 127.0.0.1/32 scram-sha-256')");
    admin.exec("DO $$ BEGIN EXECUTE format('COPY hba TO %L', current_setting('hba_file')); END $$");
    admin.exec("SELECT pg_reload_conf()");
  }
  const std::string port = std::to_string(cluster.port());
  // The reload is asynchronous: until it has happened the login is trusted.
  for (;;) {
    try {
      Connection::connect("host=127.0.0.1 port=" + port + " user=guarded dbname=postgres password=s3cr3t", kTimeout);
    } catch (const Error& error) {
      EXPECT_EQ(error.sqlstate(), "28P01");
      EXPECT_FALSE(error.retryable());
      EXPECT_THAT(error.what(), AllOf(HasSubstr("guarded"), Not(HasSubstr("s3cr3t")), Not(HasSubstr("LOCATION"))));
      break;
    }
  }
  const Error missing =
      error_of([&] { Connection::connect("postgresql://guarded:right@127.0.0.1:" + port + "/nowhere", kTimeout); });
  EXPECT_EQ(missing.sqlstate(), "3D000");
  EXPECT_THAT(missing.what(), HasSubstr("\"nowhere\""));
}

TEST_F(ConnectionTest, UnreadableConnectionStringIsNotRepeated) {
  for (const char* conninfo : {"postgresql://u:p%ss@host/db", "postgresql://u:s3cret@host:1/db?no_such=1", "s3cret"}) {
    const Error error = error_of([&] { Connection::connect(conninfo, kTimeout); });
    EXPECT_THAT(error.what(), AllOf(Not(HasSubstr("s3cret")), Not(HasSubstr("p%ss")))) << conninfo;
    EXPECT_THAT(error.hint(), HasSubstr("percent-encoded"));
  }
}

TEST_F(ConnectionTest, ServerThatNobodyRunsIsRetryable) {
  const Error error = error_of([&] { Connection::connect("host=127.0.0.1 port=1 user=u dbname=d", kTimeout); });
  EXPECT_TRUE(error.retryable());
  EXPECT_TRUE(error.sqlstate().empty());
}

TEST_F(ConnectionTest, ServerThatNeverAnswersRunsIntoTheTimeout) {
  // A listening socket that nobody accepts from: the connection stands, the answer never comes.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string port = std::to_string(ntohs(address.sin_port));
  const Error error = error_of(
      [&] { Connection::connect("host=127.0.0.1 user=u dbname=d port=" + port, std::chrono::milliseconds(50)); });
  ::close(listener);
  EXPECT_TRUE(error.retryable());
  EXPECT_THAT(error.what(), HasSubstr("timed out"));
}

TEST_F(ConnectionTest, WaitsForNotifications) {
  connection_.exec("LISTEN news");
  EXPECT_EQ(connection_.wait_notification(std::chrono::milliseconds(0)), std::nullopt);
  Cluster::shared().connect().exec("NOTIFY news, 'hello'");
  const auto note = connection_.wait_notification(kTimeout);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->first, "news");
  EXPECT_EQ(note->second, "hello");
}

TEST(ArrayLiteral, SurvivesTheServersReading) {
  Connection connection = Cluster::shared().connect();
  const std::vector<std::string> values = {"a,b", "\"quoted\"", "back\\slash", "", "{}", "NULL", " "};
  const Rows rows = connection.exec("SELECT unnest($1::text[])", {array_literal(values)});
  ASSERT_EQ(rows.size(), static_cast<int>(values.size()));
  for (int i = 0; i < rows.size(); ++i) EXPECT_EQ(rows.text(i, 0), values[static_cast<std::size_t>(i)]);
}

}  // namespace
}  // namespace cpi::db
