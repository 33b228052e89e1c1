// The kernel for any x86-64 processor: SSE2 is part of the architecture. 64 bytes a step.
#include "core/csv/kernels/kernel.h"

#if defined(__x86_64__)

#include <emmintrin.h>

#include <cstring>

#include "core/csv/kernels/positions.h"

namespace cpi::csv {
namespace {

inline __m128i any_of(__m128i data, const __m128i* wanted) {
  const __m128i first = _mm_or_si128(_mm_cmpeq_epi8(data, wanted[0]), _mm_cmpeq_epi8(data, wanted[1]));
  const __m128i second = _mm_or_si128(_mm_cmpeq_epi8(data, wanted[2]), _mm_cmpeq_epi8(data, wanted[3]));
  return _mm_or_si128(_mm_or_si128(first, second), _mm_cmpeq_epi8(data, wanted[4]));
}

struct Masks {
  std::uint64_t wanted = 0;
  std::uint64_t nul = 0;
  std::uint64_t non_ascii = 0;
};

inline Masks masks_of(const char* data, const __m128i* wanted) {
  Masks masks;
  for (int lane = 0; lane < 4; ++lane) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + lane * 16));
    const auto bits = [lane](__m128i vector) {
      return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(vector))) << (lane * 16);
    };
    masks.wanted |= bits(any_of(bytes, wanted));
    masks.nul |= bits(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
    masks.non_ascii |= bits(bytes);
  }
  return masks;
}

class Sse2Kernel final : public Kernel {
 public:
  std::string_view name() const noexcept override { return "sse2"; }

  Found find(const char* data, std::size_t size, const ByteSet& set, std::uint32_t* out) const noexcept override {
    __m128i wanted[5];
    for (int i = 0; i < 5; ++i) wanted[i] = _mm_set1_epi8(set.bytes[static_cast<std::size_t>(i)]);
    std::uint64_t nul = 0;
    std::uint64_t non_ascii = 0;
    std::uint32_t* at = out;
    std::size_t i = 0;
    for (; i + 64 <= size; i += 64) {
      const Masks masks = masks_of(data + i, wanted);
      nul |= masks.nul;
      non_ascii |= masks.non_ascii;
      at = write_positions(masks.wanted, static_cast<std::uint32_t>(i), at);
    }
    if (i < size) {
      char rest[64] = {};
      std::memcpy(rest, data + i, size - i);
      const std::uint64_t inside = (std::uint64_t{1} << (size - i)) - 1;
      const Masks masks = masks_of(rest, wanted);
      nul |= masks.nul & inside;
      non_ascii |= masks.non_ascii;
      at = write_positions(masks.wanted & inside, static_cast<std::uint32_t>(i), at);
    }
    return {static_cast<std::size_t>(at - out), nul != 0, non_ascii != 0};
  }
};

}  // namespace

const Kernel* sse2_kernel() {
  static const Sse2Kernel kernel;
  return &kernel;
}

}  // namespace cpi::csv

#else

namespace cpi::csv {
const Kernel* sse2_kernel() { return nullptr; }
}  // namespace cpi::csv

#endif
