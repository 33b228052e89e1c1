// What the target's ledger says of a load without doing it: whether an attempt that gave no word has committed it, and
// whether the very content of a file was loaded before.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/result.h"
#include "db/connection.h"
#include "import/load.h"
#include "job/planned_file.h"
#include "source/source.h"

namespace cpi::job {

/// Opens a connection to the target; throws db::Error.
using Connect = std::function<db::Connection()>;

/// Leaves no doubt about a load that may have been committed without a word: its result with the counts that the
/// ledger stored when it was; nothing when it was not and, from now on, never will be. An error when the target cannot
/// be asked.
Result<std::optional<import::LoadResult>> settle(const PlannedFile& file, const std::string& job_id,
                                                 const Connect& connect);

/// `skip_loaded`: the result of a file whose very bytes an earlier load brought into the table; nothing when there
/// was none. A load of this file itself that an earlier attempt committed is load_file's to report. `fetched`: the
/// file, if it had to be fetched to be compared. Throws db::Error.
std::optional<import::LoadResult> loaded_before(const PlannedFile& file, source::Source& source, const Connect& connect,
                                                const std::stop_token& stop, std::unique_ptr<source::File>& fetched);

}  // namespace cpi::job
