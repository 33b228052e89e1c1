// The options of one table, from checked JSON to TableOptions. Internal to core/config.
#pragma once

#include "core/config/document.h"
#include "core/config/model.h"

namespace cpi::config {

/// An entry of `tables` laid over the defaults: what the entry says wins. An entry that says `on_error: abort` also
/// ends a max_errors of the defaults, which would imply the contrary.
Json overlaid(const Json& defaults, const Json& entry);

/// `options` obeys the schema.
TableOptions read_table_options(const Json& options);

}  // namespace cpi::config
