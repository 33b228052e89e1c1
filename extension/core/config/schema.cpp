#include "core/config/model.h"
#include "core/embed.h"

namespace cpi::config {

CPI_EMBED(schema, "extension/core/config/schema.json")

}  // namespace cpi::config
