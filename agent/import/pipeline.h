// From bytes to COPY tuples:  File ─read─► transcode ─► scan ─► convert ─► Filter ─► COPY BINARY (one or two streams).
// Reading and converting run on the caller's thread, each stream has a sending thread; the queue between them is
// bounded, so that memory does not grow with the file.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>

#include "core/csv/reader.h"
#include "core/value/infer.h"
#include "db/connection.h"
#include "import/filter.h"
#include "import/plan.h"
#include "import/progress.h"
#include "import/rejects.h"
#include "source/source.h"
#include "target/staging.h"

namespace cpi::import {

struct PipelineOutcome {
  std::int64_t rows_read = 0;             ///< accepted and rejected
  std::int64_t rows_copied = 0;           ///< sum of the COPY tags
  std::int64_t rows_unchanged = 0;        ///< left out by the filter
  std::optional<csv::Reader::Stop> stop;  ///< where stop_at ended the table
  std::string sha256;                     ///< of the file's bytes
  std::set<std::string> cast_on_server;   ///< not empty: nothing counts, plan again with these columns as text
};

/// Copies the file's rows into staging over `connections`. What `rejects` holds already counts as read. Fails with the
/// reader's and transcoder's errors, with kTooManyErrors, kFileChanged, kStopped; throws db::Error.
Result<PipelineOutcome> run_pipeline(const source::File& file, const config::TableOptions& options, const Plan& plan,
                                     target::Staging& staging, std::span<db::Connection> connections, Filter& filter,
                                     RejectSink& rejects, Progress& progress, std::stop_token stop);

/// What the beginning of a file tells: its header; with rules the whole file is read.
struct Survey {
  std::vector<std::string> header;
  ValueRules rules;
  std::shared_ptr<const value::Inference> values;  ///< null without rules
};
/// Asked once the header is known; empty: values do not matter.
using RulesFor = std::function<ValueRules(const std::vector<std::string>& header)>;
Result<Survey> survey(const source::File& file, const config::TableOptions& options, const RulesFor& rules_for,
                      Progress& progress, std::stop_token stop);

}  // namespace cpi::import
