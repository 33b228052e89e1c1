#include "core/csv/sniffer/pieces.h"

#include <algorithm>

namespace cpi::csv {
namespace {

/// Beyond ASCII, or the beginning of an escape sequence that leaves it (ISO 2022).
bool is_foreign(char byte) { return (byte & '\x80') != 0 || byte == '\x1B'; }

bool is_plain(std::string_view text) { return std::none_of(text.begin(), text.end(), is_foreign); }

/// The piece around the first foreign byte; empty when there is none.
Result<std::string> first_foreign(std::int64_t size, const ReadAt& read_at) {
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  for (std::int64_t offset = 0; offset < size; offset += static_cast<std::int64_t>(kChunk)) {
    Result<std::string> chunk = read_at(offset, kChunk);
    if (!chunk.ok()) return chunk;
    const auto found = std::find_if(chunk->begin(), chunk->end(), is_foreign);
    if (found == chunk->end()) continue;
    const auto from = offset + (found - chunk->begin()) - static_cast<std::int64_t>(kSniffBytes / 2);
    return read_at(std::max<std::int64_t>(from, 0), kSniffBytes);
  }
  return std::string();
}

}  // namespace

Result<Pieces> pieces_of(std::int64_t size, bool encoding_too, const ReadAt& read_at) {
  constexpr auto kPiece = static_cast<std::int64_t>(kSniffBytes);
  Pieces pieces;
  const auto read = [&](std::string& into, std::int64_t offset, std::int64_t bytes) -> Result<void> {
    Result<std::string> got = read_at(offset, static_cast<std::size_t>(bytes));
    if (!got.ok()) return got.error();
    into = std::move(*got);
    return {};
  };
  // A short file is one piece; a long one has three, each at a multiple of four bytes for the sake of UTF-32.
  if (Result<void> done = read(pieces.beginning, 0, std::min(size, kPiece)); !done.ok()) return done.error();
  if (size > kPiece) {
    const std::int64_t end = std::max(kPiece, (size - kPiece + 3) / 4 * 4);
    if (Result<void> done = read(pieces.end, end, size - end); !done.ok()) return done.error();
  }
  if (size > 3 * kPiece) {
    if (Result<void> done = read(pieces.middle, size / 8 * 4, kPiece); !done.ok()) return done.error();
  }
  if (encoding_too && size > kPiece && is_plain(pieces.beginning) && is_plain(pieces.middle) && is_plain(pieces.end)) {
    Result<std::string> foreign = first_foreign(size, read_at);
    if (!foreign.ok()) return foreign.error();
    pieces.foreign = std::move(*foreign);
  }
  return pieces;
}

Pieces pieces_of(std::string_view text, bool encoding_too) {
  Result<Pieces> pieces =
      pieces_of(static_cast<std::int64_t>(text.size()), encoding_too, [&](std::int64_t offset, std::size_t size) {
        return Result<std::string>(std::string(text.substr(static_cast<std::size_t>(offset), size)));
      });
  return std::move(*pieces);
}

Result<Sniffed> sniff(const Pieces& pieces, const Known& known) {
  return sniff(pieces.beginning, pieces.middle, pieces.end, known, pieces.foreign);
}

}  // namespace cpi::csv
