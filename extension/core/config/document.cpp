#include "core/config/document.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace cpi::config {
namespace {

/// nlohmann's parser keeps no depth limit; brackets are counted first, outside of texts.
bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

/// "line 3, column 5" of byte `offset`.
std::string place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(before.size() - start + 1);
}

/// Texts are bounded before a pattern is matched: the standard library's regular expressions recurse for each
/// character.
void find_long_texts(const Json& value, Path& path, Findings& findings) {
  if (value.is_string() && value.get_ref<const std::string&>().size() > kMaxTextBytes) {
    findings.push_back({path_text(path), "too_long",
                        "holds " + std::to_string(value.get_ref<const std::string&>().size()) + " bytes",
                        "At most " + std::to_string(kMaxTextBytes) + " are allowed."});
  }
  if (value.is_string() && value.get_ref<const std::string&>().find('\0') != std::string::npos) {
    findings.push_back(
        {path_text(path), "nul_character", "holds a NUL character", "PostgreSQL's texts cannot; remove it."});
  }
  if (!value.is_structured() || (path.size() == 1 && path[0] == "hooks")) return;
  std::size_t index = 0;
  for (const auto& item : value.items()) {
    path.push_back(value.is_array() ? std::to_string(index++) : item.key());
    find_long_texts(item.value(), path, findings);
    path.pop_back();
  }
}

}  // namespace

Json read_document(std::string_view text, Findings& findings) {
  if (text.size() > kMaxBytes) {
    findings.push_back({"", "too_large", "the config is larger than 1 MB", "Split the project into several."});
    return {};
  }
  if (is_too_deep(text)) {
    findings.push_back(
        {"", "too_deep", "the config is nested more than " + std::to_string(kMaxDepth) + " levels deep", ""});
    return {};
  }
  std::vector<std::set<std::string>> keys;
  std::set<std::string> repeated;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      repeated.insert(parsed.get<std::string>());
    }
    return true;
  };
  Json document;
  try {
    document = Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    findings.push_back({"", "malformed_json",
                        "the config is not valid JSON at " + place_of(text, error.byte > 0 ? error.byte - 1 : 0),
                        "Look for a missing or extra comma, quote or bracket there."});
    return {};
  }
  for (const std::string& key : repeated) {
    findings.push_back(
        {key, "repeated_key", "key \"" + key + "\" is given twice in one object", "Remove one of them."});
  }
  Path path;
  find_long_texts(document, path, findings);
  return document;
}

std::string path_text(const Path& path) {
  std::string text;
  for (const std::string& step : path) {
    const auto all = [&step](auto test) { return !step.empty() && std::all_of(step.begin(), step.end(), test); };
    const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
    const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '$'; };
    if (all(is_digit)) {
      text += "[" + step + "]";
    } else if (all(is_word)) {
      text += (text.empty() ? "" : ".") + step;
    } else {
      text += "[\"" + step + "\"]";
    }
  }
  return text;
}

}  // namespace cpi::config
