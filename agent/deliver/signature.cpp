#include "deliver/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <optional>

namespace cpi::deliver {

namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kLeastBytes = 24;
constexpr std::size_t kMostBytes = 64;

std::optional<std::vector<unsigned char>> key_of(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return std::nullopt;
  secret.remove_prefix(kPrefix.size());
  if (secret.empty() || secret.size() % 4 != 0 || secret.size() > 2 * kMostBytes) return std::nullopt;
  std::vector<unsigned char> key(secret.size() / 4 * 3);
  const int decoded = EVP_DecodeBlock(key.data(), reinterpret_cast<const unsigned char*>(secret.data()),
                                      static_cast<int>(secret.size()));
  if (decoded < 0) return std::nullopt;
  // OpenSSL decodes padding to zero bytes and counts them.
  std::size_t padding = 0;
  while (padding < 2 && secret[secret.size() - 1 - padding] == '=') ++padding;
  key.resize(static_cast<std::size_t>(decoded) - padding);
  if (key.size() < kLeastBytes || key.size() > kMostBytes) return std::nullopt;
  return key;
}

std::string base64(const unsigned char* bytes, unsigned int length) {
  std::string out((length + 2) / 3 * 4 + 1, '\0');
  out.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes, static_cast<int>(length))));
  return out;
}

}  // namespace

Result<std::string> signature(const std::vector<std::string>& secrets, std::string_view id, std::int64_t timestamp,
                              std::string_view body) {
  std::string content;
  content.append(id).append(".").append(std::to_string(timestamp)).append(".").append(body);
  std::string out;
  for (const std::string& secret : secrets) {
    std::optional<std::vector<unsigned char>> key = key_of(secret);
    if (!key) {
      return Error{Code::kInvalidConfig, "a signing secret of webhooks is not \"whsec_\" and 24 to 64 bytes in base64",
                   "", "Set it again: PUT /settings with webhook_secret."};
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (HMAC(EVP_sha256(), key->data(), static_cast<int>(key->size()),
             reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(),
             &length) == nullptr) {
      return Error{Code::kInternal, "OpenSSL computes no HMAC-SHA256", "", "Check the machine's OpenSSL settings."};
    }
    out += (out.empty() ? "v1," : " v1,") + base64(digest.data(), length);
  }
  return out;
}

}  // namespace cpi::deliver
