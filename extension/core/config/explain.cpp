// Where valijson says "invalid", this says why: the value and its schema are looked at together, and the message names
// what was found, what is allowed and what was probably meant. Works for any schema made of the keywords used in
// schema.json; values of passwords are never shown.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/config/document.h"
#include "core/text/identifier.h"

namespace cpi::config {
namespace {

/// Names from other tools, by ours.
constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kAliases = {{
    {"sep", "delimiter"},
    {"separator", "delimiter"},
    {"quotechar", "quote"},
    {"escapechar", "escape"},
    {"charset", "encoding"},
    {"pk", "primary_key"},
    {"key", "primary_key"},
    {"id", "primary_key"},
    {"mapping", "column_mapping"},
    {"rename", "column_mapping"},
    {"table", "target_table"},
    {"pattern", "file_pattern"},
    {"files", "file_pattern"},
    {"null", "null_if"},
    {"na_values", "null_if"},
    {"skip_rows", "skiprows"},
    {"dateformat", "date_format"},
    {"decimal", "decimal_separator"},
    {"thousands", "thousands_separator"},
    {"exclude", "exclude_pattern"},
    {"directory", "path"},
    {"user", "username"},
}};

const Json& resolve(const Json& schema, const Json& root) {
  const auto reference = schema.find("$ref");
  if (reference == schema.end()) return schema;
  return root.at(Json::json_pointer(reference->get<std::string>().substr(1)));
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  return value.is_number();
}

std::string_view type_name(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "a text";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  return "null";
}

std::string shown(const Json& value) {
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= 60) return text;
  std::size_t end = 57;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string number_text(const Json& number) { return number.dump(); }

/// "a whole number from 0 to 100", `"keep", "mark" or "delete"`.
std::string describe(const Json& given, const Json& root) {
  const Json& schema = resolve(given, root);
  const auto list = [](const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
      text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    }
    return text;
  };
  std::vector<std::string> words;
  if (schema.contains("anyOf")) {
    for (const Json& branch : schema["anyOf"]) words.push_back(describe(branch, root));
    return list(words);
  }
  if (schema.contains("enum")) {
    for (const Json& value : schema["enum"]) words.push_back(value.dump());
    return list(words);
  }
  const std::string type = schema.value("type", "object");
  if (type == "boolean") return "true or false";
  if (type == "object") return "an object";
  if (type == "array")
    return schema.contains("items") ? "a list, each item " + describe(schema["items"], root) : "a list";
  if (type == "string") {
    if (schema.contains("pattern")) return schema.value("title", "a text");
    return "a text";
  }
  std::string text = type == "integer" ? "a whole number" : "a number";
  if (schema.contains("minimum")) text += " from " + number_text(schema["minimum"]);
  if (schema.contains("maximum")) text += " to " + number_text(schema["maximum"]);
  return text;
}

struct Complaint {
  std::string rule;
  std::string message;
  std::string hint;
};

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string did_you_mean(std::string_view word) { return "did you mean \"" + std::string(word) + "\"?"; }

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

std::optional<Complaint> check_number(const Json& value, const Json& schema, const Json& root) {
  const bool low = schema.contains("minimum") && value.get<double>() < schema["minimum"].get<double>();
  const bool high = schema.contains("maximum") && value.get<double>() > schema["maximum"].get<double>();
  if (!low && !high) return std::nullopt;
  return Complaint{"out_of_range", shown(value) + " is out of range", "Allowed is " + describe(schema, root) + "."};
}

std::optional<Complaint> check_text(const Json& value, const Json& schema, const Json& root, bool secret) {
  const auto& text = value.get_ref<const std::string&>();
  const std::size_t length = characters(text);
  if (length < schema.value("minLength", std::size_t{0})) {
    return Complaint{"too_short", "must not be empty", "Leave the key out, or give it a value."};
  }
  if (schema.contains("maxLength") && length > schema["maxLength"].get<std::size_t>()) {
    return Complaint{"too_long", "has " + std::to_string(length) + " characters",
                     "At most " + schema["maxLength"].dump() + " are allowed."};
  }
  // valijson has matched the pattern: a text that it complains about, of a good length, is one that does not match.
  if (schema.contains("pattern")) {
    return Complaint{"malformed", (secret ? "the value" : shown(value)) + " is not " + describe(schema, root),
                     "Allowed is " + describe(schema, root) + "."};
  }
  return std::nullopt;
}

std::optional<Complaint> check_list(const Json& value, const Json& schema) {
  if (value.size() < schema.value("minItems", std::size_t{0})) {
    return Complaint{"too_few_items", "must not be an empty list", "Leave the key out, or name at least one."};
  }
  if (schema.contains("maxItems") && value.size() > schema["maxItems"].get<std::size_t>()) {
    return Complaint{"too_many_items", "has " + std::to_string(value.size()) + " items",
                     "At most " + schema["maxItems"].dump() + " are allowed."};
  }
  if (schema.value("uniqueItems", false)) {
    std::vector<Json> items(value.begin(), value.end());
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), items[i]) !=
          items.begin() + static_cast<std::ptrdiff_t>(i)) {
        return Complaint{"repeated_item", shown(items[i]) + " is named twice", "Name it once."};
      }
    }
  }
  return std::nullopt;
}

/// Type and own constraints of a value, not what is below it. No anyOf here.
std::optional<Complaint> check_plain(const Json& value, const Json& schema, const Json& root, bool secret) {
  if (schema.contains("enum")) {
    const Json& values = schema["enum"];
    if (std::find(values.begin(), values.end(), value) != values.end()) return std::nullopt;
    std::string near;
    if (value.is_string()) {
      std::vector<std::string> candidates;
      for (const Json& candidate : values) candidates.push_back(candidate.get<std::string>());
      near = text::nearest(value.get<std::string>(), candidates);
    }
    return Complaint{"unknown_value", (secret ? "the value" : shown(value)) + " is not allowed",
                     (near.empty() ? "" : did_you_mean(near) + " ") + ("Allowed is " + describe(schema, root) + ".")};
  }
  const std::string type = schema.value("type", "object");
  if (!has_type(value, type)) {
    const bool show = !secret && value.is_primitive() && !value.is_null();
    return Complaint{
        "wrong_type",
        "must be " + describe(schema, root) + ", not " + (show ? shown(value) : std::string(type_name(value))),
        value.is_null()                                            ? "Leave the key out for its default."
        : value.is_string() && type != "object" && type != "array" ? "Write it without quotes."
                                                                   : ""};
  }
  if (value.is_number()) return check_number(value, schema, root);
  if (value.is_string()) return check_text(value, schema, root, secret);
  if (value.is_array()) return check_list(value, schema);
  return std::nullopt;
}

/// A number or a truth value that somebody put in quotes.
bool looks_unquoted(const std::string& text) {
  return text == "true" || text == "false" ||
         (!text.empty() && text.find_first_not_of("0123456789.") == std::string::npos);
}

std::optional<Complaint> check_value(const Json& value, const Json& schema, const Json& root, bool secret) {
  if (!schema.contains("anyOf")) return check_plain(value, schema, root, secret);
  std::optional<Complaint> closest;
  for (const Json& branch : schema["anyOf"]) {
    std::optional<Complaint> complaint = check_plain(value, resolve(branch, root), root, secret);
    if (!complaint) return std::nullopt;
    // A branch of the value's own type says what is wrong with the value; the others only that they are others.
    const bool suggests = complaint->rule == "unknown_value" && complaint->hint.starts_with("did you mean");
    if (complaint->rule != "wrong_type" && (complaint->rule != "unknown_value" || suggests)) closest = complaint;
  }
  if (closest) {
    closest->hint =
        (closest->rule == "unknown_value" ? closest->hint.substr(0, closest->hint.find('?') + 1) + " " : "") +
        "Allowed is " + describe(schema, root) + ".";
    return closest;
  }
  std::string hint = value.is_null() ? "Leave the key out for its default." : "";
  if (value.is_string() && looks_unquoted(value.get_ref<const std::string&>())) {
    hint = "Write it without quotes.";
  }
  return Complaint{value.is_string() ? "unknown_value" : "wrong_type",
                   "must be " + describe(schema, root) + ", not " +
                       (!secret && value.is_primitive() ? shown(value) : std::string(type_name(value))),
                   std::move(hint)};
}

/// Where else in the config the key would be known, for somebody who put it one level too high or too low.
std::string home_of(const std::string& key, const Json& root) {
  const Json& properties = root["properties"];
  if (properties.contains(key)) return "\"" + key + "\" belongs at the top of the config";
  if (properties["defaults"]["properties"].contains(key)) {
    return "\"" + key + "\" belongs in \"defaults\" or in an entry of \"tables\"";
  }
  if (properties["tables"]["items"]["properties"].contains(key)) {
    return "\"" + key + "\" belongs in an entry of \"tables\"";
  }
  for (const auto& item : properties.items()) {
    if (item.value().contains("properties") && item.value()["properties"].contains(key)) {
      return "\"" + key + "\" belongs in \"" + item.key() + "\"";
    }
  }
  return "";
}

std::string hint_for_key(const std::string& key, const Json& properties, const Json& root) {
  const std::vector<std::string> known = keys_of(properties);
  if (const std::string near = text::nearest(key, known); !near.empty()) return did_you_mean(near);
  for (const auto& [alias, ours] : kAliases) {
    if (alias != key) continue;
    if (properties.contains(ours)) return did_you_mean(ours);
    return did_you_mean(ours) + " " + home_of(std::string(ours), root) + ".";
  }
  if (const std::string home = home_of(key, root); !home.empty()) return home + ".";
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  return "Known keys here: " + list + ".";
}

void check_object(const Json& value, const Json& schema, const Json& root, const Path& path, Findings& findings) {
  if (schema.contains("properties") && schema.value("additionalProperties", Json(true)) == Json(false)) {
    for (const auto& item : value.items()) {
      if (schema["properties"].contains(item.key())) continue;
      Path place = path;
      place.push_back(item.key());
      findings.push_back({path_text(place), "unknown_key", "unknown key \"" + item.key() + "\"",
                          hint_for_key(item.key(), schema["properties"], root)});
    }
  }
  if (schema.contains("required")) {
    for (const Json& key : schema["required"]) {
      if (value.contains(key.get<std::string>())) continue;
      findings.push_back({path_text(path), "missing_key", "key " + key.dump() + " is missing", "Add it."});
    }
  }
  if (schema.contains("minProperties") && (value.size() < schema["minProperties"].get<std::size_t>() ||
                                           value.size() > schema["maxProperties"].get<std::size_t>())) {
    findings.push_back({path_text(path), "not_one_key", "must have exactly one key", ""});
  }
}

/// The schema of the value one `step` below; nullptr when there is none.
const Json* below(const Json& schema, const Json& value, const std::string& step, const Json& root) {
  if (schema.contains("anyOf")) {
    for (const Json& given : schema["anyOf"]) {
      const Json& branch = resolve(given, root);
      if (has_type(value, branch.value("type", ""))) return below(branch, value, step, root);
    }
    return nullptr;
  }
  if (value.is_array()) return schema.contains("items") ? &resolve(schema["items"], root) : nullptr;
  if (schema.contains("properties") && schema["properties"].contains(step)) {
    return &resolve(schema["properties"][step], root);
  }
  const auto additional = schema.find("additionalProperties");
  return additional != schema.end() && additional->is_object() ? &resolve(*additional, root) : nullptr;
}

}  // namespace

void explain(const Json& document, const Json& root, const Path& path, Findings& findings) {
  const Json* value = &document;
  const Json* schema = &root;
  for (const std::string& step : path) {
    schema = below(*schema, *value, step, root);
    if (schema == nullptr || !value->is_structured()) return;
    if (value->is_array()) {
      value = &value->at(std::stoul(step));
    } else if (value->contains(step)) {
      value = &value->at(step);
    } else {
      return;
    }
  }
  const bool secret = !path.empty() && path.back() == "password";
  if (const std::optional<Complaint> complaint = check_value(*value, *schema, root, secret)) {
    findings.push_back({path_text(path), complaint->rule, complaint->message, complaint->hint});
  } else if (value->is_object()) {
    check_object(*value, *schema, root, path, findings);
  }
}

}  // namespace cpi::config
