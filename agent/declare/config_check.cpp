#include "declare/config_check.h"

#include <algorithm>

#include "core/config/model.h"

namespace cpi::declare {

namespace {

/// How many characters of `path` name the step to `key`; 0 when it begins with another. A key that is no plain word is
/// written `["Order Date"]`, one of digits `[7]`.
std::size_t step_length(std::string_view path, const std::string& key) {
  const std::size_t dot = path.starts_with('.') ? 1 : 0;
  for (const std::string& written : {key, "[\"" + key + "\"]", "[" + key + "]"}) {
    if (written.empty() || !path.substr(dot).starts_with(written)) continue;
    const std::size_t end = dot + written.size();
    if (end == path.size() || path[end] == '.' || path[end] == '[') return end;
  }
  return 0;
}

struct Found {
  const Node* node = nullptr;  ///< the deepest that exists
  Place place;
  Place key_place;
  bool whole = false;  ///< it is what the path names
};

Found find(const Node& root, std::string_view path, const Place& fallback) {
  Found found{&root, fallback, fallback, path.empty()};
  while (!path.empty()) {
    const Node* next = nullptr;
    std::size_t length = 0;
    for (const Entry& entry : found.node->entries) {
      const std::size_t this_length = step_length(path, entry.key);
      if (this_length <= length) continue;
      length = this_length;
      next = &entry.value;
      // A value on a line of its own is best told by its key.
      found.place = next->is_scalar() ? next->place : entry.place;
      found.key_place = entry.place;
    }
    for (std::size_t i = 0; next == nullptr && i < found.node->items.size(); ++i) {
      length = step_length(path, std::to_string(i));
      if (length == 0) continue;
      next = &found.node->items[i];
      found.place = found.key_place = next->place;
    }
    if (next == nullptr) return found;
    found.node = next;
    path.remove_prefix(length);
    found.whole = path.empty();
  }
  return found;
}

Node* value_at(Node& root, const std::string& path) {
  const Found found = find(root, path, root.place);
  return found.whole && found.node->is_scalar() ? const_cast<Node*>(found.node) : nullptr;
}

Findings validate(const Node& config, const std::string& project) {
  return config::validate(to_json(config).dump(-1, ' ', false, Json::error_handler_t::replace), project);
}

bool has_path(const Findings& findings, const std::string& path) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) { return finding.path == path; });
}

/// The hint of a finding about an unquoted value that would be right as a text: 0123 where a text belongs.
std::string hint_of(const Finding& finding, Node& config, const std::string& project) {
  Node* value = value_at(config, finding.path);
  if (value == nullptr || !value->plain || scalar_value(*value).is_string()) return finding.hint;
  value->plain = false;
  const bool mended = !has_path(validate(config, project), finding.path);
  value->plain = true;
  return mended ? "Write it in quotes, so that it is a text: \"" + value->text + "\"." : finding.hint;
}

}  // namespace

Json check_config(Node& config, const std::string& project, Problems& problems) {
  Findings findings = validate(config, project);
  bool retyped = false;
  for (const Finding& finding : findings) {
    Node* value = value_at(config, finding.path);
    if (value == nullptr || !value->substituted || plain_value(value->text).is_string()) continue;
    value->substituted = false;
    value->plain = true;
    retyped = true;
  }
  if (retyped) findings = validate(config, project);
  for (const Finding& finding : findings) {
    const Found found = find(config, finding.path, config.place);
    problems.push_back({finding.rule == "unknown_key" ? found.key_place : found.place,
                        "config" + (finding.path.empty() ? "" : "." + finding.path) + ": " + finding.message,
                        hint_of(finding, config, project)});
  }
  return to_json(config);
}

Place place_of(const Node& root, std::string_view path, const Place& fallback) {
  return find(root, path, fallback).place;
}

}  // namespace cpi::declare
