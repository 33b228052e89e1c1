#include "declare/difference.h"

#include <algorithm>
#include <set>

#include "core/config/url.h"

namespace cpi::declare {

namespace {

using Fields = std::map<std::string, std::string>;

/// What a field is when nobody gives it.
std::string default_of(Kind kind, const std::string& field) {
  if (kind != Kind::kSource) return "";
  if (field == "port") return "22";
  if (field == "type") return "sftp";
  return field == "remote_path" ? "/" : "";
}

std::string value_of(const Fields& fields, Kind kind, const std::string& field) {
  const auto found = fields.find(field);
  if (found != fields.end() && !found->second.empty()) return found->second;
  return default_of(kind, field);
}

std::vector<std::string> fields_of(Kind kind) {
  if (kind == Kind::kConnection) return {"database_url", "description"};
  if (kind == Kind::kProject) return {"connection", "source"};
  return {"description", "type", "host", "port", "username", "password", "key_path", "remote_path", "host_key"};
}

/// A host key that the file does not give was learnt at the first connection; it belongs to the server that gave it.
bool keeps_host_key(const Fields& wanted, const Fields& present, Kind kind) {
  return !wanted.contains("host_key") && value_of(wanted, kind, "host") == value_of(present, kind, "host") &&
         value_of(wanted, kind, "port") == value_of(present, kind, "port");
}

Json shown(Kind kind, const std::string& path, const Json& value) {
  if (!value.is_string()) return value;
  if (value == "") return nullptr;
  if (kind == Kind::kConnection && path == "database_url") return config::mask_url(value.get<std::string>());
  return is_secret(kind, path) ? Json("***") : value;
}

std::string step(const std::string& key) {
  const bool word = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '$';
  });
  return word ? "." + key : "[\"" + key + "\"]";
}

/// Every value that differs, by its path; a list or map that is only on one side is one difference.
void compare(Kind kind, const std::string& path, const Json& before, const Json& after,
             std::vector<FieldChange>& changes) {
  if (before == after) return;
  if (before.is_object() && after.is_object()) {
    std::set<std::string> keys;
    for (const auto& item : before.items()) keys.insert(item.key());
    for (const auto& item : after.items()) keys.insert(item.key());
    for (const std::string& key : keys) {
      compare(kind, path + step(key), before.value(key, Json()), after.value(key, Json()), changes);
    }
  } else if (before.is_array() && after.is_array()) {
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
      compare(kind, path + "[" + std::to_string(i) + "]", i < before.size() ? before[i] : Json(),
              i < after.size() ? after[i] : Json(), changes);
    }
  } else {
    changes.push_back({path, shown(kind, path, before), shown(kind, path, after)});
  }
}

/// No secret in what is shown as one: an sftp object that is new, say.
Json masked(Json config) {
  if (config.contains("sftp") && config["sftp"].is_object() && config["sftp"].contains("password")) {
    config["sftp"]["password"] = "***";
  }
  return config;
}

/// An empty password is none.
Json settled(Json config) {
  if (config.contains("sftp") && config["sftp"].is_object() && config["sftp"].value("password", Json()) == "") {
    config["sftp"].erase("password");
  }
  return config;
}

void compare_config(const Declared& wanted, const std::optional<Present>& present, Change& change) {
  if (!wanted.config) return;
  const Json before = present ? present->config : Json::object();
  const Json after = settled(*wanted.config);
  if (before == after && present) return;
  change.config = after;
  std::vector<FieldChange> changes;
  compare(change.kind, "config", before, after, changes);
  for (FieldChange& one : changes) {
    // A whole object on one side only may hold the password deeper inside.
    if (one.path == "config.sftp") {
      one.before = one.before.is_object() ? masked({{"sftp", one.before}})["sftp"] : one.before;
      one.after = one.after.is_object() ? masked({{"sftp", one.after}})["sftp"] : one.after;
    }
    change.shown.push_back(std::move(one));
  }
}

}  // namespace

std::string_view action_name(Action action) {
  if (action == Action::kCreated) return "created";
  return action == Action::kChanged ? "changed" : "unchanged";
}

Change difference(const Declared& wanted, const std::optional<Present>& present) {
  Change change{wanted.kind, wanted.name, Action::kUnchanged, {}, {}, {}};
  const Fields before = present ? present->fields : Fields();
  for (const std::string& field : fields_of(wanted.kind)) {
    const bool given = wanted.fields.contains(field);
    if (present && field == "database_url" && !given) continue;
    if (present && field == "host_key" && keeps_host_key(wanted.fields, before, wanted.kind)) continue;
    const std::string old_value = present ? value_of(before, wanted.kind, field) : "";
    const std::string new_value = value_of(wanted.fields, wanted.kind, field);
    if (old_value == new_value) continue;
    change.fields[field] = new_value;
    change.shown.push_back(
        {field, shown(wanted.kind, field, Json(old_value)), shown(wanted.kind, field, Json(new_value))});
  }
  compare_config(wanted, present, change);
  if (!present) {
    change.action = Action::kCreated;
  } else if (!change.shown.empty()) {
    change.action = Action::kChanged;
  }
  return change;
}

}  // namespace cpi::declare
