// See repertoire.h. The server is asked, not ICU: their tables differ in places, above all for Japanese.
#include "target/repertoire.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace cpi::target {

namespace {

// Encodings of one byte are asked what their upper half means, others which of all characters they have; only two have
// any beyond the first 65,536. A conversion that fails raises, which PL/pgSQL alone can catch. The answer goes through
// a setting: a function would need the right to make temporary ones.
constexpr const char* kAsk = R"(
SET LOCAL statement_timeout = 0;
DO $do$
DECLARE
  encoding name := pg_catalog.current_setting('server_encoding');
  single boolean := (SELECT pg_catalog.pg_encoding_max_length(d.encoding) = 1
                     FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database());
  last int := CASE WHEN single THEN 255 WHEN encoding IN ('EUC_TW', 'EUC_JIS_2004') THEN 196607 ELSE 65535 END;
  character bytea;
  found text := '';
BEGIN
  FOR n IN 128..last LOOP
    CONTINUE WHEN n BETWEEN 55296 AND 57343;
    BEGIN
      IF single THEN
        character := pg_catalog.convert(pg_catalog.set_byte('\x00', 0, n), encoding, 'UTF8');
      ELSE
        character := CASE
          WHEN n < 2048 THEN pg_catalog.set_byte(pg_catalog.set_byte('\xC080', 0, 192 | (n >> 6)), 1, 128 | (n & 63))
          WHEN n < 65536 THEN pg_catalog.set_byte(pg_catalog.set_byte(pg_catalog.set_byte('\xE08080', 0,
            224 | (n >> 12)), 1, 128 | (n >> 6 & 63)), 2, 128 | (n & 63))
          ELSE pg_catalog.set_byte(pg_catalog.set_byte(pg_catalog.set_byte(pg_catalog.set_byte('\xF0808080', 0,
            240 | (n >> 18)), 1, 128 | (n >> 12 & 63)), 2, 128 | (n >> 6 & 63)), 3, 128 | (n & 63)) END;
        PERFORM pg_catalog.convert(character, 'UTF8', encoding);
      END IF;
      found := found || pg_catalog.encode(character, 'hex');
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END LOOP;
  PERFORM pg_catalog.set_config('cpi.repertoire', found, true);
END $do$;
SELECT pg_catalog.current_setting('cpi.repertoire'))";

std::string from_hex(std::string_view digits) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1]));
  }
  return bytes;
}

/// Takes one character from the beginning of valid UTF-8.
std::uint32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t code = length == 1 ? first : first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3F);
  text.remove_prefix(length);
  return code;
}

}  // namespace

std::optional<Repertoire> Repertoire::read(db::Connection& connection) {
  const std::string encoding = connection.server_encoding();
  if (encoding.empty() || encoding == "UTF8" || encoding == "SQL_ASCII") return std::nullopt;
  // Servers of one version agree on their encodings; the answer is kept, as half a second for each file adds up.
  static std::mutex mutex;
  static std::map<std::pair<std::string, int>, Repertoire> known;
  const std::pair<std::string, int> key(encoding, connection.server_version());
  {
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(key); found != known.end()) return found->second;
  }
  const db::Rows answer = connection.exec(kAsk);
  Repertoire made(encoding, from_hex(answer.text(0, 0)));
  const std::lock_guard lock(mutex);
  return known.emplace(key, std::move(made)).first->second;
}

Repertoire::Repertoire(std::string encoding, std::string_view characters) : encoding_(std::move(encoding)) {
  while (!characters.empty()) {
    const std::uint32_t code = take_character(characters);
    if (has_.size() <= code) has_.resize(code + 1);
    has_[code] = true;
  }
}

std::string_view Repertoire::first_lacking(std::string_view text) const {
  if (std::none_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) < 0; })) return {};
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view at = rest;
    const std::uint32_t code = take_character(rest);
    if (code >= 0x80 && (code >= has_.size() || !has_[code])) return at.substr(0, at.size() - rest.size());
  }
  return {};
}

}  // namespace cpi::target
