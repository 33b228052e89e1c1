#include "job/known_dialects.h"

#include <algorithm>

namespace cpi::job {

namespace {

bool belongs_to(const nlohmann::json& known, const PlannedFile& file) {
  return known.value("file_pattern", "") == file.options.file_pattern &&
         known.value("schema", "") == file.table.schema && known.value("table_name", "") == file.table.table;
}

}  // namespace

nlohmann::json KnownDialects::of(const PlannedFile& file) const {
  const auto found = std::find_if(dialects_.begin(), dialects_.end(),
                                  [&file](const nlohmann::json& known) { return belongs_to(known, file); });
  return found == dialects_.end() ? nlohmann::json() : *found;
}

void KnownDialects::learn(const PlannedFile& file, import::LoadResult& result) {
  if (!result.learned.is_object() || result.error) {
    result.learned = nullptr;
    return;
  }
  result.learned["file_pattern"] = file.options.file_pattern;
  result.learned["schema"] = file.table.schema;
  result.learned["table_name"] = file.table.table;
  const auto found = std::find_if(dialects_.begin(), dialects_.end(),
                                  [&file](const nlohmann::json& known) { return belongs_to(known, file); });
  if (found == dialects_.end()) {
    dialects_.push_back(result.learned);
  } else {
    *found = result.learned;
  }
}

}  // namespace cpi::job
