#include "core/text/transcoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::text {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

/// Transcodes in chunks of each size, and checks that they agree.
std::string utf8_of(const std::string& encoding, const std::string& bytes) {
  std::string expected;
  bool first = true;
  for (const std::size_t chunk : {bytes.size() + 1, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
    Result<std::unique_ptr<Transcoder>> transcoder = make_transcoder(encoding, bytes.substr(0, 4));
    if (!transcoder.ok()) return "error: " + transcoder.error().message;
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += chunk) (*transcoder)->convert(bytes.substr(at, chunk), out);
    (*transcoder)->finish(out);
    if (first) expected = out;
    EXPECT_EQ(out, expected) << encoding << ", chunks of " << chunk;
    first = false;
  }
  return expected;
}

bool is_identity(const std::string& encoding, const std::string& start) {
  Result<std::unique_ptr<Transcoder>> transcoder = make_transcoder(encoding, start);
  return transcoder.ok() && (*transcoder)->is_identity();
}

TEST(Transcoder, PassesUtf8Through) {
  EXPECT_TRUE(is_identity("utf-8", "a,b"));
  EXPECT_TRUE(is_identity("UTF8", "a,b"));
  EXPECT_EQ(utf8_of("utf-8", "é\xFF"), "é\xFF");
}

TEST(Transcoder, LetsTheByteOrderMarkWin) {
  EXPECT_TRUE(is_identity("latin-1",
                          "\xEF\xBB\xBF"
                          "a"));
  EXPECT_FALSE(is_identity("utf-8",
                           "\xFF\xFE"
                           "a\0"s));
  EXPECT_EQ(utf8_of("utf-8",
                    "\xFF\xFE"
                    "a\0\xE9\0"s),
            "\xEF\xBB\xBF"
            "aé");
  EXPECT_EQ(utf8_of("latin-1", "\xFE\xFF\0a\0\xE9"s),
            "\xEF\xBB\xBF"
            "aé");
  EXPECT_EQ(utf8_of("utf-8", "\xFF\xFE\0\0a\0\0\0"s),
            "\xEF\xBB\xBF"
            "a");
  EXPECT_EQ(utf8_of("utf-8", "\0\0\xFE\xFF\0\0\0a"s),
            "\xEF\xBB\xBF"
            "a");
}

TEST(Transcoder, KnowsTheEncodingsOfTheWorld) {
  EXPECT_EQ(utf8_of("latin-1", "caf\xE9 \x80 and more than eight bytes \xFF"),
            "café \xC2\x80 and more than eight bytes ÿ");
  EXPECT_EQ(utf8_of("windows-1252", "\x80 5,\xE9"), "€ 5,é");
  EXPECT_EQ(utf8_of("cp850", "\x81"), "ü");
  EXPECT_EQ(utf8_of("cp437", "\x84"), "ä");
  EXPECT_EQ(utf8_of("shift_jis", "\x93\xFA\x96\x7B"), "日本");
  EXPECT_EQ(utf8_of("gb18030", "\xC4\xE3\xBA\xC3"), "你好");
  EXPECT_EQ(utf8_of("utf-16le", "a\0\x3D\xD8\x00\xDE"s), "a😀");
  EXPECT_EQ(utf8_of("utf-16be", "\0a\xD8\x3D\xDE\x00"s), "a😀");
  EXPECT_EQ(utf8_of("utf-32le", "\x00\xF6\x01\x00"s), "😀");
  EXPECT_EQ(utf8_of("iso-8859-15", "\xA4"), "€");
}

TEST(Transcoder, MarksBytesThatTheEncodingForbids) {
  EXPECT_EQ(utf8_of("windows-1252",
                    "a\x81"
                    "b"),
            "a\xC2\x81"
            "b");  // ICU and the WHATWG map the five holes to controls
  EXPECT_EQ(utf8_of("us-ascii",
                    "a\xE9"
                    "b"),
            "a\xFF\xFE"
            "b");
  EXPECT_EQ(utf8_of("shift_jis", "a\x93"), "a\xFF\xFE");  // cut within a character
  EXPECT_EQ(utf8_of("utf-16le",
                    "a\0\x3D\xD8"
                    "b\0"s),
            "a\xFF\xFE"
            "b");  // half a pair
  EXPECT_EQ(utf8_of("utf-16le",
                    "a\0\x00\xDE"
                    "b\0"s),
            "a\xFF\xFE"
            "b");
  EXPECT_EQ(utf8_of("utf-16le", "a\0b"s), "a\xFF\xFE");  // an odd number of bytes
  EXPECT_EQ(utf8_of("utf-16le", "a\0\x3D\xD8"s), "a\xFF\xFE");
}

/// One "utf8@source" per character, both counted over the whole input. Chunks of each size give the same ones, but for
/// the bytes of characters that they cut.
std::vector<std::string> places_of(const std::string& encoding, const std::string& bytes) {
  std::vector<std::pair<std::int64_t, std::int64_t>> expected;
  for (const std::size_t chunk : {bytes.size() + 1, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
    Result<std::unique_ptr<Transcoder>> transcoder = make_transcoder(encoding, bytes.substr(0, 4));
    if (!transcoder.ok()) return {"error: " + transcoder.error().message};
    std::string out;
    std::vector<std::pair<std::int64_t, std::int64_t>> places;
    for (std::size_t at = 0; at < bytes.size(); at += chunk) {
      const bool last = at + chunk >= bytes.size();
      for (const Transcoder::Place& place : (*transcoder)->clone()->places(bytes.substr(at, chunk), last)) {
        places.emplace_back(out.size() + place.utf8, static_cast<std::int64_t>(at) + place.source);
      }
      (*transcoder)->convert(bytes.substr(at, chunk), out);
    }
    if (expected.empty()) expected = places;
    EXPECT_EQ(places.size(), expected.size()) << encoding << ", chunks of " << chunk;
    for (std::size_t i = 0; i < std::min(places.size(), expected.size()); ++i) {
      EXPECT_EQ(places[i].first, expected[i].first) << encoding << ", chunks of " << chunk;
      EXPECT_NEAR(places[i].second, expected[i].second, 3) << encoding << ", chunks of " << chunk;
    }
  }
  std::vector<std::string> words;
  for (const auto& [utf8, source] : expected) words.push_back(std::to_string(utf8) + "@" + std::to_string(source));
  return words;
}

TEST(Transcoder, TellsWhereEachCharacterCameFrom) {
  using testing::ElementsAre;
  EXPECT_THAT(places_of("utf-8", "a\xFF"), ElementsAre("0@0", "1@1"));
  EXPECT_THAT(places_of("latin-1", "a\xE9z"), ElementsAre("0@0", "1@1", "3@2"));
  EXPECT_THAT(places_of("windows-1252", "\x80z"), ElementsAre("0@0", "3@1"));
  EXPECT_THAT(places_of("shift_jis", "\x93\xFAx\x85\x20y"), ElementsAre("0@0", "3@2", "4@3", "6@4", "7@5"));
  EXPECT_THAT(places_of("utf-16le",
                        "a\0\x3D\xD8\x00\xDE"
                        "b\0"s),
              ElementsAre("0@0", "1@2", "5@6"));
  EXPECT_THAT(places_of("utf-16be", "\xFE\xFF\0a\xD8\x3D\0b"s), ElementsAre("0@0", "3@2", "4@4", "6@6"));
  EXPECT_THAT(places_of("utf-32be", "\0\x01\xF6\x00\0\0\xD8\0\0\0\0b"s), ElementsAre("0@0", "4@4", "6@8"));
  EXPECT_THAT(places_of("gb18030", "\xC4\xE3\x81\x30\x84\x36x"), ElementsAre("0@0", "3@2", "5@6"));
  EXPECT_THAT(places_of("iso-2022-jp", "a\x1B$B\x46\x7C\x4B\x5C\x1B(Bb"), ElementsAre("0@0", "1@4", "4@6", "7@11"));
  EXPECT_THAT(places_of("shift_jis", "a\x93"), ElementsAre("0@0", "1@1")) << "cut within a character";
}

TEST(Transcoder, KeepsLongTextWhole) {
  std::string bytes;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    bytes += "\x93\xFAx";
    expected += "日x";
  }
  EXPECT_EQ(utf8_of("shift_jis", bytes), expected);
}

TEST(Transcoder, ArchivesAndWorkbooksAreToldForWhatTheyAre) {
  for (const auto& [start, word] : {std::pair("PK\x03\x04\x14\x00"s, "ZIP"), std::pair("\x1F\x8B\x08\x00"s, "gzip"),
                                    std::pair("%PDF-1.7\n"s, "PDF")}) {
    const auto transcoder = make_transcoder("utf-8", start);
    ASSERT_FALSE(transcoder.ok()) << word;
    EXPECT_THAT(transcoder.error().message, HasSubstr(word));
    EXPECT_NE(transcoder.error().hint, "");
  }
  EXPECT_TRUE(make_transcoder("utf-8", "PK,name\n1,a\n").ok());
}

TEST(Transcoder, NamesTheNearestEncodingForAnUnknownOne) {
  for (const std::string name : {"utf-9", "windows-12525", "", "no such thing", "utf-8,version=1"}) {
    const Result<std::unique_ptr<Transcoder>> transcoder = make_transcoder(name, "");
    ASSERT_FALSE(transcoder.ok()) << name;
    EXPECT_EQ(transcoder.error().code, Code::kUnknownEncoding);
  }
  EXPECT_THAT(make_transcoder("windows-12522", "").error().hint, HasSubstr("Did you mean \"windows-1252\"?"));
}

}  // namespace
}  // namespace cpi::text
