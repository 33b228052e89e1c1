#include "source/spool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

namespace cpi::source {
namespace {

namespace fs = std::filesystem;

class SpoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "cpi-spool-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = fs::path(name) / "spool";
  }
  void TearDown() override { fs::remove_all(directory_.parent_path()); }

  fs::path directory_;
};

TEST_F(SpoolTest, AFileIsReadAsItWasWrittenAndHasNoName) {
  Spool spool(directory_, 100);
  Result<SpoolFile> file = spool.take(10, {});
  ASSERT_TRUE(file.ok()) << file.error().message;
  ASSERT_TRUE(file->write("world", 5, 5).ok());
  ASSERT_TRUE(file->write("hello", 5, 0).ok());
  std::string bytes(10, ' ');
  EXPECT_EQ(::pread(file->descriptor(), bytes.data(), bytes.size(), 0), 10);
  EXPECT_EQ(bytes, "helloworld");
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(SpoolTest, AFileOverTheLimitNamesTheSetting) {
  Spool spool(directory_, 100);
  const Result<SpoolFile> file = spool.take(101, {});
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, Code::kLimitExceeded);
  EXPECT_NE(file.error().hint.find("CPI_SPOOL_MAX"), std::string::npos);
}

TEST_F(SpoolTest, RoomThatIsGivenBackGoesToTheOneThatWaits) {
  Spool spool(directory_, 100);
  std::optional<Result<SpoolFile>> first(spool.take(60, {}));
  ASSERT_TRUE(first->ok());
  std::jthread other([&] { EXPECT_TRUE(spool.take(60, {}).ok()); });
  first.reset();
}

TEST_F(SpoolTest, WhoeverWaitsCanBeStopped) {
  Spool spool(directory_, 100);
  const Result<SpoolFile> first = spool.take(60, {});
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  const Result<SpoolFile> second = spool.take(60, stop.get_token());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::kStopped);
}

TEST_F(SpoolTest, ADirectoryThatCannotBeMadeIsNamed) {
  std::ofstream(directory_.string()) << "a file in its place";
  Spool spool(directory_, 100);
  const Result<SpoolFile> file = spool.take(1, {});
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, Code::kSpoolFull);
  EXPECT_NE(file.error().message.find(directory_.string()), std::string::npos);
}

TEST_F(SpoolTest, WhatAKilledAgentLeftIsSwept) {
  fs::create_directory(directory_);
  std::ofstream(directory_ / "cpi-spool-abc") << "x";
  std::ofstream(directory_ / "somebody-elses") << "x";
  const Spool spool(directory_, 100);
  EXPECT_FALSE(fs::exists(directory_ / "cpi-spool-abc"));
  EXPECT_TRUE(fs::exists(directory_ / "somebody-elses"));
}

}  // namespace
}  // namespace cpi::source
