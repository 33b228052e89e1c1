#include "import/job_runner.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "app/failpoint.h"
#include "db/vetted.h"
#include "import/after_import.h"
#include "import/content_hash.h"
#include "import/load.h"
#include "import/manifest.h"
#include "import/result_json.h"
#include "observe/observe.h"
#include "queue/retry.h"
#include "target/foreign_keys.h"
#include "target/staging.h"

namespace cpi::import {

namespace {

using observe::Kind;
using queue::Retry;

/// An error as one text for a row of the management database.
std::string told(const Error& error) {
  std::string out = error.message;
  if (!error.detail.empty()) out += "\nDETAIL: " + error.detail;
  if (!error.hint.empty()) out += "\nHINT: " + error.hint;
  return observe::mask(out);
}

void fire(const char* name) { FP(name); }

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
        dialects_(claim.dialects.is_array() ? claim.dialects : nlohmann::json::array()) {}

  JobEnd run() {
    Result<config::ProjectConfig> config = config::parse(claim_.config);
    if (!config.ok()) return fail("JobError", config.error());
    config_ = std::move(*config);
    if (claim_.database_url.empty()) {
      return fail("JobError", {Code::kInvalidConfig, "project \"" + claim_.project + "\" has no connection", "",
                               "Give the project a connection_id."});
    }
    remote_ = is_remote(config_, claim_);
    const RemoteAccess remote{
        {context_.egress, pin_host_key(), context_.source_timeout}, context_.spool, context_.load_stop};
    Result<std::unique_ptr<source::Source>> source = open_source(config_, claim_, context_.local_roots, &remote);
    if (!source.ok()) return source_failed(source.error());
    source_ = std::move(*source);

    Result<std::vector<store::ManifestFile>> manifest = read_manifest();
    if (!manifest.ok()) {
      if (context_.interrupted() != Interrupt::kNone) return interrupted_end();
      return source_failed(manifest.error());
    }
    FP("manifest");
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

  /// The files still to be loaded: by name within a table, tables that are referred to before those that refer to them.
  Result<std::vector<PlannedFile>> in_order(const std::vector<store::ManifestFile>& manifest) {
    std::vector<PlannedFile> files;
    std::vector<target::TableName> tables;
    for (const store::ManifestFile& file : manifest) {
      if (file.done()) continue;
      config::TableOptions options = options_of(config_, file.path);
      target::TableName table{options.schema, file.table_name};
      if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
      files.push_back({file, std::move(options), std::move(table)});
    }
    std::vector<std::size_t> order(tables.size());
    try {
      db::Connection connection = connect_target();
      order = target::parents_first(tables, target::foreign_keys(connection, tables));
    } catch (const db::Error& error) {
      Error failure = queue::as_error(error);
      failure.message = "cannot use the target database: " + failure.message;
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
      if (end.result) {
        record(planned, std::move(*end.result));
        continue;
      }
      if (!end.later) return interrupted_end();
      // Not failed: the rows may be there. The next attempt reads the ledger; this one is not charged.
      if (end.later->code == Code::kCommitUnknown) return {JobEnd::Kind::kRelease, "stop", told(*end.later)};
      if (claim_.attempt >= context_.max_attempts) {
        record(planned, failed_result(planned, *end.later));
        continue;
      }
      // The others wait too: the next one may be newer content of the same table, or rows that refer to this one's.
      later = end.later;
      break;
    }
    if (context_.interrupted() != Interrupt::kNone && later) return interrupted_end();
    sweep_after_others();
    if (later) return {JobEnd::Kind::kRelease, "retry", told(*later)};
    return {JobEnd::Kind::kFinish, "", whole_ ? note_ : last_error_};
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
        if (context_.load_stop.stop_requested()) return {};
        retry = queue::retry_of(*result.error);
        if (retry == Retry::kNever) return {std::move(result), std::nullopt};
        failure = *result.error;
      } catch (const db::Error& error) {
        // A cancelled statement and a cut connection are how a stop looks from inside a load.
        if (context_.load_stop.stop_requested()) return {};
        retry = queue::retry_of(error);
        failure = queue::as_error(error);
        if (retry == Retry::kNever) return {failed_result(planned, failure), std::nullopt};
      } catch (const store::Fenced&) {
        throw;
      } catch (const std::exception& error) {
        return {failed_result(planned, {Code::kInternal, error.what(), "", ""}), std::nullopt};
      }
      context_.progress.pause_file();
      if (retry == Retry::kLater || tries >= queue::kImmediateTries) return {std::nullopt, std::move(failure)};
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
    request.attempt = static_cast<int>(claim_.key.fence) * queue::kImmediateTries + tries;
    request.file = {planned.file.path, planned.file.size.value_or(-1), planned.file.modified_at.value_or("")};
    request.options = planned.options;
    request.table = planned.table;
    request.force = claim_.force;
    request.dry_run = claim_.dry_run;
    if (nlohmann::json* known = dialect_of(planned)) request.stored_dialect = *known;
    // What was fetched to be compared is kept, so that loading it need not fetch it again.
    std::unique_ptr<source::File> checked;
    if (config_.skip_loaded && !claim_.force) {
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

  /// Puts the file aside as the config asks, writes its result, and says it in the log. In this order: an attempt that
  /// dies in between is followed by one that finds the load in the ledger and does the same again.
  void record(const PlannedFile& planned, LoadResult result) {
    FP("loaded");
    if (!claim_.dry_run) {
      const FilePlace place{context_.local_roots, claim_.local_files.empty() ? config_.local_path : "",
                            remote_ ? source_.get() : nullptr};
      const std::string left = result.error ? after_failure(config_.on_failure, planned.file, place)
                                            : after_success(config_.after_import, planned.file, place);
      if (!left.empty()) result.warnings.push_back(left);
    }
    nlohmann::json row = file_result_json(result, planned.file.file_id);
    const std::string error = result.error ? told(*result.error) : "";
    if (result.error) row["error"] = error;
    const nlohmann::json rejects = rejects_json(result);
    context_.management.call(context_.abandon, [&](store::Management& management) {
      management.finish_file(claim_.key, planned.file.file_id, row, rejects);
    });
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
    return remote_ && host ? "SFTPError" : queue::error_type(code);
  }

  void add_job_error(std::string_view error_type, const std::string& message) {
    context_.management.call(context_.abandon, [&](store::Management& management) {
      management.add_job_error(claim_.key, error_type, message);
    });
  }

  /// The job as a whole cannot go on.
  JobEnd fail(std::string_view error_type, const Error& error) {
    add_job_error(error_type, told(error));
    return {JobEnd::Kind::kFinish, "failed", told(error)};
  }

  JobEnd fail_or_retry(std::string_view error_type, const Error& error) {
    if (queue::retry_of(error) != Retry::kNever) {
      if (claim_.attempt < context_.max_attempts) return {JobEnd::Kind::kRelease, "retry", told(error)};
    }
    return fail(error.code == Code::kFileNotFound && !remote_ ? queue::error_type(error.code) : error_type, error);
  }

  JobEnd interrupted_end() const {
    switch (context_.interrupted()) {
      case Interrupt::kCancelled: return {JobEnd::Kind::kFinish, "cancelled", ""};
      case Interrupt::kFenced: return {JobEnd::Kind::kNothing, "", ""};
      case Interrupt::kNone:
      case Interrupt::kStopping:
      case Interrupt::kLeaseLost: return {JobEnd::Kind::kRelease, "", ""};
    }
    return {};
  }

  const store::Claim& claim_;
  JobContext& context_;
  config::ProjectConfig config_;
  nlohmann::json dialects_;  ///< the project's, and what this attempt has learned
  bool remote_ = false;      ///< the files come from another machine
  std::string note_;         ///< what listing had to say
  std::string last_error_;   ///< of the last file that failed
  bool whole_ = true;        ///< every file of this attempt was loaded without a reject
  std::unique_ptr<source::Source> source_;
};

}  // namespace

JobEnd run_job(const store::Claim& claim, JobContext& context) { return JobRun(claim, context).run(); }

}  // namespace cpi::import
