#include "source/host_key.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

namespace cpi::source {

namespace {

constexpr std::string_view kFingerprintPrefix = "SHA256:";
constexpr std::size_t kFingerprintDigits = 43;  // 32 bytes in base64 without padding

bool is_base64(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  });
}

bool is_key_type(std::string_view word) {
  return word.starts_with("ssh-") || word.starts_with("ecdsa-sha2-") || word.starts_with("sk-");
}

std::string without_padding(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  return std::string(text);
}

/// The SHA256 fingerprint of a public key in base64; empty when it is none.
std::string fingerprint_of(std::string_view base64) {
  if (base64.size() % 4 != 0 || !is_base64(without_padding(base64)) || base64.size() < 32) return "";
  std::vector<unsigned char> blob(base64.size() / 4 * 3);
  const int size = EVP_DecodeBlock(blob.data(), reinterpret_cast<const unsigned char*>(base64.data()),
                                   static_cast<int>(base64.size()));
  if (size <= 0) return "";
  const std::size_t padding = base64.size() - without_padding(base64).size();
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(blob.data(), static_cast<std::size_t>(size) - padding, digest.data());
  std::array<unsigned char, 64> text{};
  EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return std::string(kFingerprintPrefix) + without_padding(reinterpret_cast<const char*>(text.data()));
}

}  // namespace

Result<ExpectedHostKey> parse_host_key(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  if (words.empty()) return ExpectedHostKey{};
  if (words.size() == 1 && words[0] == "strict") return ExpectedHostKey{true, ""};
  if (words.size() == 1 && words[0].starts_with(kFingerprintPrefix)) {
    const std::string digits = without_padding(std::string_view(words[0]).substr(kFingerprintPrefix.size()));
    if (digits.size() == kFingerprintDigits && is_base64(digits)) {
      return ExpectedHostKey{false, std::string(kFingerprintPrefix) + digits};
    }
  }
  for (std::size_t i = 0; i + 1 < words.size() && i < 2; ++i) {
    if (!is_key_type(words[i])) continue;
    if (std::string fingerprint = fingerprint_of(words[i + 1]); !fingerprint.empty()) {
      return ExpectedHostKey{false, std::move(fingerprint)};
    }
  }
  return Error{Code::kInvalidConfig, "host_key is neither a fingerprint nor a public key",
               "It is \"" + std::string(text.substr(0, 60)) + (text.size() > 60 ? "…\"." : "\"."),
               "Write \"SHA256:…\" as `ssh-keygen -l` prints it, a public key such as \"ssh-ed25519 AAAA…\", or "
               "\"strict\"; leave it out to keep the first key that the server shows."};
}

}  // namespace cpi::source
