// Stored connections, sources and projects as agent/declare compares and writes them; shared by apply and export.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "declare/difference.h"
#include "store/management.h"

namespace cpi::cli {

using Stored = std::map<std::pair<declare::Kind, std::string>, declare::Present>;
using Names = std::map<declare::Kind, std::vector<std::string>>;

/// Everything stored. With `secrets`, those of `names` are in the clear (the login must be an admin); all others are
/// "***" where there is one.
Stored read_stored(store::Management& management, const Names& names, bool secrets);

}  // namespace cpi::cli
