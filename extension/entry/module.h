// The module's settings, for the entry points that need them.
#pragma once

namespace cpi::entry {

/// The value of cpi.key_file; empty when it is not set. Owned by the server, valid until the setting changes.
const char* key_file();

}  // namespace cpi::entry
