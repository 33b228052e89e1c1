// Signatures against the vectors of Standard Webhooks' own libraries.
#include "deliver/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cpi::deliver {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr const char* kBody = R"({"test": 2432232314})";
constexpr const char* kSigned = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(Signature, IsThatOfTheSpecificationsLibraries) {
  EXPECT_EQ(signature({kSecret}, kId, 1614265330, kBody).value(), kSigned);
}

TEST(Signature, EachSecretSignsInTurn) {
  const std::string other = "whsec_" + std::string(64, 'A');
  const std::string both = signature({other, kSecret}, kId, 1614265330, kBody).value();
  EXPECT_THAT(both, testing::StartsWith("v1,"));
  EXPECT_THAT(both, testing::EndsWith(std::string(" ") + kSigned));
}

TEST(Signature, SecretsOf24To64BytesAreTakenWithAnyPadding) {
  for (const char* secret : {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",         // 24 bytes
                             "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",     // 25
                             "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}) {  // 26
    EXPECT_TRUE(signature({secret}, "i", 1, "").ok()) << secret;
  }
  const std::string longest = "whsec_" + std::string(86, 'A') + "==";  // 64 bytes
  EXPECT_TRUE(signature({longest}, "i", 1, "").ok());
}

TEST(Signature, WhatIsNoSecretIsRefusedAndNotShown) {
  for (const char* secret :
       {"", "canary", "whsec_", "whsec_canary", "whsec_Y2FuYXJ5", "whsec_canary!!canary!!canary!!canary!!"}) {
    const Result<std::string> failed = signature({secret}, "i", 1, "");
    ASSERT_FALSE(failed.ok()) << secret;
    EXPECT_THAT(failed.error().message, Not(HasSubstr("canary")));
  }
}

}  // namespace
}  // namespace cpi::deliver
