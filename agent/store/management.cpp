#include "store/management.h"

#include <cmath>
#include <utility>

namespace cpi::store {

namespace {

using nlohmann::json;

std::chrono::milliseconds seconds_of(const json& object, const char* key, std::chrono::milliseconds otherwise) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return otherwise;
  return std::chrono::milliseconds(std::llround(found->get<double>() * 1000));
}

/// The member's text; "" when it is absent or null. Objects come back as JSON.
std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

bool truth_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::vector<std::string> texts_of(const json& object, const char* key) {
  std::vector<std::string> out;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return out;
  for (const json& item : *found) out.push_back(item.get<std::string>());
  return out;
}

std::vector<ManifestFile> manifest_of(const json& rows) {
  std::vector<ManifestFile> files;
  for (const json& row : rows) {
    ManifestFile file;
    file.file_id = text_of(row, "file_id");
    file.path = text_of(row, "path");
    if (row.contains("size") && row["size"].is_number()) file.size = row["size"].get<std::int64_t>();
    if (row.contains("modified_at") && row["modified_at"].is_string()) file.modified_at = text_of(row, "modified_at");
    file.table_name = text_of(row, "table_name");
    file.status = text_of(row, "status");
    if (const auto dialect = row.find("dialect"); dialect != row.end() && dialect->is_object()) {
      file.dialect = {text_of(*dialect, "delimiter"),
                      text_of(*dialect, "quote"),
                      text_of(*dialect, "escape"),
                      truth_of(*dialect, "trim"),
                      texts_of(*dialect, "columns"),
                      truth_of(*dialect, "records"),
                      dialect->value("reasons", std::size_t{0})};
    }
    files.push_back(std::move(file));
  }
  return files;
}

json or_null(const std::string& text) { return text.empty() ? json() : json(text); }

}  // namespace

std::string to_jsonb(const json& value) {
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  // jsonb refuses \u0000. An escaped backslash before it ("\\u0000") is text and stays.
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      if (text.compare(i, 6, "\\u0000") == 0) {
        out += "\\u2400";
        i += 5;
      } else {
        out += text[i++];
        out += text[i];
      }
    } else {
      out += text[i];
    }
  }
  return out;
}

Management::Management(db::Connection connection) : connection_(std::move(connection)) {
  const db::Rows rows = connection_.exec(
      "SELECT pg_catalog.quote_ident(n.nspname), e.extversion FROM pg_catalog.pg_extension e "
      "JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'cpi'",
      {});
  if (rows.empty()) {
    const db::Rows where = connection_.exec("SELECT pg_catalog.current_database()", {});
    throw ExtensionError("extension cpi is not in database \"" + where.str(0, 0) + "\"",
                         "Run `cpi init` once as a superuser, or CREATE EXTENSION cpi in that database.");
  }
  schema_ = rows.str(0, 0);
  version_ = rows.str(0, 1);
}

db::Rows Management::call(const std::string& function, const std::string& arguments, const db::Params& params) {
  try {
    return connection_.exec("SELECT " + schema_ + "." + function + "(" + arguments + ")", params);
  } catch (const db::Error& error) {
    if (error.is("CP001")) throw Fenced(error.what());
    if (error.is("CP002")) {
      throw ExtensionError(error.what(), error.hint().empty() ? "Update the program cpi." : error.hint());
    }
    if (error.is("42883")) {
      throw ExtensionError("extension cpi " + version_ + " has no function " + function,
                           "Run ALTER EXTENSION cpi UPDATE, or `cpi init`, as a superuser.");
    }
    throw;
  }
}

AgentSettings Management::register_agent(const AgentIdentity& agent) {
  const db::Rows rows = call("_cpi_register_agent", "$1::uuid, $2::text, $3::text, $4::text, $5::int",
                             {agent.id, agent.name, agent.version, agent.host, std::to_string(agent.pid)});
  const json answer = json::parse(rows.text(0, 0));
  AgentSettings settings;
  settings.lease = seconds_of(answer, "lease_seconds", settings.lease);
  settings.heartbeat = seconds_of(answer, "heartbeat_seconds", settings.heartbeat);
  settings.poll = seconds_of(answer, "poll_seconds", settings.poll);
  settings.grace = seconds_of(answer, "grace_seconds", settings.grace);
  settings.source_timeout = seconds_of(answer, "source_timeout_seconds", settings.source_timeout);
  settings.max_attempts = answer.value("max_attempts", settings.max_attempts);
  return settings;
}

std::optional<Claim> Management::claim_job(const std::string& agent_id, const std::vector<JobKey>& holding) {
  json held = json::array();
  for (const JobKey& key : holding) held.push_back({{"job_id", key.job_id}, {"fence", key.fence}});
  const db::Rows rows = call("_cpi_claim_job", "$1::uuid, $2::jsonb", {agent_id, to_jsonb(held)});
  if (rows.is_null(0, 0)) return std::nullopt;
  const json answer = json::parse(rows.text(0, 0));
  Claim claim;
  claim.key = {text_of(answer, "job_id"), answer.at("fence").get<std::int64_t>()};
  claim.attempt = answer.value("attempt", 1);
  claim.project = text_of(answer, "project");
  claim.config = text_of(answer, "config");
  claim.dialects = answer.value("dialects", nlohmann::json::array());
  claim.connection_id = text_of(answer, "connection_id");
  claim.database_url = text_of(answer, "database_url");
  claim.lease = seconds_of(answer, "lease_seconds", AgentSettings().lease);
  claim.cancel_requested = truth_of(answer, "cancel_requested");
  claim.unresolved = truth_of(answer, "unresolved");
  if (const auto kept = answer.find("kept_rejects"); kept != answer.end() && kept->is_number()) {
    claim.kept_rejects = kept->get<std::size_t>();
  }
  if (const auto request = answer.find("request"); request != answer.end() && request->is_object()) {
    claim.force = truth_of(*request, "force");
    claim.dry_run = truth_of(*request, "dry_run");
    claim.stored_content = truth_of(*request, "stored_content");
    claim.local_files = texts_of(*request, "local_files");
    claim.local_files_base_path = text_of(*request, "local_files_base_path");
    claim.only_files = texts_of(*request, "only_files");
    claim.sftp_override = text_of(*request, "sftp_override");
  }
  claim.source = text_of(answer, "source");
  return claim;
}

std::vector<Renewal> Management::heartbeat(const std::string& agent_id, const std::vector<Lease>& leases) {
  json jobs = json::array();
  for (const Lease& lease : leases) {
    jobs.push_back({{"job_id", lease.key.job_id}, {"fence", lease.key.fence}, {"progress", lease.progress}});
  }
  const db::Rows rows = call("_cpi_heartbeat", "$1::uuid, $2::jsonb", {agent_id, to_jsonb(jobs)});
  std::vector<Renewal> renewals;
  if (rows.is_null(0, 0)) return renewals;
  for (const json& row : json::parse(rows.text(0, 0))) {
    renewals.push_back({text_of(row, "job_id"), truth_of(row, "held"), truth_of(row, "cancel_requested")});
  }
  return renewals;
}

std::optional<std::vector<ManifestFile>> Management::manifest(const JobKey& key) {
  const db::Rows rows = call("_cpi_manifest", "$1::uuid, $2::bigint", {key.job_id, std::to_string(key.fence)});
  if (rows.is_null(0, 0)) return std::nullopt;
  return manifest_of(json::parse(rows.text(0, 0)));
}

std::string Management::pin_host_key(const JobKey& key, const std::string& host, int port,
                                     const std::string& fingerprint) {
  const db::Rows rows = call("_cpi_pin_host_key", "$1::uuid, $2::bigint, $3::text, $4::int, $5::text",
                             {key.job_id, std::to_string(key.fence), host, std::to_string(port), fingerprint});
  return rows.str(0, 0);
}

std::string Management::pin_source_host_key(const std::string& source_id, const std::string& host, int port,
                                            const std::string& fingerprint) {
  const db::Rows rows = call("_cpi_pin_source_host_key", "$1::uuid, $2::text, $3::int, $4::text",
                             {source_id, host, std::to_string(port), fingerprint});
  return rows.str(0, 0);
}

std::vector<ManifestFile> Management::write_manifest(const JobKey& key, const std::vector<ManifestEntry>& files) {
  json entries = json::array();
  for (const ManifestEntry& file : files) {
    entries.push_back({{"path", file.path},
                       {"size", file.size ? json(*file.size) : json()},
                       {"modified_at", file.modified_at ? json(*file.modified_at) : json()},
                       {"table_name", or_null(file.table_name)}});
  }
  const db::Rows rows = call("_cpi_write_manifest", "$1::uuid, $2::bigint, $3::jsonb",
                             {key.job_id, std::to_string(key.fence), to_jsonb(entries)});
  if (rows.is_null(0, 0)) return {};
  return manifest_of(json::parse(rows.text(0, 0)));
}

std::optional<std::string> Management::file_content(const JobKey& key, const std::string& file_id) {
  const db::Rows rows =
      call("_cpi_file_content", "$1::uuid, $2::bigint, $3::uuid", {key.job_id, std::to_string(key.fence), file_id});
  return rows.optional(0, 0);
}

void Management::finish_file(const JobKey& key, const std::string& file_id, const json& result, const json& rejects) {
  call("_cpi_finish_file", "$1::uuid, $2::bigint, $3::uuid, $4::jsonb, $5::jsonb",
       {key.job_id, std::to_string(key.fence), file_id, to_jsonb(result), to_jsonb(rejects)});
}

void Management::prepare_file(const JobKey& key, const std::string& file_id, const json& result, const json& rejects) {
  call("_cpi_prepare_file", "$1::uuid, $2::bigint, $3::uuid, $4::jsonb, $5::jsonb",
       {key.job_id, std::to_string(key.fence), file_id, to_jsonb(result), to_jsonb(rejects)});
}

void Management::add_job_error(const JobKey& key, std::string_view error_type, const std::string& message) {
  call("_cpi_add_job_error", "$1::uuid, $2::bigint, $3::text, $4::text",
       {key.job_id, std::to_string(key.fence), std::string(error_type), message});
}

json Management::finish_job(const JobKey& key, const std::string& status, const std::string& last_error) {
  const db::Rows rows = call("_cpi_finish_job", "$1::uuid, $2::bigint, $3::text, $4::text",
                             {key.job_id, std::to_string(key.fence), status.empty() ? db::Param() : status,
                              last_error.empty() ? db::Param() : last_error});
  return rows.is_null(0, 0) ? json::object() : json::parse(rows.text(0, 0));
}

std::string Management::release_job(const JobKey& key, std::string_view reason, const std::string& last_error,
                                    bool unresolved) {
  const db::Rows rows = call("_cpi_release_job", "$1::uuid, $2::bigint, $3::text, $4::text, $5::boolean",
                             {key.job_id, std::to_string(key.fence), std::string(reason),
                              last_error.empty() ? db::Param() : last_error, unresolved ? "true" : "false"});
  return rows.str(0, 0);
}

int Management::sweep() {
  const db::Rows rows = call("_cpi_sweep", "", {});
  return rows.is_null(0, 0) ? 0 : static_cast<int>(rows.int64(0, 0));
}

int Management::bury_agent(const std::string& agent_id, const std::string& host) {
  return static_cast<int>(call("_cpi_bury_agent", "$1::uuid, $2::text", {agent_id, host}).int64(0, 0));
}

}  // namespace cpi::store
