// Runs one text through a converter and shows what came of it, for tables of cases.
#pragma once

#include <string>
#include <string_view>

#include "core/value/converter.h"

namespace cpi::value::test {

/// "taken: " and the payload in hexadecimal, "rejected: " and the reason, "server", or "config: " and the error.
std::string convert(const ColumnType& type, const Format& format, std::string_view text);

/// The same, but a payload that is text is shown as text: for dates and timestamps by way of text staging, in ISO form.
std::string convert_to_text(const ColumnType& type, const Format& format, std::string_view text);

}  // namespace cpi::value::test
