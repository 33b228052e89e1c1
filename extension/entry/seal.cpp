#include "entry/seal.h"

#include <sodium.h>

#include <cstdint>
#include <stdexcept>

#include "pg/bridge.h"

namespace cpi::entry {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void add_number(std::string& data, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) data += static_cast<char>(number >> shift & 0xFF);
}

void add_bytes(std::string& data, std::string_view part) {
  add_number(data, static_cast<std::uint32_t>(part.size()));
  data += part;
}

/// Every part with its length before it: no two places have the same bytes. Changing this makes every sealed value
/// unreadable; the first part names the form, for a later one.
std::string additional_data(const Key& key, const Place& place) {
  std::string data;
  add_bytes(data, "cpi secret 1");
  add_bytes(data, {reinterpret_cast<const char*>(place.install_id.data()), place.install_id.size()});
  add_bytes(data, place.owner_table);
  add_bytes(data, {reinterpret_cast<const char*>(place.row_id.data()), place.row_id.size()});
  add_bytes(data, place.column_name);
  add_number(data, static_cast<std::uint32_t>(key.version));
  return data;
}

}  // namespace

std::string seal(const Key& key, const Place& place, std::string_view secret) {
  const std::string bound = additional_data(key, place);
  std::string sealed(kNonce + secret.size() + kTag, '\0');
  randombytes_buf(sealed.data(), kNonce);
  unsigned long long written = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(sealed) + kNonce, &written, bytes(secret), secret.size(),
                                             bytes(bound), bound.size(), nullptr, bytes(sealed), key.bytes);
  return sealed;
}

std::string open(const Key& key, const Place& place, std::string_view sealed) {
  const std::string bound = additional_data(key, place);
  if (sealed.size() >= kNonce + kTag) {
    std::string secret(sealed.size() - kNonce - kTag, '\0');
    unsigned long long written = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(secret), &written, nullptr, bytes(sealed) + kNonce,
                                                   sealed.size() - kNonce, bytes(bound), bound.size(), bytes(sealed),
                                                   key.bytes) == 0) {
      return secret;
    }
  }
  throw pg::Failure{pg::kDataCorrupted,
                    {Code::kInternal,
                     "the secret in column \"" + std::string(place.column_name) + "\" of " +
                         std::string(place.owner_table) + " does not open",
                     "It was altered or moved, or it was sealed under another key that bore version " +
                         std::to_string(key.version) + ".",
                     "Restore the key file that belongs to this database, or set the secret anew."}};
}

}  // namespace cpi::entry
