#include "declare/yaml.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

namespace cpi::declare {

std::string Place::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

const Entry* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

Entry* Node::find(std::string_view key) { return const_cast<Entry*>(std::as_const(*this).find(key)); }

namespace {

/// Ends the reading of a file at its first problem: what follows a broken structure says nothing.
struct Stop {
  Problem problem;
};

/// What copying `node` costs. A long text counts as several values: a few of them, often repeated, fill the memory too.
std::size_t values_in(const Node& node) {
  constexpr std::size_t kBytesOfAValue = 64;
  std::size_t count = 1 + node.text.size() / kBytesOfAValue;
  for (const Node& item : node.items) count += values_in(item);
  for (const Entry& entry : node.entries) count += 1 + values_in(entry.value);
  return count;
}

/// Builds the tree of one document from the parser's events.
class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& file, std::size_t& values) : file_(file), values_(values) {}

  std::optional<Node> take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.place = place(mark);
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Stop{{place(mark), "this alias stands for the value that it is part of", "Write the value out."}};
    }
    count(values_in(found->second), mark);
    add(found->second, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    Node node;
    node.kind = Node::Kind::kScalar;
    node.place = place(mark);
    node.text = value;
    node.plain = tag == "?";
    node.names_file = value.starts_with("file:");
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kList);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kMap);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map that is being filled; in a map, the key whose value comes next.
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    std::optional<Entry> pending;
  };

  Place place(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  void count(std::size_t more, const YAML::Mark& mark) {
    values_ += more;
    if (values_ > kMostValues) {
      throw Stop{{place(mark), "the file stands for more than " + std::to_string(kMostValues) + " values",
                  "Aliases repeat all that they stand for; split the file or write less with them."}};
    }
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
    throw Stop{{place(mark), "tag \"" + tag + "\" is not known", "Remove it; a value in quotes is a text."}};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    check_tag(mark, tag);
    if (open_.size() >= kMostLevels) {
      throw Stop{{place(mark), "nested more than " + std::to_string(kMostLevels) + " levels deep", ""}};
    }
    count(1, mark);
    Open one;
    one.node.kind = kind;
    one.node.place = place(mark);
    one.anchor = anchor;
    open_.push_back(std::move(one));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.is_list()) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.pending) {
      parent.pending = key_of(std::move(node));
    } else {
      parent.pending->value = std::move(node);
      add_entry(parent.node, std::move(*parent.pending));
      parent.pending.reset();
    }
  }

  static Entry key_of(Node node) {
    if (!node.is_scalar()) throw Stop{{node.place, "a key must be a text", "Is a colon or a dash out of place?"}};
    Entry entry;
    entry.key = std::move(node.text);
    entry.place = node.place;
    entry.merged = node.plain && entry.key == "<<";
    return entry;
  }

  static void add_entry(Node& map, Entry entry) {
    if (entry.merged) {
      merge(map, entry);
      return;
    }
    Entry* present = map.find(entry.key);
    if (present == nullptr) {
      map.entries.push_back(std::move(entry));
    } else if (present->merged) {
      *present = std::move(entry);
    } else {
      throw Stop{{entry.place, "key \"" + entry.key + "\" is given twice",
                  "The first is at line " + std::to_string(present->place.line) + "; remove one of them."}};
    }
  }

  /// `<<: *base` and `<<: [*one, *two]`: keys of the map itself win, then those of the map merged first.
  static void merge(Node& map, const Entry& entry) {
    const bool list = entry.value.is_list();
    const std::vector<Node> single{entry.value};
    for (const Node& base : list ? entry.value.items : single) {
      if (!base.is_map()) {
        throw Stop{{base.place, "the merge key << takes a map, or a list of maps", "Write <<: *name_of_the_anchor."}};
      }
      for (const Entry& one : base.entries) {
        if (map.find(one.key) != nullptr) continue;
        map.entries.push_back(one);
        map.entries.back().merged = true;
      }
    }
  }

  const std::string& file_;
  std::size_t& values_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::optional<Node> root_;
};

}  // namespace

std::vector<Node> read_yaml(std::string_view text, const std::string& file, Problems& problems) {
  std::vector<Node> documents;
  if (text.size() > kMostBytes) {
    problems.push_back({{file}, "the file is larger than 4 MB", "Split it: -f may be given several times."});
    return documents;
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    problems.push_back({{file}, "the file holds a NUL character: it is no YAML text", ""});
    return documents;
  }
  std::size_t values = 0;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    for (;;) {
      Builder builder(file, values);
      if (!parser.HandleNextDocument(builder)) break;
      if (std::optional<Node> root = builder.take(); root && !root->is_null()) documents.push_back(std::move(*root));
    }
  } catch (const Stop& stop) {
    problems.push_back(stop.problem);
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    problems.push_back(
        {{file, placed ? error.mark.line + 1 : 0, placed ? error.mark.column + 1 : 0},
         "this is no valid YAML: " + error.msg,
         "Look for a missing colon or quote, a tab or a wrong indentation; within { } and [ ], ${NAME} needs quotes."});
  }
  return documents;
}

}  // namespace cpi::declare
