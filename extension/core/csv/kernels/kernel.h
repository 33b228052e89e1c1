// The scanning kernel: finds the few bytes that give a CSV file its structure. Knows nothing of quotes or rows: what a
// found byte means is decided by grammar.h, once, for every kernel.
//
// Each reader takes the best kernel that the processor can run. The environment variable CPI_CSV_KERNEL ("avx2",
// "sse2", "plain") forces one; one that the processor lacks is ignored. Every kernel gives identical results.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cpi::csv {

/// The bytes to look for; unused places repeat the line feed.
struct ByteSet {
  std::array<char, 5> bytes{'\n', '\n', '\n', '\n', '\n'};
};

/// What one scan saw.
struct Found {
  std::size_t count = 0;   ///< positions written
  bool nul = false;        ///< a NUL byte is among the bytes
  bool non_ascii = false;  ///< a byte above 0x7F is among the bytes
};

/// Stateless, so one object serves all threads.
class Kernel {
 public:
  /// `find` writes in groups, up to this many entries past the count that it returns.
  static constexpr std::size_t kSlack = 64;

  virtual ~Kernel() = default;
  virtual std::string_view name() const noexcept = 0;
  /// Writes the positions (from `data`, ascending) of all bytes of `set` in `data[0, size)` to `out`, which has room
  /// for `size + kSlack` entries. `size` is below 4 GB.
  virtual Found find(const char* data, std::size_t size, const ByteSet& set, std::uint32_t* out) const noexcept = 0;
};

/// The kernel that new readers use.
const Kernel& active_kernel();
/// All kernels that this processor can run, the best first.
std::vector<const Kernel*> usable_kernels();

/// The portable kernel, and those of x86-64; null where the processor or the build lacks them.
const Kernel* plain_kernel();
const Kernel* sse2_kernel();
const Kernel* avx2_kernel();

}  // namespace cpi::csv
