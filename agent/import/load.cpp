// load_file: the walk of one file, steps 3 to 10 of the design. What each step does is in the module that it calls;
// here are their order, what is tried again, and that nothing is left behind.
#include "import/load.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string_view>

#include "core/preview/known.h"
#include "core/text/identifier.h"
#include "import/commit.h"
#include "import/content_hash.h"
#include "import/detect.h"
#include "import/failures.h"
#include "import/pipeline.h"
#include "import/raw_rows.h"
#include "source/iso_time.h"

namespace cpi::import {

namespace {

/// The table may change between plan and commit, a column may turn out to need the server's cast, or PostgreSQL refuse
/// to widen one: all are planned again, but somebody who alters the table all the time must not keep us here for ever.
constexpr int kMostPlans = 6;

/// Below this size a second COPY stream costs more (a connection) than it gains.
constexpr std::int64_t kTwoStreamsFrom = std::int64_t{8} << 20;

/// Orphans of loads that nobody finishes are swept after a day.
constexpr std::int64_t kOrphanSeconds = 24 * 60 * 60;

/// Drops the staging table whatever happens; a broken connection is replaced for it once.
class StagingOwner {
 public:
  StagingOwner(db::Connection& connection, target::Staging staging, const std::function<db::Connection()>& connect)
      : staging(std::move(staging)), connection_(connection), connect_(connect) {}
  StagingOwner(const StagingOwner&) = delete;
  StagingOwner& operator=(const StagingOwner&) = delete;
  ~StagingOwner() {
    try {
      if (connection_.healthy()) {
        target::drop_staging(connection_, staging);
      } else if (!staging.temporary) {
        db::Connection fresh = connect_();
        target::drop_staging(fresh, staging);
      }
    } catch (const std::exception&) {
      // The server is away: the sweep of a later load removes the table.
    }
  }

  target::Staging staging;

 private:
  db::Connection& connection_;
  const std::function<db::Connection()>& connect_;
};

/// Nothing but a byte order mark and blank lines, if anything at all. What is longer than one look is not blank.
bool is_blank(const source::File& file) {
  std::array<char, 4096> bytes{};
  const ssize_t size = ::pread(file.descriptor(), bytes.data(), bytes.size(), 0);
  if (size < 0 || static_cast<std::size_t>(size) == bytes.size()) return false;
  std::string_view text(bytes.data(), static_cast<std::size_t>(size));
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class Load {
 public:
  Load(const LoadRequest& request, LoadContext& context)
      : request_(request), context_(context), options_(request.options) {
    result_.filename = request.file.path;
    result_.table_name = request.table.table;
    result_.size = std::max<std::int64_t>(request.file.size, 0);
  }

  LoadResult run() {
    const auto start = std::chrono::steady_clock::now();
    try {
      Result<void> done = walk();
      if (!done.ok()) fail(with_advice(done.error()));
    } catch (const db::Error& error) {
      if (context_.stop.stop_requested()) {
        fail(stopped());
      } else if (error.retryable()) {
        throw;
      } else {
        fail(from_target(error));
      }
    }
    result_.success = !result_.error.has_value();
    result_.duration_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    context_.progress.phase = "done";
    return std::move(result_);
  }

 private:
  void fail(Error error) {
    // Read and rejected are told even though nothing was loaded: they say how far the load came and why it ended.
    result_.counts = {};
    result_.counts.read = context_.progress.rows_read;
    result_.counts.rejected = context_.progress.rows_rejected;
    result_.error = std::move(error);
  }

  Result<void> walk() {
    if (Result<void> legal = check_table_name(); !legal.ok()) return legal;
    connection_.emplace(context_.connect());
    target::ensure_ledger(*connection_);
    if (auto applied = target::find_load(*connection_, request_.load_id)) {
      if (applied->given_up()) return given_up();
      report_applied(*applied);
      return {};
    }
    context_.progress.phase = "fetching";
    Result<std::unique_ptr<source::File>> file = context_.source.fetch(request_.file, context_.stop);
    if (!file.ok()) return file.error();
    file_ = std::move(*file);
    result_.size = file_->entry().size;
    context_.progress.bytes_total = result_.size;
    context_.failpoint("fetched");
    set_aside_ = context_.set_aside();
    if (set_aside_.empty() && is_blank(*file_)) return nothing_to_load();

    if (Result<void> found = find_dialect(); !found.ok()) return found;
    target::sweep_staging(*connection_, kOrphanSeconds);
    std::optional<Error> last;
    for (int i = 0; i < kMostPlans; ++i) {
      if (context_.stop.stop_requested()) return stopped();
      Result<Plan> plan = make();
      if (!plan.ok()) return plan.error();
      report_plan(*plan);
      if (Result<bool> known = content_known(*plan); !known.ok() || *known) {
        return known.ok() ? Result<void>() : Result<void>(known.error());
      }
      Result<bool> loaded = load(*plan);
      if (loaded.ok() && *loaded) return {};
      if (!loaded.ok()) {
        if (loaded.error().code != Code::kStagingLost) return loaded.error();
        last = loaded.error();
      }
    }
    return last.value_or(Error{Code::kStagingLost, "no plan held for loading into " + request_.table.display(),
                               "It was planned " + std::to_string(kMostPlans) +
                                   " times: the table kept changing, or its columns turned out otherwise each time.",
                               "Try again later."});
  }

  /// The server cuts longer names in silence, and two files would share a table.
  Result<void> check_table_name() const {
    const std::string& name = request_.table.table;
    if (name.size() <= text::kMaxIdentifierBytes) return {};
    return Error{Code::kInvalidConfig,
                 "the table name \"" + name + "\" has " + std::to_string(name.size()) + " bytes; PostgreSQL allows " +
                     std::to_string(text::kMaxIdentifierBytes),
                 "", "Name a shorter one in target_table (--table), or shorten it by table_naming."};
  }

  /// Such a file has no row that could be lost; whoever expected rows is told so.
  Result<void> nothing_to_load() {
    Result<std::string> sha256 = hash_file(*file_, context_.stop);
    if (!sha256.ok()) return sha256.error();
    result_.sha256 = *sha256;
    result_.warnings.push_back(result_.size == 0
                                   ? "the file is empty, without even a header: nothing was loaded"
                                   : "the file holds blank lines only, not even a header: nothing was loaded");
    return {};
  }

  /// Puts what the file shows in the place of each "auto".
  Result<void> find_dialect() {
    result_.dialect = options_.dialect;
    if (!preview::wants_detection(options_)) {
      note_encoding();
      return {};
    }
    Result<Detection> found = detect(*file_, options_, request_.stored_dialect, request_.force, context_.stop);
    if (!found.ok()) return found.error();
    options_ = std::move(found->options);
    result_.dialect = options_.dialect;
    note_encoding();
    result_.detected = std::move(found->report);
    result_.learned = std::move(found->learned);
    detection_warnings_ = std::move(found->warnings);
    return {};
  }

  /// The rejects go out as the file came in.
  void note_encoding() {
    std::array<char, 4> start{};
    const ssize_t size = ::pread(file_->descriptor(), start.data(), start.size(), 0);
    result_.encoding =
        text::file_encoding(options_.encoding, {start.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
  }

  /// A failure that a wrong dialect may be behind, with what the file looks like.
  Error with_advice(Error error) const {
    switch (error.code) {
      case Code::kInvalidHeader:
      case Code::kKeyMissing:
      case Code::kColumnMissing:
      case Code::kColumnUnknown:
      case Code::kTooManyErrors:
      case Code::kLimitExceeded: break;
      default: return error;
    }
    if (file_ == nullptr || !result_.detected.is_null()) return error;
    const std::string better = advice(*file_, options_, context_.stop);
    if (!better.empty() && error.hint.find(better) == std::string::npos) {
      error.hint = better + (error.hint.empty() ? "" : " " + error.hint);
    }
    return error;
  }

  /// A table is about to be made of a file with a single, odd column: rather the wrong delimiter than what is meant.
  Result<void> check_single_column(const PlannerInput& input) const {
    if (input.table.has_value() || input.header.size() != 1 || !options_.dialect.columns.empty()) return {};
    if (!result_.detected.is_null() || input.header[0].find_first_of(";\t|,^~") == std::string::npos) return {};
    std::size_t width = 0;
    const std::string better = advice(*file_, options_, context_.stop, &width);
    if (better.empty() || width < 2) return {};
    return Error{Code::kInvalidHeader, "the file would become a table of one column, \"" + input.header[0] + "\"", "",
                 better + " If it is one column, name it in \"columns\"."};
  }

  static bool may_widen(const target::Table& table) {
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [](const target::Column& column) { return column.inferred; });
  }

  /// Steps 5 and 6: header, catalog, plan.
  Result<Plan> make() {
    PlannerInput input;
    input.table = target::read_table(*connection_, request_.table);
    input.table_name = request_.table;
    input.options = options_;
    input.server_version = connection_->server_version();
    input.file_size = file_->entry().size;
    input.cast_on_server = cast_on_server_;
    input.not_widened = not_widened_;
    const bool infer = options_.types == config::Types::kInfer && (!input.table.has_value() || may_widen(*input.table));
    const RulesFor rules_for = [&](const std::vector<std::string>& header) {
      input.header = header;
      return value_rules(input);
    };
    if (!survey_.has_value() || (infer && (!survey_->values || survey_->rules != rules_for(survey_->header)))) {
      Result<Survey> found = survey(*file_, options_, infer ? rules_for : RulesFor(), context_.progress, context_.stop);
      if (!found.ok()) return found.error();
      survey_ = std::move(*found);
    }
    input.header = result_.header = survey_->header;
    if (infer) input.inference = survey_->values;
    if (Result<void> odd = check_single_column(input); !odd.ok()) return odd.error();
    return make_plan(input);
  }

  /// Without a key nothing tells a row that was loaded from a new one, so the same bytes are not appended twice.
  Result<bool> content_known(const Plan& plan) {
    if (!plan.key.empty() || plan.create_table || request_.force) return false;
    const Result<std::string> sha256 = hash_file(*file_, context_.stop);
    if (!sha256.ok()) return sha256.error();
    const auto known = target::find_content(*connection_, request_.table, *sha256);
    if (!known.has_value()) return false;
    result_.sha256 = *sha256;
    report_committed(known_content(*known));
    return true;
  }

  /// Steps 7 to 10 for one plan. False: plan again.
  Result<bool> load(const Plan& plan) {
    std::vector<target::StagingColumn> columns;
    for (const PlannedColumn& column : plan.columns) columns.push_back({column.table_column, column.staging_type});
    StagingOwner owner(*connection_,
                       target::create_staging(*connection_, request_.load_id, request_.attempt, std::move(columns)),
                       context_.connect);
    context_.progress.rows_read = 0;
    context_.progress.rows_rejected = 0;
    RejectSink rejects(request_.kept_rejects);
    for (const csv::Reject& reject : set_aside_) rejects.add(reject);
    told_ = false;
    Result<PipelineOutcome> copied = copy(plan, owner.staging, rejects);
    if (!copied.ok()) {
      keep_rejects(rejects);
      return copied.error();
    }
    if (!copied->cast_on_server.empty()) {
      cast_on_server_.merge(copied->cast_on_server);
      return false;
    }
    result_.sha256 = copied->sha256;
    context_.failpoint("staged");
    if (context_.stop.stop_requested()) return stopped();
    context_.progress.phase = "applying";
    Result<CommitOutcome> committed = commit(plan, owner.staging, *copied, rejects);
    if (committed.ok() && !committed->not_widened.empty()) {
      not_widened_.merge(committed->not_widened);
      return false;
    }
    if (!told_) keep_rejects(rejects);
    if (!committed.ok()) return committed.error();
    report_committed(*committed);
    if (!committed->already_applied) {
      warn_of_stop(*copied);
      warn_of_many_rejects();
    }
    return true;
  }

  /// Rows behind a line that happens to begin like stop_at would be lost in silence, and so would be that the line of
  /// totals is missing: the file may be cut short, or written otherwise.
  void warn_of_stop(const PipelineOutcome& copied) {
    const std::string& mark = options_.dialect.stop_at;
    if (!copied.stop && !mark.empty()) {
      const bool empty_line = mark[0] == '\n' || mark[0] == '\r';
      result_.warnings.push_back((empty_line ? "no empty line" : "no line that begins with \"" + mark + "\"") +
                                 " ended the table (stop_at): the file was read to its end");
    } else if (copied.stop && copied.stop->text) {
      result_.warnings.push_back("the table ended at line " + std::to_string(copied.stop->line) +
                                 " (stop_at): " + std::to_string(file_->entry().size - copied.stop->offset) +
                                 " bytes from there on were not read");
    }
  }

  /// What every reject says of its own row is no help when the whole file is read by a wrong dialect.
  void warn_of_many_rejects() {
    if (result_.counts.rejected * 2 <= result_.counts.read || !result_.detected.is_null()) return;
    const std::string better = advice(*file_, options_, context_.stop);
    if (!better.empty()) result_.warnings.push_back("most rows were rejected. " + better);
  }

  Result<PipelineOutcome> copy(const Plan& plan, target::Staging& staging, RejectSink& rejects) {
    // The control connection is one of the streams: it has nothing else to do meanwhile.
    std::vector<db::Connection> connections;
    connections.push_back(std::move(*connection_));
    if (!staging.temporary && file_->entry().size >= kTwoStreamsFrom) {
      try {
        connections.push_back(context_.connect());
      } catch (const db::Error&) {
        // No connection to spare: one stream does it too.
      }
    }
    const auto give_back = [&] { *connection_ = std::move(connections.front()); };
    const std::unique_ptr<Filter> filter = make_pass_all();
    try {
      Result<PipelineOutcome> outcome = run_pipeline(*file_, options_, plan, staging, connections, *filter, rejects,
                                                     context_.progress, context_.stop);
      give_back();
      return outcome;
    } catch (...) {
      give_back();
      throw;
    }
  }

  Result<CommitOutcome> commit(const Plan& plan, const target::Staging& staging, const PipelineOutcome& copied,
                               RejectSink& rejects) {
    CommitRequest commit;
    commit.identity = {request_.load_id, request_.job_id,     file_->entry().path,
                       copied.sha256,    file_->entry().size, file_->entry().modified_at};
    commit.dry_run = request_.dry_run;
    commit.force = request_.force;
    commit.rows_read = copied.rows_read;
    commit.rejected_before = rejects.count();
    commit.unchanged_before = copied.rows_unchanged;
    commit.stop = context_.stop;
    if (context_.about_to_commit) {
      commit.about_to_commit = [&](const target::Counts& counts) { tell_before_commit(counts, rejects); };
    }
    commit.source_unchanged = [this] { return file_->unchanged(); };
    commit.failpoint = context_.failpoint;
    const std::stop_callback cancel(context_.stop, [this] { connection_->cancel(); });
    return commit_load(*connection_, plan, staging, commit, rejects, context_.connect);
  }

  /// Whoever keeps the result may be slow or away; the locks that the load holds by now are not.
  void tell_before_commit(const target::Counts& counts, const RejectSink& rejects) {
    if (counts.rejected == 0) return;
    keep_rejects(rejects);
    told_ = true;
    LoadResult ready = result_;
    ready.success = true;
    ready.counts = counts;
    connection_->exec("SET LOCAL idle_in_transaction_session_timeout = '30s'");
    context_.about_to_commit(ready);
    connection_->exec("SET LOCAL idle_in_transaction_session_timeout = '5min'");
  }

  /// The first rejects by line, with the rows' text; those of the server know their line only.
  void keep_rejects(const RejectSink& rejects) {
    context_.progress.rows_rejected = rejects.count();
    result_.rejects = rejects.kept();
    std::stable_sort(result_.rejects.begin(), result_.rejects.end(),
                     [](const csv::Reject& a, const csv::Reject& b) { return a.line < b.line; });
    fill_in_raw_rows(*file_, options_, result_.rejects, context_.stop);
  }

  void report_committed(const CommitOutcome& outcome) {
    result_.counts = outcome.counts;
    result_.already_applied = outcome.already_applied;
    if (outcome.already_applied) result_.warnings.clear();  // the plan's speak of what was not done
    result_.warnings.insert(result_.warnings.end(), outcome.warnings.begin(), outcome.warnings.end());
  }

  void report_plan(const Plan& plan) {
    result_.strategy = strategy_name(plan.strategy);
    result_.strategy_reason = plan.strategy_reason;
    result_.key = plan.key;
    result_.warnings = detection_warnings_;
    result_.warnings.insert(result_.warnings.end(), plan.warnings.begin(), plan.warnings.end());
    result_.columns.clear();
    result_.widened.clear();
    for (const PlannedColumn& column : plan.columns) {
      if (!column.widened_from.empty()) {
        result_.widened.push_back({column.table_column, column.widened_from, column.type.name});
      }
    }
    result_.table_columns.assign(result_.header.size(), "");
    for (const PlannedColumn& column : plan.columns) {
      result_.columns.push_back(column.table_column);
      result_.table_columns.at(column.file_index) = column.table_column;
    }
  }

  /// The ledger knows the load: its counts are the answer. Bytes that came later under the same name are not in it.
  void report_applied(const target::LedgerEntry& entry) {
    take_stored(result_, entry);
    const Result<source::Entry> found = context_.source.look(request_.file);
    if (!found.ok()) return;
    if (found->size != entry.identity.size ||
        source::parse_iso_time(found->modified_at) != source::parse_iso_time(entry.identity.modified_at)) {
      result_.warnings.push_back(
          "the file has changed since it was loaded: its newer content waits for the next import");
    }
  }

  const LoadRequest& request_;
  LoadContext& context_;
  LoadResult result_;
  config::TableOptions options_;  ///< the request's, with what was detected
  std::vector<std::string> detection_warnings_;
  std::optional<db::Connection> connection_;
  std::unique_ptr<source::File> file_;
  std::optional<Survey> survey_;
  std::set<std::string> cast_on_server_;
  std::vector<csv::Reject> set_aside_;  ///< read and rejected before the first row
  std::map<std::string, std::string> not_widened_;
  bool told_ = false;  ///< the result was told before the COMMIT, with these rejects
};

}  // namespace

void take_stored(LoadResult& result, const target::LedgerEntry& entry) {
  result.success = true;
  result.already_applied = true;
  result.counts = entry.counts;
  result.sha256 = entry.identity.sha256;
  result.size = entry.identity.size;
  result.strategy = entry.strategy;
  result.strategy_reason = entry.strategy_reason;
}

LoadResult load_file(const LoadRequest& request, LoadContext& context) { return Load(request, context).run(); }

}  // namespace cpi::import
