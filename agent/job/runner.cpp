#include "job/runner.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "db/vetted.h"
#include "import/failures.h"
#include "import/load.h"
#include "import/retry.h"
#include "job/earlier_load.h"
#include "job/known_dialects.h"
#include "job/manifest.h"
#include "job/planned_file.h"
#include "job/recorder.h"
#include "job/rows_again.h"
#include "observe/failpoint.h"
#include "observe/observe.h"
#include "source/stored.h"
#include "target/staging.h"

namespace cpi::job {

namespace {

using import::from_target;
using import::kImmediateTries;
using import::LoadRequest;
using import::LoadResult;
using import::Retry;
using import::retry_of;
using import::told;

void fire(const char* name) { FP(name); }

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
        dialects_(claim.dialects),
        recorder_(claim, context, config_) {}

  JobEnd run() {
    Result<config::ProjectConfig> config = config::parse(claim_.config);
    if (config.ok()) config_ = std::move(*config);
    remote_ = config.ok() && !claim_.stored_content && is_remote(config_, claim_);
    const RemoteAccess remote{
        {context_.egress, pin_host_key(), context_.source_timeout}, context_.spool, context_.load_stop};
    // Asked for while an earlier attempt ran: nothing more is loaded.
    if (claim_.cancel_requested) {
      if (Result<std::unique_ptr<source::Source>> source = source_of(remote); source.ok()) {
        use(std::move(*source));
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
    use(std::move(*source));

    Result<std::vector<store::ManifestFile>> manifest = read_manifest();
    if (!manifest.ok()) {
      if (context_.interrupted() != Interrupt::kNone) return interrupted_end();
      return source_failed(manifest.error());
    }
    FP("manifest");
    manifest_ = *manifest;
    recorder_.put_aside_again(*manifest);
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

  void use(std::unique_ptr<source::Source> source) {
    source_ = std::move(source);
    if (remote_) recorder_.put_aside_by(*source_);
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
    std::map<std::string, store::ManifestFile> files;
    for (const store::ManifestFile& file : manifest.value_or(std::vector<store::ManifestFile>())) {
      entries.push_back({file.path, file.size.value_or(-1), file.modified_at.value_or("")});
      files[file.path] = file;
    }
    const auto content = [this, files](const std::string& path) -> Result<std::string> {
      const store::ManifestFile& file = files.at(path);
      std::optional<std::string> content = context_.management.call(
          context_.abandon,
          [&](store::Management& management) { return management.file_content(claim_.key, file.file_id); });
      if (!content)
        return Error{Code::kFileNotFound, "the stored content of \"" + path + "\" is there no more", "", ""};
      if (!file.dialect || !file.dialect->records) return std::move(*content);
      RowsAgain rows = rows_again(*content, planned_file(config_, file, true).options.dialect, file.dialect->reasons);
      set_aside_[path] = std::move(rows.set_aside);
      return std::move(rows.text);
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

  /// The files still to be loaded, in their order.
  Result<std::vector<PlannedFile>> in_order(const std::vector<store::ManifestFile>& manifest) {
    std::vector<PlannedFile> files;
    for (const store::ManifestFile& file : manifest) {
      if (!file.done()) files.push_back(planned_file(config_, file, claim_.stored_content));
    }
    try {
      db::Connection connection = connect_target();
      sort_for_loading(files, connection);
    } catch (const db::Error& error) {
      Error failure = from_target(error);
      failure.message = "cannot use the target database: " + failure.message;
      // A lock or a busy server is as good as a server that is away: later.
      if (retry_of(error) != Retry::kNever) failure.code = Code::kTargetUnreachable;
      return failure;
    }
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
          const Result<bool> committed = settle_and_record(planned);
          if (!committed.ok() && is_retryable(committed.error().code)) {
            return {JobEnd::Kind::kRelease, "later", told(committed.error()), true};
          }
          if (committed.ok() && *committed) continue;
        }
        recorder_.record(planned, std::move(*end.result));
        continue;
      }
      // The others wait too: the next one may be newer content of the same table, or rows that refer to this one's.
      later = end.later;
      break;
    }
    if (context_.interrupted() != Interrupt::kNone && later) return interrupted_end();
    sweep_after_others();
    if (later) return {JobEnd::Kind::kRelease, "retry", told(*later), unresolved_};
    return {JobEnd::Kind::kFinish, "", recorder_.whole() ? note_ : recorder_.last_error()};
  }

  /// What a load throws once it has begun to apply may come from after the COMMIT.
  void in_doubt() {
    if (context_.progress.applying() && !claim_.dry_run) unresolved_ = true;
  }

  /// True: an earlier attempt, or this one, has committed the load without a word, and that is recorded now.
  Result<bool> settle_and_record(const PlannedFile& planned) {
    Result<std::optional<LoadResult>> earlier = settle(planned, claim_.key.job_id, connect_);
    if (!earlier.ok()) return earlier.error();
    if (!*earlier) return false;
    recorder_.record(planned, std::move(**earlier));
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
      if (file.done() || recorder_.has(file.file_id)) continue;
      if (const Result<bool> settled = settle_and_record(planned_file(config_, file, claim_.stored_content));
          !settled.ok())
        return settled.error();
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
    const std::shared_ptr<import::Progress> progress =
        context_.progress.begin_file(planned.file.path, planned.table.display());
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
    // Equal content of another day is other rows. That none are sent twice is seen to when the job is made.
    request.force = claim_.force || claim_.stored_content;
    request.dry_run = claim_.dry_run;
    if (!claim_.stored_content) request.stored_dialect = dialects_.of(planned);
    request.kept_rejects = claim_.kept_rejects;
    // What was fetched to be compared is kept, so that loading it need not fetch it again.
    std::unique_ptr<source::File> checked;
    if (config_.skip_loaded && !claim_.force && !claim_.stored_content) {
      std::optional<LoadResult> known = loaded_before(planned, *source_, connect_, context_.load_stop, checked);
      if (known) return std::move(*known);
    }
    import::LoadContext load{*source_, connect_, *progress, context_.load_stop, fire};
    load.set_aside = [&] { return set_aside_[planned.file.path]; };
    load.about_to_commit = [&](const LoadResult& ready) { recorder_.prepare(planned, ready); };
    LoadResult result = import::load_file(request, load);
    if (claim_.dry_run) result.learned = nullptr;
    dialects_.learn(planned, result);
    return result;
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

  /// The job as a whole cannot go on.
  JobEnd fail(std::string_view error_type, const Error& error) {
    if (const Result<void> settled = settle_all(); !settled.ok() && is_retryable(settled.error().code)) {
      return {JobEnd::Kind::kRelease, "later", told(settled.error()), true};
    }
    recorder_.add_job_error(error_type, told(error));
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
  KnownDialects dialects_;
  bool remote_ = false;  ///< the files come from another machine
  std::string note_;     ///< what listing had to say
  const Connect connect_ = [this] { return connect_target(); };
  std::unique_ptr<source::Source> source_;
  std::map<std::string, std::vector<csv::Reject>> set_aside_;  ///< of fetched files that came as records, by path
  Recorder recorder_;
};

}  // namespace

JobEnd run_job(const store::Claim& claim, JobContext& context) { return JobRun(claim, context).run(); }

}  // namespace cpi::job
