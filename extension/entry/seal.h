// Sealing: XChaCha20-Poly1305 (libsodium), a fresh random nonce per value, bound by additional data to the place where
// the value is stored, so that a sealed value that is moved to another row, column or installation does not open.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "entry/key_file.h"

namespace cpi::entry {

using Uuid = std::array<unsigned char, 16>;

/// Where a secret is stored. The key's version is bound as well.
struct Place {
  Uuid install_id{};
  std::string_view owner_table;
  Uuid row_id{};
  std::string_view column_name;
};

/// nonce ‖ ciphertext ‖ tag.
std::string seal(const Key& key, const Place& place, std::string_view secret);

/// The secret of `sealed`; fails with kDataCorrupted when it was altered, moved, or sealed under another key of that
/// version.
std::string open(const Key& key, const Place& place, std::string_view sealed);

}  // namespace cpi::entry
