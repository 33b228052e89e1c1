// Which files a job loads, from real directories.
#include "job/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace cpi::job {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Manifest : public testing::Test {
 protected:
  Manifest() {
    std::string name = (fs::temp_directory_path() / "cpi-manifest-XXXXXX").string();
    directory_ = fs::canonical(::mkdtemp(name.data()));
    claim_.project = "p";
  }
  ~Manifest() override { fs::remove_all(directory_); }

  void write(const std::string& path, int seconds_ago = 0) {
    fs::create_directories((directory_ / path).parent_path());
    std::ofstream(directory_ / path) << "id\n1\n";
    fs::last_write_time(directory_ / path, fs::file_time_type::clock::now() - std::chrono::seconds(seconds_ago));
  }

  Listing list(const std::string& keys = "") {
    const auto config = config::parse("{\"local\":{\"path\":\"" + directory_.string() + "\"}" + keys + "}");
    EXPECT_TRUE(config.ok()) << config.error().detail;
    auto source = open_source(*config, claim_, {directory_});
    EXPECT_TRUE(source.ok()) << source.error().message;
    auto listing = list_files(*config, claim_, **source, std::stop_token());
    EXPECT_TRUE(listing.ok());
    return *listing;
  }
  static std::vector<std::string> paths(const Listing& listing) {
    std::vector<std::string> out;
    for (const auto& file : listing.files) out.push_back(file.path + ">" + file.table_name);
    return out;
  }

  fs::path directory_;
  store::Claim claim_;
};

TEST_F(Manifest, ChoosesByPatternAndNamesTables) {
  write("Orders.csv");
  write("notes.txt");
  EXPECT_THAT(paths(list()), ElementsAre("Orders.csv>orders"));
}

TEST_F(Manifest, SaysWhyNothingWasChosen) {
  write("notes.txt");
  const Listing listing = list();
  EXPECT_THAT(listing.files, IsEmpty());
  EXPECT_THAT(listing.note, HasSubstr("no file matched: 1 file"));
  EXPECT_THAT(listing.note, HasSubstr("*.csv"));
}

TEST_F(Manifest, LeavesOutWhatIsExcluded) {
  write("a.csv");
  write("a.tmp.csv");
  EXPECT_THAT(paths(list(R"(,"exclude_pattern":"*.tmp.csv")")), ElementsAre("a.csv>a"));
}

TEST_F(Manifest, LatestOnlyKeepsTheNewestFileOfEachTable) {
  write("orders_1.csv", 10);
  write("orders_2.csv", 20);
  write("items_1.csv", 30);
  EXPECT_THAT(paths(list(R"(,"latest_only":true,"tables":[{"file_pattern":"orders_*.csv","target_table":"orders"},)"
                         R"({"file_pattern":"items_*.csv","target_table":"items"}])")),
              ElementsAre("items_1.csv>items", "orders_1.csv>orders"));
}

TEST_F(Manifest, WaitsForTheDoneFileOfEachFile) {
  write("a.csv");
  write("b.csv");
  write("b.done");
  const Listing listing = list(R"(,"done_file":"*.done")");
  EXPECT_THAT(paths(listing), ElementsAre("b.csv>b"));
  EXPECT_THAT(listing.note, HasSubstr("1 file without done_file"));
}

TEST_F(Manifest, DoesNotListAgainWhatWasPutAside) {
  write("in/a.csv");
  write("in/processed/b.csv");
  EXPECT_THAT(paths(list(R"(,"defaults":{"file_pattern":"**/*.csv"})")), ElementsAre("in/a.csv>a"));
}

TEST_F(Manifest, NamedFilesAreAllChosenOnceAndMissingOnesHaveNoSize) {
  write("a.txt");
  claim_.local_files = {(directory_ / "gone.csv").string(), (directory_ / "a.txt").string(),
                        (directory_ / "a.txt").string()};
  const Listing listing = list();
  ASSERT_EQ(listing.files.size(), 2U);
  EXPECT_FALSE(listing.files[0].size.has_value());
  EXPECT_EQ(listing.files[1].size, 5);
}

TEST_F(Manifest, ARetryTriesItsFilesAgainAlsoWhenOneIsGone) {
  write("a.csv");
  write("b.csv");
  claim_.only_files = {"b.csv", "gone.csv"};
  const Listing listing = list();
  EXPECT_THAT(paths(listing), ElementsAre("b.csv>b", "gone.csv>gone"));
  EXPECT_FALSE(listing.files[1].modified_at.has_value());
}

TEST_F(Manifest, AProjectWithoutASourceIsToldWhatToSet) {
  const auto config = config::parse("{}");
  ASSERT_TRUE(config.ok());
  const auto source = open_source(*config, claim_, {directory_});
  ASSERT_FALSE(source.ok());
  EXPECT_THAT(source.error().hint, HasSubstr("local.path"));
}

}  // namespace
}  // namespace cpi::job
