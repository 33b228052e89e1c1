#include "source/host_key.h"

#include <gtest/gtest.h>

namespace cpi::source {
namespace {

// A key made for this test, and what `ssh-keygen -l` says of it.
constexpr const char* kPublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMpJPqugQyjO+JRNVIVK1PWnbHF2WzsB3u7qjDs0Gk18";
constexpr const char* kFingerprint = "SHA256:1Nw/vEAt1wiBcIHEtFFieESwig2vzIeOt2V5gqTfM+o";

TEST(HostKey, NothingIsKnownWithoutOne) {
  const Result<ExpectedHostKey> key = parse_host_key(" ");
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(key->strict);
  EXPECT_EQ(key->fingerprint, "");
}

TEST(HostKey, StrictIsAWordOfItsOwn) {
  const Result<ExpectedHostKey> key = parse_host_key("strict");
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(key->strict);
}

TEST(HostKey, AFingerprintAndThePublicKeyItselfMeanTheSame) {
  const std::string fingerprint = kFingerprint;
  for (const std::string& text :
       {fingerprint, fingerprint + "=", std::string(kPublicKey), std::string(kPublicKey) + " erp@example.com",
        "sftp.example.com " + std::string(kPublicKey), " " + std::string(kPublicKey) + "\n"}) {
    const Result<ExpectedHostKey> key = parse_host_key(text);
    ASSERT_TRUE(key.ok()) << text;
    EXPECT_EQ(key->fingerprint, fingerprint) << text;
    EXPECT_FALSE(key->strict);
  }
}

TEST(HostKey, WhatIsNoneIsRefusedWithWhatIsAccepted) {
  for (const char* text : {"SHA256:short", "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", "lax", "ssh-ed25519",
                           "ssh-ed25519 AAAA", "SHA256:!aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    const Result<ExpectedHostKey> key = parse_host_key(text);
    ASSERT_FALSE(key.ok()) << text;
    EXPECT_EQ(key.error().code, Code::kInvalidConfig);
    EXPECT_NE(key.error().hint.find("ssh-keygen -l"), std::string::npos);
  }
}

}  // namespace
}  // namespace cpi::source
