// How one file of a job ended: written to the management database, put aside as the config asks, and said in the log.
// In this order: an attempt that dies in between is followed by one that knows the result and puts aside what is still
// there.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/model.h"
#include "import/load.h"
#include "job/context.h"
#include "job/planned_file.h"
#include "source/source.h"
#include "store/management.h"

namespace cpi::job {

/// Writes under the attempt's fence. Every call may throw what store::Session::call throws. Not thread-safe.
class Recorder {
 public:
  /// The references must outlive the recorder.
  Recorder(const store::Claim& claim, JobContext& context, const config::ProjectConfig& config)
      : claim_(claim), context_(context), config_(config) {}

  /// The files lie on another machine, which puts them aside itself; the source must outlive the recorder.
  void put_aside_by(source::Source& remote) { remote_ = &remote; }

  /// Keeps the result of a load with rejects that is about to be committed. Said once: while the management database is
  /// away the load is committed all the same, and should the attempt die then, too, its rejects are counted but not
  /// listed. Throws store::Fenced.
  void prepare(const PlannedFile& file, import::LoadResult result);

  void record(const PlannedFile& file, import::LoadResult result);

  /// The attempt that wrote a file's result may have died before it put the file aside.
  void put_aside_again(const std::vector<store::ManifestFile>& manifest) const;

  /// An error of the job, beside those of its files.
  void add_job_error(std::string_view type, const std::string& message);

  bool has(const std::string& file_id) const { return recorded_.contains(file_id); }
  /// Every recorded file was loaded without a reject.
  bool whole() const { return whole_; }
  /// Of the last file that failed; empty: none.
  const std::string& last_error() const { return last_error_; }

 private:
  void write(const PlannedFile& file, const import::LoadResult& result, const std::string& error);
  /// Why the file had to be left in place; empty when all is well.
  std::string put_aside(const store::ManifestFile& file, bool succeeded) const;
  bool source_answers(const std::vector<store::ManifestFile>& manifest) const;
  std::string_view type_of(Code code) const;

  const store::Claim& claim_;
  JobContext& context_;
  const config::ProjectConfig& config_;
  source::Source* remote_ = nullptr;
  std::set<std::string> recorded_;
  std::string last_error_;
  bool whole_ = true;
};

}  // namespace cpi::job
