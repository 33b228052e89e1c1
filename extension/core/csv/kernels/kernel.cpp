// The choice of the kernel.
#include "core/csv/kernels/kernel.h"

#include <cstdlib>

namespace cpi::csv {

std::vector<const Kernel*> usable_kernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel* kernel : {avx2_kernel(), sse2_kernel(), plain_kernel()}) {
    if (kernel != nullptr) kernels.push_back(kernel);
  }
  return kernels;
}

const Kernel& active_kernel() {
  // Read anew for each reader, so that a test can walk through all of them in one process.
  const char* forced = std::getenv("CPI_CSV_KERNEL");
  static const std::vector<const Kernel*> kernels = usable_kernels();
  if (forced != nullptr) {
    for (const Kernel* kernel : kernels) {
      if (kernel->name() == forced) return *kernel;
    }
  }
  return *kernels.front();
}

}  // namespace cpi::csv
