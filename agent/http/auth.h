// Who asks: the key that a request bears and the role that comes with it. Keys of the environment are compared here,
// keys of cpi_api_keys by the extension; what it said is believed for less than a second, so that a revoked key is out
// within one. Whether a role may do something is decided twice: here by the route, and by PostgreSQL's grants.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/catalog.h"
#include "http/message.h"

namespace cpi::http {

/// The key from X-API-Key, `Authorization: Bearer`, or the password of `Authorization: Basic`, in this order. An empty
/// one counts as none.
std::optional<std::string> presented_key(const Request& request);

using Digest = std::array<unsigned char, 32>;
Digest sha256(std::string_view text);
/// Equal? In a time that does not depend on where the two differ.
bool same_digest(const Digest& a, const Digest& b);

/// Valid keys that the extension was asked about lately, by digest. Not thread-safe.
class KeyCache {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kLifetime{800};

  std::optional<Role> find(const Digest& key, Clock::time_point now);
  void store(const Digest& key, Role role, Clock::time_point now);
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    Role role;
    Clock::time_point until;
  };
  std::map<Digest, Entry> entries_;
};

/// "127.0.0.1:8000" → "127.0.0.1", "[::1]:8000" → "::1"; without a port likewise.
std::string host_of(std::string_view authority);
/// localhost, 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104.
bool is_loopback(std::string_view host);

/// Guards a server without a key against pages in the user's own browser (DNS rebinding, cross-site requests): the Host
/// must be a loopback name, and an Origin, where there is one, that of the server itself or one of `cors_origins`.
/// Answers what is wrong, or nothing.
std::optional<std::string> refuse_foreign_page(const Request& request, const std::vector<std::string>& cors_origins);

/// Whether CORS allows this origin.
bool allowed_origin(std::string_view origin, const std::vector<std::string>& cors_origins);

}  // namespace cpi::http
