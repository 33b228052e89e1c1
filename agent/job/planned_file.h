// A file of the manifest joined with what the config says of it, and the order in which a job's files are loaded.
#pragma once

#include <vector>

#include "core/config/model.h"
#include "db/connection.h"
#include "store/management.h"
#include "target/catalog.h"

namespace cpi::job {

struct PlannedFile {
  store::ManifestFile file;
  config::TableOptions options;
  target::TableName table;
};

/// `stored_content`: the file was handed over with the request, and is read in the dialect that its row names.
PlannedFile planned_file(const config::ProjectConfig& config, const store::ManifestFile& file, bool stored_content);

/// Sorts by name within a table, tables that are referred to by foreign keys before those that refer to them. Throws
/// db::Error.
void sort_for_loading(std::vector<PlannedFile>& files, db::Connection& target);

}  // namespace cpi::job
