// Files in any encoding, larger than one read: whatever the reader and the converters say of a place is true of the
// file.
#include "import/byte_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/text/encoding.h"

namespace cpi::import {
namespace {

using testing::HasSubstr;

/// A file whose rows are long enough for several reads, and where its bad rows stand.
struct Damaged {
  std::string bytes;
  std::vector<std::size_t> short_rows;  ///< one field too few
  std::vector<std::size_t> nul_bytes;
};

Damaged damaged(const text::FileEncoding& encoding) {
  Damaged file;
  const auto add = [&](const std::string& utf8, bool marked = false) {
    file.bytes += *text::encode(utf8, {encoding.name, marked});
  };
  add("id,name\n", encoding.marked);
  for (int i = 0; file.bytes.size() < std::size_t{1} << 21; ++i) {
    if (i % 997 == 500) {
      file.short_rows.push_back(file.bytes.size());
      add("Größe\n");
    } else if (i % 997 == 800) {
      add(std::to_string(i) + ",ö");
      file.nul_bytes.push_back(file.bytes.size());
      add(std::string(1, '\0'));
      add("\n");
    } else {
      add(std::to_string(i) + ",Größe und Äpfel " + std::to_string(i) + "\n");
    }
  }
  return file;
}

class ByteFeedTest : public testing::Test {
 protected:
  ~ByteFeedTest() override { std::filesystem::remove(path_); }

  std::unique_ptr<source::File> file(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    auto source = source::make_named_files_source({}, "", {path_});
    auto fetched = source->fetch(source->list()->front(), {});
    EXPECT_TRUE(fetched.ok()) << fetched.error().message;
    return std::move(*fetched);
  }

  std::string path_ = (std::filesystem::temp_directory_path() / ("cpi-feed-" + std::to_string(::getpid()))).string();
};

TEST_F(ByteFeedTest, PlacesAreThoseOfTheFileInEveryEncoding) {
  for (const text::FileEncoding& encoding : std::vector<text::FileEncoding>{{"utf-8", false},
                                                                            {"utf-8", true},
                                                                            {"latin-1", false},
                                                                            {"windows-1252", false},
                                                                            {"cp850", false},
                                                                            {"gb18030", false},
                                                                            {"utf-16le", true},
                                                                            {"utf-16be", true},
                                                                            {"utf-16le", false},
                                                                            {"utf-32le", true},
                                                                            {"utf-32be", false}}) {
    SCOPED_TRACE(encoding.name + (encoding.marked ? " with a mark" : ""));
    const Damaged expected = damaged(encoding);
    const auto opened = file(expected.bytes);
    Result<ByteFeed> feed = ByteFeed::open(*opened, encoding.name, nullptr);
    ASSERT_TRUE(feed.ok()) << feed.error().message;
    csv::Reader reader{csv::Dialect{}};
    reader.set_origin(feed->origin());
    csv::Batch batch;
    std::size_t shorts = 0;
    std::size_t nuls = 0;
    for (;;) {
      const Result<csv::Reader::Event> event = reader.next(batch);
      ASSERT_TRUE(event.ok()) << event.error().message;
      if (*event == csv::Reader::Event::kEnd) break;
      if (*event == csv::Reader::Event::kNeedBytes) {
        ASSERT_TRUE(feed->fill(reader).ok());
      }
      for (const csv::Reject& reject : batch.rejects) {
        if (reject.reason == csv::Reason::kNulByte) {
          ASSERT_LT(nuls, expected.nul_bytes.size());
          EXPECT_THAT(reject.message, HasSubstr("at byte offset " + std::to_string(expected.nul_bytes[nuls++]) + ","));
        } else {
          ASSERT_LT(shorts, expected.short_rows.size());
          EXPECT_EQ(reject.offset, static_cast<std::int64_t>(expected.short_rows[shorts++]));
        }
      }
      batch.rejects.clear();
    }
    EXPECT_EQ(nuls, expected.nul_bytes.size());
    EXPECT_EQ(shorts, expected.short_rows.size());
    EXPECT_GT(shorts, 10u);
  }
}

TEST_F(ByteFeedTest, BytesThatAreNoCharacterAreNamedByTheirPlaceInTheFile) {
  struct Case {
    std::string encoding;
    std::string bytes;
    std::string message;
  };
  using namespace std::string_literals;
  for (const Case& tested : std::vector<Case>{
           {"utf-8", "id,v\n1,\xFC\n", "byte 0xFC at byte offset 7 is no valid character"},
           {"shift_jis", "id,\x96\xBC\n1,\x85 \n", "what stands at byte offset 8 is no character"},
           {"utf-16le", "\xFF\xFEi\0\n\0\xE9\0\0\xD8\n\0"s, "what stands at byte offset 8 is no character"},
       }) {
    const auto opened = file(tested.bytes);
    Result<ByteFeed> feed = ByteFeed::open(*opened, tested.encoding, nullptr);
    ASSERT_TRUE(feed.ok());
    csv::Reader reader{csv::Dialect{}};
    reader.set_origin(feed->origin());
    csv::Batch batch;
    std::vector<std::string> messages;
    for (;;) {
      const Result<csv::Reader::Event> event = reader.next(batch);
      ASSERT_TRUE(event.ok()) << event.error().message;
      for (const csv::Reject& reject : batch.rejects) messages.push_back(reject.message);
      if (*event == csv::Reader::Event::kEnd) break;
      if (*event == csv::Reader::Event::kNeedBytes) {
        ASSERT_TRUE(feed->fill(reader).ok());
      }
    }
    EXPECT_THAT(messages, testing::ElementsAre(HasSubstr(tested.message))) << tested.encoding;
  }
}

}  // namespace
}  // namespace cpi::import
