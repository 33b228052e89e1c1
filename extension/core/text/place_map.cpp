#include "core/text/place_map.h"

#include <algorithm>
#include <utility>

namespace cpi::text {

void PlaceMap::add(std::int64_t utf8, std::int64_t file, std::size_t bytes, std::unique_ptr<Transcoder> before,
                   bool last) {
  pieces_.push_back({utf8, file, bytes, std::move(before), last});
}

void PlaceMap::forget_before(std::int64_t utf8) {
  while (pieces_.size() > 1 && pieces_[1].utf8 <= utf8) pieces_.pop_front();
}

std::int64_t PlaceMap::source_of(std::int64_t utf8, const Read& read) {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), utf8,
                                      [](std::int64_t at, const Piece& piece) { return at < piece.utf8; });
  if (after == pieces_.begin()) return utf8;
  const Piece& piece = *std::prev(after);
  if (placed_ != piece.utf8) {
    places_ = piece.before->clone()->places(piece.last ? std::string() : read(piece.file, piece.bytes), piece.last);
    placed_ = piece.utf8;
  }
  const auto next =
      std::upper_bound(places_.begin(), places_.end(), utf8 - piece.utf8,
                       [](std::int64_t at, const Transcoder::Place& place) { return at < std::int64_t{place.utf8}; });
  return next == places_.begin() ? piece.file : piece.file + std::prev(next)->source;
}

}  // namespace cpi::text
