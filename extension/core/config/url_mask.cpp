// Passwords out of connection URLs, for messages. Works on text that is no valid URL as well: where the password ends
// is then unclear, and hiding too much is right.
#include <algorithm>
#include <cctype>

#include "core/config/url.h"

namespace cpi::config {
namespace {

constexpr std::string_view kMask = "***";

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// Where `password`, `sslpassword` or the like ends, that is where its "=" is expected; npos: not found from `from` on.
std::size_t find_password_word(std::string_view text, std::size_t from) {
  constexpr std::string_view kWord = "password";
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  const auto at =
      std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), kWord.begin(), kWord.end(), same);
  if (at == text.end()) return std::string_view::npos;
  return static_cast<std::size_t>(at - text.begin()) + kWord.size();
}

/// Replaces the values of `password = value`, quoted or bare; a bare value ends at a blank or one of `ends`.
std::string mask_pairs(std::string_view text, std::string_view ends) {
  std::string masked;
  std::size_t done = 0;
  for (std::size_t at = find_password_word(text, 0); at != std::string_view::npos; at = find_password_word(text, at)) {
    std::size_t i = at;
    while (i < text.size() && is_blank(text[i])) ++i;
    if (i >= text.size() || text[i] != '=') continue;
    ++i;
    while (i < text.size() && is_blank(text[i])) ++i;
    masked.append(text.substr(done, i - done)).append(kMask);
    if (i < text.size() && text[i] == '\'') {
      for (++i; i < text.size() && text[i] != '\''; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
      }
      if (i < text.size()) ++i;
    } else {
      while (i < text.size() && !is_blank(text[i]) && ends.find(text[i]) == std::string_view::npos) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        ++i;
      }
    }
    at = done = i;
  }
  return masked.append(text.substr(done));
}

}  // namespace

std::string mask_url(std::string_view url) {
  const bool valid = parse_connection_url(url).ok();
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos || url.find('=') < colon) {
    const std::size_t word = find_password_word(url, 0);
    if (valid || word == std::string_view::npos) return mask_pairs(url, "");
    // Where a value ends that was not quoted as it should be, nobody knows.
    const std::size_t equals = url.find('=', word);
    return equals == std::string_view::npos ? std::string(url) : std::string(url.substr(0, equals + 1)).append(kMask);
  }
  const std::size_t start = colon + 3;
  const std::string_view rest = url.substr(start);
  // In a URL that can be taken apart the authority ends at the first / or ?; in any other, the password reaches up to
  // the last @ there is.
  const std::size_t at = rest.substr(0, valid ? rest.find_first_of("/?") : std::string_view::npos).rfind('@');
  const std::size_t secret = rest.find(':');
  std::string head(url.substr(0, start));
  std::string_view tail = rest;
  if (at != std::string_view::npos && secret < at) {
    head.append(rest.substr(0, secret + 1)).append(kMask);
    tail = rest.substr(at);
  } else if (!valid && secret != std::string_view::npos) {
    return head.append(rest.substr(0, secret + 1)).append(kMask);
  }
  return head + mask_pairs(tail, "&");
}

}  // namespace cpi::config
