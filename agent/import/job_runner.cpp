#include "import/job_runner.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "db/vetted.h"
#include "import/after_import.h"
#include "import/content_hash.h"
#include "import/failures.h"
#include "import/load.h"
#include "import/manifest.h"
#include "import/result_json.h"
#include "import/retry.h"
#include "observe/failpoint.h"
#include "observe/observe.h"
#include "source/stored.h"
#include "target/foreign_keys.h"
#include "target/staging.h"

namespace cpi::import {

namespace {

using observe::Kind;

/// An error as one text for a row of the management database.
std::string told(const Error& error) {
  std::string out = error.message;
  if (!error.detail.empty()) out += "\nDETAIL: " + error.detail;
  if (!error.hint.empty()) out += "\nHINT: " + error.hint;
  return observe::mask(out);
}

void fire(const char* name) { FP(name); }

/// What was handed over is a table of its own: UTF-8 with one header line, in the dialect of the file that its rows
/// came from. What its values mean, and where they go, is the config's to say.
void read_as_stored(config::TableOptions& options, const store::ManifestFile& file) {
  csv::Dialect& dialect = options.dialect;
  if (file.dialect) {
    dialect.delimiter = file.dialect->delimiter;
    dialect.quote = file.dialect->quote;
    dialect.escape = file.dialect->escape;
    dialect.trim = dialect.trim || file.dialect->trim;
  }
  options.detect_delimiter = options.detect_quote = options.detect_escape = false;
  options.detect_header = options.detect_skiprows = false;
  dialect.header_rows = 1;
  dialect.columns.clear();
  dialect.skip_rows = 0;
  dialect.comment.clear();
  dialect.stop_at.clear();
  options.encoding = "utf-8";
}

/// A file of the manifest with what the config says of it.
struct PlannedFile {
  store::ManifestFile file;
  config::TableOptions options;
  target::TableName table;
};

/// How the try at one file ended.
struct FileEnd {
  std::optional<LoadResult> result;  ///< to be written; absent: interrupted or to be tried later
  std::optional<Error> later;        ///< why it must be tried later
};

class JobRun {
 public:
  JobRun(const store::Claim& claim, JobContext& context)
      : claim_(claim),
        context_(context),
        unresolved_(claim.unresolved && !claim.dry_run),
        dialects_(claim.dialects.is_array() ? claim.dialects : nlohmann::json::array()) {}

  JobEnd run() {
    Result<config::ProjectConfig> config = config::parse(claim_.config);
    if (config.ok()) config_ = std::move(*config);
    remote_ = config.ok() && !claim_.stored_content && is_remote(config_, claim_);
    const RemoteAccess remote{
        {context_.egress, pin_host_key(), context_.source_timeout}, context_.spool, context_.load_stop};
    // Asked for while an earlier attempt ran: nothing more is loaded.
    if (claim_.cancel_requested) {
      if (Result<std::unique_ptr<source::Source>> source = source_of(remote); source.ok()) {
        source_ = std::move(*source);
      }
      return cancelled_end();
    }
    if (!config.ok()) return fail("JobError", config.error());
    if (claim_.database_url.empty()) {
      return fail("JobError", {Code::kInvalidConfig, "project \"" + claim_.project + "\" has no connection", "",
                               "Give the project a connection_id."});
    }
    Result<std::unique_ptr<source::Source>> source = source_of(remote);
    if (!source.ok()) return source_failed(source.error());
    source_ = std::move(*source);

    Result<std::vector<store::ManifestFile>> manifest = read_manifest();
    if (!manifest.ok()) {
      if (context_.interrupted() != Interrupt::kNone) return interrupted_end();
      return source_failed(manifest.error());
    }
    FP("manifest");
    manifest_ = *manifest;
    put_aside_again();
    const auto done = static_cast<std::size_t>(
        std::count_if(manifest->begin(), manifest->end(), [](const auto& file) { return file.done(); }));
    context_.progress.begin_job(manifest->size(), done);
    if (done == manifest->size()) return {JobEnd::Kind::kFinish, "", note_};

    Result<std::vector<PlannedFile>> files = in_order(*manifest);
    if (!files.ok()) return fail_or_retry("ImportError", files.error());
    return load_all(*files);
  }

 private:
  /// Keeps the key of a server that none is known of, under this attempt's fence.
  source::PinHostKey pin_host_key() {
    return [this](const std::string& host, int port, const std::string& fingerprint) {
      return context_.management.call(context_.abandon, [&](store::Management& management) {
        return management.pin_host_key(claim_.key, host, port, fingerprint);
      });
    };
  }

  JobEnd source_failed(const Error& error) { return fail_or_retry(remote_ ? "SFTPError" : "ImportError", error); }

  db::Connection connect_target() const {
    return db::connect_vetted(claim_.database_url, context_.egress, context_.connect_timeout,
                              "cpi job " + claim_.key.job_id);
  }

  Result<std::unique_ptr<source::Source>> source_of(const RemoteAccess& remote) {
    return claim_.stored_content ? stored_source(remote.spool)
                                 : open_source(config_, claim_, context_.local_roots, &remote);
  }

  /// The files that were handed over with the request, from the management database.
  Result<std::unique_ptr<source::Source>> stored_source(source::Spool& spool) {
    std::optional<std::vector<store::ManifestFile>> manifest = context_.management.call(
        context_.abandon, [this](store::Management& management) { return management.manifest(claim_.key); });
    std::vector<source::Entry> entries;
    std::map<std::string, std::string> ids;
    for (const store::ManifestFile& file : manifest.value_or(std::vector<store::ManifestFile>())) {
      entries.push_back({file.path, file.size.value_or(-1), file.modified_at.value_or("")});
      ids[file.path] = file.file_id;
    }
    const auto content = [this, ids](const std::string& path) -> Result<std::string> {
      std::optional<std::string> content = context_.management.call(
          context_.abandon,
          [&](store::Management& management) { return management.file_content(claim_.key, ids.at(path)); });
      if (content) return std::move(*content);
      return Error{Code::kFileNotFound, "the stored content of \"" + path + "\" is there no more", "", ""};
    };
    return source::make_stored_source(std::move(entries), content, spool);
  }

  /// The manifest as it was frozen; the first attempt lists and writes it.
  Result<std::vector<store::ManifestFile>> read_manifest() {
    std::optional<std::vector<store::ManifestFile>> manifest = context_.management.call(
        context_.abandon, [this](store::Management& management) { return management.manifest(claim_.key); });
    if (manifest) return std::move(*manifest);
    Result<Listing> listing = list_files(config_, claim_, *source_, context_.load_stop);
    if (!listing.ok()) return listing.error();
    note_ = listing->note;
    return context_.management.call(context_.abandon, [&](store::Management& management) {
      return management.write_manifest(claim_.key, listing->files);
    });
  }

  PlannedFile planned_file(const store::ManifestFile& file) const {
    config::TableOptions options = options_of(config_, file.path);
    if (claim_.stored_content) read_as_stored(options, file);
    target::TableName table{options.schema, file.table_name};
    return {file, std::move(options), std::move(table)};
  }

  /// The files still to be loaded: by name within a table, tables that are referred to before those that refer to them.
  Result<std::vector<PlannedFile>> in_order(const std::vector<store::ManifestFile>& manifest) {
    std::vector<PlannedFile> files;
    std::vector<target::TableName> tables;
    for (const store::ManifestFile& file : manifest) {
      if (file.done()) continue;
      files.push_back(planned_file(file));
      const target::TableName& table = files.back().table;
      if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
    }
    std::vector<std::size_t> order(tables.size());
    try {
      db::Connection connection = connect_target();
      order = target::parents_first(tables, target::foreign_keys(connection, tables));
    } catch (const db::Error& error) {
      Error failure = from_target(error);
      failure.message = "cannot use the target database: " + failure.message;
      // A lock or a busy server is as good as a server that is away: later.
      if (retry_of(error) != Retry::kNever) failure.code = Code::kTargetUnreachable;
      return failure;
    }
    const auto rank = [&](const PlannedFile& file) {
      const auto place = static_cast<std::size_t>(std::find(tables.begin(), tables.end(), file.table) - tables.begin());
      return std::find(order.begin(), order.end(), place) - order.begin();
    };
    std::stable_sort(files.begin(), files.end(), [&rank](const PlannedFile& a, const PlannedFile& b) {
      return std::pair(rank(a), a.file.path) < std::pair(rank(b), b.file.path);
    });
    return files;
  }

  JobEnd load_all(const std::vector<PlannedFile>& files) {
    std::optional<Error> later;
    for (const PlannedFile& planned : files) {
      if (context_.interrupted() != Interrupt::kNone) return interrupted_end();
      FileEnd end = load_one(planned);
      if (!end.result && !end.later) return interrupted_end();
      // Not failed: the rows may be there. The next attempt reads the ledger; this one is not charged.
      if (end.later && end.later->code == Code::kCommitUnknown) {
        unresolved_ = true;
        if (context_.interrupted() == Interrupt::kCancelled) return cancelled_end();
        return {JobEnd::Kind::kRelease, "later", told(*end.later), true};
      }
      if (end.later && claim_.attempt >= context_.max_attempts) end.result = failed_result(planned, *end.later);
      if (end.result) {
        if (end.result->error && unresolved_) {
          const Result<bool> committed = settle(planned);
          if (!committed.ok() && is_retryable(committed.error().code)) {
            return {JobEnd::Kind::kRelease, "later", told(committed.error()), true};
          }
          if (committed.ok() && *committed) continue;
        }
        record(planned, std::move(*end.result));
        continue;
      }
      // The others wait too: the next one may be newer content of the same table, or rows that refer to this one's.
      later = end.later;
      break;
    }
    if (context_.interrupted() != Interrupt::kNone && later) return interrupted_end();
    sweep_after_others();
    if (later) return {JobEnd::Kind::kRelease, "retry", told(*later), unresolved_};
    return {JobEnd::Kind::kFinish, "", whole_ ? note_ : last_error_};
  }

  /// What a load throws once it has begun to apply may come from after the COMMIT.
  void in_doubt() {
    if (context_.progress.applying() && !claim_.dry_run) unresolved_ = true;
  }

  /// Leaves no doubt about a load that may have been committed without a word: true, it was, and is recorded with the
  /// counts that the ledger stored; false, it was not and will never be. An error when the target cannot be asked.
  Result<bool> settle(const PlannedFile& planned) {
    // Short, so that a stop does not wait for it: a session of a dead agent that still applies the load is asked about
    // again later.
    constexpr std::chrono::seconds kLockTimeout{5};
    FP("settle");
    std::optional<target::LedgerEntry> entry;
    try {
      db::Connection connection = connect_target();
      const target::LoadIdentity identity{planned.file.file_id,
                                          claim_.key.job_id,
                                          planned.file.path,
                                          "",
                                          planned.file.size.value_or(0),
                                          planned.file.modified_at.value_or("")};
      entry = target::give_up_load(connection, identity, planned.table, kLockTimeout);
    } catch (const db::Error& error) {
      Error failure = from_target(error);
      failure.message = "cannot ask the target whether \"" + planned.file.path + "\" was loaded: " + failure.message;
      if (retry_of(error) != Retry::kNever) failure.code = Code::kTargetUnreachable;
      return failure;
    }
    if (!entry) return false;
    LoadResult result;
    result.filename = planned.file.path;
    result.table_name = planned.table.table;
    take_stored(result, *entry);
    record(planned, std::move(result));
    return true;
  }

  /// The same for every file that is not done, when an attempt before this one, or this one, leaves doubt.
  Result<void> settle_all() {
    if (!unresolved_ || claim_.database_url.empty()) return {};
    if (!manifest_) {
      manifest_ = context_.management.call(
          context_.abandon, [this](store::Management& management) { return management.manifest(claim_.key); });
    }
    if (!manifest_) return {};
    for (const store::ManifestFile& file : *manifest_) {
      if (file.done() || recorded_.contains(file.file_id)) continue;
      if (const Result<bool> settled = settle(planned_file(file)); !settled.ok()) return settled.error();
    }
    return {};
  }

  /// An attempt before this one may have died in the middle of a load that is finished now: its staging table is of no
  /// use to anybody.
  void sweep_after_others() {
    constexpr std::int64_t kOrphanSeconds = 24 * 60 * 60;
    if (claim_.key.fence <= 1) return;
    try {
      db::Connection connection = connect_target();
      target::sweep_staging(connection, kOrphanSeconds);
    } catch (const db::Error&) {
      // The next load into this target sweeps as well.
    }
  }

  FileEnd load_one(const PlannedFile& planned) {
    for (int tries = 1;; ++tries) {
      Error failure;
      Retry retry = Retry::kNever;
      try {
        LoadResult result = load(planned, tries);
        if (!result.error) return {std::move(result), std::nullopt};
        if (result.error->code == Code::kCommitUnknown) return {std::nullopt, std::move(*result.error)};
        if (context_.load_stop.stop_requested()) return {};
        retry = retry_of(*result.error);
        if (retry == Retry::kNever) return {std::move(result), std::nullopt};
        failure = *result.error;
      } catch (const db::Error& error) {
        in_doubt();
        // A cancelled statement and a cut connection are how a stop looks from inside a load.
        if (context_.load_stop.stop_requested()) return {};
        retry = retry_of(error);
        failure = from_target(error);
        if (retry == Retry::kNever) return {failed_result(planned, failure), std::nullopt};
      } catch (const store::Fenced&) {
        throw;
      } catch (const std::exception& error) {
        in_doubt();
        return {failed_result(planned, {Code::kInternal, error.what(), "", ""}), std::nullopt};
      }
      context_.progress.pause_file();
      if (retry == Retry::kLater || tries >= kImmediateTries) return {std::nullopt, std::move(failure)};
      observe::emit(observe::warning("import", "trying file \"" + planned.file.path + "\" again: " + failure.message));
      if (!store::sleep_for(store::reconnect_delay(tries, 0.5), context_.load_stop)) return {};
    }
  }

  LoadResult load(const PlannedFile& planned, int tries) {
    const std::shared_ptr<Progress> progress = context_.progress.begin_file(planned.file.path, planned.table.display());
    const std::optional<TargetSlots::Slot> slot =
        context_.target_slots.acquire(claim_.connection_id, context_.load_stop);
    if (!slot) return failed_result(planned, {Code::kStopped, "stopped before the load began", "", ""});
    FP("before_load");
    LoadRequest request;
    request.load_id = planned.file.file_id;
    request.job_id = claim_.key.job_id;
    // Distinguishes staging tables of one load: the fence grows with every claim, also with those that cost no attempt.
    request.attempt = static_cast<int>(claim_.key.fence) * kImmediateTries + tries;
    request.file = {planned.file.path, planned.file.size.value_or(-1), planned.file.modified_at.value_or("")};
    request.options = planned.options;
    request.table = planned.table;
    request.force = claim_.force;
    request.dry_run = claim_.dry_run;
    if (nlohmann::json* known = claim_.stored_content ? nullptr : dialect_of(planned)) request.stored_dialect = *known;
    request.kept_rejects = claim_.kept_rejects;
    // What was fetched to be compared is kept, so that loading it need not fetch it again.
    std::unique_ptr<source::File> checked;
    if (config_.skip_loaded && !claim_.force && !claim_.stored_content) {
      if (std::optional<LoadResult> known = loaded_before(planned, checked)) return std::move(*known);
    }
    LoadContext load{*source_, [this] { return connect_target(); }, *progress, context_.load_stop, fire};
    LoadResult result = load_file(request, load);
    learn(planned, result);
    return result;
  }

  /// What is known of the dialect of files that match the same pattern and go to the same table; null: nothing.
  nlohmann::json* dialect_of(const PlannedFile& planned) {
    for (nlohmann::json& known : dialects_) {
      if (known.value("file_pattern", "") == planned.options.file_pattern &&
          known.value("schema", "") == planned.table.schema && known.value("table_name", "") == planned.table.table) {
        return &known;
      }
    }
    return nullptr;
  }

  /// The next file of the table is held against this one; with the file's result it is stored for later jobs.
  void learn(const PlannedFile& planned, LoadResult& result) {
    if (!result.learned.is_object() || result.error || claim_.dry_run) {
      result.learned = nullptr;
      return;
    }
    result.learned["file_pattern"] = planned.options.file_pattern;
    result.learned["schema"] = planned.table.schema;
    result.learned["table_name"] = planned.table.table;
    if (nlohmann::json* known = dialect_of(planned)) {
      *known = result.learned;
    } else {
      dialects_.push_back(result.learned);
    }
  }

  /// `skip_loaded`: the result of a file whose very bytes an earlier load brought into the table; nothing when there
  /// was none. A load of this file itself that an earlier attempt committed is load_file's to report.
  std::optional<LoadResult> loaded_before(const PlannedFile& planned, std::unique_ptr<source::File>& fetched) {
    const source::Entry entry{planned.file.path, planned.file.size.value_or(-1), planned.file.modified_at.value_or("")};
    db::Connection connection = connect_target();
    if (target::find_load(connection, planned.file.file_id)) return std::nullopt;
    Result<std::unique_ptr<source::File>> file = source_->fetch(entry, context_.load_stop);
    if (!file.ok()) return std::nullopt;
    fetched = std::move(*file);
    const Result<std::string> sha256 = hash_file(*fetched, context_.load_stop);
    if (!sha256.ok()) return std::nullopt;
    const std::optional<target::LedgerEntry> known = target::find_content(connection, planned.table, *sha256);
    if (!known) return std::nullopt;
    LoadResult result;
    result.filename = planned.file.path;
    result.table_name = planned.table.table;
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

  /// Writes the file's result, then puts the file aside as the config asks, and says it in the log. In this order: an
  /// attempt that dies in between is followed by one that knows the result and puts aside what is still there.
  void record(const PlannedFile& planned, LoadResult result) {
    FP("loaded");
    const std::string error = result.error ? told(*result.error) : "";
    write(planned, result, error);
    recorded_.insert(planned.file.file_id);
    FP("file_written");
    if (std::string left = put_aside(planned.file, !result.error); !left.empty()) {
      result.warnings.push_back(std::move(left));
      write(planned, result, error);
    }
    if (result.error) {
      last_error_ = planned.file.path + ": " + error;
      add_job_error(error_type(result.error->code), last_error_);
    }
    whole_ = whole_ && !result.error && result.counts.rejected == 0;
    context_.progress.end_file();
    FP("file_finished");
    observe::Event event{result.error ? Kind::kFileFailed : Kind::kFileFinished,
                         {{"job_id", claim_.key.job_id},
                          {"file", planned.file.path},
                          {"table", planned.table.display()},
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

  void write(const PlannedFile& planned, const LoadResult& result, const std::string& error) {
    nlohmann::json row = file_result_json(result, planned.file.file_id);
    if (result.error) row["error"] = error;
    const nlohmann::json rejects = rejects_json(result);
    context_.management.call(context_.abandon, [&](store::Management& management) {
      management.finish_file(claim_.key, planned.file.file_id, row, rejects);
    });
  }

  /// Why the file had to be left in place; empty when all is well.
  std::string put_aside(const store::ManifestFile& file, bool succeeded) const {
    if (claim_.dry_run || claim_.stored_content) return "";
    const FilePlace place{context_.local_roots, claim_.local_files.empty() ? config_.local_path : "",
                          remote_ ? source_.get() : nullptr};
    return succeeded ? after_success(config_.after_import, file, place)
                     : after_failure(config_.on_failure, file, place);
  }

  /// A server that is away would be waited for once for each file.
  bool source_answers() const {
    const auto ended = std::find_if(manifest_->begin(), manifest_->end(), [](const auto& file) { return file.done(); });
    if (!remote_ || ended == manifest_->end()) return true;
    const Result<source::Entry> there = source_->look({ended->path, -1, ""});
    return there.ok() || !is_retryable(there.error().code);
  }

  /// The attempt that wrote a file's result may have died before it put the file aside.
  void put_aside_again() const {
    if (claim_.key.fence <= 1 || !source_answers()) return;
    for (const store::ManifestFile& file : *manifest_) {
      if (file.status == "completed" || file.status == "failed") put_aside(file, file.status == "completed");
    }
  }

  /// A file whose load was not even begun, or broke off without a result.
  static LoadResult failed_result(const PlannedFile& planned, Error error) {
    LoadResult failed;
    failed.filename = planned.file.path;
    failed.table_name = planned.table.table;
    failed.size = planned.file.size.value_or(0);
    failed.error = std::move(error);
    return failed;
  }

  /// The type of a file's error; that a host cannot be reached is the source's fault here, since targets throw.
  std::string_view error_type(Code code) const {
    const bool host = code == Code::kHostUnreachable || code == Code::kEgressRefused;
    return remote_ && host ? "SFTPError" : import::error_type(code);
  }

  void add_job_error(std::string_view error_type, const std::string& message) {
    context_.management.call(context_.abandon, [&](store::Management& management) {
      management.add_job_error(claim_.key, error_type, message);
    });
  }

  /// The job as a whole cannot go on.
  JobEnd fail(std::string_view error_type, const Error& error) {
    if (const Result<void> settled = settle_all(); !settled.ok() && is_retryable(settled.error().code)) {
      return {JobEnd::Kind::kRelease, "later", told(settled.error()), true};
    }
    add_job_error(error_type, told(error));
    return {JobEnd::Kind::kFinish, "failed", told(error)};
  }

  JobEnd fail_or_retry(std::string_view error_type, const Error& error) {
    if (retry_of(error) != Retry::kNever) {
      if (claim_.attempt < context_.max_attempts) return {JobEnd::Kind::kRelease, "retry", told(error)};
    }
    return fail(error.code == Code::kFileNotFound && !remote_ ? import::error_type(error.code) : error_type, error);
  }

  JobEnd cancelled_end() {
    if (const Result<void> settled = settle_all(); !settled.ok()) {
      return {JobEnd::Kind::kRelease, "later", told(settled.error()), true};
    }
    if (unresolved_) sweep_after_others();
    return {JobEnd::Kind::kFinish, "cancelled", ""};
  }

  JobEnd interrupted_end() {
    switch (context_.interrupted()) {
      case Interrupt::kCancelled: return cancelled_end();
      case Interrupt::kFenced: return {JobEnd::Kind::kNothing, "", ""};
      case Interrupt::kNone:
      case Interrupt::kStopping:
      case Interrupt::kLeaseLost: return {JobEnd::Kind::kRelease, "", "", unresolved_};
    }
    return {};
  }

  const store::Claim& claim_;
  JobContext& context_;
  bool unresolved_;  ///< a load of an attempt, this one or an earlier, may have been committed without a word
  config::ProjectConfig config_;
  std::optional<std::vector<store::ManifestFile>> manifest_;  ///< as it was when this attempt read it
  std::set<std::string> recorded_;                            ///< files whose result this attempt has written
  nlohmann::json dialects_;                                   ///< the project's, and what this attempt has learned
  bool remote_ = false;                                       ///< the files come from another machine
  std::string note_;                                          ///< what listing had to say
  std::string last_error_;                                    ///< of the last file that failed
  bool whole_ = true;  ///< every file of this attempt was loaded without a reject
  std::unique_ptr<source::Source> source_;
};

}  // namespace

JobEnd run_job(const store::Claim& claim, JobContext& context) { return JobRun(claim, context).run(); }

}  // namespace cpi::import
