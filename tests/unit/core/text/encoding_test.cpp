#include "core/text/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::text {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

std::string encoded(const std::string& utf8, const std::string& encoding, bool marked = false) {
  const Result<std::string> bytes = encode(utf8, {encoding, marked});
  return bytes.ok() ? *bytes : "error: " + bytes.error().message;
}

std::string decoded(const std::string& bytes, const std::string& encoding) {
  const Result<std::string> utf8 = decode(bytes, encoding);
  return utf8.ok() ? *utf8 : "error: " + utf8.error().message;
}

TEST(Encoding, WhatIsWrittenIsReadBackAsItWas) {
  const std::string text = "id;Größe\n1;\"ä\nß\"\n";
  for (const char* name : {"utf-8", "latin-1", "windows-1252", "cp850", "utf-16le", "utf-16be", "utf-16", "UTF-32LE"}) {
    EXPECT_EQ(decoded(encoded(text, name), name), text) << name;
  }
  for (const char* name : {"UTF-8", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"}) {
    EXPECT_EQ(decoded(encoded(text, name, true), "latin-1"), text) << name << ": the mark wins";
  }
  EXPECT_EQ(decoded(encoded("日本語", "shift_jis"), "shift_jis"), "日本語");
}

TEST(Encoding, BytesAreTheEncodingsOwn) {
  EXPECT_EQ(encoded("ä€", "windows-1252"), "\xE4\x80");
  EXPECT_EQ(encoded("ä", "utf-16le", true), "\xFF\xFE\xE4\0"s);
  EXPECT_EQ(encoded("ä", "UTF-8", true), "\xEF\xBB\xBFä");
}

TEST(Encoding, ACharacterThatItLacksBecomesAQuestionMark) {
  EXPECT_EQ(encoded("1 € “x”", "latin-1"), "1 ? ?x?");
  EXPECT_EQ(encoded("日", "windows-1252"), "?");
}

TEST(Encoding, WhatItDoesNotAllowIsToldAndNotGuessed) {
  EXPECT_THAT(decoded("\xE4", "utf-8"), HasSubstr("no utf-8"));
  EXPECT_THAT(decoded("\x81\x20", "shift_jis"), HasSubstr("no shift_jis"));
  EXPECT_THAT(decoded("a\0b"s, "latin-1"), HasSubstr("NUL"));
  EXPECT_THAT(decoded("a", "latin-9000"), HasSubstr("unknown encoding"));
  EXPECT_THAT(encoded("a", "latin-9000"), HasSubstr("unknown encoding"));
}

TEST(Encoding, AFilesEncodingIsItsMarksOrTheOneThatIsSaid) {
  EXPECT_EQ(file_encoding("latin-1", "\xFF\xFEi\0"s).name, "UTF-16LE");
  EXPECT_TRUE(file_encoding("latin-1", "\xFF\xFEi\0"s).marked);
  EXPECT_EQ(file_encoding("latin-1", "id").name, "latin-1");
  EXPECT_FALSE(file_encoding("utf-8", "id").marked);
}

}  // namespace
}  // namespace cpi::text
