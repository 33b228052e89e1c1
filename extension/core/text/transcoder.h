// From a file's encoding to UTF-8, in chunks of any size. UTF-8 itself passes through unchecked: the reader checks
// rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/dialect.h"
#include "core/result.h"

namespace cpi::text {

/// Stateful converter of one file. Not thread-safe.
class Transcoder {
 public:
  virtual ~Transcoder() = default;

  /// Appends the UTF-8 form of `bytes` to `out`; a character cut at the end is kept until the next call.
  /// Bytes that the encoding does not allow become the two bytes 0xFF 0xFE, which no valid UTF-8 holds, so that the
  /// reader rejects exactly that row (or replaces them, as its dialect says).
  virtual void convert(std::string_view bytes, std::string& out) = 0;
  /// Says that the input ends; appends what was kept.
  virtual void finish(std::string& out) = 0;
  /// True when the bytes need no change, so that the caller may read straight into the reader's window.
  virtual bool is_identity() const = 0;

  /// Another transcoder in this one's state.
  virtual std::unique_ptr<Transcoder> clone() const = 0;

  /// Where one character of the output begins, there and in the input.
  struct Place {
    std::uint32_t utf8;
    std::int32_t source;  ///< below 0: in the bytes of the call before
  };
  /// The places of what `convert(bytes, …)`, and with `last` `finish` behind it, would append, ascending, each from 0.
  /// Of a character that was cut by the end of the bytes before, it may be its second byte, say. Advances the state as
  /// they do: ask a clone. `bytes` holds less than 512 MB.
  virtual std::vector<Place> places(std::string_view bytes, bool last) = 0;
};

/// The encoding that a byte order mark at the beginning of a file names ("UTF-8", "UTF-16LE", …), or nothing.
std::string_view encoding_of_mark(std::string_view start);

/// Why a file that begins with `start` is no text at all, but an archive or a workbook; nothing when it may be one.
std::optional<Error> no_text(std::string_view start);

/// A transcoder for `encoding`, a name that ICU knows ("utf-8", "latin-1", "windows-1252", "utf-16le", …).
/// `start` is the beginning of the file: a byte order mark there wins over `encoding`.
/// Fails with kUnknownEncoding, hinting at the nearest known name, or as `no_text` says.
Result<std::unique_ptr<Transcoder>> make_transcoder(std::string_view encoding, std::string_view start);

}  // namespace cpi::text
