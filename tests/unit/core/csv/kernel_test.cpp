#include "core/csv/kernels/kernel.h"

#include <gtest/gtest.h>

#include <random>

namespace cpi::csv {
namespace {

TEST(Kernel, FindsWhatThePlainLoopFindsAtEverySizeAndAlignment) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  ByteSet set;
  set.bytes = {'\n', '\r', ',', '"', '\\'};
  const std::string alphabet("ab,\"\n\r\\\0\xE9", 9);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text(size, 'x');
    for (char& byte : text) {
      if (random() % 3 == 0) byte = alphabet[random() % (random() % 4 == 0 ? 9 : 7)];
    }
    std::vector<std::uint32_t> expected;
    bool nul = false;
    bool non_ascii = false;
    for (std::size_t i = 0; i < size; ++i) {
      nul |= text[i] == '\0';
      non_ascii |= static_cast<unsigned char>(text[i]) >= 0x80;
      if (std::string_view("\n\r,\"\\").find(text[i]) != std::string_view::npos) {
        expected.push_back(static_cast<std::uint32_t>(i));
      }
    }
    for (const Kernel* kernel : usable_kernels()) {
      std::vector<std::uint32_t> positions(size + Kernel::kSlack);
      const Found found = kernel->find(text.data(), size, set, positions.data());
      positions.resize(found.count);
      EXPECT_EQ(positions, expected) << kernel->name() << ", size " << size;
      EXPECT_EQ(found.nul, nul) << kernel->name() << ", size " << size;
      EXPECT_EQ(found.non_ascii, non_ascii) << kernel->name() << ", size " << size;
    }
  }
}

TEST(Kernel, CanBeForcedByTheEnvironment) {
  for (const Kernel* kernel : usable_kernels()) {
    ::setenv("CPI_CSV_KERNEL", std::string(kernel->name()).c_str(), 1);
    EXPECT_EQ(&active_kernel(), kernel);
  }
  ::setenv("CPI_CSV_KERNEL", "abacus", 1);
  EXPECT_EQ(&active_kernel(), usable_kernels().front());
  ::unsetenv("CPI_CSV_KERNEL");
}

}  // namespace
}  // namespace cpi::csv
