// Local sources on a real directory: what is listed, what is refused, and that nothing hangs.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "source/iso_time.h"
#include "source/local_open.h"
#include "source/source.h"

namespace cpi::source {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class LocalSource : public testing::Test {
 protected:
  LocalSource() {
    char pattern[] = "/tmp/cpi_local_XXXXXX";
    top = ::mkdtemp(pattern);
    root = top / "root";
    fs::create_directories(root / "in" / "deep");
    write(root / "in" / "b.csv", "id\n1\n");
    write(root / "in" / "a.csv", "id\n1\n2\n");
    write(root / "in" / ".hidden.csv", "id\n");
    write(root / "in" / "deep" / "c.csv", "id\n");
    write(top / "secret.csv", "id\n");
  }
  ~LocalSource() override { fs::remove_all(top); }

  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

  Result<std::unique_ptr<Source>> open(bool recursive = false) {
    return make_local_source({root}, root / "in", recursive);
  }

  static std::vector<std::string> paths(const std::vector<Entry>& entries) {
    std::vector<std::string> out;
    for (const Entry& entry : entries) out.push_back(entry.path);
    return out;
  }

  Result<std::unique_ptr<File>> fetch_named(const fs::path& path) {
    auto source = make_named_files_source({root}, "", {path.string()});
    return source->fetch(source->list()->front(), {});
  }

  fs::path top;
  fs::path root;
};

TEST_F(LocalSource, ListsRegularFilesByNameAndLeavesHiddenOnesAlone) {
  ASSERT_EQ(::mkfifo((root / "in" / "pipe.csv").c_str(), 0600), 0);
  fs::create_symlink(top / "secret.csv", root / "in" / "link.csv");
  auto source = open();
  ASSERT_TRUE(source.ok());
  EXPECT_THAT(paths(*(*source)->list()), ElementsAre("a.csv", "b.csv"));
}

TEST_F(LocalSource, SearchesDirectoriesWhenAPatternHasASlash) {
  auto source = open(true);
  ASSERT_TRUE(source.ok());
  EXPECT_THAT(paths(*(*source)->list()), ElementsAre("a.csv", "b.csv", "deep/c.csv"));
}

TEST_F(LocalSource, AFetchedFileIsReadFromItsBeginningAndTwice) {
  auto source = open();
  auto file = (*source)->fetch((*source)->list()->front(), {});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->size(), 7);
  for (int i = 0; i < 2; ++i) {
    char text[7];
    ASSERT_EQ(::pread((*file)->descriptor(), text, sizeof text, 0), 7);
    EXPECT_EQ(std::string(text, sizeof text), "id\n1\n2\n");
  }
  EXPECT_TRUE((*file)->unchanged().ok());
}

TEST_F(LocalSource, ADirectoryOutsideTheRootsIsRefused) {
  EXPECT_EQ(make_local_source({root}, top, false).error().code, Code::kFileNotAllowed);
  EXPECT_EQ(make_local_source({root}, root / "in/../../", false).error().code, Code::kFileNotAllowed);
  EXPECT_EQ(make_local_source({root}, "in", false).error().code, Code::kFileNotAllowed);
  EXPECT_EQ(make_local_source({root}, top / "root_and_more", false).error().code, Code::kFileNotAllowed);
  EXPECT_EQ(make_local_source({root}, root / "missing", false).error().code, Code::kFileNotFound);
}

TEST_F(LocalSource, AManifestCannotNameAFileOutsideTheDirectory) {
  auto source = open();
  for (const char* path : {"../../secret.csv", "/etc/passwd", "deep/../../../secret.csv"}) {
    auto file = (*source)->fetch({path, -1, ""}, {});
    ASSERT_FALSE(file.ok()) << path;
    EXPECT_EQ(file.error().code, Code::kFileNotAllowed) << path;
  }
}

TEST_F(LocalSource, SymbolicLinksAreNotFollowedAsFileNorAsDirectory) {
  fs::create_symlink(top / "secret.csv", root / "link.csv");
  fs::create_directory_symlink(top, root / "up");
  EXPECT_EQ(fetch_named(root / "link.csv").error().code, Code::kFileNotAllowed);
  EXPECT_EQ(fetch_named(root / "up" / "secret.csv").error().code, Code::kFileNotAllowed);
}

TEST_F(LocalSource, AFifoADirectoryAndADeviceAreRefusedWithoutHanging) {
  ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
  auto fifo = fetch_named(root / "pipe");
  ASSERT_FALSE(fifo.ok());
  EXPECT_EQ(fifo.error().code, Code::kFileNotAllowed);
  EXPECT_THAT(fifo.error().message, HasSubstr("is a FIFO"));
  EXPECT_THAT(fetch_named(root / "in").error().message, HasSubstr("is a directory"));
  auto anywhere = make_named_files_source({}, "", {"/dev/zero"});
  EXPECT_THAT(anywhere->fetch(anywhere->list()->front(), {}).error().message, HasSubstr("is a device"));
}

TEST_F(LocalSource, AMissingNamedFileIsListedAndFailsWhenFetchedWithTheNearestName) {
  auto source = make_named_files_source({root}, root / "in", {"a.csv", "bb.csv"});
  auto entries = source->list();
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].path, (root / "in" / "a.csv").string());
  EXPECT_EQ((*entries)[1].size, -1);
  auto file = source->fetch((*entries)[1], {});
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, Code::kFileNotFound);
  EXPECT_THAT(file.error().hint, HasSubstr("b.csv"));
}

TEST_F(LocalSource, AFileThatGrewSinceItWasListedIsReportedAsChanged) {
  auto source = open();
  const Entry listed = (*source)->list()->front();
  write(root / "in" / "a.csv", "id\n1\n2\n3\n");
  auto file = (*source)->fetch(listed, {});
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, Code::kFileChanged);
}

TEST_F(LocalSource, AFileWhoseNameLeadsToOtherBytesIsReportedAsChanged) {
  auto source = open();
  auto file = (*source)->fetch((*source)->list()->front(), {});
  ASSERT_TRUE(file.ok());
  write(root / "in" / "new", "id\n1\n2\n");
  fs::rename(root / "in" / "new", root / "in" / "a.csv");
  EXPECT_EQ((*file)->unchanged().error().code, Code::kFileChanged);
}

TEST_F(LocalSource, TheManifestsTimeMayBeSpeltAsTheDatabaseSpellsIt) {
  auto source = open();
  Entry listed = (*source)->list()->front();
  const auto micros = parse_iso_time(listed.modified_at);
  ASSERT_TRUE(micros.has_value());
  listed.modified_at.back() = '+';
  listed.modified_at += "00:00";
  EXPECT_EQ(parse_iso_time(listed.modified_at), micros);
  EXPECT_TRUE((*source)->fetch(listed, {}).ok());
}

TEST_F(LocalSource, TheWalkWithoutOpenat2RefusesTheSame) {
  fs::create_directory_symlink(top, root / "up");
  fs::create_symlink(top / "secret.csv", root / "link.csv");
  const Descriptor directory(::open(root.c_str(), O_PATH | O_DIRECTORY));
  const Descriptor good(detail::open_by_walk(directory.get(), "in/deep/c.csv", O_RDONLY));
  EXPECT_TRUE(good.is_open());
  for (const auto& [path, error] : std::vector<std::pair<const char*, int>>{{"link.csv", ELOOP},
                                                                            {"up/secret.csv", ELOOP},
                                                                            {"../secret.csv", EXDEV},
                                                                            {"in/a.csv/x", ENOTDIR},
                                                                            {"in/none.csv", ENOENT}}) {
    EXPECT_EQ(detail::open_by_walk(directory.get(), path, O_RDONLY), -1) << path;
    EXPECT_EQ(errno, error) << path;
  }
}

TEST(IsoTime, IsReadInEverySpellingOfTheSameMoment) {
  const std::int64_t moment = 1795475584123456;
  for (const char* text :
       {"2026-11-23T23:13:04.123456Z", "2026-11-23 23:13:04.123456", "2026-11-23T23:13:04.123456+00:00",
        "2026-11-24T00:13:04.123456+01", "2026-11-23T18:43:04.123456-04:30"}) {
    EXPECT_EQ(parse_iso_time(text), moment) << text;
  }
  EXPECT_EQ(parse_iso_time("2026-11-23T23:13:04.12Z"), moment - 3456);
  for (const char* text : {"", "2026-11-23", "2026-11-23T23:13", "2026-11-23T23:13:04X", "yesterday"}) {
    EXPECT_EQ(parse_iso_time(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cpi::source
