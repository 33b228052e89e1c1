// Passwords taken out of texts that are about to be logged. Errs on the side of masking too much: a log line that lost
// a word is a nuisance, one that holds a password is an incident.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "observe/observe.h"

namespace cpi::observe {

namespace {

constexpr std::string_view kMask = "***";

bool ends_url(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0 || c == '"' || c == '<' || c == '>' || c == '`';
}

std::string mask_url(std::string_view url, std::size_t authority) {
  // A raw '@', '/' or '#' in a password is a common slip: the last '@' of the whole URL ends what is hidden.
  std::string out(url.substr(0, authority));
  std::string_view rest = url.substr(authority);
  const std::size_t query = rest.find('?');
  const std::size_t at = rest.rfind('@');
  const std::size_t colon = rest.find(':');
  if (at != std::string_view::npos && colon != std::string_view::npos && colon < at) {
    out.append(rest.substr(0, colon + 1)).append(kMask);
    rest.remove_prefix(at);
    if (const std::size_t q = rest.find('?'); q != std::string_view::npos) {
      return out.append(rest.substr(0, q + 1)).append(kMask);
    }
    return out.append(rest);
  }
  if (query != std::string_view::npos) return out.append(rest.substr(0, query + 1)).append(kMask);
  return out.append(rest);
}

std::string mask_urls(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t mark = text.find("://");
    if (mark == std::string_view::npos) return out.append(text);
    std::size_t begin = mark;
    while (begin > 0 && (std::isalnum(static_cast<unsigned char>(text[begin - 1])) != 0 || text[begin - 1] == '+'))
      --begin;
    std::size_t end = mark + 3;
    while (end < text.size() && !ends_url(text[end])) ++end;
    out.append(text.substr(0, begin)).append(mask_url(text.substr(begin, end - begin), mark + 3 - begin));
    text.remove_prefix(end);
  }
  return out;
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// Masks the value after `keyword` `=` (libpq's keyword strings): a word, or text in single quotes with backslashes.
std::string mask_keyword(std::string_view text, std::string_view keyword) {
  std::string out;
  while (!text.empty()) {
    const auto found = std::search(text.begin(), text.end(), keyword.begin(), keyword.end(),
                                   [](char a, char b) { return lower(a) == b; });
    if (found == text.end()) return out.append(text);
    std::size_t at = static_cast<std::size_t>(found - text.begin()) + keyword.size();
    while (at < text.size() && text[at] == ' ') ++at;
    if (at == text.size() || text[at] != '=') {
      out.append(text.substr(0, at));
      text.remove_prefix(at);
      continue;
    }
    ++at;
    while (at < text.size() && text[at] == ' ') ++at;
    out.append(text.substr(0, at)).append(kMask);
    text.remove_prefix(at);
    std::size_t end = 0;
    if (!text.empty() && text[0] == '\'') {
      for (end = 1; end < text.size() && text[end] != '\''; ++end) {
        if (text[end] == '\\' && end + 1 < text.size()) ++end;
      }
      end = std::min(end + 1, text.size());
    } else {
      while (end < text.size() && std::isspace(static_cast<unsigned char>(text[end])) == 0) ++end;
    }
    text.remove_prefix(end);
  }
  return out;
}

}  // namespace

std::string mask(std::string_view text) {
  std::string out = mask_urls(text);
  constexpr std::array<std::string_view, 2> kKeywords = {"password", "passphrase"};
  for (std::string_view keyword : kKeywords) out = mask_keyword(out, keyword);
  return out;
}

}  // namespace cpi::observe
