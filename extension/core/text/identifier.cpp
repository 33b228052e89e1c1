#include "core/text/identifier.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <numeric>
#include <unordered_set>

namespace cpi::text {
namespace {

void append(std::string& out, UChar32 character) {
  std::uint8_t bytes[U8_MAX_LENGTH];
  std::int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, character);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

/// The character at `at`, which moves behind it; U+FFFD for a byte that begins none.
UChar32 next_character(std::string_view text, std::size_t& at) {
  UChar32 character = 0;
  auto position = static_cast<std::int32_t>(at);
  U8_NEXT_OR_FFFD(reinterpret_cast<const std::uint8_t*>(text.data()), position, static_cast<std::int32_t>(text.size()),
                  character);
  at = static_cast<std::size_t>(position);
  return character;
}

bool belongs_to_word(UChar32 character) {
  return u_isalnum(character) != 0 || (U_GET_GC_MASK(character) & U_GC_M_MASK) != 0;
}

/// A character that nobody sees, but for the joiners and selectors that shape the characters beside them.
bool is_invisible(UChar32 character) {
  constexpr UChar32 kNonJoiner = 0x200C;
  constexpr UChar32 kJoiner = 0x200D;
  return u_charType(character) == U_FORMAT_CHAR && character != kNonJoiner && character != kJoiner &&
         u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
}

bool is_control(UChar32 character) {
  return (U_GET_GC_MASK(character) & (U_GC_CC_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK)) != 0;
}

/// The name as people read it; empty when there is nothing to read.
std::string legible(std::string_view name) {
  std::string out;
  std::size_t end = 0;  // behind the last character that is to be seen
  bool gap = false;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t first = at;
    const UChar32 character = next_character(name, at);
    if (is_invisible(character)) continue;
    const bool control = is_control(character);
    const bool blank = control || u_isUWhiteSpace(character) != 0;
    if (blank && out.empty()) continue;
    if (control) {
      if (!gap) out += ' ';
    } else {
      out.append(name.substr(first, at - first));
    }
    gap = blank;
    const bool joins = u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
    if (!blank && !(joins && end == 0)) end = out.size();
  }
  out.resize(end);
  return out;
}

std::string cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return std::string(text.substr(0, bytes));
}

std::u32string folded(std::string_view text) {
  std::u32string characters;
  for (std::size_t at = 0; at < text.size();) {
    characters += static_cast<char32_t>(u_foldCase(next_character(text, at), U_FOLD_CASE_DEFAULT));
  }
  return characters;
}

/// Edit distance with swapped neighbours counted once (optimal string alignment).
std::size_t distance(const std::u32string& a, const std::u32string& b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

/// Matches the class at `at` (behind its '[') against `character`; nothing when the class is never closed.
struct ClassMatch {
  bool closed = false;
  bool matches = false;
  std::size_t end = 0;
};
ClassMatch match_class(std::string_view pattern, std::size_t at, UChar32 character) {
  ClassMatch result;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool first = true;
  while (at < pattern.size() && (first || pattern[at] != ']')) {
    first = false;
    const UChar32 low = next_character(pattern, at);
    UChar32 high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      high = next_character(pattern, at);
    }
    if (character >= low && character <= high) result.matches = true;
  }
  result.closed = at < pattern.size();
  result.matches = result.matches != negated;
  result.end = at + 1;
  return result;
}

/// Greedy matching with one point to come back to per kind of star: linear for `*`, never exponential.
bool glob(std::string_view pattern, std::string_view text, bool whole_path) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star_p = std::string_view::npos;
  std::size_t star_t = 0;
  std::size_t deep_p = std::string_view::npos;  // of a `**`, which crosses directories
  std::size_t deep_t = 0;
  while (t < text.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      if (whole_path && p + 1 < pattern.size() && pattern[p + 1] == '*') {
        p += 2;
        // "**/" also stands for no directory at all.
        if (p < pattern.size() && pattern[p] == '/' && (t == 0 || text[t - 1] == '/')) ++p;
        deep_p = p;
        deep_t = t;
        star_p = std::string_view::npos;
      } else {
        star_p = ++p;
        star_t = t;
      }
      continue;
    }
    if (p < pattern.size() && t < text.size()) {
      std::size_t next_t = t;
      const UChar32 character = next_character(text, next_t);
      const bool separator = whole_path && character == '/';
      std::size_t next_p = p;
      bool matches = false;
      if (pattern[p] == '?') {
        matches = !separator;
        next_p = p + 1;
      } else {
        const ClassMatch found = pattern[p] == '[' ? match_class(pattern, p + 1, character) : ClassMatch{};
        if (found.closed) {
          matches = found.matches && !separator;
          next_p = found.end;
        } else {
          if (pattern[p] == '\\' && p + 1 < pattern.size()) ++next_p;
          matches = next_character(pattern, next_p) == character;
        }
      }
      if (matches) {
        p = next_p;
        t = next_t;
        continue;
      }
    }
    if (star_p != std::string_view::npos && star_t < text.size() && !(whole_path && text[star_t] == '/')) {
      p = star_p;
      t = ++star_t;
    } else if (deep_p != std::string_view::npos && deep_t < text.size()) {
      p = deep_p;
      t = ++deep_t;
      star_p = std::string_view::npos;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string truncate_identifier(std::string_view name) { return cut(name, kMaxIdentifierBytes); }

std::string snake_case(std::string_view name) {
  std::string out;
  bool gap = false;
  for (std::size_t at = 0; at < name.size();) {
    const UChar32 character = next_character(name, at);
    if (character == 0xFFFD || !belongs_to_word(character)) {
      gap = true;
      continue;
    }
    if (gap && !out.empty()) out += '_';
    gap = false;
    if (out.empty() && u_isdigit(character) != 0) out += '_';
    append(out, u_tolower(character));
  }
  return out;
}

std::vector<std::string> column_names(const std::vector<std::string>& header, bool snake) {
  std::vector<std::string> names;
  std::unordered_set<std::string> given;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string read = legible(header[i]);
    std::string name = truncate_identifier(snake ? snake_case(read) : read);
    while (name.ends_with(' ')) name.pop_back();  // cut there
    if (name.empty()) name = "column" + std::to_string(i + 1);
    given.insert(name);
    names.push_back(std::move(name));
  }
  // A number is added only to names that repeat, and never so that it makes another column's own name.
  std::unordered_set<std::string> used;
  for (std::string& name : names) {
    if (used.insert(name).second) continue;
    for (std::size_t number = 2;; ++number) {
      const std::string suffix = "_" + std::to_string(number);
      std::string numbered = cut(name, kMaxIdentifierBytes - suffix.size()) + suffix;
      if (given.contains(numbered) || !used.insert(numbered).second) continue;
      name = std::move(numbered);
      break;
    }
  }
  return names;
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  const std::u32string wanted = folded(name);
  // One mistake in a short name, one in three characters of a longer one.
  const std::size_t allowed = std::max<std::size_t>(1, wanted.size() / 3);
  std::size_t best_distance = allowed + 1;
  const std::string* best = nullptr;
  for (const std::string& candidate : candidates) {
    const std::u32string characters = folded(candidate);
    const std::size_t longer = std::max(characters.size(), wanted.size());
    if (longer - std::min(characters.size(), wanted.size()) >= best_distance) continue;
    const std::size_t found = distance(wanted, characters);
    // Names with nothing in common are not near, however short they are.
    if (found < best_distance && found < longer) {
      best_distance = found;
      best = &candidate;
    }
  }
  return best == nullptr ? std::string() : *best;
}

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string quoted_list(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) out += (i > 0 ? ", " : "") + quoted_name(names[i]);
  if (names.size() > most) out += " and " + std::to_string(names.size() - most) + " more";
  return out;
}

bool glob_match(std::string_view pattern, std::string_view path) {
  const bool whole_path = pattern.find('/') != std::string_view::npos;
  if (!whole_path) {
    const std::size_t slash = path.rfind('/');
    if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  }
  return glob(pattern, path, whole_path);
}

}  // namespace cpi::text
