// Where `cpi import --rejects` puts the rejected rows: a file that can be mended and imported (core/csv/rejects_csv.h).
#pragma once

#include <string>
#include <vector>

#include "core/csv/dialect.h"
#include "core/csv/row.h"
#include "core/result.h"

namespace cpi::cli {

/// The rows of one file that can be mended: those whose text is there whole.
std::string rejects_csv(const csv::Dialect& dialect, const std::vector<std::string>& header,
                        const std::vector<csv::Reject>& rejects);

/// Writes `csv` to `path`, replacing it. Fails with kFileUnreadable.
Result<void> write_rejects(const std::string& path, const std::string& csv);

/// Where the rejects of one of several files go: `path` with `name`, the file's, before its extension.
std::string rejects_path(const std::string& path, const std::string& name, bool several);

}  // namespace cpi::cli
