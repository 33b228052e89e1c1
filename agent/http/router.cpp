#include "http/router.h"

#include <algorithm>
#include <map>
#include <set>

#include "http/url.h"

namespace cpi::http {

namespace {

/// "/a/b" → {"a", "b"}; "/" → {}. Empty segments are kept: "/a/" is another path than "/a".
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  if (path.empty() || path == "/") return out;
  path.remove_prefix(1);
  for (;;) {
    const std::size_t end = path.find('/');
    out.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return out;
    path.remove_prefix(end + 1);
  }
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

Error invalid(std::string_view path_template, std::string why) {
  return {Code::kInvalidArgument, "route " + std::string(path_template) + " " + std::move(why), "", ""};
}

}  // namespace

struct Router::Node {
  struct Leaf {
    std::size_t route;
    std::vector<std::string> names;  ///< of the parameters on the way: templates may name the same place differently
    std::string path_template;
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> exact;
  std::unique_ptr<Node> parameter;
  std::map<std::string, Leaf, std::less<>> methods;
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Result<void> Router::add(std::string_view method, std::string_view path_template, std::size_t route) {
  if (!path_template.starts_with('/')) return invalid(path_template, "does not begin with /");
  std::vector<std::string> names;
  const std::vector<std::string_view> segments = split(path_template);
  for (std::string_view segment : segments) {
    if (segment.empty()) return invalid(path_template, "holds an empty segment");
    if (is_parameter(segment)) {
      names.emplace_back(segment.substr(1, segment.size() - 2));
    } else if (segment.find_first_of("{}?#%") != std::string_view::npos) {
      return invalid(path_template, "holds a segment that is neither a word nor {name}");
    }
  }
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size()) {
    return invalid(path_template, "names a parameter twice");
  }
  Node* node = root_.get();
  for (std::string_view segment : segments) {
    std::unique_ptr<Node>& next = is_parameter(segment) ? node->parameter : node->exact[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  const auto [leaf, fresh] =
      node->methods.try_emplace(std::string(method), Node::Leaf{route, names, std::string(path_template)});
  if (!fresh) return invalid(path_template, "is taken by " + leaf->second.path_template + " for " + leaf->first);
  return {};
}

Match Router::match(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  std::vector<std::string> segments;
  for (std::string_view segment : split(path)) {
    std::optional<std::string> decoded = percent_decode(segment, false);
    if (!decoded) {
      match.kind = Match::Kind::kBrokenEncoding;
      return match;
    }
    segments.push_back(std::move(*decoded));
  }

  const std::string_view wanted = method == "HEAD" ? std::string_view("GET") : method;
  std::set<std::string> allowed;
  std::vector<std::string> values;
  // Depth first, exact words before the parameter: the first leaf that takes the method wins, the others only tell
  // which methods there are. Templates are few segments long, so the recursion is too.
  auto walk = [&](auto& self, const Node& node, std::size_t depth) -> void {
    if (depth == segments.size()) {
      for (const auto& [name, leaf] : node.methods) {
        allowed.insert(name);
        if (name != wanted || match.kind == Match::Kind::kFound) continue;
        match.kind = Match::Kind::kFound;
        match.route = leaf.route;
        for (std::size_t i = 0; i < values.size(); ++i) match.parameters.emplace_back(leaf.names[i], values[i]);
      }
      return;
    }
    const std::string& segment = segments[depth];
    if (auto next = node.exact.find(segment); next != node.exact.end()) self(self, *next->second, depth + 1);
    if (node.parameter && !segment.empty()) {
      values.push_back(segment);
      self(self, *node.parameter, depth + 1);
      values.pop_back();
    }
  };
  walk(walk, *root_, 0);

  if (allowed.empty()) return match;
  if (allowed.contains("GET")) allowed.insert("HEAD");
  allowed.insert("OPTIONS");
  for (const std::string& name : allowed) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += name;
  }
  if (match.kind != Match::Kind::kFound) match.kind = Match::Kind::kOtherMethod;
  return match;
}

std::vector<std::string> Router::templates() const {
  std::set<std::string> out;
  auto walk = [&](auto& self, const Node& node) -> void {
    for (const auto& [method, leaf] : node.methods) out.insert(leaf.path_template);
    for (const auto& [segment, next] : node.exact) self(self, *next);
    if (node.parameter) self(self, *node.parameter);
  };
  walk(walk, *root_);
  return {out.begin(), out.end()};
}

}  // namespace cpi::http
