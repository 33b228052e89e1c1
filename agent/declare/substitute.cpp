#include "declare/substitute.h"

namespace cpi::declare {

namespace {

bool is_name(std::string_view name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  constexpr std::string_view kDigits = "0123456789";
  if (name.empty() || kDigits.find(name.front()) != std::string_view::npos) return false;
  for (const char c : name) {
    if (kLetters.find(c) == std::string_view::npos && kDigits.find(c) == std::string_view::npos) return false;
  }
  return true;
}

/// What one `${…}` stands for; `inner` is what is between the braces.
std::string value_of(std::string_view inner, const Node& node, const Environment& environment, Problems& problems) {
  const std::size_t dash = inner.find(":-");
  const std::string name(inner.substr(0, dash));
  if (!is_name(name)) {
    problems.push_back({node.place, "\"${" + name + "}\" names no environment variable",
                        "Write ${NAME} or ${NAME:-default}; a literal ${ is written $${."});
    return "";
  }
  const std::optional<std::string> value = environment(name);
  if (dash != std::string_view::npos && (!value || value->empty())) return std::string(inner.substr(dash + 2));
  if (!value) {
    problems.push_back({node.place, "environment variable " + name + " is not set",
                        "Set it, or write ${" + name + ":-default}; a literal ${ is written $${."});
    return "";
  }
  return *value;
}

}  // namespace

void substitute(Node& node, const Environment& environment, Problems& problems) {
  for (Node& item : node.items) substitute(item, environment, problems);
  for (Entry& entry : node.entries) substitute(entry.value, environment, problems);
  if (!node.is_scalar() || node.text.find("${") == std::string::npos) return;

  const std::string& text = node.text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, 3, "$${") == 0) {
      out += "${";
      at += 3;
    } else if (text.compare(at, 2, "${") == 0) {
      const std::size_t end = text.find('}', at);
      if (end == std::string::npos) {
        problems.push_back({node.place, "\"${\" without the closing \"}\"", "Close it; a literal ${ is written $${."});
        return;
      }
      out += value_of(std::string_view(text).substr(at + 2, end - at - 2), node, environment, problems);
      node.substituted = true;
      at = end + 1;
    } else {
      out += text[at++];
    }
  }
  node.text = std::move(out);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 2, "${") == 0) out += '$';
    out += text[at];
  }
  return out;
}

}  // namespace cpi::declare
