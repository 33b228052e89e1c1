// A project's config in YAML, judged by the config's own schema; findings are told with the line that they are about.
#pragma once

#include <string>
#include <string_view>

#include "declare/node.h"
#include "declare/typed.h"

namespace cpi::declare {

/// The config as JSON; what the schema finds goes to `problems`. A value from the environment is a text where a text
/// may stand, else what it would be without quotes.
Json check_config(Node& config, const std::string& project, Problems& problems);

/// Where `path` ("tables[2].delimiter", as findings write it) stands below `root`: the place of the last key or value
/// on the way there that exists; `fallback` when not even its first step does.
Place place_of(const Node& root, std::string_view path, const Place& fallback);

}  // namespace cpi::declare
