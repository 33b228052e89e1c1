// papaparse's own parser cases (mholt/PapaParse, MIT) as a table of results: every case reads as it expects, or differs
// for a reason that stands here. A difference without a reason fails, and so does a reason without a difference.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/csv/sniffer/sniffer.h"
#include "unit/core/csv/corpus.h"
#include "unit/core/csv/every_way.h"
#include "unit/core/csv/results_table.h"

namespace cpi::csv {
namespace {

using nlohmann::json;

constexpr const char* kRagged = "a row with another number of fields is a reject; papaparse returns it as it is";
constexpr const char* kStray = "a quote in the wrong place is a reject that costs one row; papaparse guesses";
constexpr const char* kEmptyLine = "an empty line is no row in a table of several columns";
constexpr const char* kNames = "repeated names are made unique by text::column_names, not by the reader";
constexpr const char* kTyped = "the reader knows no types: core/value converts";
constexpr const char* kTrim = "blanks between a closing quote and the delimiter need trim: true";

/// Why cases differ, by their description.
const std::map<std::string, const char*>& differences() {
  static const std::map<std::string, const char*> table = {
      {"Unquoted field with quotes at end of field", kStray},
      {"Quoted field with whitespace around quotes", kStray},
      {"Misplaced quotes in data, not as opening quotes", kStray},
      {"Quoted field has no closing quote", kStray},
      {"Quoted field has invalid trailing quote after delimiter with a valid closer", kStray},
      {"Quoted field has invalid trailing quote after delimiter", kStray},
      {"Quoted field has invalid trailing quote before delimiter", kStray},
      {"Quoted field has invalid trailing quote after new line", kStray},
      {"Misplaced quotes in data twice, not as opening quotes", kStray},
      {"Input is just empty fields", kRagged},
      {"Bad comments value specified", kRagged},
      {"Row with too few fields", kRagged},
      {"Row with too many fields", kRagged},
      {"Blank line in middle with whitespace", kRagged},
      {"Preview should count rows, not lines", kRagged},
      {"Skip empty lines, with first line only whitespace", kRagged},
      {"Mixed slash n and slash r should choose first as precident",
       "LF, CRLF and CR all end a row, also mixed; papaparse settles on one and so makes two rows one"},
      {"Input with only a commented line and blank line after", kEmptyLine},
      {"One column input with empty fields", "a line break at the end of the file begins no further row"},
      {"Fast mode with blank line at end", kEmptyLine},
      {"Blank line at beginning", kEmptyLine},
      {"Blank line in middle", kEmptyLine},
      {"Blank lines at end", kEmptyLine},
      {"Empty lines", kEmptyLine},
      {"Simple duplicated header names", kNames},
      {"Duplicated header names existing column", kNames},
      {"Duplicate header names with __proto__ field", kNames},
      {"Quoted fields with spaces between closing quote and next delimiter", kTrim},
      {"Quoted fields with spaces between closing quote and next new line", kTrim},
      {"Quoted fields with spaces after closing quote", kTrim},
      {"Quoted fields with spaces between closing quote and next delimiter and contains delimiter", kTrim},
      {"Quoted fields with spaces between closing quote and newline and contains newline", kTrim},
      {"Dynamic typing converts numeric literals and maintains precision", kTyped},
      {"Dynamic typing converts boolean literals", kTyped},
      {"Dynamic typing applies to specific columns", kTyped},
      {"Dynamic typing applies to specific columns by index", kTyped},
      {"Dynamic typing can be applied to `__parsed_extra`", kTyped},
      {"Dynamic typing converts empty values into NULL", kTyped},
      {"Parsing with skipEmptyLines set to 'greedy'", "a row of empty fields is a row; no option drops it"},
      {"Parsing with skipEmptyLines set to 'greedy' with quotes and delimiters as content",
       "a row of empty fields is a row; no option drops it"},
  };
  return table;
}

Dialect dialect_of(const json& test) {
  const json config = test.value("config", json::object());
  Dialect dialect;
  dialect.header_rows = config.value("header", json(false)) == true ? 1 : 0;
  if (config.contains("delimiter") && config["delimiter"].is_string() && config["delimiter"] != "\n") {
    dialect.delimiter = config["delimiter"];
  } else if (test["description"].get<std::string>().find("guessed") != std::string::npos) {
    Known known;
    known.header_rows = dialect.header_rows;
    const Result<Sniffed> sniffed = sniff(test["input"].get<std::string>(), {}, {}, known);
    if (sniffed.ok()) dialect.delimiter = sniffed->delimiter.value;
  }
  dialect.quote = config.value("quoteChar", "\"");
  dialect.escape = config.value("escapeChar", "");
  if (config.contains("comments")) {
    if (config["comments"] == true) dialect.comment = "#";
    if (config["comments"].is_string()) dialect.comment = config["comments"];
  }
  dialect.skip_rows = std::max(0, config.value("skipFirstNLines", 0));
  return dialect;
}

/// Rows as papaparse gives them: arrays without a header, objects with one.
json rows_of(const std::string& text, const Dialect& dialect) {
  Reader reader(dialect);
  const std::span<char> space = reader.space(text.size() + 1);
  std::memcpy(space.data(), text.data(), text.size());
  reader.commit(text.size());
  reader.finish();
  Batch batch;
  json rows = json::array();
  while (true) {
    const Result<Reader::Event> event = reader.next(batch);
    if (!event.ok() || *event != Reader::Event::kBatch) return rows;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      json row = dialect.header_rows > 0 ? json::object() : json::array();
      std::size_t column = 0;
      for (const Field& field : batch.row(i).fields) {
        if (row.is_object()) {
          row[reader.header()[column++]] = field.text();
        } else {
          row.push_back(field.text());
        }
      }
      rows.push_back(std::move(row));
    }
  }
}

TEST(Papaparse, CasesReadAsExpectedOrDifferForAReason) {
  const std::filesystem::path folder = shared_data() / "papaparse";
  CPI_SKIP_WITHOUT(folder);
  std::map<std::string, int> used;
  ResultsTable table("papaparse");
  for (const char* file : {"core_parser_tests.json", "parse_tests.json"}) {
    for (const json& test : json::parse(contents(folder / file))) {
      const std::string description = test["description"];
      if (!test["input"].is_string()) continue;
      const std::string text = test["input"];
      const Dialect dialect = dialect_of(test);
      read_every_way(text, dialect);
      json rows = rows_of(text, dialect);
      const json config = test.value("config", json::object());
      const auto preview = static_cast<std::size_t>(config.value("preview", 0));
      if (preview > 0 && rows.size() > preview) rows.erase(rows.begin() + static_cast<long>(preview), rows.end());
      if (rows == test["expected"]["data"]) {
        table.add(description, "as expected");
        continue;
      }
      const auto reason = differences().find(description);
      EXPECT_NE(reason, differences().end()) << description << "\n  input    " << json(text).dump() << "\n  expected "
                                             << test["expected"]["data"].dump() << "\n  read     " << rows.dump();
      if (reason != differences().end()) {
        ++used[description];
        table.add(description, "differs", reason->second);
      }
    }
  }
  for (const auto& [description, reason] : differences()) {
    EXPECT_GT(used[description], 0) << "no longer different: " << description;
  }
  table.compare();
}

}  // namespace
}  // namespace cpi::csv
