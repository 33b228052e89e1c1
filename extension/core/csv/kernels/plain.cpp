// The portable kernel: a table lookup per byte, without branches on the data.
#include <array>

#include "core/csv/kernels/kernel.h"

namespace cpi::csv {
namespace {

class PlainKernel final : public Kernel {
 public:
  std::string_view name() const noexcept override { return "plain"; }

  Found find(const char* data, std::size_t size, const ByteSet& set, std::uint32_t* out) const noexcept override {
    std::array<std::uint8_t, 256> wanted{};
    for (const char byte : set.bytes) wanted[static_cast<unsigned char>(byte)] = 1;
    std::size_t count = 0;
    unsigned any = 0;
    bool nul = false;
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = static_cast<unsigned char>(data[i]);
      out[count] = static_cast<std::uint32_t>(i);
      count += wanted[byte];
      any |= byte;
      nul |= byte == 0;
    }
    return {count, nul, (any & 0x80U) != 0};
  }
};

}  // namespace

const Kernel* plain_kernel() {
  static const PlainKernel kernel;
  return &kernel;
}

}  // namespace cpi::csv
