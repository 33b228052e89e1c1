// The loadable module: its magic block and its settings.
#include "entry/module.h"

#include "pg/prelude.h"

extern "C" {

PG_MODULE_MAGIC;

static char* key_file_setting = nullptr;

void _PG_init(void) {
  DefineCustomStringVariable(
      "cpi.key_file", "The file that holds the keys under which cpi seals secrets.",
      "Outside the data directory, owned by the server's operating-system user, mode 0600 or 0400.", &key_file_setting,
      "", PGC_SUSET, GUC_SUPERUSER_ONLY, nullptr, nullptr, nullptr);
#if PG_VERSION_NUM >= 150000
  MarkGUCPrefixReserved("cpi");
#else
  EmitWarningsOnPlaceholders("cpi");
#endif
}
}

namespace cpi::entry {

const char* key_file() { return key_file_setting != nullptr ? key_file_setting : ""; }

}  // namespace cpi::entry
