#include "import/row_size.h"

#include <algorithm>

#include "core/value/type_oid.h"

namespace cpi::import {

namespace {

constexpr std::size_t kAlignment = 8;         // MAXIMUM_ALIGNOF
constexpr std::size_t kPageHeader = 24;       // SizeOfPageHeaderData, and
constexpr std::size_t kItemPointer = 4;       // sizeof(ItemIdData)
constexpr std::size_t kTupleHeader = 23;      // SizeofHeapTupleHeader
constexpr std::size_t kMostShortValue = 126;  // with a header of one byte instead of four
constexpr std::size_t kLeastMovedValue = 25;  // toast_tuple_find_biggest_attribute leaves smaller ones in place
constexpr std::size_t kMovedValue = 18;       // TOAST_POINTER_SIZE

std::size_t aligned(std::size_t size, std::size_t alignment) { return (size + alignment - 1) / alignment * alignment; }

/// The alignment of the types of fixed length that have a converter; 0 for others.
std::uint8_t fixed_alignment(std::uint32_t oid) {
  switch (oid) {
    case value::kBoolOid:
    case value::kUuidOid: return 1;
    case value::kInt2Oid: return 2;
    case value::kInt4Oid:
    case value::kOidOid:
    case value::kFloat4Oid:
    case value::kDateOid: return 4;
    case value::kInt8Oid:
    case value::kFloat8Oid:
    case value::kMoneyOid:
    case value::kTimestampOid:
    case value::kTimestamptzOid: return 8;
    default: return 0;
  }
}

/// A value of variable length on the page.
std::size_t stored(std::size_t payload) {
  const std::size_t size = payload + (payload <= kMostShortValue ? 1 : 4);
  return size < kLeastMovedValue ? size : kMovedValue;
}

std::int32_t length_at(const char* at) {
  std::uint32_t length = 0;
  for (int i = 0; i < 4; ++i) length = (length << 8U) | static_cast<unsigned char>(at[i]);
  return static_cast<std::int32_t>(length);
}

}  // namespace

RowSize::RowSize(const std::vector<PlannedColumn>& columns, std::size_t page_bytes)
    : most_(page_bytes - aligned(kPageHeader + kItemPointer, kAlignment)) {
  for (const PlannedColumn& column : columns) {
    const std::uint8_t alignment = column.needs_cast ? 0 : fixed_alignment(column.base_type.oid);
    const bool numeric = !column.needs_cast && column.base_type.oid == value::kNumericOid;
    columns_.push_back({alignment > 0 ? Storage::kFixed : numeric ? Storage::kNumeric : Storage::kText, alignment});
  }
  columns_.push_back({Storage::kFixed, 8});  // cpi_line
}

std::size_t RowSize::of(std::span<const char> tuple) const {
  const char* at = tuple.data() + 2;
  std::size_t data = 0;
  bool nulls = false;
  for (const Column& column : columns_) {
    const std::int32_t length = length_at(at);
    at += 4;
    if (length < 0) {
      nulls = true;
      continue;
    }
    const auto payload = static_cast<std::size_t>(length);
    at += payload;
    switch (column.storage) {
      case Storage::kFixed: data = aligned(data, column.alignment) + payload; break;
      // On the wire four words of header, on the page mostly one (NumericShort).
      case Storage::kNumeric: data += stored(payload - std::min<std::size_t>(payload, 6)); break;
      case Storage::kText: data += stored(payload); break;
    }
  }
  const std::size_t bitmap = nulls ? (columns_.size() + 7) / 8 : 0;
  return aligned(aligned(kTupleHeader + bitmap, kAlignment) + data, kAlignment);
}

}  // namespace cpi::import
