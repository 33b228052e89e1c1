// api.md's file result as JSON: what `cpi import --json` prints and what the agent writes for a file of a job.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "import/load.h"

namespace cpi::import {

/// The file result: id, filename, table_name, status (completed or failed), the counts, success, error, strategy,
/// strategy_reason, sha256, size, duration_seconds; beside them already_applied, warnings, columns, error_code,
/// error_detail and error_hint. Empty texts that are unknown are null.
nlohmann::json file_result_json(const LoadResult& result, std::string_view id);

/// `[{"line","offset","column","reason","message","raw"}]`, at most `most`. Bytes that are no UTF-8 are replaced, NUL
/// bytes left out: PostgreSQL's jsonb holds neither.
nlohmann::json rejects_json(const LoadResult& result, std::size_t most = RejectSink::kDefaultCapacity);

}  // namespace cpi::import
