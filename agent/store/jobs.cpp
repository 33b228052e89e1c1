#include "store/jobs.h"

namespace cpi::store {

namespace {

using nlohmann::json;

json answer_of(const db::Rows& rows) { return rows.is_null(0, 0) ? json() : json::parse(rows.text(0, 0)); }

}  // namespace

json import_project(Management& management, const ImportCall& call) {
  return answer_of(management.connection().exec(
      "SELECT " + management.schema() +
          ".cpi_import(project => $1, local_files => $2, callback_url => $3, force => $4, dry_run => $5, "
          "idempotency_key => $6)",
      {call.project, call.local_files.empty() ? db::Param() : json(call.local_files).dump(), call.callback_url,
       call.force ? "true" : "false", call.dry_run ? "true" : "false", call.idempotency_key}));
}

json get_job(Management& management, const std::string& job_id, bool details) {
  return answer_of(
      management.connection().exec("SELECT " + management.schema() + ".cpi_get_job(id => $1, include_details => $2)",
                                   {job_id, details ? "true" : "false"}));
}

json list_jobs(Management& management, const std::string& project, const std::string& status, int limit) {
  return answer_of(management.connection().exec(
      "SELECT " + management.schema() + ".cpi_list_jobs(project => $1, status => $2, \"limit\" => $3)",
      {project.empty() ? db::Param() : project, status.empty() ? db::Param() : status, std::to_string(limit)}));
}

json cancel_job(Management& management, const std::string& job_id) {
  return answer_of(
      management.connection().exec("SELECT " + management.schema() + ".cpi_cancel_job(id => $1)", {job_id}));
}

FirstRejects first_rejects(Management& management, const std::string& job_id, int limit) {
  const std::string& schema = management.schema();
  const db::Rows rows = management.connection().exec(
      "SELECT f.path, r.line, r.column_name, r.reason, r.message, r.raw, count(*) OVER () FROM " + schema +
          ".cpi_job_rejects r JOIN " + schema +
          ".cpi_job_files f ON f.id = r.file_id WHERE f.job_id = $1::uuid ORDER BY f.position, r.ordinal LIMIT $2::int",
      {job_id, std::to_string(limit)});
  FirstRejects out;
  for (int i = 0; i < rows.size(); ++i) {
    out.rows.push_back({rows.str(i, 0), rows.is_null(i, 1) ? 0 : rows.int64(i, 1), rows.str(i, 2), rows.str(i, 3),
                        rows.str(i, 4), rows.str(i, 5)});
    out.kept = rows.int64(i, 6);
  }
  return out;
}

RejectsCsv rejects_csv(Management& management, const std::string& job_id, const std::string& file_id) {
  const std::string& schema = management.schema();
  const db::Rows rows = management.connection().exec(
      "SELECT a.answer ->> 'csv', a.answer ->> 'whole', a.answer ->> 'kept', a.answer ->> 'total', "
      "coalesce(f.rejects_dialect ->> 'encoding', 'utf-8'), "
      "coalesce((f.rejects_dialect ->> 'byte_order_mark')::boolean, false) FROM " +
          schema + ".cpi_list_rejects(id => $1, file => $2, accept => 'text/csv') AS a (answer), " + schema +
          ".cpi_job_files AS f WHERE f.id = $2::uuid",
      {job_id, file_id});
  return {rows.str(0, 0), rows.int64(0, 1), rows.int64(0, 2), rows.int64(0, 3), {rows.str(0, 4), rows.boolean(0, 5)}};
}

std::vector<std::string> rejects_encodings(Management& management, const std::string& job_id, const std::string& file) {
  const db::Rows rows = management.connection().exec(
      "SELECT DISTINCT coalesce(f.rejects_dialect ->> 'encoding', 'utf-8') FROM " + management.schema() +
          ".cpi_job_files AS f WHERE f.job_id::text = lower($1) AND f.rejected > 0 AND f.status = 'completed' "
          "AND ($2 = '' OR $2 IN (f.path, f.id::text))",
      {job_id, file});
  std::vector<std::string> out;
  for (int i = 0; i < rows.size(); ++i) out.push_back(rows.str(i, 0));
  return out;
}

json replay_rejects(Management& management, const ReplayCall& call) {
  return answer_of(management.connection().exec(
      "SELECT " + management.schema() + ".cpi_replay_rejects(id => $1, content => $2, file => $3, force => $4)",
      {call.job_id, call.content ? db::Param(*call.content) : db::Param(), call.file, call.force ? "true" : "false"}));
}

std::int64_t agents_alive(Management& management) {
  return management.connection()
      .exec("SELECT count(*) FROM " + management.schema() +
                ".cpi_agents WHERE last_seen_at > pg_catalog.clock_timestamp() - interval '1 minute'",
            {})
      .int64(0, 0);
}

std::string running_job_of(Management& management, const std::string& project) {
  const db::Rows rows = management.connection().exec(
      "SELECT id FROM " + management.schema() + ".cpi_jobs WHERE project_name = $1 AND status = 'running' LIMIT 1",
      {project});
  return rows.empty() ? "" : rows.str(0, 0);
}

bool is_final(const std::string& status) {
  return status == "completed" || status == "partial" || status == "failed" || status == "cancelled";
}

}  // namespace cpi::store
