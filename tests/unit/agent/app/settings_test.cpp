#include "app/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

namespace cpi::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Result<Settings> load(std::map<std::string, std::string, std::less<>> environment) {
  return load_settings([environment](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  });
}

TEST(Settings, DefaultsAreThoseOfTheTable) {
  const Settings settings = load({{"HOME", "/home/ada"}}).value();
  EXPECT_TRUE(settings.embedded());
  EXPECT_EQ(settings.host, "127.0.0.1");
  EXPECT_EQ(settings.port, 8000);
  EXPECT_EQ(settings.diff_memory, std::int64_t{256} * 1024 * 1024);
  EXPECT_THAT(settings.local_roots, ElementsAre(settings.data_dir / "inbox"));
}

TEST(Settings, EveryDefaultInTheTableThatIsAValueIsAccepted) {
  for (const Setting& setting : settings_table()) {
    if (setting.default_value.starts_with("none") || setting.default_value.find(' ') != std::string_view::npos ||
        setting.default_value.starts_with("$"))
      continue;
    Settings settings;
    EXPECT_TRUE(setting.apply(settings, setting.default_value).ok()) << setting.name;
  }
}

TEST(Settings, AnEmptyValueMeansTheDefault) { EXPECT_EQ(load({{"PORT", ""}}).value().port, 8000); }

TEST(Settings, AWrongValueNamesTheSettingTheValueAndWhatIsAllowed) {
  const Error error = load({{"PORT", "80000"}}).error();
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_EQ(error.message, "PORT must be a whole number from 0 to 65535, not \"80000\"");
}

TEST(Settings, AWrongValueOfASwitchListsTheWords) {
  EXPECT_THAT(load({{"LOG_LEVEL", "loud"}}).error().message, HasSubstr("one of debug, info, warning, error, off"));
  EXPECT_THAT(load({{"CPI_ALLOW_SHELL_HOOKS", "yes"}}).error().message, HasSubstr("one of true, false"));
}

TEST(Settings, AnAllowListThatHoldsNoHostOrRangeNamesTheEntry) {
  const Error error = load({{"CPI_EGRESS_ALLOW", "n8n.internal, 10.0.0.0/40"}}).error();
  EXPECT_THAT(error.message, HasSubstr("CPI_EGRESS_ALLOW must hold hosts"));
  EXPECT_THAT(error.message, HasSubstr("10.0.0.0/40"));
  EXPECT_FALSE(load({{"CPI_EGRESS", "public"}, {"CPI_EGRESS_ALLOW", "10.0.0.0/8"}})
                   .value()
                   .egress_policy()
                   .refusal("n8n", net::Address::parse("10.1.1.1").value()));
}

TEST(Settings, LocalRootsAreAListOfAbsolutePaths) {
  EXPECT_THAT(load({{"CPI_LOCAL_ROOTS", "/srv/a:/srv/b/"}}).value().local_roots, ElementsAre("/srv/a", "/srv/b/"));
  EXPECT_FALSE(load({{"CPI_LOCAL_ROOTS", "inbox"}}).ok());
}

TEST(Settings, SizesCountInPowersOf1024) {
  EXPECT_EQ(parse_bytes("1048576").value(), 1048576);
  EXPECT_EQ(parse_bytes("256MB").value(), std::int64_t{256} << 20);
  EXPECT_EQ(parse_bytes("20gb").value(), std::int64_t{20} << 30);
  for (const char* wrong : {"", "MB", "-1", "1.5GB", "10 MB", "99999999TB", "5XB"})
    EXPECT_FALSE(parse_bytes(wrong).ok()) << wrong;
}

TEST(Settings, DotenvTakesQuotesCommentsAndExport) {
  EXPECT_THAT(parse_dotenv("# comment\nA=1\nexport B=\"two words\"\r\nC='#3' \nD=4 # four\n\nnonsense\nE=\n"),
              ElementsAre(Pair("A", "1"), Pair("B", "two words"), Pair("C", "#3"), Pair("D", "4"), Pair("E", "")));
}

TEST(Settings, TheReadmeHasARowForEverySettingWithItsDefaultAndDescription) {
  std::ifstream file(CPI_SOURCE_DIR "/README.md");
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  for (const Setting& setting : settings_table()) {
    const std::string row = "| `" + std::string(setting.name) + "` | " + std::string(setting.default_value) + " | " +
                            std::string(setting.description) + " |";
    EXPECT_THAT(readme, HasSubstr(row));
  }
}

}  // namespace
}  // namespace cpi::app
