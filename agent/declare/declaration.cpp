#include "declare/declaration.h"

#include <algorithm>
#include <array>

#include "core/config/model.h"
#include "core/config/url.h"
#include "core/text/identifier.h"
#include "declare/config_check.h"
#include "declare/secret_file.h"
#include "declare/yaml.h"

namespace cpi::declare {

namespace {

struct Section {
  Kind kind;
  std::string_view key;
  std::string_view name;
  std::vector<std::string> fields;
};

const std::array<Section, 3>& sections() {
  static const std::array<Section, 3> all = {
      {{Kind::kConnection, "connections", "connection", {"database_url", "description"}},
       {Kind::kSource,
        "sources",
        "source",
        {"description", "type", "host", "port", "username", "password", "key_path", "remote_path", "host_key"}},
       {Kind::kProject, "projects", "project", {"connection", "source", "config"}}}};
  return all;
}

const Section& section_of(Kind kind) { return sections()[static_cast<std::size_t>(kind)]; }

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// For a key that is not known in a map with the keys `known`.
std::string hint_for_key(const std::string& key, const std::vector<std::string>& known) {
  const std::string near = text::nearest(key, known);
  return near.empty() ? "Known keys here: " + list_of(known) + "." : "Did you mean \"" + near + "\"?";
}

std::string hint_for_project_key(const std::string& key) {
  const nlohmann::json schema = nlohmann::json::parse(config::schema());
  if (schema["properties"].contains(key)) return "\"" + key + "\" belongs in \"config\" of the project.";
  return hint_for_key(key, section_of(Kind::kProject).fields);
}

/// Reads the fields of one entry.
class EntryReader {
 public:
  EntryReader(Declared& declared, Problems& problems) : declared_(declared), problems_(problems) {}

  void read() {
    const Section& section = section_of(declared_.kind);
    if (declared_.node.is_null()) declared_.node.kind = Node::Kind::kMap;
    if (!declared_.node.is_map()) {
      problem(declared_.node.place, "a " + std::string(section.name) + " must be a map of its fields",
              "Known keys: " + list_of(section.fields) + ".");
      return;
    }
    for (Entry& entry : declared_.node.entries) {
      if (std::find(section.fields.begin(), section.fields.end(), entry.key) == section.fields.end()) {
        problem(entry.place, "unknown key \"" + entry.key + "\" in a " + std::string(section.name),
                declared_.kind == Kind::kProject ? hint_for_project_key(entry.key)
                                                 : hint_for_key(entry.key, section.fields));
      } else if (entry.key == "config") {
        read_config(entry.value);
      } else {
        read_field(entry);
      }
    }
    check();
  }

 private:
  void problem(const Place& place, std::string message, std::string hint) {
    problems_.push_back({place, std::move(message), std::move(hint)});
  }

  /// Every field is a text, as it is written: `password: 0123` and `name: no` mean what they say.
  void read_field(Entry& entry) {
    if (entry.value.is_null()) return;
    if (!entry.value.is_scalar()) {
      problem(entry.value.place, "\"" + entry.key + "\" must be one value, not a list or a map", "");
      return;
    }
    if (is_secret(declared_.kind, entry.key) && entry.key != "key_path" && !read_secret(entry.value, problems_)) return;
    declared_.fields[entry.key] = entry.value.text;
  }

  void read_config(Node& node) {
    if (node.is_null()) return;
    if (!node.is_map()) {
      problem(node.place, "\"config\" must be a map", "");
      return;
    }
    if (Entry* sftp = node.find("sftp"); sftp != nullptr && sftp->value.is_map()) {
      Entry* password = sftp->value.find("password");
      if (password != nullptr && password->value.is_scalar()) {
        if (!read_secret(password->value, problems_)) return;
        password->value.plain = false;
      }
    }
    declared_.config = check_config(node, declared_.name, problems_);
  }

  void check() {
    const auto field = [this](const char* name) -> const std::string* {
      const auto found = declared_.fields.find(name);
      return found == declared_.fields.end() ? nullptr : &found->second;
    };
    if (const std::string* url = field("database_url"); url != nullptr && !url->empty()) {
      const Result<config::ConnectionUrl> parsed = config::parse_connection_url(*url);
      if (!parsed.ok()) problem(declared_.place_of("database_url"), parsed.error().message, parsed.error().hint);
    }
    if (const std::string* port = field("port"); port != nullptr) {
      const Json number = plain_value(*port);
      if (!number.is_number_integer() || number < 1 || number > 65535) {
        problem(declared_.place_of("port"), "port \"" + *port + "\" is no number from 1 to 65535", "");
      }
    }
    if (declared_.kind == Kind::kSource) {
      for (const char* needed : {"host", "username"}) {
        if (field(needed) == nullptr || field(needed)->empty()) {
          problem(declared_.place, "source \"" + declared_.name + "\" has no " + needed, "Add it.");
        }
      }
    }
  }

  Declared& declared_;
  Problems& problems_;
};

void read_section(const Section& section, Node& node, std::vector<Declared>& out, Problems& problems) {
  if (node.is_null()) return;
  if (!node.is_map()) {
    problems.push_back({node.place, "\"" + std::string(section.key) + "\" must be a map from names to what they are",
                        "Write the name as a key: \"my_" + std::string(section.name) + ":\", its fields below it."});
    return;
  }
  for (Entry& entry : node.entries) {
    Declared declared{section.kind, entry.key, entry.place, std::move(entry.value), {}, {}};
    EntryReader(declared, problems).read();
    out.push_back(std::move(declared));
  }
}

void read_document(Node& document, std::vector<Declared>& out, Problems& problems) {
  if (!document.is_map()) {
    problems.push_back({document.place, "the file must be a map with the keys connections, sources and projects", ""});
    return;
  }
  std::vector<std::string> known;
  for (const Section& section : sections()) known.emplace_back(section.key);
  for (const Section& section : sections()) {
    if (Entry* entry = document.find(section.key); entry != nullptr) {
      read_section(section, entry->value, out, problems);
    }
  }
  for (const Entry& entry : document.entries) {
    if (entry.key == "schedules") {
      problems.push_back({entry.place, "schedules are not in this version yet", "Remove them from the file for now."});
    } else if (!entry.key.starts_with("x-") && std::find(known.begin(), known.end(), entry.key) == known.end()) {
      problems.push_back({entry.place, "unknown key \"" + entry.key + "\"",
                          hint_for_key(entry.key, known) + " Keys that begin with x- are left alone."});
    }
  }
}

}  // namespace

std::string_view kind_name(Kind kind) { return section_of(kind).name; }

bool is_secret(Kind kind, std::string_view field) {
  if (kind == Kind::kConnection) return field == "database_url";
  if (kind == Kind::kSource) return field == "password" || field == "key_path";
  return field == "config.sftp.password";
}

Place Declared::place_of(std::string_view path) const { return declare::place_of(node, path, place); }

std::vector<Declared> read_declarations(std::string_view yaml, const std::string& file, const Environment& environment,
                                        Problems& problems) {
  std::vector<Declared> out;
  for (Node& document : read_yaml(yaml, file, problems)) {
    substitute(document, environment, problems);
    read_document(document, out, problems);
  }
  std::stable_sort(out.begin(), out.end(), [](const Declared& a, const Declared& b) { return a.kind < b.kind; });
  return out;
}

void check_names(const std::vector<Declared>& all, Problems& problems) {
  std::map<std::pair<Kind, std::string>, Place> seen;
  for (const Declared& one : all) {
    const auto [first, added] = seen.try_emplace({one.kind, one.name}, one.place);
    if (added) continue;
    problems.push_back({one.place, std::string(kind_name(one.kind)) + " \"" + one.name + "\" is declared twice",
                        "The first is at " + first->second.text() + "; remove one of them."});
  }
}

}  // namespace cpi::declare
