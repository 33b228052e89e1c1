// Rejected rows of a job of the management database, on the command line: written to files that can be mended, and
// mended files read back to be tried again. Both in the encoding of the file that the rows came from.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/result.h"
#include "store/session.h"

namespace cpi::cli {

/// Writes what can be mended of each file's rejected rows to `path` (to one file each, where several files of the job
/// have some), and says on standard error where it is, how many of them it holds, and how they are tried again. `job`
/// is cpi_get_job's answer with details. Throws std::runtime_error when a file cannot be written, or would be one that
/// check_job_rejects refuses.
void write_job_rejects(store::Session& session, const nlohmann::json& job, const std::string& path);

/// Fails with kInvalidArgument where write_job_rejects would replace a file of the job on this machine. Known are those
/// that were named in the request (local_files), whose names in the job are whole paths.
Result<void> check_job_rejects(const nlohmann::json& job, const std::string& path);

/// The content of `path`, mended rows of `file` of that job (empty: of any), as UTF-8. Its encoding is `encoding`, or,
/// when that is empty, the one of the file that they came from; a byte order mark wins over both. Fails with
/// kFileUnreadable, kUnknownEncoding, or kInvalidArgument when its bytes are not what they should be: nothing is
/// guessed.
Result<std::string> read_mended(store::Session& session, const std::string& path, const std::string& job_id,
                                const std::string& file, const std::string& encoding);

}  // namespace cpi::cli
