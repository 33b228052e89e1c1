// Files are put aside only as they were loaded, never overwritten, and never through a symlink.
#include "job/after_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "source/iso_time.h"

namespace cpi::job {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class AfterImport : public testing::Test {
 protected:
  AfterImport() {
    std::string name = (fs::temp_directory_path() / "cpi-after-XXXXXX").string();
    directory_ = fs::canonical(::mkdtemp(name.data()));
    place_ = {{directory_}, directory_};
  }
  ~AfterImport() override { fs::remove_all(directory_); }

  /// Writes a file and answers its row of the manifest.
  store::ManifestEntry write(const std::string& path, const std::string& text) {
    fs::create_directories((directory_ / path).parent_path());
    std::ofstream(directory_ / path) << text;
    struct stat facts {};
    ::stat((directory_ / path).c_str(), &facts);
    store::ManifestEntry entry;
    entry.path = path;
    entry.size = facts.st_size;
    entry.modified_at = source::iso_time(facts.st_mtim);
    return entry;
  }
  std::string read(const std::string& path) {
    std::ifstream file(directory_ / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool exists(const std::string& path) { return fs::exists(directory_ / path); }

  fs::path directory_;
  FilePlace place_;
};

TEST_F(AfterImport, KeepLeavesTheFile) {
  EXPECT_EQ(after_success(config::AfterImport::kKeep, write("a.csv", "1"), place_), "");
  EXPECT_TRUE(exists("a.csv"));
}

TEST_F(AfterImport, MoveRenameAndDeleteDoWhatTheySay) {
  EXPECT_EQ(after_success(config::AfterImport::kMove, write("in/a.csv", "1"), place_), "");
  EXPECT_EQ(read("in/processed/a.csv"), "1");
  EXPECT_EQ(after_success(config::AfterImport::kRename, write("b.csv", "2"), place_), "");
  EXPECT_EQ(read("b.csv.imported"), "2");
  EXPECT_EQ(after_success(config::AfterImport::kDelete, write("c.csv", "3"), place_), "");
  EXPECT_FALSE(exists("c.csv"));
  EXPECT_FALSE(exists("a.csv") || exists("b.csv") || exists(".c.csv.imported"));
}

TEST_F(AfterImport, AFileThatChangedSinceIsLeftInPlace) {
  const store::ManifestEntry loaded = write("a.csv", "old");
  write("a.csv", "newer");
  EXPECT_THAT(after_success(config::AfterImport::kDelete, loaded, place_), HasSubstr("newer content waits"));
  EXPECT_EQ(read("a.csv"), "newer");
}

TEST_F(AfterImport, AnEarlierFileOfTheSameNameIsNotOverwritten) {
  write("processed/a.csv", "yesterday");
  EXPECT_EQ(after_success(config::AfterImport::kMove, write("a.csv", "today"), place_), "");
  EXPECT_EQ(read("processed/a.csv"), "yesterday");
  const auto files = std::distance(fs::directory_iterator(directory_ / "processed"), fs::directory_iterator());
  EXPECT_EQ(files, 2);
}

TEST_F(AfterImport, ASymlinkIsNotFollowed) {
  fs::create_directory(directory_ / "elsewhere");
  fs::create_directory_symlink(directory_ / "elsewhere", directory_ / "processed");
  EXPECT_THAT(after_success(config::AfterImport::kMove, write("a.csv", "1"), place_), HasSubstr("left in place"));
  EXPECT_TRUE(exists("a.csv"));
}

TEST_F(AfterImport, AFileOutsideTheRootsIsNotTouched) {
  const store::ManifestEntry entry = write("a.csv", "1");
  const FilePlace elsewhere{{directory_ / "in"}, directory_};
  EXPECT_THAT(after_success(config::AfterImport::kDelete, entry, elsewhere), HasSubstr("left in place"));
  EXPECT_TRUE(exists("a.csv"));
}

TEST_F(AfterImport, WhatIsGoneAlreadyIsDone) {
  const store::ManifestEntry entry = write("a.csv", "1");
  fs::remove(directory_ / "a.csv");
  EXPECT_EQ(after_success(config::AfterImport::kDelete, entry, place_), "");
}

TEST_F(AfterImport, AFailedFileIsMovedAndAMissingOneIsNoMatter) {
  EXPECT_EQ(after_failure(config::OnFailure::kMove, write("a.csv", "1"), place_), "");
  EXPECT_EQ(read("failed/a.csv"), "1");
  store::ManifestEntry missing;
  missing.path = "gone.csv";
  EXPECT_EQ(after_failure(config::OnFailure::kMove, missing, place_), "");
}

TEST(IsPutAside, KnowsWhatWasPutAside) {
  EXPECT_TRUE(is_put_aside("processed/a.csv"));
  EXPECT_TRUE(is_put_aside("x/failed/a.csv"));
  EXPECT_TRUE(is_put_aside("a.csv.imported"));
  EXPECT_FALSE(is_put_aside("processed.csv"));
  EXPECT_FALSE(is_put_aside("failed-orders/a.csv"));
}

}  // namespace
}  // namespace cpi::job
