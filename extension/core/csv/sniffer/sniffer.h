// Finds out how a file is written, from its beginning, middle and end. A guess, always reported as one: each choice
// comes with its certainty and the runner-up. Pure: the caller reads the three pieces.
//
// Phases, one file each:
//   1. encoding    byte order mark, strict UTF-8, UTF-16 and 32 by their zero bytes, then ICU's detector
//   2. candidates  every delimiter, quote and escape is tried; the table that fits most consistently, with the best
//   typed
//                  cells, wins
//   3. header      lines before the table, and whether its first row names the columns
//   4. report      a config snippet to paste
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/csv/dialect.h"
#include "core/result.h"

namespace cpi::csv {

/// One decision. Certainty runs from 0 to 1; 0.5 is a toss-up with the runner-up.
struct Choice {
  std::string value;
  double certainty = 0;
  std::string runner_up;  ///< empty when nothing else was possible
};

/// What was found. `dialect` holds the choices ready for a reader.
struct Sniffed {
  Dialect dialect;
  Choice encoding;  ///< a name for `make_transcoder`
  Choice delimiter;
  Choice quote;                      ///< empty value: none
  Choice escape;                     ///< empty value: doubling
  Choice header;                     ///< "true" or "false"
  Choice skip_rows;                  ///< physical lines before the table
  std::vector<std::string> columns;  ///< the first row of the table, or "column1", … without a header
  std::size_t rows_seen = 0;         ///< rows of the three pieces that were looked at
  std::size_t rows_fitting = 0;      ///< those with the table's number of fields
};

/// The bytes of a piece that are looked at, at most.
inline constexpr std::size_t kSniffBytes = std::size_t{64} << 10;

/// Sniffs a file. `middle` and `end` may be empty for short files; they need not begin at a row, but at a multiple of
/// four bytes (UTF-32). Fails with kInvalidHeader for an empty file and kUnknownEncoding for one that is no text.
Result<Sniffed> sniff(std::string_view beginning, std::string_view middle, std::string_view end);

/// The options that differ from their defaults, as YAML for `defaults` of a project's config; "" when all are defaults.
std::string config_snippet(const Sniffed& sniffed);

}  // namespace cpi::csv
