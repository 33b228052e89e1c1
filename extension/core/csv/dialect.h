// How a CSV file is written: the part of a table's options that the reader obeys. Data, no behaviour.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cpi::csv {

/// What happens to a row with more or fewer fields than the header.
enum class Ragged { kReject, kPad, kCut };
/// What happens to a NUL byte inside a row.
enum class OnNul { kReject, kStrip };
/// What happens to bytes that are not valid in the file's encoding.
enum class InvalidBytes { kReject, kReplace };

/// The dialect of one file. The defaults are RFC 4180 with a header and any line ending (LF, CRLF, CR, mixed).
/// Everything here is UTF-8: files in another encoding are transcoded before the reader sees them.
struct Dialect {
  std::string delimiter = ",";       ///< one or more bytes; never empty, never a line break
  std::string quote = "\"";          ///< one character, or empty for none
  std::string escape;                ///< empty: a quote is escaped by doubling; else one character, such as "\\"
  int header_rows = 1;               ///< rows that name the columns; joined by a blank per column; 0: none
  std::vector<std::string> columns;  ///< names that replace the header's, or stand in for a missing one
  std::int64_t skip_rows = 0;        ///< physical lines before the header to be ignored
  std::string comment;               ///< lines that start with it are ignored; empty: none
  std::string stop_at;               ///< the table ends before the first line that starts with it ("\n": an empty line)
  bool trim = false;                 ///< blanks and tabs around unquoted fields, and outside quotes, are dropped
  Ragged ragged = Ragged::kReject;
  OnNul on_nul = OnNul::kReject;
  InvalidBytes invalid_bytes = InvalidBytes::kReject;
};

/// Bounds that keep memory finite on hostile input. A row over them is a reject; where that cannot be told from the
/// rest of the file, and for the header and the columns, breaking one is Code::kLimitExceeded.
struct Limits {
  std::size_t field_bytes = std::size_t{16} << 20;
  std::size_t row_bytes = std::size_t{64} << 20;
  std::size_t header_bytes = std::size_t{1} << 20;
  std::size_t columns = 1600;  ///< PostgreSQL's MaxHeapAttributeNumber
};

}  // namespace cpi::csv
