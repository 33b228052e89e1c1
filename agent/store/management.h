// Named SQL on the management database: one method per function that the agent calls (sql/README.md), typed on both
// sides. There is no general query function here, and no retrying: store/session.h reconnects, import/retry decides.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.h"
#include "store/deliveries.h"

namespace cpi::store {

/// The write was refused because another attempt has begun, or because the job is not running any more (SQLSTATE
/// CP001). Nothing was changed; this attempt must end without another write.
class Fenced : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The database has no extension cpi, or one that this agent cannot work with. `hint` says what to run.
class ExtensionError : public std::runtime_error {
 public:
  ExtensionError(const std::string& message, std::string hint) : std::runtime_error(message), hint_(std::move(hint)) {}
  const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

/// Who claims: one run of the program.
struct AgentIdentity {
  std::string id;  ///< a UUID, new for every run
  std::string name;
  std::string version;
  std::string host;
  int pid = 0;
};

/// What the rows of cpi_settings ask of an agent.
struct AgentSettings {
  std::chrono::milliseconds lease{60000};
  std::chrono::milliseconds heartbeat{10000};
  std::chrono::milliseconds poll{5000};
  std::chrono::milliseconds grace{30000};
  std::chrono::milliseconds source_timeout{30000};  ///< for each answer of a remote source
  int max_attempts = 4;
};

/// What every write of an attempt carries.
struct JobKey {
  std::string job_id;
  std::int64_t fence = 0;
};

/// A job that this agent may run now. Holds secrets in the clear: never logged.
struct Claim {
  JobKey key;
  int attempt = 1;
  std::string project;
  std::string config;       ///< JSON, unmasked
  nlohmann::json dialects;  ///< list: what earlier files taught where the config says "auto" (import/detect.h)
  std::string connection_id;
  std::string database_url;  ///< empty: the project has no connection
  std::chrono::milliseconds lease{0};
  bool cancel_requested = false;  ///< asked for while an earlier attempt ran
  bool unresolved = false;        ///< an earlier attempt ended without a word on what it had committed
  bool force = false;
  bool dry_run = false;
  bool stored_content = false;  ///< the files were handed over with the request: file_content has them
  std::size_t kept_rejects = 10000;
  std::vector<std::string> local_files;  ///< empty: the project's own source
  std::string local_files_base_path;
  std::vector<std::string> only_files;  ///< in a retry: the paths that are tried again; empty: all
  std::string source;                   ///< JSON of the project's SFTP source with its credentials; empty: none
  std::string sftp_override;            ///< JSON of the request's fields laid over it; empty: none
};

/// What the heartbeat reports of one attempt, and what comes back.
struct Lease {
  JobKey key;
  nlohmann::json progress;
};
struct Renewal {
  std::string job_id;
  bool held = false;  ///< false: another attempt has begun, or the job is not running any more
  bool cancel_requested = false;
};

/// A file of a job. Size and time are absent for a named file that was missing when the first attempt listed.
struct ManifestEntry {
  std::string path;
  std::optional<std::int64_t> size;
  std::optional<std::string> modified_at;
  std::string table_name;
};
/// What a file that was handed over with the request is written in.
struct StoredDialect {
  std::string delimiter;
  std::string quote;
  std::string escape;
  bool trim = false;
  std::vector<std::string> columns;  ///< its columns' names; empty: its first line says them
  bool records = false;              ///< no text but rejected rows one by one (job/rows_again.h), without a header
  std::size_t reasons = 0;           ///< how many of the first fields of each record are none of the row's
};
struct ManifestFile : ManifestEntry {
  std::string file_id;
  std::string status;
  std::optional<StoredDialect> dialect;
  bool done() const { return status != "pending" && status != "running"; }
};

/// A session with the management database. Not thread-safe. Every method throws db::Error; those with a JobKey throw
/// Fenced as well.
class Management {
 public:
  /// Finds the extension's schema. Throws ExtensionError when there is none.
  explicit Management(db::Connection connection);

  /// Inserts or renews the agent's row. Throws ExtensionError when the extension is newer than the agent can serve.
  AgentSettings register_agent(const AgentIdentity& agent);
  /// The next due job, or nothing. What the database believes this agent to run besides `holding` is given back first:
  /// the answer to that claim was lost.
  std::optional<Claim> claim_job(const std::string& agent_id, const std::vector<JobKey>& holding);
  /// Renews all leases of the agent in one call.
  std::vector<Renewal> heartbeat(const std::string& agent_id, const std::vector<Lease>& leases);

  /// Nothing: no attempt has listed yet.
  std::optional<std::vector<ManifestFile>> manifest(const JobKey& key);
  /// Keeps the host key of the job's SFTP server unless one is kept already; answers the one that is kept.
  std::string pin_host_key(const JobKey& key, const std::string& host, int port, const std::string& fingerprint);
  /// Likewise for a source that is tested.
  std::string pin_source_host_key(const std::string& source_id, const std::string& host, int port,
                                  const std::string& fingerprint);
  /// Writes the manifest once; when an attempt has written it before, answers that one.
  std::vector<ManifestFile> write_manifest(const JobKey& key, const std::vector<ManifestEntry>& files);
  /// The bytes of a file that was handed over with the request; nothing when they are there no more.
  std::optional<std::string> file_content(const JobKey& key, const std::string& file_id);
  /// `result` is api.md's file result, `rejects` a list of rejected rows (import/result_json.h). Idempotent. What jsonb
  /// cannot hold (invalid UTF-8, NUL) arrives as replacement characters.
  void finish_file(const JobKey& key, const std::string& file_id, const nlohmann::json& result,
                   const nlohmann::json& rejects);
  /// The same of a load that is about to be committed in its target: shown to nobody, and used by `finish_file` of a
  /// later attempt that finds the load committed.
  void prepare_file(const JobKey& key, const std::string& file_id, const nlohmann::json& result,
                    const nlohmann::json& rejects);
  void add_job_error(const JobKey& key, std::string_view error_type, const std::string& message);
  /// `status` empty: decided from the file rows; when they say completed, `last_error` is the job's note. Answers the
  /// job as api.md has it.
  nlohmann::json finish_job(const JobKey& key, const std::string& status, const std::string& last_error);
  /// `reason` is "stop", "later" or "retry"; `unresolved`: the attempt cannot tell what it has committed. Answers the
  /// job's new state.
  std::string release_job(const JobKey& key, std::string_view reason, const std::string& last_error, bool unresolved);

  /// Leases webhooks that are due: at most `most` (0: only asks when others will be), of one receiver so many as are
  /// not under way among all agents.
  DeliveryClaim claim_deliveries(const std::string& agent_id, int most, int most_per_receiver);
  /// Writes how tries ended; those whose delivery was claimed again meanwhile change nothing and are left out of the
  /// answer.
  std::vector<DeliveryEnd> finish_deliveries(const std::vector<DeliveryResult>& results);
  /// From now on this connection is notified when a webhook may be due.
  void listen_for_deliveries();

  /// Gives back the jobs whose lease ran out. Answers how many jobs changed.
  int sweep();
  /// Takes back at once what an earlier agent of this host ran, whose process is known to be gone. Answers how many
  /// jobs changed.
  int bury_agent(const std::string& agent_id, const std::string& host);

  /// The extension's schema, quoted for SQL.
  const std::string& schema() const { return schema_; }
  const std::string& extension_version() const { return version_; }
  db::Connection& connection() { return connection_; }

 private:
  db::Rows call(const std::string& function, const std::string& arguments, const db::Params& params);

  db::Connection connection_;
  std::string schema_;
  std::string version_;
};

/// `value` as text that jsonb takes: invalid UTF-8 becomes U+FFFD, NUL characters U+2400.
std::string to_jsonb(const nlohmann::json& value);

}  // namespace cpi::store
