// The name under which a file is put aside when its own is taken.
#pragma once

#include <string>

namespace cpi::source {

/// `name` with the time in UTC before its extension ("a-20261124T023000Z.csv"), and with a number behind it from the
/// second try on.
std::string dated_name(const std::string& name, int tries = 1);

}  // namespace cpi::source
