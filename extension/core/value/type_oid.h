// Object ids of the built-in types that are converted by rules of their own: fixed for ever in
// src/include/catalog/pg_type.dat.
#pragma once

#include <cstdint>

namespace cpi::value {

inline constexpr std::uint32_t kBoolOid = 16;
inline constexpr std::uint32_t kInt8Oid = 20;
inline constexpr std::uint32_t kInt2Oid = 21;
inline constexpr std::uint32_t kInt4Oid = 23;
inline constexpr std::uint32_t kTextOid = 25;
inline constexpr std::uint32_t kOidOid = 26;
inline constexpr std::uint32_t kFloat4Oid = 700;
inline constexpr std::uint32_t kFloat8Oid = 701;
inline constexpr std::uint32_t kMoneyOid = 790;
inline constexpr std::uint32_t kBpcharOid = 1042;
inline constexpr std::uint32_t kVarcharOid = 1043;
inline constexpr std::uint32_t kDateOid = 1082;
inline constexpr std::uint32_t kTimestampOid = 1114;
inline constexpr std::uint32_t kTimestamptzOid = 1184;
inline constexpr std::uint32_t kNumericOid = 1700;
inline constexpr std::uint32_t kUuidOid = 2950;

}  // namespace cpi::value
