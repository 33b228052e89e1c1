// The kernel for x86-64 processors with AVX2 (2013 and later): 64 bytes a step.
#include "core/csv/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#include "core/csv/kernels/positions.h"

#define CPI_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))

namespace cpi::csv {
namespace {

CPI_TARGET inline std::uint64_t join(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         (static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32);
}

CPI_TARGET inline __m256i any_of(__m256i data, const __m256i* wanted) {
  const __m256i first = _mm256_or_si256(_mm256_cmpeq_epi8(data, wanted[0]), _mm256_cmpeq_epi8(data, wanted[1]));
  const __m256i second = _mm256_or_si256(_mm256_cmpeq_epi8(data, wanted[2]), _mm256_cmpeq_epi8(data, wanted[3]));
  return _mm256_or_si256(_mm256_or_si256(first, second), _mm256_cmpeq_epi8(data, wanted[4]));
}

class Avx2Kernel final : public Kernel {
 public:
  std::string_view name() const noexcept override { return "avx2"; }

  CPI_TARGET Found find(const char* data, std::size_t size, const ByteSet& set,
                        std::uint32_t* out) const noexcept override {
    __m256i wanted[5];
    for (int i = 0; i < 5; ++i) wanted[i] = _mm256_set1_epi8(set.bytes[static_cast<std::size_t>(i)]);
    const __m256i zero = _mm256_setzero_si256();
    __m256i nul = zero;
    __m256i high_bits = zero;
    std::uint32_t* at = out;
    std::size_t i = 0;
    for (; i + 64 <= size; i += 64) {
      const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + i));
      const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + i + 32));
      nul = _mm256_or_si256(nul, _mm256_cmpeq_epi8(_mm256_min_epu8(low, high), zero));
      high_bits = _mm256_or_si256(high_bits, _mm256_or_si256(low, high));
      at = write_positions(join(any_of(low, wanted), any_of(high, wanted)), static_cast<std::uint32_t>(i), at);
    }
    Found found{0, _mm256_movemask_epi8(nul) != 0, _mm256_movemask_epi8(high_bits) != 0};
    if (i < size) {
      char rest[64] = {};
      std::memcpy(rest, data + i, size - i);
      const std::uint64_t inside = (std::uint64_t{1} << (size - i)) - 1;
      const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rest));
      const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rest + 32));
      found.nul |= (join(_mm256_cmpeq_epi8(low, zero), _mm256_cmpeq_epi8(high, zero)) & inside) != 0;
      found.non_ascii |= join(low, high) != 0;
      at = write_positions(join(any_of(low, wanted), any_of(high, wanted)) & inside, static_cast<std::uint32_t>(i), at);
    }
    found.count = static_cast<std::size_t>(at - out);
    return found;
  }
};

}  // namespace

const Kernel* avx2_kernel() {
  static const Avx2Kernel kernel;
  static const bool usable = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0 &&
                             __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("popcnt") != 0;
  return usable ? &kernel : nullptr;
}

}  // namespace cpi::csv

#else

namespace cpi::csv {
const Kernel* avx2_kernel() { return nullptr; }
}  // namespace cpi::csv

#endif
