#include "job/recorder.h"

#include <algorithm>
#include <utility>

#include "import/failures.h"
#include "import/result_json.h"
#include "import/retry.h"
#include "job/after_import.h"
#include "observe/failpoint.h"
#include "observe/observe.h"
#include "store/session.h"

namespace cpi::job {

using import::LoadResult;
using observe::Kind;

void Recorder::prepare(const PlannedFile& file, LoadResult result) {
  result.learned = nullptr;  // it lacks what known_dialects adds, and the next file teaches the same
  const nlohmann::json row = import::file_result_json(result, file.file.file_id);
  const nlohmann::json rejects = import::rejects_json(result);
  try {
    context_.management.once(
        [&](store::Management& management) { management.prepare_file(claim_.key, file.file.file_id, row, rejects); });
  } catch (const db::Error& error) {
    observe::emit(observe::warning(
        "import", "the rejects of \"" + file.file.path + "\" could not be kept before the commit: " + error.what()));
  }
}

void Recorder::record(const PlannedFile& file, LoadResult result) {
  FP("loaded");
  const std::string error = result.error ? import::told(*result.error) : "";
  write(file, result, error);
  recorded_.insert(file.file.file_id);
  FP("file_written");
  if (std::string left = put_aside(file.file, !result.error); !left.empty()) {
    result.warnings.push_back(std::move(left));
    write(file, result, error);
  }
  if (result.error) {
    last_error_ = file.file.path + ": " + error;
    add_job_error(type_of(result.error->code), last_error_);
  }
  whole_ = whole_ && !result.error && result.counts.rejected == 0;
  context_.progress.end_file();
  FP("file_finished");
  observe::Event event{result.error ? Kind::kFileFailed : Kind::kFileFinished,
                       {{"job_id", claim_.key.job_id},
                        {"file", file.file.path},
                        {"table", file.table.display()},
                        {"read", result.counts.read},
                        {"inserted", result.counts.inserted},
                        {"updated", result.counts.updated},
                        {"skipped", result.counts.skipped},
                        {"duplicates", result.counts.duplicates},
                        {"rejected", result.counts.rejected},
                        {"seconds", result.duration_seconds}}};
  if (result.error) event.fields.emplace_back("error", result.error->message);
  observe::emit(event);
}

void Recorder::write(const PlannedFile& file, const LoadResult& result, const std::string& error) {
  nlohmann::json row = import::file_result_json(result, file.file.file_id);
  if (result.error) row["error"] = error;
  const nlohmann::json rejects = import::rejects_json(result);
  context_.management.call(context_.abandon, [&](store::Management& management) {
    management.finish_file(claim_.key, file.file.file_id, row, rejects);
  });
}

std::string Recorder::put_aside(const store::ManifestFile& file, bool succeeded) const {
  if (claim_.dry_run || claim_.stored_content) return "";
  const FilePlace place{context_.local_roots, claim_.local_files.empty() ? config_.local_path : "", remote_};
  return succeeded ? after_success(config_.after_import, file, place) : after_failure(config_.on_failure, file, place);
}

/// A server that is away would be waited for once for each file.
bool Recorder::source_answers(const std::vector<store::ManifestFile>& manifest) const {
  const auto ended = std::find_if(manifest.begin(), manifest.end(), [](const auto& file) { return file.done(); });
  if (remote_ == nullptr || ended == manifest.end()) return true;
  const Result<source::Entry> there = remote_->look({ended->path, -1, ""});
  return there.ok() || !is_retryable(there.error().code);
}

void Recorder::put_aside_again(const std::vector<store::ManifestFile>& manifest) const {
  if (claim_.key.fence <= 1 || !source_answers(manifest)) return;
  for (const store::ManifestFile& file : manifest) {
    if (file.status == "completed" || file.status == "failed") put_aside(file, file.status == "completed");
  }
}

/// That a host cannot be reached is the source's fault here, since targets throw.
std::string_view Recorder::type_of(Code code) const {
  const bool host = code == Code::kHostUnreachable || code == Code::kEgressRefused;
  return remote_ != nullptr && host ? "SFTPError" : import::error_type(code);
}

void Recorder::add_job_error(std::string_view type, const std::string& message) {
  context_.management.call(context_.abandon,
                           [&](store::Management& management) { management.add_job_error(claim_.key, type, message); });
}

}  // namespace cpi::job
