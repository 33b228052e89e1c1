#include "core/text/utf8.h"

#include <gtest/gtest.h>

namespace cpi::text {
namespace {

TEST(Utf8, AcceptsEveryCharacterAndNothingElse) {
  for (std::uint32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    std::string text;
    if (point < 0x80) {
      text += static_cast<char>(point);
    } else if (point < 0x800) {
      text += static_cast<char>(0xC0 | (point >> 6));
      text += static_cast<char>(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
      text += static_cast<char>(0xE0 | (point >> 12));
      text += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
      text += static_cast<char>(0x80 | (point & 0x3F));
    } else {
      text += static_cast<char>(0xF0 | (point >> 18));
      text += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
      text += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
      text += static_cast<char>(0x80 | (point & 0x3F));
    }
    ASSERT_TRUE(valid_utf8(text)) << point;
    // A character cut short is none, wherever it is cut.
    for (std::size_t cut = 1; cut < text.size(); ++cut) ASSERT_FALSE(valid_utf8(text.substr(0, cut) + "x")) << point;
  }
  for (const std::string bad : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
                                "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    EXPECT_EQ(first_invalid_utf8("abcdefghij" + bad), 10U);
  }
}

TEST(Utf8, ReplacesEachMaximalPartOnce) {
  const auto replaced = [](std::string_view text) {
    std::string out;
    append_replacing_invalid(text, out);
    return out;
  };
  EXPECT_EQ(replaced("plain é"), "plain é");
  EXPECT_EQ(replaced("a\xE2\x82z"), "a\uFFFDz");
  EXPECT_EQ(replaced("\xF0\x9F\x98"), "\uFFFD");
  EXPECT_EQ(replaced("\xC0\xAF"), "\uFFFD\uFFFD");
  EXPECT_EQ(replaced("\xFF\xFE\xFF\xFE"), "\uFFFD\uFFFD");  // the transcoder's marks: one for each
}

}  // namespace
}  // namespace cpi::text
