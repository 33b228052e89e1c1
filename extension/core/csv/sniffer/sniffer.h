// Finds out how a file is written, from its beginning, middle and end. A guess, always reported as one: each choice
// comes with its certainty and the runner-up. Pure: the caller reads the three pieces.
//
// Phases, one file each:
//   1. encoding    byte order mark, strict UTF-8, UTF-16 and 32 by their zero bytes, then ICU's detector
//   2. candidates  every delimiter (usual ones, and what recurs on the lines), quote and escape is tried; the table
//                  that fits most consistently, with the best typed cells, wins
//   3. remarks     lines that are comments, and where another table or a line of totals follows
//   4. header      lines before the table, and how many of its rows name the columns
//   5. doubts      what speaks against the choices: certainties are lowered, warnings told, readings called unclear
//   6. report      a config snippet to paste
#pragma once

#include <cstdint>
#include <optional>
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
  std::optional<std::string> runner_up;  ///< absent when nothing else was possible
  bool seen = true;  ///< false: the file shows nothing of the kind, so the value is just the usual one
};

/// What need not be found out. An absent value is looked for; comment, stop_at and trim too.
struct Known {
  std::optional<std::string> encoding;
  std::optional<std::string> delimiter;
  std::optional<std::string> quote;
  std::optional<std::string> escape;
  std::optional<int> header_rows;
  std::optional<std::int64_t> skip_rows;
  std::optional<std::string> comment;
  std::optional<std::string> stop_at;
  std::optional<bool> trim;
};

/// What was found. `dialect` holds the choices, and what was known, ready for a reader.
struct Sniffed {
  Dialect dialect;
  Choice encoding;  ///< a name for `make_transcoder`
  Choice delimiter;
  Choice quote;                       ///< empty value: none
  Choice escape;                      ///< empty value: doubling
  Choice header;                      ///< "true", "false", or a number of rows above 1
  Choice skip_rows;                   ///< physical lines before the table
  bool trailing_delimiter = false;    ///< each row ends in a delimiter, which the reader knows how to take
  std::vector<std::string> columns;   ///< the names of the table's header, or "column1", … without one
  std::size_t rows_seen = 0;          ///< rows of the three pieces that were looked at
  std::size_t rows_fitting = 0;       ///< those with the table's number of fields
  double fit = 0;                     ///< how well the table fits, 0 to 1; to compare readings of one file
  std::vector<std::string> warnings;  ///< what whoever imports the file should know of the choices
  std::optional<Error> unclear;       ///< why the choices cannot be relied on: kDialectUnclear, with what to set
};

/// The bytes of a piece that are looked at, at most.
inline constexpr std::size_t kSniffBytes = std::size_t{64} << 10;

/// Sniffs a file. `middle` and `end` may be empty for short files; they need not begin at a row, but at a multiple of
/// four bytes (UTF-32). `foreign` may show bytes that the other pieces lack, for the encoding alone. Fails with
/// kInvalidHeader for an empty file, and kUnknownEncoding for one that is no text or whose known encoding is unknown.
Result<Sniffed> sniff(std::string_view beginning, std::string_view middle, std::string_view end,
                      const Known& known = {}, std::string_view foreign = {});

/// Below this a choice is told with a warning.
inline constexpr double kFairlyCertain = 0.75;

/// What the bytes beyond ASCII read like in one encoding, compared with another: the same text; another; or one that is
/// clearly less like words.
enum class Spelling { kSame, kOther, kWorse };
Spelling spelling_of(const std::string& encoding, const std::string& other, std::string_view bytes);

/// Why the choices that were not known beforehand cannot be relied on (kDialectUnclear, with what to set); nothing
/// when they can.
std::optional<Error> doubt(const Sniffed& sniffed, const Known& known);

/// The options that differ from their defaults, for `defaults` of a project's config or an entry of its `tables`.
/// As YAML "" when all are defaults; as JSON one object, "{}" then.
std::string config_snippet(const Sniffed& sniffed);
std::string config_json(const Sniffed& sniffed);

}  // namespace cpi::csv
