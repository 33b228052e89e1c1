#include "cli/option_list.h"

#include "core/config/model.h"

namespace cpi::cli {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kKeyWidth = 21;
constexpr std::size_t kLineWidth = 110;

const ordered_json& schema() {
  static const ordered_json document = ordered_json::parse(config::schema());
  return document;
}

/// The schema of an option, or null where there is none of that name.
const ordered_json* schema_of(const std::string& key) {
  const ordered_json& definitions = schema().at("$defs");
  const ordered_json& known = schema().at("properties").at("defaults").at("properties");
  return known.contains(key) && definitions.contains(key) ? &definitions.at(key) : nullptr;
}

bool takes_list(const ordered_json& option) {
  if (option.value("type", "") == "array") return true;
  if (!option.contains("anyOf")) return false;
  for (const ordered_json& choice : option["anyOf"]) {
    if (choice.value("type", "") == "array") return true;
  }
  return false;
}

/// `text` broken between words, each line but the first indented.
std::string wrapped(std::string_view text) {
  std::string out;
  std::size_t column = kKeyWidth;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column + end > kLineWidth && column > kKeyWidth) {
      out.back() = '\n';
      out.append(kKeyWidth, ' ');
      column = kKeyWidth;
    }
    out.append(text.substr(0, end)).append(1, ' ');
    column += end + 1;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!out.empty()) out.back() = '\n';
  return out;
}

json list_of(std::string_view text) {
  json list = json::array();
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    list.push_back(std::string(text.substr(at, end - at)));
    at = end + 1;
  }
  return list;
}

}  // namespace

std::string option_list() {
  std::string out;
  for (const auto& item : schema().at("properties").at("defaults").at("properties").items()) {
    const ordered_json& option = *schema_of(item.key());
    std::string text = option.at("description").get<std::string>();
    if (option.contains("enum")) {
      std::string values;
      for (const ordered_json& value : option["enum"]) values += (values.empty() ? "" : ", ") + value.dump();
      text += " Values: " + values + ".";
    }
    if (option.contains("default")) text += " Default: " + option["default"].dump();
    std::string key = item.key();
    key.resize(std::max(kKeyWidth, key.size() + 1), ' ');
    out += key + wrapped(text);
  }
  return out;
}

std::string typed(std::string_view text) {
  constexpr std::string_view kLetters = "tnr\\";
  constexpr std::string_view kMeant = "\t\n\r\\";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t letter = text[i] == '\\' && i + 1 < text.size() ? kLetters.find(text[i + 1]) : std::string::npos;
    if (letter != std::string::npos) ++i;
    out += letter != std::string::npos ? kMeant[letter] : text[i];
  }
  return out;
}

Result<void> set_option(std::string_view assignment, json& options) {
  const std::size_t equals = assignment.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    return Error{Code::kInvalidArgument, "--set \"" + std::string(assignment) + "\" is not KEY=VALUE", "",
                 "Such as --set decimal_separator=, or --set trim=true; cpi import --list-options names the keys."};
  }
  const std::string key(assignment.substr(0, equals));
  const std::string value(assignment.substr(equals + 1));
  const ordered_json* option = schema_of(key);
  const bool text = option != nullptr && option->value("type", "") == "string";
  const bool control = key == "delimiter" || key == "comment" || key == "stop_at";
  json parsed = text ? json(control ? typed(value) : value) : json::parse(value, nullptr, false);
  if (parsed.is_discarded()) parsed = option != nullptr && takes_list(*option) ? list_of(value) : json(value);
  options[key] = std::move(parsed);
  return {};
}

}  // namespace cpi::cli
