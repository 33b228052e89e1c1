// Wording: PostgreSQL's error style guide, and the ereport calls of src/backend/utils/adt.
#include "core/value/message.h"

namespace cpi::value {

namespace {
constexpr std::size_t kLongestShown = 80;
}

std::string quote_value(std::string_view value) {
  std::size_t characters = 0;
  std::size_t end = 0;
  while (end < value.size()) {
    const bool starts_character = (static_cast<unsigned char>(value[end]) & 0xC0) != 0x80;
    if (starts_character && characters++ == kLongestShown) break;
    ++end;
  }
  std::string text;
  text.reserve(end + 5);
  text += '"';
  text += value.substr(0, end);
  if (end < value.size()) text += "…";
  text += '"';
  return text;
}

std::string invalid_syntax(std::string_view type, std::string_view value) {
  return "invalid input syntax for type " + std::string(type) + ": " + quote_value(value);
}

std::string out_of_range(std::string_view type, std::string_view value) {
  return "value " + quote_value(value) + " is out of range for type " + std::string(type);
}

}  // namespace cpi::value
