// What applying would change, and what is shown of it.
#include "declare/difference.h"

#include <gtest/gtest.h>

namespace cpi::declare {
namespace {

Declared source(std::map<std::string, std::string> fields) {
  Declared out;
  out.kind = Kind::kSource;
  out.name = "s";
  out.fields = std::move(fields);
  return out;
}

Declared project(Json config) {
  Declared out;
  out.kind = Kind::kProject;
  out.name = "p";
  out.config = std::move(config);
  return out;
}

TEST(Difference, TheSameIsUnchanged) {
  const Change change =
      difference(source({{"host", "h"}, {"username", "u"}}), Present{{{"host", "h"},
                                                                      {"username", "u"},
                                                                      {"port", "22"},
                                                                      {"type", "sftp"},
                                                                      {"remote_path", "/"},
                                                                      {"host_key", "SHA256:learnt"}}});
  EXPECT_EQ(change.action, Action::kUnchanged);
  EXPECT_TRUE(change.fields.empty() && change.shown.empty() && !change.config);
}

TEST(Difference, AFieldLeftOutGoesBackToItsDefault) {
  const Change change =
      difference(source({{"host", "h"}, {"username", "u"}}),
                 Present{{{"host", "h"}, {"username", "u"}, {"port", "2222"}, {"password", "canary"}}});
  EXPECT_EQ(change.fields, (std::map<std::string, std::string>{{"port", "22"}, {"password", ""}}));
  ASSERT_EQ(change.shown.size(), 2u);
  EXPECT_EQ(change.shown[1].path, "password");
  EXPECT_EQ(change.shown[1].before, "***");
  EXPECT_TRUE(change.shown[1].after.is_null());
}

TEST(Difference, ALearntHostKeyGoesWithItsServer) {
  const Change change = difference(source({{"host", "new"}, {"username", "u"}}),
                                   Present{{{"host", "old"}, {"username", "u"}, {"host_key", "SHA256:learnt"}}});
  EXPECT_EQ(change.fields.at("host_key"), "");
}

TEST(Difference, AConfigIsComparedFieldByField) {
  const Change change =
      difference(project({{"defaults", {{"delimiter", ";"}, {"header", 2}}}, {"column x", 1}}),
                 Present{{}, {{"defaults", {{"delimiter", ","}, {"header", 2}}}, {"tables", Json::array({1})}}});
  ASSERT_EQ(change.shown.size(), 3u);
  EXPECT_EQ(change.shown[0].path, "config[\"column x\"]");
  EXPECT_EQ(change.shown[1].path, "config.defaults.delimiter");
  EXPECT_EQ(change.shown[1].before, ",");
  EXPECT_EQ(change.shown[1].after, ";");
  EXPECT_EQ(change.shown[2].path, "config.tables");
}

TEST(Difference, NoSecretIsShownAtAnyDepth) {
  const Json sftp = {{"host", "h"}, {"password", "canary"}};
  for (const Change& change :
       {difference(project({{"sftp", sftp}}), std::nullopt), difference(project({{"sftp", sftp}}), Present{}),
        difference(project({{"sftp", sftp}}), Present{{}, {{"sftp", {{"host", "h"}, {"password", "canary2"}}}}}),
        difference(project(Json::object()), Present{{}, {{"sftp", sftp}}})}) {
    for (const FieldChange& field : change.shown) {
      EXPECT_EQ((field.before.dump() + field.after.dump()).find("canary"), std::string::npos) << field.path;
    }
  }
}

}  // namespace
}  // namespace cpi::declare
