#include "import/result_json.h"

#include "core/text/utf8.h"

namespace cpi::import {

namespace {

using text::storable;

nlohmann::json or_null(const std::string& text) {
  return text.empty() ? nlohmann::json(nullptr) : nlohmann::json(text);
}

}  // namespace

nlohmann::json file_result_json(const LoadResult& result, std::string_view id) {
  nlohmann::json out;
  out["id"] = or_null(std::string(id));
  out["filename"] = storable(result.filename);
  out["table_name"] = or_null(storable(result.table_name));
  out["status"] = result.success ? "completed" : "failed";
  out["read"] = result.counts.read;
  out["inserted"] = result.counts.inserted;
  out["updated"] = result.counts.updated;
  out["skipped"] = result.counts.skipped;
  out["duplicates"] = result.counts.duplicates;
  out["rejected"] = result.counts.rejected;
  out["deleted"] = result.counts.deleted;
  out["success"] = result.success;
  out["error"] = nullptr;
  out["error_code"] = nullptr;
  out["error_detail"] = nullptr;
  out["error_hint"] = nullptr;
  if (result.error.has_value()) {
    out["error"] = storable(result.error->message);
    out["error_code"] = code_name(result.error->code);
    out["error_detail"] = or_null(storable(result.error->detail));
    out["error_hint"] = or_null(storable(result.error->hint));
  }
  out["strategy"] = or_null(result.strategy);
  out["strategy_reason"] = or_null(storable(result.strategy_reason));
  out["sha256"] = or_null(result.sha256);
  out["size"] = result.size;
  out["duration_seconds"] = result.duration_seconds;
  out["already_applied"] = result.already_applied;
  out["warnings"] = nlohmann::json::array();
  for (const std::string& warning : result.warnings) out["warnings"].push_back(storable(warning));
  out["dialect"] = result.detected;
  out["learned"] = result.success ? result.learned : nlohmann::json();
  out["columns"] = nlohmann::json::array();
  for (const std::string& column : result.columns) out["columns"].push_back(storable(column));
  out["key_columns"] = nullptr;
  if (result.key) {
    out["key_columns"] = nlohmann::json::array();
    for (const std::string& column : *result.key) out["key_columns"].push_back(storable(column));
  }
  out["widened"] = nlohmann::json::array();
  for (const Widened& one : result.widened) {
    if (!result.success || result.already_applied) break;
    out["widened"].push_back({{"column", storable(one.column)}, {"from", one.from}, {"to", one.to}});
  }
  out["header"] = out["table_columns"] = nlohmann::json::array();
  for (const std::string& name : result.header) out["header"].push_back(storable(name));
  for (const std::string& column : result.table_columns) out["table_columns"].push_back(or_null(storable(column)));
  out["rejects_dialect"] = {{"delimiter", storable(result.dialect.delimiter)},
                            {"quote", storable(result.dialect.quote)},
                            {"escape", storable(result.dialect.escape)},
                            {"trim", result.dialect.trim},
                            {"encoding", result.encoding.name},
                            {"byte_order_mark", result.encoding.marked}};
  return out;
}

bool is_whole(const csv::Reject& reject) {
  return !reject.raw.empty() && reject.raw.size() < csv::kMostRawBytes && storable(reject.raw) == reject.raw;
}

nlohmann::json rejects_json(const LoadResult& result, std::size_t most) {
  nlohmann::json out = nlohmann::json::array();
  for (const csv::Reject& reject : result.rejects) {
    if (out.size() == most) break;
    out.push_back({{"line", reject.line},
                   {"offset", reject.offset},
                   {"column", or_null(storable(reject.column))},
                   {"reason", csv::reason_name(reject.reason)},
                   {"message", storable(reject.message)},
                   {"raw", storable(reject.raw)},
                   {"whole", is_whole(reject)}});
  }
  return out;
}

}  // namespace cpi::import
