// The bytes of a file that the sniffer looks at: the one choice of them for whoever sniffs, so that all come to the
// same findings.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/csv/sniffer/sniffer.h"

namespace cpi::csv {

/// Up to three pieces of a file and, when they hold nothing but ASCII, the place of the first byte that is not.
struct Pieces {
  std::string beginning, middle, end, foreign;
};

/// Reads up to `size` bytes at `offset`; fewer only where the file ends.
using ReadAt = std::function<Result<std::string>(std::int64_t offset, std::size_t size)>;

/// The pieces of a file of `size` bytes. `encoding_too`: its encoding is to be found, for which the whole file is read
/// when the pieces are plain ASCII. Fails only as `read_at` does.
Result<Pieces> pieces_of(std::int64_t size, bool encoding_too, const ReadAt& read_at);

/// The pieces of a text in memory.
Pieces pieces_of(std::string_view text, bool encoding_too);

/// As `sniff` of the four.
Result<Sniffed> sniff(const Pieces& pieces, const Known& known = {});

}  // namespace cpi::csv
