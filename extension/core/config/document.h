// A config as JSON, before it has types: reading with limits, and the JSON Schema's verdict. Internal to core/config.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace cpi::config {

using Json = nlohmann::ordered_json;
/// Where in the document: keys as they are, places in a list as numbers.
using Path = std::vector<std::string>;

/// Bounds on hostile input: bytes, levels of nesting, and characters of one text outside hooks.
inline constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxDepth = 16;
inline constexpr std::size_t kMaxTextBytes = 8192;

/// `text` as JSON. What is wrong with it as a text (malformed, too large or deep, a key twice) goes to `findings`; the
/// result is meant to be looked at only when there are none.
Json read_document(std::string_view text, Findings& findings);

/// "tables[2].delimiter"; a key that is no plain word is quoted: `column_mapping["Order Date"]`.
std::string path_text(const Path& path);

/// The places at which `document` breaks schema(), and those above them, each once. Compiled alone, since valijson
/// costs seconds of compile time.
std::vector<Path> schema_violations(const Json& document);

/// What is wrong with the value at `path` itself (not below it), by looking at it and at its schema; nothing when only
/// something below it is wrong.
void explain(const Json& document, const Json& schema, const Path& path, Findings& findings);

/// What the schema cannot say: values that contradict one another. `document` obeys the schema.
void check_rules(const Json& document, std::string_view project_name, Findings& findings);

}  // namespace cpi::config
