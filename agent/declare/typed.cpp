#include "declare/typed.h"

#include <algorithm>
#include <charconv>

namespace cpi::declare {

namespace {

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";

/// [-+]?[0-9]+, 0o[0-7]+ or 0x[0-9a-fA-F]+; nothing when it is none or too large for 64 bits.
bool read_integer(std::string_view text, std::int64_t& out) {
  int base = 10;
  if (text.starts_with("0o") || text.starts_with("0x")) {
    base = text[1] == 'o' ? 8 : 16;
    text.remove_prefix(2);
    if (!all_of(text, base == 8 ? "01234567" : "0123456789abcdefABCDEF")) return false;
  } else {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (!all_of(text.starts_with('-') ? text.substr(1) : text, kDigits)) return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
    if (!all_of(exponent, kDigits)) return false;
    text = text.substr(0, e);
  }
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view part = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  const auto digits_or_nothing = [](std::string_view digits) { return digits.empty() || all_of(digits, kDigits); };
  return digits_or_nothing(whole) && digits_or_nothing(part) && !(whole.empty() && part.empty());
}

}  // namespace

Json plain_value(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  std::int64_t integer = 0;
  if (read_integer(text, integer)) return integer;
  if (is_decimal(text)) {
    std::string_view digits = text;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size()) return number;
  }
  return std::string(text);
}

Json scalar_value(const Node& node) {
  if (node.is_null()) return nullptr;
  return node.plain && !node.substituted ? plain_value(node.text) : Json(node.text);
}

Json to_json(const Node& node) {
  if (node.is_list()) {
    Json list = Json::array();
    for (const Node& item : node.items) list.push_back(to_json(item));
    return list;
  }
  if (!node.is_map()) return scalar_value(node);
  Json map = Json::object();
  for (const Entry& entry : node.entries) {
    Json value = to_json(entry.value);
    if (!value.is_null()) map[entry.key] = std::move(value);
  }
  return map;
}

}  // namespace cpi::declare
