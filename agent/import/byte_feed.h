// From a file's descriptor into the reader's window: large pread()s, transcoding where the file is not UTF-8, and the
// hash of the bytes on the side. Knows no CSV beyond `space` and `commit`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/csv/reader.h"
#include "core/result.h"
#include "core/text/place_map.h"
#include "core/text/transcoder.h"
#include "import/content_hash.h"
#include "source/source.h"

namespace cpi::import {

/// Feeds one file to one reader. Not thread-safe; `file` must outlive it.
class ByteFeed {
 public:
  /// Fails with kUnknownEncoding or kFileUnreadable. `hash` may be null.
  static Result<ByteFeed> open(const source::File& file, const std::string& encoding, ContentHash* hash);

  /// Puts the next bytes into the reader's window, or finishes the reader at the file's end. Fails with
  /// kFileUnreadable, or kFileChanged when the file ends before the size that it was opened with.
  Result<void> fill(csv::Reader& reader);

  /// Bytes of the file read so far.
  std::int64_t bytes_read() const { return offset_; }

  /// The byte of the file from which the byte at `utf8` of the reader's input comes. `utf8` is not before what the
  /// reader had consumed at the last `fill`. Costs a look at the file's bytes again, once for each piece of it that is
  /// asked for.
  std::int64_t file_offset(std::int64_t utf8);
  /// That, for a reader; empty where the file is UTF-8. Refers to this feed, which is not moved from then on.
  csv::Origin origin();

 private:
  ByteFeed(const source::File& file, std::unique_ptr<text::Transcoder> transcoder, ContentHash* hash);
  /// Reads up to `size` bytes at the present offset, never past the size at opening.
  Result<std::size_t> read(char* into, std::size_t size);

  const source::File* file_;
  std::unique_ptr<text::Transcoder> transcoder_;
  ContentHash* hash_;
  std::int64_t offset_ = 0;
  std::string raw_;         ///< bytes before transcoding
  std::string transcoded_;  ///< bytes after it
  std::int64_t given_ = 0;  ///< bytes transcoded so far
  text::PlaceMap places_;
};

}  // namespace cpi::import
