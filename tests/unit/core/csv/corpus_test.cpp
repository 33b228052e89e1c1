// What the reader makes of csv-spectrum, csv-test-data and univocity's odd files; each difference from the collection's
// own expectation has its reason here.
#include "unit/core/csv/corpus.h"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "unit/core/csv/every_way.h"
#include "unit/core/csv/results_table.h"

namespace cpi::csv {
namespace {

using nlohmann::json;

/// Rows as the collections write them: without the marks of quoted fields.
std::vector<Texts> plain_rows(const std::string& text, const Dialect& dialect) {
  Reader reader(dialect);
  const std::span<char> space = reader.space(text.size());
  std::memcpy(space.data(), text.data(), text.size());
  reader.commit(text.size());
  reader.finish();
  Batch batch;
  std::vector<Texts> rows;
  while (true) {
    const Result<Reader::Event> event = reader.next(batch);
    if (!event.ok() || *event != Reader::Event::kBatch) return rows;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Texts row;
      for (const Field& field : batch.row(i).fields) row.emplace_back(field.text());
      rows.push_back(std::move(row));
    }
  }
}

TEST(CsvSpectrum, GivesTheRowsThatItExpects) {
  const std::filesystem::path folder = shared_data() / "csv-spectrum";
  CPI_SKIP_WITHOUT(folder);
  ResultsTable table("csv-spectrum");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "csvs")) {
    SCOPED_TRACE(entry.path().filename().string());
    std::string text = contents(entry.path());
    // Copies of the collection often went through a tool that turned CRLF into LF; the expectations did not.
    if (entry.path().stem().string().ends_with("_crlf") && text.find('\r') == std::string::npos) {
      text = std::regex_replace(text, std::regex("\n"), "\r\n");
    }
    Dialect dialect;
    const bool quotes_are_text = entry.path().stem() == "location_coordinates";
    if (quotes_are_text) {
      // It has quotes inside unquoted fields (37'37.8"N), which RFC 4180 forbids: each is a reject that says how to
      // mend it, and so mended the file reads as expected.
      const Outcome strict = read_every_way(text);
      ASSERT_EQ(strict.full_rejects.size(), 1U);
      EXPECT_THAT(strict.full_rejects[0].message, testing::HasSubstr("set quote to \"\""));
      dialect.quote = "";
    }
    const Outcome outcome = read_every_way(text, dialect);
    EXPECT_EQ(outcome.error, "");
    EXPECT_THAT(outcome.rejects, testing::IsEmpty());
    json expected = json::parse(contents(folder / "json" / (entry.path().stem().string() + ".json")));
    if (expected.is_object()) expected = json::array({expected});
    const std::vector<Texts> rows = plain_rows(text, dialect);
    ASSERT_EQ(rows.size(), expected.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t column = 0; column < outcome.header.size(); ++column) {
        if (outcome.header[column] == "Contact Phone Number") continue;  // masked in the collection's expectation
        EXPECT_EQ(rows[i][column], expected[i].at(outcome.header[column]).get<std::string>());
      }
    }
    table.add(entry.path().stem().string(), quotes_are_text ? "as expected with quote \"\"" : "as expected",
              quotes_are_text ? "a quote inside an unquoted field is a reject, which says so" : "");
    ++files;
  }
  EXPECT_EQ(files, 12);
  table.compare();
}

TEST(CsvTestData, GivesTheRowsThatItExpectsAndRejectsWhatIsBad) {
  const std::filesystem::path folder = shared_data() / "csv-test-data";
  CPI_SKIP_WITHOUT(folder);
  const std::map<std::string, std::string> bad = {
      {"bad-header-less-fields", "2:too_few_fields:1,2"},
      {"bad-header-more-fields", "2:too_many_fields:1,2,3,4"},
      {"bad-header-no-header", "invalid_header: the file is empty: there is no header"},
      {"bad-missing-quote", "2:unclosed_quote:1,\"I forgot to close this one,3"},
      {"bad-quotes-with-unescaped-quote", "2:stray_quote:1,\"Hey, I missed \" it\",3"},
      {"bad-unescaped-quote", "2:stray_quote:1,This \"quotes\" must be escaped,3"},
      // Another header is no error of the file: which columns a table needs is decided by the import.
      {"bad-header-wrong-header", ""},
  };
  ResultsTable table("csv-test-data");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "csv")) {
    const std::string name = entry.path().stem().string();
    SCOPED_TRACE(name);
    ++files;
    const std::string text = contents(entry.path());
    if (name.starts_with("bad-")) {
      const Outcome outcome = read_every_way(text);
      EXPECT_THAT(outcome.rows, testing::IsEmpty());
      EXPECT_EQ(outcome.error + (outcome.rejects.empty() ? "" : outcome.rejects[0]), bad.at(name));
      table.add(
          name, bad.at(name).empty() ? "read" : "refused, as expected",
          bad.at(name).empty() ? "another header is no error: which columns a table needs, the import decides" : "");
      continue;
    }
    Dialect dialect;
    dialect.header_rows = name.starts_with("header-") ? 1 : 0;
    // Nothing but empty lines says nothing of its columns; named, an empty line is a row as in COPY.
    if (name == "all-empty") dialect.columns = {"only"};
    const Outcome outcome = read_every_way(text, dialect);
    EXPECT_EQ(outcome.error, "");
    EXPECT_THAT(outcome.rejects, testing::IsEmpty());
    const json expected = json::parse(contents(folder / "json" / (name + ".json")));
    const std::vector<Texts> rows = plain_rows(text, dialect);
    ASSERT_EQ(rows.size(), expected.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].size(), expected[i].size());
      for (std::size_t column = 0; column < rows[i].size(); ++column) {
        const json& field = expected[i].is_array() ? expected[i].at(column) : expected[i].at(outcome.header[column]);
        EXPECT_EQ(rows[i][column], field.get<std::string>());
      }
    }
    table.add(name, "as expected",
              name == "all-empty" ? "once its column is named: empty lines alone say nothing of columns" : "");
  }
  EXPECT_EQ(files, 25);
  table.compare();
}

TEST(OddFiles, AreReadAlikeInEveryWay) {
  const std::filesystem::path folder = shared_data();
  CPI_SKIP_WITHOUT(folder / "univocity");
  for (const char* collection : {"univocity", "rust-csv", "papaparse", "gtfs-sample"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / collection)) {
      if (!entry.is_regular_file() || entry.file_size() > 100'000) continue;
      SCOPED_TRACE(entry.path().string());
      const std::string text = contents(entry.path());
      read_every_way(text);
      Dialect dialect;
      dialect.delimiter = "\t";
      dialect.trim = true;
      read_every_way(text, dialect);
    }
  }
}

}  // namespace
}  // namespace cpi::csv
