#include "http/field_value.h"

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "db/connection.h"

namespace cpi::http {

namespace {

using nlohmann::json;

constexpr std::size_t kShownBytes = 60;

Error wrong(std::string message, std::string hint = "") {
  return {Code::kInvalidArgument, std::move(message), "", std::move(hint)};
}

/// The value as messages show it: quoted, short, and cut between characters.
std::string shown(std::string_view text) {
  if (text.size() <= kShownBytes) return "\"" + std::string(text) + "\"";
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return "\"" + std::string(text.substr(0, end)) + "…\"";
}

std::string_view type_words(ArgumentType type) {
  switch (type) {
    case ArgumentType::kText: return "a string";
    case ArgumentType::kUuid: return "a string that holds a UUID";
    case ArgumentType::kSmallint:
    case ArgumentType::kInteger:
    case ArgumentType::kBigint: return "an integer";
    case ArgumentType::kNumber: return "a number";
    case ArgumentType::kBoolean: return "true or false";
    case ArgumentType::kJson: return "a JSON value";
    case ArgumentType::kTextArray: return "an array of strings";
    case ArgumentType::kTimestamp: return "a string that holds a time";
    case ArgumentType::kOther: return "a string or a number";
  }
  return "";
}

std::string json_words(const json& value) {
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  if (value.is_string()) return "a string";
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  return "the number " + value.dump();
}

Error wrong_type(const Argument& argument, const json& value) {
  return wrong("must be " + std::string(type_words(argument.type)) + ", not " + json_words(value));
}

std::pair<std::int64_t, std::int64_t> range(ArgumentType type) {
  if (type == ArgumentType::kSmallint) return {-32768, 32767};
  if (type == ArgumentType::kInteger) return {-2147483648LL, 2147483647LL};
  return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
}

Error out_of_range(ArgumentType type, std::string_view value) {
  const auto [least, greatest] = range(type);
  return wrong(std::string(value) + " is out of range: from " + std::to_string(least) + " to " +
               std::to_string(greatest) + " is allowed");
}

FieldValue integer(ArgumentType type, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size()) return out_of_range(type, text);
  if (error != std::errc() || end != text.data() + text.size()) return wrong(shown(text) + " is no integer");
  const auto [least, greatest] = range(type);
  if (value < least || value > greatest) return out_of_range(type, text);
  return std::optional<std::string>(std::to_string(value));
}

FieldValue boolean(const std::string& text) {
  for (const char* yes : {"true", "1", "yes", "on"}) {
    if (same_header(text, yes)) return std::optional<std::string>("true");
  }
  for (const char* no : {"false", "0", "no", "off"}) {
    if (same_header(text, no)) return std::optional<std::string>("false");
  }
  return wrong(shown(text) + " is neither true nor false");
}

/// What is checked alike for a string of the body and a value of the query.
FieldValue string_value(const Argument& argument, const std::string& text) {
  if (text.find('\0') != std::string::npos) return wrong("holds a NUL character, which PostgreSQL cannot store");
  if (argument.type == ArgumentType::kText) return std::optional<std::string>(text);
  if (text.empty()) return std::optional<std::string>();
  if (argument.type == ArgumentType::kUuid && !is_uuid(text)) return wrong(shown(text) + " is no UUID");
  if (argument.type == ArgumentType::kTimestamp && !is_timestamp(text)) {
    return wrong(shown(text) + " is no time", "Write ISO 8601 with an offset, such as 2026-11-23T22:15:00Z.");
  }
  return std::optional<std::string>(text);
}

bool take_digits(std::string_view& text, int count, int& value) {
  if (text.size() < static_cast<std::size_t>(count)) return false;
  value = 0;
  for (int i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = std::string_view("0123456789abcdefABCDEF").find(text[i]) != std::string_view::npos;
    if (dash ? text[i] != '-' : !hex) return false;
  }
  return true;
}

bool is_timestamp(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!take_digits(text, 4, year) || !take(text, "-") || !take_digits(text, 2, month) || !take(text, "-") ||
      !take_digits(text, 2, day)) {
    return false;
  }
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (year == 0 || month < 1 || month > 12 || day < 1 || day > kDays[month - 1] + (month == 2 && leap ? 1 : 0)) {
    return false;
  }
  if (text.empty()) return true;
  if (!take(text, "Tt ") || !take_digits(text, 2, hour) || !take(text, ":") || !take_digits(text, 2, minute)) {
    return false;
  }
  if (take(text, ":")) {
    if (!take_digits(text, 2, second)) return false;
    if (take(text, ".")) {
      if (!take(text, "0123456789")) return false;
      while (take(text, "0123456789")) continue;
    }
  }
  if (hour > 23 || minute > 59 || second > 60) return false;
  if (text.empty() || text == "Z" || text == "z") return true;
  if (!take(text, "+-") || !take_digits(text, 2, hour)) return false;
  minute = 0;
  if (!text.empty()) {
    take(text, ":");
    if (!take_digits(text, 2, minute)) return false;
  }
  return text.empty() && hour <= 15 && minute <= 59;
}

FieldValue field_from_text(const Argument& argument, const std::string& text) {
  switch (argument.type) {
    case ArgumentType::kSmallint:
    case ArgumentType::kInteger:
    case ArgumentType::kBigint:
      if (text.empty()) return std::optional<std::string>();
      return integer(argument.type, text);
    case ArgumentType::kNumber:
      if (text.empty()) return std::optional<std::string>();
      if (!json::accept(text) || !json::parse(text).is_number()) return wrong(shown(text) + " is no number");
      return std::optional<std::string>(text);
    case ArgumentType::kBoolean:
      if (text.empty()) return std::optional<std::string>();
      return boolean(text);
    case ArgumentType::kJson:
      if (text.empty()) return std::optional<std::string>();
      if (!json::accept(text)) return wrong(shown(text) + " is no JSON");
      return std::optional<std::string>(text);
    case ArgumentType::kTextArray: return std::optional<std::string>(db::array_literal(std::vector<std::string>{text}));
    default: return string_value(argument, text);
  }
}

FieldValue field_from_json(const Argument& argument, const json& value) {
  if (value.is_null()) return std::optional<std::string>();
  // An empty string counts as missing wherever the type has no empty value.
  if (value.is_string() && value.get_ref<const std::string&>().empty() && argument.type != ArgumentType::kText) {
    return std::optional<std::string>();
  }
  switch (argument.type) {
    case ArgumentType::kText:
    case ArgumentType::kUuid:
    case ArgumentType::kTimestamp:
      if (!value.is_string()) return wrong_type(argument, value);
      return string_value(argument, value.get<std::string>());
    case ArgumentType::kSmallint:
    case ArgumentType::kInteger:
    case ArgumentType::kBigint: {
      if (value.is_number_integer()) return integer(argument.type, value.dump());
      // JSON knows no integers: 5.0 is 5.
      if (!value.is_number_float()) return wrong_type(argument, value);
      const double number = value.get<double>();
      constexpr double kExact = 9007199254740992.0;
      if (number != static_cast<double>(static_cast<std::int64_t>(std::min(std::max(number, -kExact), kExact)))) {
        return wrong_type(argument, value);
      }
      return integer(argument.type, std::to_string(static_cast<std::int64_t>(number)));
    }
    case ArgumentType::kNumber:
      if (!value.is_number()) return wrong_type(argument, value);
      return std::optional<std::string>(value.dump());
    case ArgumentType::kBoolean:
      if (!value.is_boolean()) return wrong_type(argument, value);
      return std::optional<std::string>(value.get<bool>() ? "true" : "false");
    case ArgumentType::kJson: return std::optional<std::string>(value.dump());
    case ArgumentType::kTextArray: {
      if (!value.is_array()) return wrong_type(argument, value);
      std::vector<std::string> items;
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (!value[i].is_string()) {
          return wrong("must be an array of strings; item " + std::to_string(i) + " is " +
                       (value[i].is_null() ? "null" : json_words(value[i])));
        }
        items.push_back(value[i].get<std::string>());
        if (items.back().find('\0') != std::string::npos) {
          return wrong("holds a NUL character, which PostgreSQL cannot store");
        }
      }
      return std::optional<std::string>(db::array_literal(items));
    }
    case ArgumentType::kOther:
      if (value.is_string()) return string_value(argument, value.get<std::string>());
      if (value.is_number()) return std::optional<std::string>(value.dump());
      if (value.is_boolean()) return std::optional<std::string>(value.get<bool>() ? "true" : "false");
      return wrong_type(argument, value);
  }
  return wrong_type(argument, value);
}

}  // namespace cpi::http
