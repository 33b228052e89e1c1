// From a place in transcoded text back to the byte of the file that it came from. Remembers how each piece was begun,
// not its bytes: they are asked for again where a place is wanted, which is where something is wrong with a row.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/text/transcoder.h"

namespace cpi::text {

/// The pieces of one file. Not thread-safe.
class PlaceMap {
 public:
  /// Gives `bytes` bytes of the file from `offset` on, or fewer when they cannot be had any more.
  using Read = std::function<std::string(std::int64_t offset, std::size_t bytes)>;

  /// A piece of `bytes` bytes that begins at `file` and whose text begins at `utf8`; `before` is the transcoder's state
  /// then. `last`: the text is what `finish` gave. Pieces come in order.
  void add(std::int64_t utf8, std::int64_t file, std::size_t bytes, std::unique_ptr<Transcoder> before, bool last);

  /// Pieces whose text ends before `utf8` are asked for no more.
  void forget_before(std::int64_t utf8);

  /// The byte of the file where the character at `utf8` begins. Transcodes the piece once more, unless it was the last
  /// one that was asked for.
  std::int64_t source_of(std::int64_t utf8, const Read& read);

 private:
  struct Piece {
    std::int64_t utf8;
    std::int64_t file;
    std::size_t bytes;
    std::unique_ptr<Transcoder> before;
    bool last;
  };
  std::deque<Piece> pieces_;
  std::int64_t placed_ = -1;  // `utf8` of the piece that `places_` is of
  std::vector<Transcoder::Place> places_;
};

}  // namespace cpi::text
