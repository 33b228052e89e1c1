// What becomes of a file once its load is committed or has failed: after_import and on_failure of the config.
// Touches only the bytes that were loaded: a file whose size or time differs from the manifest is left where it is.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/model.h"
#include "core/result.h"
#include "source/source.h"
#include "store/management.h"

namespace cpi::job {

/// Where files of a source lie.
struct FilePlace {
  std::vector<std::filesystem::path> roots;  ///< CPI_LOCAL_ROOTS
  std::filesystem::path base;                ///< of relative paths
  source::Source* remote = nullptr;          ///< the source that puts its own files aside; null: files of this machine
};

/// Obeys `after_import` for a file that was loaded: `move` into the directory `processed` beside it, `rename` to
/// `NAME.imported`, or `delete`. An existing file is never overwritten: the moved one gets a time in its name. Returns
/// a sentence for the file result's warnings when the file had to be left in place; "" when all is done.
std::string after_success(config::AfterImport what, const store::ManifestEntry& file, const FilePlace& place);

/// Obeys `on_failure`: `move` into the directory `failed` beside it.
std::string after_failure(config::OnFailure what, const store::ManifestEntry& file, const FilePlace& place);

/// Whether a listed path was put aside by one of the two, so that a search through directories does not load it again.
bool is_put_aside(std::string_view path);

}  // namespace cpi::job
