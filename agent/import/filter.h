// Which converted rows are sent to staging: all of them, or (strategy diff) only those that would change the table.
#pragma once

#include <cstdint>
#include <memory>

#include "core/value/copy_buffer.h"

namespace cpi::import {

/// Rows in COPY BINARY form, whole tuples only, ready to be sent.
struct ConvertedBatch {
  value::CopyBuffer tuples;
  std::int64_t rows = 0;
};

/// Sees every batch once, in file order, on the pipeline's thread.
class Filter {
 public:
  virtual ~Filter() = default;
  /// Removes from `batch` the tuples that need not be sent; returns how many rows of the table they leave unchanged.
  virtual std::int64_t pass(ConvertedBatch& batch) = 0;
};

/// Sends everything: strategies fresh and merge.
std::unique_ptr<Filter> make_pass_all();

}  // namespace cpi::import
