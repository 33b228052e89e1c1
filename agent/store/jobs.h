// Named SQL for the command line: the API's functions for jobs, whose JSON answers are api.md's objects and pass
// through as they are. Refusals (SQLSTATE PTnnn) are db::Errors with message, detail and hint for people.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "store/management.h"

namespace cpi::store {

struct ImportCall {
  std::string project;
  std::vector<std::string> local_files;  ///< empty: what the project's source lists
  std::optional<std::string> callback_url;
  bool force = false;
  bool dry_run = false;
  std::optional<std::string> idempotency_key;  ///< makes it safe to say again after a lost answer
};

/// cpi_import: {"job_id","project","status","message"}.
nlohmann::json import_project(Management& management, const ImportCall& call);
/// cpi_get_job, with `file_results` and `errors` when `details`.
nlohmann::json get_job(Management& management, const std::string& job_id, bool details);
/// cpi_list_jobs: {"jobs":[…],"total",…}, newest first; empty filters choose all.
nlohmann::json list_jobs(Management& management, const std::string& project, const std::string& status, int limit);
/// cpi_cancel_job.
nlohmann::json cancel_job(Management& management, const std::string& job_id);

/// One rejected row as cpi_job_rejects keeps it.
struct RejectRow {
  std::string filename;
  std::int64_t line = 0;
  std::string column;
  std::string reason;
  std::string message;
  std::string raw;
};
/// The first `limit` rejects of a job, by file and line. Read from the table: the login must be an operator.
std::vector<RejectRow> first_rejects(Management& management, const std::string& job_id, int limit);

/// The rejected rows of one file of a job as CSV that can be mended (cpi_list_rejects); empty when none is kept whole.
std::string rejects_csv(Management& management, const std::string& job_id, const std::string& file_id);

/// How many agents gave a sign of life within the last minute.
std::int64_t agents_alive(Management& management);
/// Another job of the same project that is running, or "".
std::string running_job_of(Management& management, const std::string& project);

/// Whether `status` is one of the final states.
bool is_final(const std::string& status);

}  // namespace cpi::store
