// run_pipeline: the loop that ties feed, reader, converter, filter and streams together, and decides when a load that
// cannot succeed any more is only looked at further.
#include "import/pipeline.h"

#include "import/byte_feed.h"
#include "import/content_hash.h"
#include "import/copy_streams.h"
#include "import/failures.h"
#include "import/row_converter.h"

namespace cpi::import {

namespace {

/// What a row may take depends on it; usually 8192, and asked for only where it may matter.
std::size_t page_bytes(const Plan& plan, db::Connection& connection) {
  if (plan.columns.size() <= RowSize::kAlwaysFits) return RowConverter::kUsualPage;
  return static_cast<std::size_t>(connection.exec("SELECT current_setting('block_size')::int").int64(0, 0));
}

/// Messages of this size keep the server busy without holding much memory; larger ones gained nothing.
constexpr std::size_t kBatchBytes = std::size_t{512} << 10;

class Pipeline {
 public:
  Pipeline(const source::File& file, const Plan& plan, target::Staging& staging, RowConverter converter, ByteFeed feed,
           ContentHash& hash, csv::Reader reader, std::span<db::Connection> connections, Filter& filter,
           RejectSink& rejects, Progress& progress, std::stop_token stop)
      : file_(file),
        plan_(plan),
        staging_(staging),
        converter_(std::move(converter)),
        feed_(std::move(feed)),
        hash_(hash),
        reader_(std::move(reader)),
        connections_(connections),
        streams_(connections, staging),
        filter_(filter),
        rejects_(rejects),
        progress_(progress),
        stop_(std::move(stop)) {
    const csv::Origin origin = feed_.origin();
    reader_.set_origin(origin);
    converter_.set_origin(origin);
    progress_.rows_read = outcome_.rows_read = progress_.rows_rejected = rejects_.count();
  }

  Result<PipelineOutcome> run() {
    progress_.phase = "copying";
    for (bool more = true; more;) {
      if (stop_.stop_requested()) return stopped();
      const Result<csv::Reader::Event> event = reader_.next(rows_);
      if (!event.ok()) return event.error();
      switch (*event) {
        case csv::Reader::Event::kNeedBytes:
          if (Result<void> filled = feed_.fill(reader_); !filled.ok()) return filled.error();
          progress_.bytes_read = feed_.bytes_read();
          break;
        case csv::Reader::Event::kBatch:
          if (Result<void> taken = take_rows(); !taken.ok()) return taken.error();
          more = !full_of_errors();
          break;
        case csv::Reader::Event::kEnd: more = false; break;
      }
    }
    return finish();
  }

 private:
  Result<void> take_rows() {
    if (converter_.last_file_index() >= reader_.header().size()) {
      return Error{Code::kFileChanged,
                   "the header of \"" + file_.entry().path + "\" changed while it was being imported", "", ""};
    }
    for (csv::Reject& reject : rows_.rejects) {
      ++outcome_.rows_read;
      rejects_.add(std::move(reject));
    }
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      converter_.convert(rows_.row(i), rows_.raw(i), batch_, rejects_);
      if (batch_.tuples.size() >= kBatchBytes) send();
    }
    outcome_.rows_read += static_cast<std::int64_t>(rows_.size());
    progress_.rows_read = outcome_.rows_read;
    progress_.rows_rejected = rejects_.count();
    look_only_from_now_on_if_needed();
    return {};
  }

  /// More rejects than allowed: the load has failed, and the rest is read to show the person every bad row at once.
  bool doomed() const {
    if (rejects_.count() == 0) return false;
    if (!plan_.continue_on_error) return true;
    return plan_.max_errors.has_value() && !plan_.max_errors->percent &&
           plan_.max_errors->exceeded_by(rejects_.count(), outcome_.rows_read);
  }

  bool full_of_errors() const {
    return doomed() && static_cast<std::size_t>(rejects_.count()) > rejects_.kept().size();
  }

  /// Nothing more need be sent when the load has failed, or will start again with columns that the server casts: the
  /// rest of the file is only converted, to find all bad rows, or all such columns, in one go.
  void look_only_from_now_on_if_needed() {
    if (look_only_ || (converter_.asked().empty() && !doomed())) return;
    look_only_ = true;
    streams_.abandon();
  }

  void send() {
    if (!look_only_) {
      outcome_.rows_unchanged += filter_.pass(batch_);
      sent_ += batch_.rows;
      streams_.put(batch_, stop_);
    }
    batch_.tuples.clear();
    batch_.rows = 0;
  }

  /// Where the table ends before the file: the hash is that of the whole file.
  Result<void> read_rest() {
    while (feed_.bytes_read() < file_.entry().size) {
      if (stop_.stop_requested()) return stopped();
      if (Result<void> filled = feed_.fill(reader_); !filled.ok()) return filled;
    }
    return {};
  }

  Result<PipelineOutcome> finish() {
    if (stop_.stop_requested()) return stopped();
    if (doomed()) return too_many_errors(plan_, rejects_, outcome_.rows_read);
    outcome_.cast_on_server = converter_.asked();
    if (!outcome_.cast_on_server.empty()) return outcome_;
    if (plan_.max_errors.has_value() && plan_.max_errors->exceeded_by(rejects_.count(), outcome_.rows_read)) {
      return too_many_errors(plan_, rejects_, outcome_.rows_read);
    }
    if (!batch_.tuples.empty()) send();
    {
      const std::stop_callback cancel(stop_, [this] {
        for (db::Connection& connection : connections_) connection.cancel();
      });
      outcome_.rows_copied = streams_.finish();
    }
    if (Result<void> rest = read_rest(); !rest.ok()) return rest.error();
    outcome_.stop = reader_.stop();
    outcome_.sha256 = hash_.finish();
    if (Result<void> same = file_.unchanged(); !same.ok()) return same.error();
    if (outcome_.rows_copied != sent_) {
      return Error{Code::kStagingLost,
                   "the server counted " + std::to_string(outcome_.rows_copied) + " rows of " + std::to_string(sent_) +
                       " that were sent to the staging table",
                   "", ""};
    }
    staging_.copied = outcome_.rows_copied;
    return outcome_;
  }

  const source::File& file_;
  const Plan& plan_;
  target::Staging& staging_;
  RowConverter converter_;
  ByteFeed feed_;
  ContentHash& hash_;
  csv::Reader reader_;
  std::span<db::Connection> connections_;
  CopyStreams streams_;
  Filter& filter_;
  RejectSink& rejects_;
  Progress& progress_;
  std::stop_token stop_;
  csv::Batch rows_;
  ConvertedBatch batch_;
  PipelineOutcome outcome_;
  std::int64_t sent_ = 0;
  bool look_only_ = false;
};

}  // namespace

Result<PipelineOutcome> run_pipeline(const source::File& file, const config::TableOptions& options, const Plan& plan,
                                     target::Staging& staging, std::span<db::Connection> connections, Filter& filter,
                                     RejectSink& rejects, Progress& progress, std::stop_token stop) {
  db::Connection& connection = connections.front();
  Result<RowConverter> converter =
      RowConverter::make(plan, options, page_bytes(plan, connection), target::Repertoire::read(connection));
  if (!converter.ok()) return converter.error();
  ContentHash hash;
  Result<ByteFeed> feed = ByteFeed::open(file, options.encoding, &hash);
  if (!feed.ok()) return feed.error();
  Pipeline pipeline(file, plan, staging, std::move(*converter), std::move(*feed), hash, csv::Reader(options.dialect),
                    connections, filter, rejects, progress, stop);
  try {
    return pipeline.run();
  } catch (const db::Error&) {
    // Our own cancel request reaches us as the server's error.
    if (stop.stop_requested()) return stopped();
    throw;
  }
}

}  // namespace cpi::import
