// Percent-encoding and query strings (RFC 3986 section 2.1; `+` is a space in a query, as forms write it).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace cpi::http {

/// The decoded bytes; nothing when an escape is broken, or the outcome holds a NUL byte or is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// Everything but unreserved characters escaped.
std::string percent_encode(std::string_view text);

/// Names and values in order; empty parts ("a=1&&b") are left out. Nothing when a part cannot be decoded.
std::optional<std::vector<NameValue>> parse_query(std::string_view query);

bool is_utf8(std::string_view text);

}  // namespace cpi::http
