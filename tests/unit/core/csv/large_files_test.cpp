// Files larger than every window, segment and look ahead that the reader has: what it says depends neither on how they
// are cut, nor on whether it is known from the start that no more comes, nor on the kernel. Damaged at random; the seed
// is printed when a test fails.
#include <random>

#include "unit/core/csv/every_way.h"

namespace cpi::csv {
namespace {

/// All of it is there before the reader is asked for the first time.
Outcome read_whole(const std::string& text, const Dialect& dialect) {
  Reader reader(dialect);
  std::memcpy(reader.space(text.size()).data(), text.data(), text.size());
  reader.commit(text.size());
  reader.finish();
  return read_all(reader);
}

void expect_one_reading(const std::string& text, const Dialect& dialect) {
  const Outcome expected = read_whole(text, dialect);
  for (const Kernel* kernel : usable_kernels()) {
    ::setenv("CPI_CSV_KERNEL", std::string(kernel->name()).c_str(), 1);
    for (const std::size_t chunk : {std::size_t{1000}, std::size_t{65535}, std::size_t{65536}, std::size_t{65537},
                                    std::size_t{512} << 10, text.size()}) {
      const Outcome outcome = read_in_chunks(text, dialect, {}, chunk);
      SCOPED_TRACE("kernel " + std::string(kernel->name()) + ", chunks of " + std::to_string(chunk));
      ASSERT_EQ(outcome.error, expected.error);
      ASSERT_EQ(outcome.rejects.size(), expected.rejects.size());
      for (std::size_t i = 0; i < outcome.rejects.size(); ++i) {
        ASSERT_EQ(outcome.rejects[i].substr(0, 300), expected.rejects[i].substr(0, 300));
      }
      ASSERT_EQ(outcome.rows.size(), expected.rows.size());
      ASSERT_TRUE(outcome.rows == expected.rows);
      ASSERT_TRUE(outcome.places == expected.places);
    }
  }
  ::unsetenv("CPI_CSV_KERNEL");
}

/// A table of three columns of about `bytes` bytes: comments, empty lines, fields of several lines, long fields, and
/// every `damage` rows one that is broken in some way.
std::string damaged_table(std::mt19937& random, std::size_t bytes, unsigned damage) {
  std::string text = "id,name,note\n";
  const auto filler = [&](std::size_t size) { return std::string(size, static_cast<char>('a' + random() % 26)); };
  for (int id = 0; text.size() < bytes; ++id) {
    const std::string number = std::to_string(id);
    if (damage > 0 && random() % damage == 0) {
      switch (random() % 7) {
        case 0: text += number + ",\"never closed,x\n"; break;
        case 1: text += number + ",stray\" quote,x\n"; break;
        case 2: text += number + ",too few\n"; break;
        case 3: text += number + ",too,many,fields\n"; break;
        case 4: text += number + ",\"closed\" and more,x\n"; break;
        case 5: text += number + ",\xFF,x\n"; break;
        case 6: text += number + "," + filler(random() % 200'000) + "\"" + filler(random() % 200'000) + ",x\n"; break;
      }
      continue;
    }
    switch (random() % 12) {
      case 0: text += "# a comment, with \"quotes\n"; break;
      case 1: text += "\n"; break;
      case 2: text += number + ",\"two\nlines, and \"\"quotes\"\"\",x\r\n"; break;
      case 3: text += number + "," + filler(random() % 3000) + ",\"" + filler(random() % 3000) + "\"\n"; break;
      case 4: text += number + ",\"" + filler(1 + random() % 100'000) + "\n1,2,3\n" + filler(10) + "\",x\n"; break;
      default: text += number + ",name " + number + ",\"quoted, " + number + "\"\n";
    }
  }
  return text;
}

class LargeFiles : public testing::Test {
 protected:
  const std::uint32_t seed_ = std::random_device{}();
  testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  std::mt19937 random_{seed_};
};

TEST_F(LargeFiles, ReadTheSameHoweverTheyAreCut) {
  Dialect dialect;
  dialect.comment = "#";
  for (const unsigned damage : {0U, 400U, 100U, 20U}) {
    SCOPED_TRACE("one damaged row of " + std::to_string(damage));
    expect_one_reading(damaged_table(random_, std::size_t{2} << 20, damage), dialect);
  }
  dialect.ragged = Ragged::kPad;
  expect_one_reading(damaged_table(random_, std::size_t{2} << 20, 50), dialect);
}

TEST_F(LargeFiles, WithCommentsAloneUpToTheEndOfAReadReadTheSame) {
  Dialect dialect;
  dialect.comment = "#";
  for (const std::size_t comments : {std::size_t{64} << 10, std::size_t{256} << 10, std::size_t{1} << 20}) {
    for (const std::size_t before : {0U, 1U, 4U, 9U}) {
      std::string text = "a,b,c\n";
      const std::size_t segment_end = text.size() + comments;
      while (text.size() + 100 < segment_end) text += "# nothing to see here\n\n";
      text += "#" + std::string(segment_end - before - text.size() - 2, ' ') + "\n";
      text += "4,\"a\nb\",6\n";
      while (text.size() < 2 * comments) text += "# nor here\n";
      expect_one_reading(text + "7,8,9\n", dialect);
    }
  }
}

}  // namespace
}  // namespace cpi::csv
