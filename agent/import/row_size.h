// Whether the target can store a row at all: PostgreSQL keeps a row on one page, however much of it is moved out of
// line. COPY fails as a whole at such a row, so it must be found before it is sent.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "import/plan.h"

namespace cpi::import {

/// The size of rows of one staging table, from their COPY BINARY form. Reckons what heap_form_tuple and
/// heap_toast_insert_or_update (PostgreSQL's heaptuple.c, heaptoast.c) leave on the page when every value that can be
/// moved out of line is.
class RowSize {
 public:
  /// Fewer columns always fit: none takes more than 24 bytes of the smallest usual page.
  static constexpr std::size_t kAlwaysFits = 300;

  RowSize(const std::vector<PlannedColumn>& columns, std::size_t page_bytes);

  /// The bytes that the row needs at least; `tuple` is its COPY BINARY form, cpi_line being the last of its fields.
  std::size_t of(std::span<const char> tuple) const;
  /// The most that a row may need (MaxHeapTupleSize).
  std::size_t most() const { return most_; }

 private:
  enum class Storage : std::uint8_t { kFixed, kNumeric, kText };
  struct Column {
    Storage storage;
    std::uint8_t alignment;
  };
  std::vector<Column> columns_;
  std::size_t most_;
};

}  // namespace cpi::import
