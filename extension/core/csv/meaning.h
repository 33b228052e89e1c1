// Three more ways in which the quotes of a bad row may be meant, besides the strict one and the lenient one of
// grammar.h. Only to guess how far the row reaches; nothing that is read in these ways is ever loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/csv/grammar.h"

namespace cpi::csv {

enum class Meaning {
  /// A quoted field ends only where a delimiter or a line break follows its quote; other quotes are text: "5" pipe".
  kClosesBeforeDelimiter,
  /// Likewise, and an escaped quote ends it there, too: "street"","x" or "C:\dir\","x".
  kEscapedCloses,
  /// Every quote opens or closes, wherever it stands, as PostgreSQL's COPY takes it: 7"two lines".
  kToggles,
};

/// Where a row ends when its quotes are taken in one way.
struct Reading {
  const char* content_end = nullptr;
  const char* next = nullptr;  ///< null: it does not end in what was looked at
  std::int64_t breaks = 0;     ///< line breaks within quotes
  std::size_t fields = 0;
};

/// Reads the row at `begin`. `final` says that nothing follows `end`. Nothing when more input is needed to tell.
std::optional<Reading> read_as(Meaning meaning, const Grammar& grammar, const char* begin, const char* end, bool final);

}  // namespace cpi::csv
