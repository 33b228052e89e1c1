// Small tables, damaged once at every place in every way that the contract names: all other rows arrive, in their order
// and unchanged; what is rejected stands in the lines of the damaged row; and the answer does not depend on the chunks.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "unit/core/csv/every_way.h"

namespace cpi::csv {
namespace {

struct Style {
  const char* name;
  Dialect dialect;
  std::string line_break;
  std::string rest = "";  ///< what follows the table and is none of it
};

struct Table {
  std::size_t columns = 0;
  Texts lines;  ///< as written, without the last line break
  Texts rows;   ///< as Outcome writes them
};

struct Damaged {
  std::string what;
  std::string line;
  bool joined = false;  ///< with the next row
};

std::string quoted(const std::string& value, const Dialect& dialect) {
  const std::string& escape = dialect.escape.empty() ? dialect.quote : dialect.escape;
  std::string written = dialect.quote;
  for (const char byte : value) {
    if (byte == dialect.quote[0] || byte == escape[0]) written += escape;
    written += byte;
  }
  return written + dialect.quote;
}

Table random_table(std::mt19937& random, const Style& style) {
  const std::string& delimiter = style.dialect.delimiter;
  const std::string& quote = style.dialect.quote;
  const Texts values = {"w",
                        "12",
                        "x y",
                        "a" + delimiter + "b",
                        "two\nlines",
                        "",
                        "say " + quote + "hi" + quote,
                        "five\nsix" + delimiter + " seven\neight",
                        quote,
                        "n\n"};
  Table table;
  const std::size_t columns = table.columns = 2 + random() % 4;
  const unsigned one_in = 1 + random() % 3;  // fields that need no quotes and have some
  const bool plain = random() % 4 == 0;
  for (std::size_t row = 0, rows = 2 + random() % 6; row < rows; ++row) {
    std::string line = std::to_string(row);
    std::string text = line;
    for (std::size_t column = 1; column < columns; ++column) {
      const std::string& value = values[plain ? random() % 3 : random() % values.size()];
      const bool last_empty = column + 1 == columns && value.empty();
      const bool in_quotes = value.find_first_of(delimiter + quote + "\n") != std::string::npos || last_empty ||
                             (!plain && random() % one_in == 0);
      line += delimiter + (in_quotes ? quoted(value, style.dialect) : value);
      text += in_quotes ? "|<" + value + ">" : "|" + value;
    }
    table.lines.push_back(line);
    table.rows.push_back(text);
  }
  return table;
}

std::vector<Damaged> every_damage(const Table& table, std::size_t victim, const Style& style) {
  const std::string& line = table.lines[victim];
  const Dialect& dialect = style.dialect;
  std::vector<Damaged> all;
  const auto insert = [&](const std::string& what, const std::string& token) {
    for (std::size_t at = 0; at <= line.size(); ++at) all.push_back({what, std::string(line).insert(at, token)});
  };
  const auto remove = [&](const std::string& what, const std::string& token) {
    for (std::size_t at = line.find(token); at != std::string::npos; at = line.find(token, at + 1)) {
      all.push_back({what, std::string(line).erase(at, token.size())});
    }
  };
  insert("a quote too many", dialect.quote);
  insert("a delimiter too many", dialect.delimiter);
  insert("a line break too many", style.line_break);
  remove("a quote too few", dialect.quote);
  remove("a delimiter too few", dialect.delimiter);
  // A quote escaped in the way of another dialect.
  const std::string escaped = (dialect.escape.empty() ? dialect.quote : dialect.escape) + dialect.quote;
  for (std::size_t at = line.find(escaped); at != std::string::npos; at = line.find(escaped, at + 1)) {
    all.push_back({"a quote escaped wrongly", std::string(line).replace(at, 1, dialect.escape.empty() ? "\\" : "\"")});
  }
  if (victim + 1 < table.lines.size()) all.push_back({"a line break too few", line + table.lines[victim + 1], true});
  return all;
}

class EveryDamage : public testing::TestWithParam<Style> {};

TEST_P(EveryDamage, CostsTheDamagedRowAlone) {
  const Style& style = GetParam();
  std::mt19937 random(20'260'711);
  for (int round = 0; round < 40; ++round) {
    const Table table = random_table(random, style);
    const bool ends_with_break = random() % 3 != 0;
    std::string header = "c";
    for (std::size_t i = 1; i < table.columns; ++i) header += style.dialect.delimiter + "c" + std::to_string(i);
    for (std::size_t victim = 0; victim < table.lines.size(); ++victim) {
      for (const Damaged& damage : every_damage(table, victim, style)) {
        std::string text = header;
        Texts others;
        std::int64_t first_line = 0;
        std::int64_t last_line = 0;
        for (std::size_t i = 0; i < table.lines.size(); ++i) {
          if (damage.joined && i == victim + 1) continue;
          text += style.line_break;
          const auto lines = [&] { return 1 + std::count(text.begin(), text.end(), style.line_break.back()); };
          if (i == victim) first_line = lines();
          text += i == victim ? damage.line : table.lines[i];
          if (i == victim) last_line = lines();
          if (i != victim) others.push_back(table.rows[i]);
        }
        if (ends_with_break || !style.rest.empty()) text += style.line_break;
        text += style.rest;

        const Outcome outcome = read_in_chunks(text, style.dialect, {}, text.size() + 1);
        ASSERT_EQ(outcome, read_in_chunks(text, style.dialect, {}, 1 + random() % 9)) << damage.what << ":\n" << text;
        Texts arrived;
        for (std::size_t i = 0; i < outcome.rows.size(); ++i) {
          const std::int64_t line = std::stoll(outcome.places[i]);
          if (line < first_line || line > last_line) arrived.push_back(outcome.rows[i]);
        }
        ASSERT_EQ(arrived, others) << damage.what << ":\n" << text << outcome;
        for (const Reject& reject : outcome.full_rejects) {
          ASSERT_TRUE(reject.line >= first_line && reject.line <= last_line) << damage.what << ":\n" << text << outcome;
        }
      }
    }
  }
}

Dialect dialect(const std::string& delimiter, const std::string& quote, const std::string& escape,
                const std::string& stop_at = "", Ragged ragged = Ragged::kReject) {
  Dialect made;
  made.delimiter = delimiter;
  made.quote = quote;
  made.escape = escape;
  made.stop_at = stop_at;
  made.ragged = ragged;
  return made;
}

INSTANTIATE_TEST_SUITE_P(Styles, EveryDamage,
                         testing::Values(Style{"Lf", dialect(",", "\"", ""), "\n"},
                                         Style{"Crlf", dialect(",", "\"", ""), "\r\n"},
                                         Style{"LongDelimiter", dialect("||", "\"", ""), "\n"},
                                         Style{"Backslash", dialect(";", "'", "\\"), "\n"},
                                         Style{"Pad", dialect(",", "\"", "", "", Ragged::kPad), "\n"},
                                         Style{"Cut", dialect(",", "\"", "", "", Ragged::kCut), "\n"},
                                         Style{"SecondTable", dialect(",", "\"", "", "Total"), "\n",
                                               "Total\n\"a\",b,c\n1,2,3\n4,\"5\n\",6\n"},
                                         Style{"SecondTableCrlf", dialect(",", "\"", "", "Total", Ragged::kPad), "\r\n",
                                               "Total\r\na,b,c\r\n1,2,3\r\n4,5,6\r\n"}),
                         [](const testing::TestParamInfo<Style>& info) { return info.param.name; });

}  // namespace
}  // namespace cpi::csv
