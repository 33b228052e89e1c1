// On clean RFC 4180 input the reader and PostgreSQL's COPY give the same rows, field by field, NULL by NULL: on random
// tables and on every file of the public collections that COPY accepts.
#include <gtest/gtest.h>

#include <random>

#include "support/cluster.h"
#include "unit/core/csv/corpus.h"
#include "unit/core/csv/every_way.h"
#include "unit/core/csv/results_table.h"

namespace cpi::csv {
namespace {

/// Fields with their NULLs, as COPY understands them: an unquoted empty field.
using Cells = std::vector<std::optional<std::string>>;

std::vector<Cells> by_reader(const std::string& text, const Dialect& dialect, std::size_t* columns) {
  Reader reader(dialect);
  const std::span<char> space = reader.space(text.size() + 1);
  std::memcpy(space.data(), text.data(), text.size());
  reader.commit(text.size());
  reader.finish();
  Batch batch;
  std::vector<Cells> rows;
  while (true) {
    const Result<Reader::Event> event = reader.next(batch);
    EXPECT_TRUE(event.ok()) << event.error().message;
    if (!event.ok() || *event != Reader::Event::kBatch) break;
    for (const Reject& reject : batch.rejects) ADD_FAILURE() << "line " << reject.line << ": " << reject.message;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Cells cells;
      for (const Field& field : batch.row(i).fields) {
        cells.push_back(field.size == 0 && !field.quoted ? std::nullopt : std::optional(std::string(field.text())));
      }
      rows.push_back(std::move(cells));
    }
  }
  *columns = reader.header().size();
  return rows;
}

/// Fails with the server's words when COPY refuses the text.
Result<std::vector<Cells>> by_copy(db::Connection& connection, const std::string& text, const std::string& options,
                                   std::size_t columns) {
  std::string definition = "n bigserial";
  std::string list;
  for (std::size_t i = 0; i < columns; ++i) {
    definition += ", c" + std::to_string(i) + " text";
    list += (i > 0 ? ", c" : "c") + std::to_string(i);
  }
  connection.exec("DROP TABLE IF EXISTS pg_temp.t; CREATE TEMPORARY TABLE t (" + definition + ")");
  try {
    db::CopyIn copy =
        connection.copy_in("COPY pg_temp.t (" + list + ") FROM STDIN (FORMAT csv, HEADER" + options + ")");
    copy.put(text);
    copy.finish();
  } catch (const db::Error& error) {
    return Error{Code::kInvalidArgument, error.what(), "", ""};
  }
  const db::Rows answer = connection.exec("SELECT " + list + " FROM pg_temp.t ORDER BY n");
  std::vector<Cells> rows;
  for (int row = 0; row < answer.size(); ++row) {
    Cells cells;
    for (int column = 0; column < static_cast<int>(columns); ++column) cells.push_back(answer.optional(row, column));
    rows.push_back(std::move(cells));
  }
  return rows;
}

TEST(CopyAgreement, OnRandomCleanTables) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  db::Connection connection = test::Cluster::shared().connect();
  const Texts pieces = {"a", "1", ",", "\"", "\n", "\r", "\r\n", "é", " ", "\t", ";", "'", "\\", "日本", "\\N", "NULL"};
  for (int round = 0; round < 150; ++round) {
    Dialect dialect;
    dialect.delimiter = Texts{",", ";", "\t", "|"}[random() % 4];
    dialect.quote = Texts{"\"", "'"}[random() % 2];
    if (random() % 3 == 0) dialect.escape = "\\";
    const std::string escape = dialect.escape.empty() ? dialect.quote : dialect.escape;
    const std::string ending = Texts{"\n", "\r\n", "\r"}[random() % 3];  // COPY wants one kind
    const std::size_t columns = 1 + random() % 5;
    std::string text;
    for (std::size_t i = 0; i < columns; ++i) text += (i > 0 ? dialect.delimiter : "") + "c" + std::to_string(i);
    text += ending;
    for (std::size_t rows = random() % 20; rows > 0; --rows) {
      for (std::size_t column = 0; column < columns; ++column) {
        std::string value;
        for (std::size_t n = random() % 4; n > 0; --n) value += pieces[random() % pieces.size()];
        const bool special =
            value.find_first_of("\r\n" + dialect.delimiter + dialect.quote + escape) != std::string::npos;
        if (column > 0) text += dialect.delimiter;
        if (!special && random() % 4 != 0 && !(column + 1 == columns && columns > 1 && value.empty())) {
          text += value;
          continue;
        }
        text += dialect.quote;
        for (const char byte : value) {
          if (byte == dialect.quote[0] || byte == escape[0]) text += escape;
          text += byte;
        }
        text += dialect.quote;
      }
      text += ending;
    }
    const std::string options = ", DELIMITER " + connection.quote_literal(dialect.delimiter) + ", QUOTE " +
                                connection.quote_literal(dialect.quote) + ", ESCAPE " +
                                connection.quote_literal(escape);
    std::size_t width = 0;
    const std::vector<Cells> ours = by_reader(text, dialect, &width);
    const Result<std::vector<Cells>> theirs = by_copy(connection, text, options, columns);
    ASSERT_TRUE(theirs.ok()) << "COPY refuses " << testing::PrintToString(text);
    ASSERT_EQ(ours, *theirs) << "round " << round << ": " << testing::PrintToString(text);
  }
}

TEST(CopyAgreement, OnEveryPublicFileThatCopyAccepts) {
  const std::filesystem::path folder = shared_data();
  CPI_SKIP_WITHOUT(folder);
  db::Connection connection = test::Cluster::shared().connect();
  ResultsTable table("COPY");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (!entry.is_regular_file() || (extension != ".csv" && extension != ".txt")) continue;
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    const std::string stem = entry.path().stem().string();
    if (stem == "location_coordinates" || stem == "bad-unescaped-quote") {
      table.add(name, "rejected", "not clean: COPY drops quotes inside unquoted fields in silence");
      continue;
    }
    const std::string text = contents(entry.path());
    SCOPED_TRACE(entry.path().string());
    Reader head{Dialect{}};
    const std::span<char> space = head.space(text.size() + 1);
    std::memcpy(space.data(), text.data(), text.size());
    head.commit(text.size());
    head.finish();
    Batch batch;
    if (const auto event = head.next(batch); !event.ok()) {
      table.add(name, "not compared", event.error().message);
      continue;
    }
    if (head.header().size() > 1500) {
      table.add(name, "not compared", "more columns than a table has");
      continue;
    }
    const Result<std::vector<Cells>> theirs = by_copy(connection, text, "", head.header().size());
    if (!theirs.ok()) {
      table.add(name, "not compared", "COPY refuses it: " + theirs.error().message);
      continue;
    }
    std::size_t columns = 0;
    const std::vector<Cells> ours = by_reader(text, {}, &columns);
    EXPECT_EQ(ours.size(), theirs->size());
    for (std::size_t i = 0; i < std::min(ours.size(), theirs->size()); ++i)
      ASSERT_EQ(ours[i], (*theirs)[i]) << "row " << i;
    table.add(name, std::to_string(ours.size()) + " rows, as COPY reads them");
  }
  table.compare();
}

}  // namespace
}  // namespace cpi::csv
