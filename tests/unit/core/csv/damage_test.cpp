// One damage at a time to random tables with quoted, multi-line and quote-laden fields: no other row may be lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "unit/core/csv/every_way.h"

namespace cpi::csv {
namespace {

enum class Damage { kQuoteTooMany, kQuoteTooFew, kDelimiterTooMany, kDelimiterTooFew, kBreakTooMany, kBreakTooFew };

struct Table {
  Texts lines;  ///< each with its line break
  Texts rows;   ///< as Outcome writes them
};

Table random_table(std::mt19937& random) {
  const Texts values = {"word", "Smith, John", "two\nlines, here", "say \"hi\"", "x y", "7", ""};
  Table table;
  const std::size_t columns = 2 + random() % 6;
  for (std::size_t row = 0, rows = 5 + random() % 30; row < rows; ++row) {
    std::string line = std::to_string(row);
    std::string text = line;
    for (std::size_t column = 1; column < columns; ++column) {
      const std::string& value = values[random() % values.size()];
      const bool last_empty = column + 1 == columns && value.empty();
      const bool quoted = value.find_first_of(",\"\n") != std::string::npos || random() % 5 == 0 || last_empty;
      std::string written;
      for (const char byte : value) written += byte == '"' ? "\"\"" : std::string(1, byte);
      line += quoted ? ",\"" + written + "\"" : "," + value;
      text += quoted ? "|<" + value + ">" : "|" + value;
    }
    table.lines.push_back(line + "\n");
    table.rows.push_back(text);
  }
  return table;
}

/// False when the line offers nothing to damage in this way.
bool damage(std::string& line, Damage kind, std::mt19937& random) {
  const auto remove_one_of = [&](char wanted) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == wanted) places.push_back(i);
    }
    if (!places.empty()) line.erase(places[random() % places.size()], 1);
    return !places.empty();
  };
  const auto insert = [&](char byte) {
    line.insert(random() % line.size(), 1, byte);
    return true;
  };
  switch (kind) {
    case Damage::kQuoteTooMany: return insert('"');
    case Damage::kQuoteTooFew: return remove_one_of('"');
    case Damage::kDelimiterTooMany: return insert(',');
    case Damage::kDelimiterTooFew: return remove_one_of(',');
    case Damage::kBreakTooMany: return insert('\n');
    case Damage::kBreakTooFew: line.pop_back(); return true;
  }
  return false;
}

class DamagedTable : public testing::TestWithParam<Damage> {};

TEST_P(DamagedTable, LosesNoOtherRow) {
  // A fixed seed: what is ambiguous is ambiguous, and a test must not fail by chance.
  std::mt19937 random(20'250'101);
  for (int round = 0; round < 1500; ++round) {
    const Table table = random_table(random);
    std::string header = "c0";
    for (long i = 1; i <= std::count(table.rows[0].begin(), table.rows[0].end(), '|'); ++i) {
      header += ",c" + std::to_string(i);
    }
    const std::size_t victim = random() % (table.lines.size() - 1);
    std::string damaged = table.lines[victim];
    if (!damage(damaged, GetParam(), random)) continue;
    std::string text = header + "\n";
    for (std::size_t i = 0; i < table.lines.size(); ++i) text += i == victim ? damaged : table.lines[i];

    const Outcome outcome = read_in_chunks(text, {}, {}, 1 + random() % 200);
    std::multiset<std::string> given(outcome.rows.begin(), outcome.rows.end());
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      // A swallowed line break makes one row of two.
      if (i == victim || (GetParam() == Damage::kBreakTooFew && i == victim + 1)) continue;
      const auto found = given.find(table.rows[i]);
      ASSERT_NE(found, given.end()) << "round " << round << ": lost " << table.rows[i] << " of\n" << text << outcome;
      given.erase(found);
    }
  }
}

std::string damage_name(const testing::TestParamInfo<Damage>& info) {
  switch (info.param) {
    case Damage::kQuoteTooMany: return "QuoteTooMany";
    case Damage::kQuoteTooFew: return "QuoteTooFew";
    case Damage::kDelimiterTooMany: return "DelimiterTooMany";
    case Damage::kDelimiterTooFew: return "DelimiterTooFew";
    case Damage::kBreakTooMany: return "BreakTooMany";
    case Damage::kBreakTooFew: return "BreakTooFew";
  }
  return "Unknown";
}

INSTANTIATE_TEST_SUITE_P(Kinds, DamagedTable,
                         testing::Values(Damage::kQuoteTooMany, Damage::kQuoteTooFew, Damage::kDelimiterTooMany,
                                         Damage::kDelimiterTooFew, Damage::kBreakTooMany, Damage::kBreakTooFew),
                         damage_name);

}  // namespace
}  // namespace cpi::csv
