// api.md's file result as JSON: what `cpi import --json` prints and what the agent writes for a file of a job.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "import/load.h"

namespace cpi::import {

/// The file result: id, filename, table_name, status (completed or failed), the counts, success, error, strategy,
/// strategy_reason, sha256, size, duration_seconds; beside them already_applied, warnings, columns, error_code,
/// error_detail and error_hint; key_columns ([]: rows are appended; null: not known); widened
/// ([{"column","from","to"}]), header (the file's names), table_columns (parallel to it: where each column went, null
/// for one that is not loaded) and rejects_dialect (delimiter, quote, escape, trim, encoding, byte_order_mark: as the
/// file was read). Empty texts that are unknown are null.
nlohmann::json file_result_json(const LoadResult& result, std::string_view id);

/// Whether `raw` is the very row of the file: there, not cut, and without bytes that `rejects_json` has to change. Only
/// such a row can be tried again as it is.
bool is_whole(const csv::Reject& reject);

/// `[{"line","offset","column","reason","message","raw","whole"}]`, at most `most`. Bytes that are no UTF-8 are
/// replaced, NUL bytes left out: PostgreSQL's jsonb holds neither.
nlohmann::json rejects_json(const LoadResult& result, std::size_t most = SIZE_MAX);

}  // namespace cpi::import
