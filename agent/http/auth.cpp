#include "http/auth.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace cpi::http {

namespace {

constexpr std::size_t kMostCached = 1024;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  // EVP_DecodeBlock counts the padding as bytes.
  out.resize(static_cast<std::size_t>(length) - (text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0));
  return out;
}

std::optional<std::string> nonempty(std::string_view key) {
  if (key.empty()) return std::nullopt;
  return std::string(key);
}

}  // namespace

std::optional<std::string> presented_key(const Request& request) {
  if (const std::string* header = request.header("X-API-Key")) {
    if (std::optional<std::string> key = nonempty(trimmed(*header))) return key;
  }
  const std::string* header = request.header("Authorization");
  if (header == nullptr) return std::nullopt;
  const std::string_view value = trimmed(*header);
  const std::size_t blank = std::min(value.find(' '), value.size());
  const std::string_view scheme = value.substr(0, blank);
  const std::string_view rest = trimmed(value.substr(blank));
  if (same_header(scheme, "Bearer")) return nonempty(rest);
  if (!same_header(scheme, "Basic")) return std::nullopt;
  const std::optional<std::string> pair = decode_base64(rest);
  if (!pair) return std::nullopt;
  const std::size_t colon = pair->find(':');
  return colon == std::string::npos ? std::nullopt : nonempty(std::string_view(*pair).substr(colon + 1));
}

Digest sha256(std::string_view text) {
  Digest digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("libcrypto cannot compute SHA-256");
  }
  return digest;
}

bool same_digest(const Digest& a, const Digest& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

std::optional<Role> KeyCache::find(const Digest& key, Clock::time_point now) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return std::nullopt;
  if (it->second.until > now) return it->second.role;
  entries_.erase(it);
  return std::nullopt;
}

void KeyCache::store(const Digest& key, Role role, Clock::time_point now) {
  if (entries_.size() >= kMostCached)
    std::erase_if(entries_, [&](const auto& entry) { return entry.second.until <= now; });
  if (entries_.size() < kMostCached) entries_.insert_or_assign(key, Entry{role, now + kLifetime});
}

std::string host_of(std::string_view authority) {
  if (authority.starts_with('[')) return std::string(authority.substr(1, authority.find(']') - 1));
  if (std::count(authority.begin(), authority.end(), ':') > 1) return std::string(authority);
  return std::string(authority.substr(0, authority.find(':')));
}

bool is_loopback(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (same_header(host, "localhost")) return true;
  const std::string text(host);
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

bool allowed_origin(std::string_view origin, const std::vector<std::string>& cors_origins) {
  return std::any_of(cors_origins.begin(), cors_origins.end(),
                     [&](const std::string& allowed) { return allowed == "*" || same_header(allowed, origin); });
}

std::optional<std::string> refuse_foreign_page(const Request& request, const std::vector<std::string>& cors_origins) {
  const std::string* host = request.header("Host");
  if (host == nullptr || !is_loopback(host_of(*host))) {
    return "Host \"" + (host != nullptr ? *host : "") + "\" is no name of this machine's loopback interface";
  }
  const std::string* origin = request.header("Origin");
  if (origin == nullptr || same_header(*origin, "http://" + *host)) return {};
  // "*" is no site: without a key it would hand this machine to every page.
  if (std::any_of(cors_origins.begin(), cors_origins.end(),
                  [&](const std::string& allowed) { return same_header(allowed, *origin); })) {
    return {};
  }
  return "Origin \"" + *origin + "\" is another site";
}

}  // namespace cpi::http
