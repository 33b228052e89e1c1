#include "job/earlier_load.h"

#include <chrono>
#include <utility>

#include "import/content_hash.h"
#include "import/failures.h"
#include "import/retry.h"
#include "observe/failpoint.h"
#include "target/ledger.h"

namespace cpi::job {

Result<std::optional<import::LoadResult>> settle(const PlannedFile& file, const std::string& job_id,
                                                 const Connect& connect) {
  // Short, so that a stop does not wait for it: a session of a dead agent that still applies the load is asked about
  // again later.
  constexpr std::chrono::seconds kLockTimeout{5};
  FP("settle");
  std::optional<target::LedgerEntry> entry;
  try {
    db::Connection connection = connect();
    const target::LoadIdentity identity{
        file.file.file_id, job_id, file.file.path, "", file.file.size.value_or(0), file.file.modified_at.value_or("")};
    entry = target::give_up_load(connection, identity, file.table, kLockTimeout);
  } catch (const db::Error& error) {
    Error failure = import::from_target(error);
    failure.message = "cannot ask the target whether \"" + file.file.path + "\" was loaded: " + failure.message;
    if (import::retry_of(error) != import::Retry::kNever) failure.code = Code::kTargetUnreachable;
    return failure;
  }
  if (!entry) return std::optional<import::LoadResult>();
  import::LoadResult result;
  result.filename = file.file.path;
  result.table_name = file.table.table;
  import::take_stored(result, *entry);
  return std::optional(std::move(result));
}

std::optional<import::LoadResult> loaded_before(const PlannedFile& file, source::Source& source, const Connect& connect,
                                                const std::stop_token& stop, std::unique_ptr<source::File>& fetched) {
  db::Connection connection = connect();
  if (target::find_load(connection, file.file.file_id)) return std::nullopt;
  const source::Entry entry{file.file.path, file.file.size.value_or(-1), file.file.modified_at.value_or("")};
  Result<std::unique_ptr<source::File>> got = source.fetch(entry, stop);
  if (!got.ok()) return std::nullopt;
  fetched = std::move(*got);
  const Result<std::string> sha256 = import::hash_file(*fetched, stop);
  if (!sha256.ok()) return std::nullopt;
  const std::optional<target::LedgerEntry> known = target::find_content(connection, file.table, *sha256);
  if (!known) return std::nullopt;
  import::LoadResult result;
  result.filename = file.file.path;
  result.table_name = file.table.table;
  result.success = true;
  result.already_applied = true;
  result.counts.read = known->counts.read;
  result.counts.skipped = known->counts.read;
  result.sha256 = *sha256;
  result.size = fetched->entry().size;
  result.warnings.push_back("the same content was loaded at " + known->committed_at + " from \"" +
                            known->identity.file + "\": skipped, as skip_loaded says; force loads it again");
  return result;
}

}  // namespace cpi::job
