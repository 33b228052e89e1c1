// One field's value as the text that the server will cast: is it of the argument's type, and in its range?
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "http/catalog.h"

namespace cpi::http {

/// Nothing: the field counts as missing.
using FieldValue = Result<std::optional<std::string>>;

/// A value of path, query or header. The Error's message says what is wrong, such as `"x" is no integer`.
FieldValue field_from_text(const Argument& argument, const std::string& text);
/// A value of the body.
FieldValue field_from_json(const Argument& argument, const nlohmann::json& value);

/// ISO 8601 as RFC 3339 profiles it, also with a blank for T and without time, seconds or offset.
bool is_timestamp(std::string_view text);
/// 32 hexadecimal digits in the usual groups 8-4-4-4-12.
bool is_uuid(std::string_view text);

}  // namespace cpi::http
