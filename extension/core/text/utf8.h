// Strict UTF-8 (RFC 3629, the same rules as pg_utf8_islegal in PostgreSQL's src/common/wchar.c): no over-long forms, no
// surrogates, nothing above U+10FFFF. NUL is a character here; who forbids it must look for it.
#pragma once

#include <string>
#include <string_view>

namespace cpi::text {

/// The offset of the first byte that begins no valid character, or npos.
std::size_t first_invalid_utf8(std::string_view text);

inline bool valid_utf8(std::string_view text) { return first_invalid_utf8(text) == std::string_view::npos; }

/// Appends `text` to `out` with U+FFFD for each maximal run that can be no character (Unicode 15, section 3.9), and one
/// for each pair 0xFF 0xFE, by which the transcoder stands for a byte that the file's encoding forbids.
void append_replacing_invalid(std::string_view text, std::string& out);

/// `text` as PostgreSQL can store it, also in JSON: invalid bytes replaced as above, without NUL characters.
std::string storable(std::string_view text);

}  // namespace cpi::text
