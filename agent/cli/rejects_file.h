// The rejected rows of one file as a file that can be mended and imported: four columns that say what is wrong, then
// the row exactly as it stood. A mended file is imported as it is: the planner leaves the four columns out.
#pragma once

#include <string>
#include <vector>

#include "core/csv/dialect.h"
#include "core/csv/row.h"
#include "core/result.h"

namespace cpi::cli {

/// `cpi_line,cpi_column,cpi_reason,cpi_message,` and the file's header, then a line per reject, with the dialect's own
/// delimiter and quote. Rows are UTF-8, whatever the file was.
std::string rejects_csv(const csv::Dialect& dialect, const std::vector<std::string>& header,
                        const std::vector<csv::Reject>& rejects);

/// Writes `rejects_csv` to `path`, replacing it. Fails with kFileUnreadable.
Result<void> write_rejects(const std::string& path, const std::string& csv);

/// Where the rejects of one of several files go: `path` with the table's name before its extension.
std::string rejects_path(const std::string& path, const std::string& table, bool several);

}  // namespace cpi::cli
