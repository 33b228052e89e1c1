// One load from file to table: the walk of design.md section 4, steps 3 to 10. Knows nothing of jobs, queue or the
// management database: `cpi import --to` uses it as it is, job/runner wraps it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config/model.h"
#include "core/text/encoding.h"
#include "import/plan.h"
#include "import/progress.h"
#include "import/rejects.h"
#include "source/source.h"
#include "target/ledger.h"

namespace cpi::import {

struct LoadRequest {
  std::string load_id;
  std::string job_id;
  int attempt = 1;
  source::Entry file;
  config::TableOptions options;
  target::TableName table;
  bool force = false;  ///< load content again that the ledger knows (tables without a key)
  bool dry_run = false;
  nlohmann::json stored_dialect;  ///< what earlier files of the table taught (import/detect.h); null: nothing
  std::size_t kept_rejects = RejectSink::kDefaultCapacity;  ///< more are only counted
};

/// A column whose type a load has widened.
struct Widened {
  std::string column;
  std::string from;
  std::string to;
};

/// api.md's file result, without `id` and `status`, which the caller knows.
struct LoadResult {
  std::string filename;
  std::string table_name;
  bool success = false;
  target::Counts counts;
  std::optional<Error> error;
  std::string strategy;
  std::string strategy_reason;
  std::string sha256;
  std::int64_t size = 0;
  double duration_seconds = 0;
  bool already_applied = false;  ///< the ledger had it: nothing was done now
  std::vector<std::string> warnings;
  std::vector<std::string> header;              ///< the file's header, as the reader gave it
  std::vector<std::string> table_columns;       ///< parallel to it: the table column; empty for one that is not loaded
  std::optional<std::vector<std::string>> key;  ///< by which rows are merged; none: they are appended; once planned
  std::vector<std::string> columns;             ///< the column names as loaded, in file order
  std::vector<csv::Reject> rejects;             ///< the first `kept_rejects`
  std::vector<Widened> widened;                 ///< columns of the table that got a wider type
  csv::Dialect dialect;                         ///< as the file was read; valid once the header is known
  text::FileEncoding encoding;                  ///< likewise
  nlohmann::json detected;                      ///< `Detection::report`; null when nothing was "auto"
  nlohmann::json learned;  ///< `Detection::learned`, to be stored when the load succeeded; null likewise
};

struct LoadContext {
  source::Source& source;
  std::function<db::Connection()> connect;  ///< opens a connection to the target; throws db::Error
  Progress& progress;
  std::stop_token stop;  ///< cancel: roll back and leave
  std::function<void(const char*)> failpoint = [](const char*) {};
  /// Asked once, when the file has been fetched: rows of it that its source left out of its bytes, to be counted and
  /// told as rejected with the others, under each plan anew.
  std::function<std::vector<csv::Reject>()> set_aside = [] { return std::vector<csv::Reject>(); };
  /// Given the result with its rejects, where there are any, before the COMMIT in the target: an attempt that dies
  /// after it leaves nothing in the target that says which rows they were. What it throws rolls the load back. Empty:
  /// nobody wants to know.
  std::function<void(const LoadResult&)> about_to_commit = {};
};

/// The result of a load that an earlier attempt has committed: what the ledger stored.
void take_stored(LoadResult& result, const target::LedgerEntry& entry);

/// Loads one file. Expected failures are in the result's `error`; throws db::Error when a database is at fault in a way
/// that a later attempt may not meet (`retryable()`).
LoadResult load_file(const LoadRequest& request, LoadContext& context);

}  // namespace cpi::import
