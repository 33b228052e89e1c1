// Where rejects are written: never over a file that they come from, and over an older one only when they are complete.
#include "cli/rejects_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace cpi::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RejectsFile : public testing::Test {
 protected:
  RejectsFile() {
    std::string name = (fs::temp_directory_path() / "cpi-rejects-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~RejectsFile() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  std::string put(const std::string& name, const std::string& content) const {
    std::ofstream(path(name)) << content;
    return path(name);
  }
  static std::string content(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  auto files() const { return std::distance(fs::directory_iterator(directory_), fs::directory_iterator()); }

  const text::FileEncoding utf8_{"utf-8", false};
  fs::path directory_;
};

TEST_F(RejectsFile, AFailedWriteLeavesWhatWasThere) {
  const std::string mend = put("mend.csv", "id\n1\n");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Result<void> written = write_rejects(mend, std::string(100000, 'x'), utf8_);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written.ok());
  EXPECT_THAT(written.error().message, HasSubstr(mend + "\" cannot be written: File too large"));
  EXPECT_EQ(content(mend), "id\n1\n");
  EXPECT_EQ(files(), 1);
}

TEST_F(RejectsFile, ThroughALinkTheFileItselfIsReplacedAndKeepsItsRights) {
  const std::string mend = put("mend.csv", "id\n1\n");
  fs::permissions(mend, fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("mend.csv", path("link.csv"));
  ASSERT_TRUE(write_rejects(path("link.csv"), "new", utf8_).ok());
  EXPECT_TRUE(fs::is_symlink(path("link.csv")));
  EXPECT_EQ(content(mend), "new");
  EXPECT_EQ(fs::status(mend).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(files(), 2);
}

TEST_F(RejectsFile, WhatIsNoFileIsWrittenToAndStays) {
  fs::create_symlink("later.csv", path("link.csv"));
  ASSERT_TRUE(write_rejects(path("link.csv"), "new", utf8_).ok());
  EXPECT_EQ(content(path("later.csv")), "new");
  fs::create_symlink("/dev/null", path("null"));
  ASSERT_TRUE(write_rejects(path("null"), "new", utf8_).ok());
  EXPECT_TRUE(fs::is_symlink(path("null")) && fs::is_character_file(path("null")));
  EXPECT_FALSE(write_rejects(directory_.string(), "new", utf8_).ok());
}

TEST_F(RejectsFile, AFileThatRowsComeFromIsRefusedUnderEveryName) {
  const std::string in = put("in.csv", "id\n1\n");
  fs::create_symlink("in.csv", path("soft.csv"));
  fs::create_hard_link(in, path("hard.csv"));
  for (const std::string& name : {in, path("./in.csv"), path("soft.csv"), path("hard.csv")}) {
    const Result<void> checked = check_rejects_path(name, {in});
    ASSERT_FALSE(checked.ok()) << name;
    EXPECT_EQ(checked.error().code, Code::kInvalidArgument);
    EXPECT_THAT(checked.error().message, HasSubstr("would replace \"" + in + "\""));
  }
  EXPECT_FALSE(check_rejects_path(path("absent.csv"), {path("x/../absent.csv")}).ok());
  EXPECT_TRUE(check_rejects_path(path("mend.csv"), {in}).ok());
}

TEST_F(RejectsFile, ANameMadeOfSeveralFilesIsRefusedToo) {
  const std::string in = put("in.csv", ""), other = put("mend.in.csv", "");
  EXPECT_TRUE(check_rejects_path(path("mend.csv"), {in}).ok());
  const Result<void> checked = check_rejects_path(path("mend.csv"), {in, other});
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(checked.error().message, HasSubstr("\"" + other + "\""));
}

}  // namespace
}  // namespace cpi::cli
