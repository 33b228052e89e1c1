// What a log line says and, above all, what it never says.
#include "observe/observe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace cpi::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ObserveMask, HidesThePasswordOfAUrlWhereverItStands) {
  EXPECT_EQ(mask("postgresql://u:secret@h:5432/db"), "postgresql://u:***@h:5432/db");
  EXPECT_EQ(mask("cannot reach postgres://u:se:cret@h/db, and mysql://a:b@c"),
            "cannot reach postgres://u:***@h/db, and mysql://a:***@c");
  EXPECT_EQ(mask("no password in postgresql://u@h/db"), "no password in postgresql://u@h/db");
}

TEST(ObserveMask, HidesAPasswordWithRawSpecialCharacters) {
  EXPECT_EQ(mask("postgresql://u:a@b/c#d@h/db"), "postgresql://u:***@h/db");
  EXPECT_THAT(mask("postgresql://u:what?secret@h/db"), Not(HasSubstr("secret")));
}

TEST(ObserveMask, HidesTheQueryOfAUrlBecauseItMayBeASignature) {
  EXPECT_EQ(mask("https://n8n.example.com/webhook-waiting/7?signature=abc"),
            "https://n8n.example.com/webhook-waiting/7?***");
  EXPECT_EQ(mask("postgresql://u:p@h/db?sslpassword=x"), "postgresql://u:***@h/db?***");
}

TEST(ObserveMask, HidesThePasswordOfAKeywordString) {
  EXPECT_EQ(mask("host=h password=secret user=u"), "host=h password=*** user=u");
  EXPECT_EQ(mask("Password = 'a b\\'c' user=u"), "Password = *** user=u");
  EXPECT_EQ(mask("password authentication failed for user \"u\""), "password authentication failed for user \"u\"");
  EXPECT_EQ(mask("password='never closed"), "password=***");
}

TEST(ObserveLine, TextQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(line({Kind::kJobClaimed, {{"project", "abc"}, {"attempt", 2}, {"note", "two words"}}}, false),
            "job claimed  project=abc attempt=2 note=\"two words\"");
}

TEST(ObserveLine, ControlCharactersNeverReachTheTerminal) {
  EXPECT_THAT(line({Kind::kFileFailed, {{"file", "a\x1b[31m\nb"}}}, false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(line(note("queue", "first\nsecond"), false), Not(HasSubstr("\n")));
}

TEST(ObserveLine, JsonIsOneObjectWithTypedFields) {
  const auto json =
      nlohmann::json::parse(line({Kind::kJobFinished, {{"seconds", 1.5}, {"files", 3}, {"ok", true}}}, true));
  EXPECT_EQ(json["event"], "job_finished");
  EXPECT_EQ(json["level"], "info");
  EXPECT_EQ(json["files"], 3);
  EXPECT_EQ(json["ok"], true);
  EXPECT_DOUBLE_EQ(json["seconds"], 1.5);
}

TEST(ObserveLine, JsonSurvivesBytesThatAreNoUtf8) {
  EXPECT_NO_THROW(nlohmann::json::parse(line({Kind::kFileFailed, {{"file", "\xff\xfe"}}}, true)));
}

TEST(ObserveLine, AProblemTellsCodeDetailAndHintAndNoPassword) {
  const std::string text = line(
      problem("queue",
              cpi::Error{Code::kTargetUnreachable, "cannot reach postgres://u:pw@h/d", "It is away.", "Start it."}),
      false);
  EXPECT_EQ(text,
            "cannot reach postgres://u:***@h/d  where=queue code=target_unreachable detail=\"It is away.\" "
            "hint=\"Start it.\"");
}

TEST(ObserveEmit, CountsEventsBelowTheLogLevelToo) {
  configure({Level::kError, true, false});
  const auto count = [] {
    for (const auto& [name, n] : counters()) {
      if (name == "routes_loaded") return n;
    }
    return std::int64_t{-1};
  };
  const std::int64_t before = count();
  emit({Kind::kRoutesLoaded, {}});
  EXPECT_EQ(count(), before + 1);
  configure(format_from_environment());
}

TEST(ObserveFormat, UnknownSettingsFallBackToInfoAndText) {
  ::setenv("LOG_LEVEL", "chatty", 1);
  ::setenv("LOG_FORMAT", "xml", 1);
  const Format format = format_from_environment();
  EXPECT_EQ(format.least, Level::kInfo);
  EXPECT_FALSE(format.json);
  ::unsetenv("LOG_LEVEL");
  ::unsetenv("LOG_FORMAT");
}

}  // namespace
}  // namespace cpi::observe
