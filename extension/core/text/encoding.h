// Whole texts between a file's encoding and UTF-8: what is written for people goes out as their files came in, and
// comes back so. Files themselves are read in chunks, by text/transcoder.h.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace cpi::text {

/// How a file is encoded: the name that `make_transcoder` obeys, and whether a byte order mark says so.
struct FileEncoding {
  std::string name = "utf-8";
  bool marked = false;
};

/// `encoding`, unless the byte order mark at the file's `start` (four bytes suffice) names another one.
FileEncoding file_encoding(std::string_view encoding, std::string_view start);

/// `utf8` in that encoding, after a byte order mark where the file has one; characters that the encoding lacks become
/// "?". Fails with kUnknownEncoding.
Result<std::string> encode(std::string_view utf8, const FileEncoding& encoding);

/// `bytes` as UTF-8 without their byte order mark, which wins over `encoding`. Fails with kUnknownEncoding, or with
/// kInvalidArgument when they hold what the encoding does not allow, or a NUL character.
Result<std::string> decode(std::string_view bytes, std::string_view encoding);

}  // namespace cpi::text
