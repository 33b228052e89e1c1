// Every option that says how a file is read and loaded, as the config's own schema describes it: for people who work
// without a config file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/result.h"

namespace cpi::cli {

/// A paragraph per option: its key, what it does, the values that it takes and its default.
std::string option_list();

/// `text` with control characters for \t, \n and \r, which nobody can type, and \ for \\; other backslashes stay.
std::string typed(std::string_view text);

/// KEY=VALUE laid over `options`. The value of an option that is a text is taken as it stands, but for `typed` in those
/// that may hold control characters (delimiter, comment, stop_at); others are JSON where they can be (true, 2,
/// ["a","b"],
/// {"from":"to"}), a list may also be written with commas. Whether key and value are right is the schema's to say.
/// Fails with kInvalidArgument for text without a '='.
Result<void> set_option(std::string_view assignment, nlohmann::json& options);

}  // namespace cpi::cli
