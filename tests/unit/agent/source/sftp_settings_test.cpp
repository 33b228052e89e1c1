#include "source/sftp_settings.h"

#include <gtest/gtest.h>

namespace cpi::source {
namespace {

constexpr const char* kStored =
    R"({"host":"erp.example.com","port":2222,"username":"cpi","password":"geheim","remote_path":"/out/"})";

TEST(SftpSettings, FieldsOfTheOverrideAreLaidOverTheStoredOnes) {
  const auto settings = parse_sftp_settings(kStored, R"({"remote_path":"in","username":"other"})");
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->address(), "erp.example.com:2222");
  EXPECT_EQ(settings->username, "other");
  EXPECT_EQ(settings->password, "geheim");
  EXPECT_EQ(settings->path_of("a.csv"), "in/a.csv");
}

TEST(SftpSettings, StoredCredentialsGoToTheirServerOnly) {
  for (const char* given : {R"({"host":"evil.example.com"})", R"({"port":22})", R"({"host_key":"SHA256:other"})"}) {
    const auto settings = parse_sftp_settings(kStored, given);
    ASSERT_FALSE(settings.ok()) << given;
    EXPECT_EQ(settings.error().code, Code::kInvalidConfig);
  }
  const auto same = parse_sftp_settings(kStored, R"({"host":"erp.example.com","port":2222})");
  EXPECT_TRUE(same.ok());
}

TEST(SftpSettings, AnOverrideWithCredentialsOfItsOwnTakesNoneOfTheStored) {
  const auto settings = parse_sftp_settings(kStored, R"({"host":"other.example.com","key_path":"/etc/cpi/key"})");
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->key_path, "/etc/cpi/key");
  EXPECT_EQ(settings->password, "");
}

TEST(SftpSettings, AStoredHostKeyIsThatOfItsServerOnly) {
  const auto host_key_for = [](const char* kept, const char* given) {
    return parse_sftp_settings(
               R"({"host":"erp","username":"cpi","password":"geheim","host_key":")" + std::string(kept) + "\"}", given)
        ->host_key;
  };
  EXPECT_EQ(host_key_for("SHA256:kept", R"({"host":"erp","port":22,"password":"p"})"), "SHA256:kept");
  EXPECT_EQ(host_key_for("SHA256:kept", R"({"host":"other","password":"p"})"), "");
  EXPECT_EQ(host_key_for("SHA256:kept", R"({"port":2222,"password":"p"})"), "");
  EXPECT_EQ(host_key_for("SHA256:kept", R"({"host":"other","password":"p","host_key":"SHA256:its"})"), "SHA256:its");
  EXPECT_EQ(host_key_for("strict", R"({"host":"other","password":"p"})"), "strict");
}

TEST(SftpSettings, WhatIsMissingIsNamed) {
  EXPECT_NE(parse_sftp_settings("", "").error().message.find("no host"), std::string::npos);
  EXPECT_NE(parse_sftp_settings(R"({"host":"h"})", "").error().message.find("no username"), std::string::npos);
  EXPECT_NE(parse_sftp_settings(R"({"host":"h","username":"u"})", "").error().message.find("neither a password"),
            std::string::npos);
}

TEST(SftpSettings, TheRootAndAnIpv6AddressAreSpeltAsUsual) {
  const auto settings = parse_sftp_settings(R"({"host":"::1","username":"u","password":"p"})", "null");
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->address(), "[::1]:22");
  EXPECT_EQ(settings->path_of(""), "/");
  EXPECT_EQ(settings->path_of("a/b.csv"), "/a/b.csv");
}

}  // namespace
}  // namespace cpi::source
