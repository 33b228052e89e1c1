// Local files under attack: somebody who may write into the inbox swaps files and directories for links while they are
// opened. What comes out is a file of the inbox or an error, never a file from outside.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "source/local_open.h"
#include "source/source.h"

namespace cpi::source {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 5000;

class LocalRace : public testing::Test {
 protected:
  LocalRace() {
    char pattern[] = "/tmp/cpi_race_XXXXXX";
    top = ::mkdtemp(pattern);
    root = top / "root";
    fs::create_directories(root / "in");
    fs::create_directories(top / "outside");
    std::ofstream(root / "in" / "x.csv") << "inside";
    std::ofstream(top / "outside" / "x.csv") << "secret";
  }
  ~LocalRace() override { fs::remove_all(top); }

  static std::string content(int fd) {
    std::array<char, 16> bytes{};
    const auto length = ::pread(fd, bytes.data(), bytes.size(), 0);
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
  }

  /// Exchanges the two names over and over (RENAME_EXCHANGE: neither is ever missing) while `work` runs.
  template <typename Work>
  static void while_swapping(const fs::path& a, const fs::path& b, Work&& work) {
    const std::jthread swapper([&](const std::stop_token& stop) {
      while (!stop.stop_requested())
        ::syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
    });
    work();
  }

  /// How often each way of opening `relative` gave the file of the inbox; fails at the first one from outside.
  int opened_inside(const fs::path& relative) {
    int opened = 0;
    const Descriptor directory(::open(root.c_str(), O_PATH | O_DIRECTORY));
    for (int i = 0; i < kRounds; ++i) {
      const Result<Descriptor> file = open_regular_file({root, relative});
      const Descriptor walked(detail::open_by_walk(directory.get(), relative, O_RDONLY | O_NONBLOCK));
      for (const int fd : {file.ok() ? file->get() : -1, walked.get()}) {
        if (fd < 0) continue;
        const std::string found = content(fd);
        if (found != "inside") {
          ADD_FAILURE() << "round " << i << " read " << found;
          return opened;
        }
        ++opened;
      }
    }
    return opened;
  }

  fs::path top;
  fs::path root;
};

TEST_F(LocalRace, AFileSwappedForALinkIsTheFileOrRefused) {
  fs::create_symlink(top / "outside" / "x.csv", root / "link");
  while_swapping(root / "in" / "x.csv", root / "link", [&] { EXPECT_GT(opened_inside("in/x.csv"), 0); });
}

TEST_F(LocalRace, ADirectorySwappedForALinkIsTheDirectoryOrRefused) {
  fs::create_directory_symlink(top / "outside", root / "link");
  while_swapping(root / "in", root / "link", [&] { EXPECT_GT(opened_inside("in/x.csv"), 0); });
}

TEST_F(LocalRace, AListingOfASwappedDirectoryNamesNothingFromOutside) {
  std::ofstream(top / "outside" / "foreign.csv") << "secret";
  fs::create_directories(root / "in" / "deep");
  fs::create_directory_symlink(top / "outside", root / "link");
  while_swapping(root / "in" / "deep", root / "link", [&] {
    for (int i = 0; i < kRounds / 10; ++i) {
      auto source = make_local_source({root}, root / "in", true);
      ASSERT_TRUE(source.ok());
      const auto entries = (*source)->list();
      if (!entries.ok()) continue;
      for (const Entry& entry : *entries) ASSERT_EQ(entry.path, "x.csv");
    }
  });
}

TEST_F(LocalRace, AFileSwappedForAFifoNeverHangs) {
  ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
  while_swapping(root / "in" / "x.csv", root / "pipe", [&] {
    for (int i = 0; i < kRounds; ++i) {
      const Result<Descriptor> file = open_regular_file({root, "in/x.csv"});
      if (file.ok()) ASSERT_EQ(content(file->get()), "inside");
    }
  });
}

TEST_F(LocalRace, LinksOfTheProcFileSystemAreRefused) {
  const Descriptor secret(::open((top / "outside" / "x.csv").c_str(), O_RDONLY));
  const fs::path magic = "/proc/self/fd/" + std::to_string(secret.get());
  fs::create_symlink(magic, root / "in" / "magic.csv");
  EXPECT_EQ(open_regular_file({root, "in/magic.csv"}).error().code, Code::kFileNotAllowed);
  // Even where /proc itself is a root, its links lead nowhere.
  EXPECT_EQ(open_regular_file({"/proc", magic.lexically_relative("/proc")}).error().code, Code::kFileNotAllowed);
}

// Who may make a hard link may read and write the file already (fs.protected_hardlinks), so that a link shows nothing
// new; producers use them to drop large files.
TEST_F(LocalRace, AHardLinkIsAFileLikeAnyOther) {
  fs::create_hard_link(root / "in" / "x.csv", root / "in" / "y.csv");
  const Result<Descriptor> file = open_regular_file({root, "in/y.csv"});
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(content(file->get()), "inside");
}

}  // namespace
}  // namespace cpi::source
