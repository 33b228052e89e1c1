// Writing a random table and reading it gives the same table, in random dialects and chunks.
#include <gtest/gtest.h>

#include <random>

#include "unit/core/csv/every_way.h"

namespace cpi::csv {
namespace {

class Writer {
 public:
  Writer(const Dialect& dialect, std::mt19937& random) : dialect_(dialect), random_(random) {}

  std::string field(const std::string& text, bool quoted) const {
    if (!quoted) return text;
    const std::string escape = dialect_.escape.empty() ? dialect_.quote : dialect_.escape;
    std::string out = dialect_.quote;
    for (const char byte : text) {
      if (std::string(1, byte) == dialect_.quote || std::string(1, byte) == escape) out += escape;
      out += byte;
    }
    return out + dialect_.quote;
  }
  bool needs_quotes(const std::string& text) const {
    return text.find_first_of("\r\n" + dialect_.quote + dialect_.escape + dialect_.delimiter) != std::string::npos;
  }
  std::string ending() const { return std::vector<std::string>{"\n", "\r\n", "\r"}[random_() % 3]; }

 private:
  const Dialect& dialect_;
  std::mt19937& random_;
};

TEST(RoundTrip, GivesBackWhatWasWritten) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> pieces = {
      "a",  "b", "1",  ",", "\"", "\n", "\r",   "\r\n", "é", " ",
      "\t", "|", "||", ";", "'",  "\\", "\"\"", "日本", "😀", "long text that is more than one word"};
  const auto pick = [&](const auto& list) { return list[random() % list.size()]; };
  for (int round = 0; round < 300; ++round) {
    Dialect dialect;
    dialect.delimiter = pick(std::vector<std::string>{",", ";", "\t", "|", "||", ", ", "^", "¦"});
    dialect.quote = pick(std::vector<std::string>{"\"", "\"", "'"});
    dialect.escape = pick(std::vector<std::string>{"", "", "\\"});
    const Writer writer(dialect, random);
    const std::size_t columns = 1 + random() % 6;
    std::string text;
    for (std::size_t i = 0; i < columns; ++i) {
      text += (i > 0 ? dialect.delimiter : "") + "c" + std::to_string(i);
    }
    text += "\n";
    Texts expected;
    const std::size_t rows = random() % 12;
    for (std::size_t row = 0; row < rows; ++row) {
      std::string joined;
      for (std::size_t column = 0; column < columns; ++column) {
        std::string value;
        for (std::size_t n = random() % 4; n > 0; --n) value += pick(pieces);
        // The last column is quoted when it is empty, or the first rows could look as if all ended in a delimiter.
        const bool last = column + 1 == columns;
        const bool quoted = writer.needs_quotes(value) || random() % 4 == 0 || (last && value.empty());
        text += (column > 0 ? dialect.delimiter : "") + writer.field(value, quoted);
        joined += (column > 0 ? "|" : "") + (quoted ? "<" + value + ">" : value);
      }
      text += row + 1 == rows && random() % 2 == 0 ? "" : writer.ending();
      expected.push_back(joined);
    }
    const Outcome outcome = read_every_way(text, dialect);
    ASSERT_EQ(outcome.rows, expected) << "round " << round << ": " << testing::PrintToString(text);
    ASSERT_EQ(outcome.rejects, Texts{}) << "round " << round << ": " << testing::PrintToString(text);
  }
}

TEST(RoundTrip, NoBytesMakeTheWaysOfReadingDisagree) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string alphabet("ab,,,\"\"\n\n\r\\ #\0\xC3\xA9", 17);
  for (int round = 0; round < 2000; ++round) {
    Dialect dialect;
    if (random() % 4 == 0) dialect.escape = "\\";
    if (random() % 4 == 0) dialect.delimiter = ",,";
    if (random() % 4 == 0) dialect.trim = true;
    if (random() % 4 == 0) dialect.comment = "#";
    if (random() % 8 == 0) dialect.quote = "";
    if (random() % 8 == 0) dialect.stop_at = "a";
    dialect.ragged = static_cast<Ragged>(random() % 3);
    dialect.on_nul = static_cast<OnNul>(random() % 2);
    dialect.invalid_bytes = static_cast<InvalidBytes>(random() % 2);
    dialect.header_rows = static_cast<int>(random() % 3);
    Limits limits;
    if (random() % 4 == 0) limits.field_bytes = 1 + random() % 30;
    if (random() % 4 == 0) limits.row_bytes = 1 + random() % 60;
    std::string text = random() % 4 == 0 ? "" : "a,b,a\n";
    for (std::size_t size = random() % 120; size > 0; --size) text += alphabet[random() % alphabet.size()];
    read_every_way(text, dialect, limits);
    ASSERT_FALSE(testing::Test::HasFailure()) << "round " << round << ": " << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace cpi::csv
