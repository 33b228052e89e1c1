#include "declare/yaml_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace cpi::declare {

namespace {

using Json = nlohmann::ordered_json;

/// Letters, digits and _ . / $ { } @ : - + * ? inside, never at the start but for letters, / and ${; words of YAML 1.1
/// and 1.2 that are no texts are left out.
bool is_safe(std::string_view text) {
  constexpr std::array<std::string_view, 12> kWords = {"null", "true", "false", "yes",  "no",   "on",
                                                       "off",  "y",    "n",     ".inf", ".nan", "~"};
  if (text.empty() || text.size() > 200) return false;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  if (std::find(kWords.begin(), kWords.end(), lower) != kWords.end()) return false;
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (!is_letter(lower.front()) && lower.front() != '_' && lower.front() != '/' && !text.starts_with("${"))
    return false;
  if (lower.back() == ' ' || lower.back() == ':') return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const char c = lower[i];
    const bool plain =
        is_letter(c) || (c >= '0' && c <= '9') || std::string_view("_./@-+*?$=").find(c) != std::string_view::npos;
    const bool inner = (c == ' ' && lower[i - 1] != ':') || (c == ':' && lower[i + 1] != ' ');
    const bool brace = (c == '{' && i > 0 && lower[i - 1] == '$') || c == '}';
    if (!plain && !inner && !brace) return false;
  }
  return true;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", byte);
      out += code;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string inline_text(const Json& value) {
  if (value.is_string()) return yaml_scalar(value.get_ref<const std::string&>());
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value) {
      const bool braced =
          item.is_string() && item.get_ref<const std::string&>().find_first_of("{}") != std::string::npos;
      out += (out.empty() ? "" : ", ") + (braced ? in_quotes(item.get_ref<const std::string&>()) : inline_text(item));
    }
    return "[" + out + "]";
  }
  return value.is_object() ? "{}" : value.dump();
}

/// A list of plain values stands on one line, as people write it.
bool is_inline(const Json& value) {
  if (value.is_object()) return value.empty();
  return !value.is_array() ||
         std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_primitive(); });
}

}  // namespace

std::string yaml_scalar(std::string_view text) { return is_safe(text) ? std::string(text) : in_quotes(text); }

std::string yaml_text(const Json& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  std::string out;
  if (value.is_array()) {
    for (const Json& item : value) {
      if (is_inline(item)) {
        out += margin + "- " + inline_text(item) + "\n";
      } else {
        std::string block = yaml_text(item, indent + 2);
        block[indent] = '-';
        out += block;
      }
    }
    return out;
  }
  for (const auto& item : value.items()) {
    out += margin + yaml_scalar(item.key()) + ":";
    out +=
        is_inline(item.value()) ? " " + inline_text(item.value()) + "\n" : "\n" + yaml_text(item.value(), indent + 2);
  }
  return out;
}

}  // namespace cpi::declare
