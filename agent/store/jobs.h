// Named SQL for the command line: the API's functions for jobs, whose JSON answers are api.md's objects and pass
// through as they are. Refusals (SQLSTATE PTnnn) are db::Errors with message, detail and hint for people.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/text/encoding.h"
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
/// The first rejected rows of a job, and how many of all are kept.
struct FirstRejects {
  std::vector<RejectRow> rows;
  std::int64_t kept = 0;
};
/// The first `limit` rejects of a job, by file and line. Read from the table: the login must be an operator.
FirstRejects first_rejects(Management& management, const std::string& job_id, int limit);

/// The rejected rows of one file of a job as CSV that can be mended (cpi_list_rejects).
struct RejectsCsv {
  std::string csv;  ///< in UTF-8; no row in it when none is kept whole
  std::int64_t whole = 0;
  std::int64_t kept = 0;
  std::int64_t total = 0;
  text::FileEncoding encoding;  ///< of the file that they came from
};
RejectsCsv rejects_csv(Management& management, const std::string& job_id, const std::string& file_id);

/// The encodings of a job's loaded files with rejected rows, each once; of `file` alone (path or id) unless it is
/// empty.
std::vector<std::string> rejects_encodings(Management& management, const std::string& job_id, const std::string& file);

struct ReplayCall {
  std::string job_id;
  std::optional<std::string> content;  ///< mended rows; nothing: those that are kept, as they are
  std::string file;                    ///< path or id; empty: the only one
  bool force = false;
};
/// cpi_replay_rejects: {"job_id","project","status","message","retry_of",…}. Not safe to say again.
nlohmann::json replay_rejects(Management& management, const ReplayCall& call);

/// How many agents gave a sign of life within the last minute.
std::int64_t agents_alive(Management& management);
/// Another job of the same project that is running, or "".
std::string running_job_of(Management& management, const std::string& project);

/// Whether `status` is one of the final states.
bool is_final(const std::string& status);

}  // namespace cpi::store
