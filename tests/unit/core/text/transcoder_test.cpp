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

TEST(Transcoder, KeepsLongTextWhole) {
  std::string bytes;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    bytes += "\x93\xFAx";
    expected += "日x";
  }
  EXPECT_EQ(utf8_of("shift_jis", bytes), expected);
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
