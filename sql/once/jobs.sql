-- A row is one request to import, from the moment it is accepted to its one final state; sql/README.md draws its life.
-- Enqueued by cpi_import in the caller's transaction, claimed by _cpi_claim_job, ended by _cpi_finish_job and the few
-- functions that may end a job. The constraints tie each state to its times, a trigger refuses every other transition.
--
-- Two columns have no foreign key on purpose: retry_of would make a circle that a dump cannot be restored through, and
-- project_name must outlive its project. fillfactor leaves room for heartbeats to update in place.
CREATE TABLE @extschema@.cpi_jobs (
  id                    uuid        NOT NULL DEFAULT gen_random_uuid(),
  project_id            uuid,
  project_name          text        NOT NULL,
  status                text        NOT NULL DEFAULT 'pending',
  created_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  run_at                timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at            timestamptz,
  completed_at          timestamptz,
  lease_expires_at      timestamptz,
  cancel_requested_at   timestamptz,
  fence                 bigint      NOT NULL DEFAULT 0,
  attempt               integer     NOT NULL DEFAULT 0,
  deaths                integer     NOT NULL DEFAULT 0,
  agent_id              uuid,
  manifest_written      boolean     NOT NULL DEFAULT false,
  unresolved            boolean     NOT NULL DEFAULT false,
  files_processed       bigint      NOT NULL DEFAULT 0,
  files_failed          bigint      NOT NULL DEFAULT 0,
  total_inserted        bigint      NOT NULL DEFAULT 0,
  total_updated         bigint      NOT NULL DEFAULT 0,
  total_skipped         bigint      NOT NULL DEFAULT 0,
  total_rejected        bigint      NOT NULL DEFAULT 0,
  total_duplicates      bigint      NOT NULL DEFAULT 0,
  total_deleted         bigint      NOT NULL DEFAULT 0,
  last_error            text,
  note                  text,
  progress              jsonb,
  callback_url          text,
  local_files           jsonb,
  local_files_base_path text,
  only_files            jsonb,
  stored_content        boolean     NOT NULL DEFAULT false,
  sftp_override         jsonb,
  force                 boolean     NOT NULL DEFAULT false,
  dry_run               boolean     NOT NULL DEFAULT false,
  idempotency_key       text,
  schedule_id           uuid,
  retry_of              uuid,
  CONSTRAINT cpi_jobs_pkey PRIMARY KEY (id),
  CONSTRAINT cpi_jobs_project_exists FOREIGN KEY (project_id)
    REFERENCES @extschema@.cpi_projects (id) ON DELETE SET NULL,
  CONSTRAINT cpi_jobs_schedule_exists FOREIGN KEY (schedule_id)
    REFERENCES @extschema@.cpi_schedules (id) ON DELETE SET NULL,
  CONSTRAINT cpi_jobs_agent_exists FOREIGN KEY (agent_id)
    REFERENCES @extschema@.cpi_agents (id) ON DELETE SET NULL,
  CONSTRAINT cpi_jobs_status_is_known CHECK (
    status IN ('pending', 'running', 'completed', 'partial', 'failed', 'cancelled')),
  CONSTRAINT cpi_jobs_open_ones_have_a_project CHECK (
    project_id IS NOT NULL OR status NOT IN ('pending', 'running')),
  CONSTRAINT cpi_jobs_running_ones_have_a_holder CHECK (
    (status = 'running') = (lease_expires_at IS NOT NULL)
    AND (status <> 'running' OR (agent_id IS NOT NULL AND started_at IS NOT NULL AND fence > 0))),
  CONSTRAINT cpi_jobs_ended_ones_have_a_time CHECK (
    (status IN ('completed', 'partial', 'failed', 'cancelled')) = (completed_at IS NOT NULL)),
  CONSTRAINT cpi_jobs_succeeded_ones_have_started CHECK (
    status NOT IN ('completed', 'partial') OR started_at IS NOT NULL),
  CONSTRAINT cpi_jobs_end_after_their_start CHECK (completed_at >= started_at),
  CONSTRAINT cpi_jobs_counts_are_not_negative CHECK (
    fence >= 0 AND attempt >= 0 AND deaths >= 0 AND files_processed >= 0 AND files_failed >= 0 AND total_inserted >= 0
    AND total_updated >= 0 AND total_skipped >= 0 AND total_rejected >= 0 AND total_duplicates >= 0
    AND total_deleted >= 0),
  CONSTRAINT cpi_jobs_local_files_is_a_list CHECK (jsonb_typeof(local_files) = 'array'),
  CONSTRAINT cpi_jobs_only_files_is_a_list CHECK (jsonb_typeof(only_files) = 'array'),
  CONSTRAINT cpi_jobs_sftp_override_is_masked CHECK (coalesce(sftp_override ->> 'password', '***') = '***'),
  CONSTRAINT cpi_jobs_idempotency_key_is_short CHECK (length(idempotency_key) BETWEEN 1 AND 255)
) WITH (fillfactor = 80);

-- The invariant of the queue: of two claims for one project at once, one meets this index (23505) and claims again.
CREATE UNIQUE INDEX cpi_jobs_one_running_per_project ON @extschema@.cpi_jobs (project_id) WHERE status = 'running';
CREATE UNIQUE INDEX cpi_jobs_idempotency_key_is_unique ON @extschema@.cpi_jobs (idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX cpi_jobs_due ON @extschema@.cpi_jobs (run_at, created_at, id) WHERE status = 'pending';
CREATE INDEX cpi_jobs_newest ON @extschema@.cpi_jobs (created_at DESC, id DESC);
CREATE INDEX cpi_jobs_newest_of_project ON @extschema@.cpi_jobs (project_name, created_at DESC, id DESC);
CREATE INDEX cpi_jobs_newest_of_status ON @extschema@.cpi_jobs (status, created_at DESC, id DESC);
CREATE INDEX cpi_jobs_newest_of_schedule ON @extschema@.cpi_jobs (schedule_id, created_at DESC, id DESC)
  WHERE schedule_id IS NOT NULL;
CREATE INDEX cpi_jobs_project ON @extschema@.cpi_jobs (project_id);
CREATE INDEX cpi_jobs_agent ON @extschema@.cpi_jobs (agent_id);
CREATE INDEX cpi_jobs_tried_again ON @extschema@.cpi_jobs (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX cpi_jobs_ended ON @extschema@.cpi_jobs (completed_at) WHERE completed_at IS NOT NULL;

COMMENT ON TABLE @extschema@.cpi_jobs IS 'Requests to import, waiting, running and ended.';
COMMENT ON COLUMN @extschema@.cpi_jobs.id IS 'Identity; also the job_id in the API.';
COMMENT ON COLUMN @extschema@.cpi_jobs.project_id IS 'Project; empty after the project was deleted.';
COMMENT ON COLUMN @extschema@.cpi_jobs.project_name IS
  'Name of the project when the job was made; stays when it is deleted.';
COMMENT ON COLUMN @extschema@.cpi_jobs.status IS 'pending, running, completed, partial, failed or cancelled.';
COMMENT ON COLUMN @extschema@.cpi_jobs.created_at IS 'When the request was accepted.';
COMMENT ON COLUMN @extschema@.cpi_jobs.run_at IS
  'Not claimed before this time; later than created_at after a failed attempt.';
COMMENT ON COLUMN @extschema@.cpi_jobs.started_at IS 'When the first attempt began.';
COMMENT ON COLUMN @extschema@.cpi_jobs.completed_at IS 'When the job reached its final state.';
COMMENT ON COLUMN @extschema@.cpi_jobs.lease_expires_at IS
  'Until when the agent holds a running job without a heartbeat.';
COMMENT ON COLUMN @extschema@.cpi_jobs.cancel_requested_at IS 'When somebody asked to cancel a running job.';
COMMENT ON COLUMN @extschema@.cpi_jobs.fence IS 'Number of the last claim; every write of an attempt must carry it.';
COMMENT ON COLUMN @extschema@.cpi_jobs.attempt IS 'Attempts charged; a graceful stop of the agent gives one back.';
COMMENT ON COLUMN @extschema@.cpi_jobs.deaths IS 'Attempts that ended in silence, their lease run out.';
COMMENT ON COLUMN @extschema@.cpi_jobs.agent_id IS 'Agent that holds the job, or held it last.';
COMMENT ON COLUMN @extschema@.cpi_jobs.manifest_written IS
  'Whether an attempt has listed the files; a list may be empty.';
COMMENT ON COLUMN @extschema@.cpi_jobs.unresolved IS
  'Whether an attempt ended without a word on what it had committed: the target''s ledger is asked before the job ends.';
COMMENT ON COLUMN @extschema@.cpi_jobs.files_processed IS 'Files that succeeded.';
COMMENT ON COLUMN @extschema@.cpi_jobs.files_failed IS 'Files that failed.';
COMMENT ON COLUMN @extschema@.cpi_jobs.total_inserted IS 'Rows inserted, over all files.';
COMMENT ON COLUMN @extschema@.cpi_jobs.total_updated IS 'Rows updated, over all files.';
COMMENT ON COLUMN @extschema@.cpi_jobs.total_skipped IS 'Rows that the tables held already, unchanged.';
COMMENT ON COLUMN @extschema@.cpi_jobs.total_rejected IS 'Rows that were not loaded, kept in cpi_job_rejects.';
COMMENT ON COLUMN @extschema@.cpi_jobs.total_duplicates IS 'Rows whose key came again in the same load.';
COMMENT ON COLUMN @extschema@.cpi_jobs.total_deleted IS 'Rows of the tables that the files lacked, deleted or marked.';
COMMENT ON COLUMN @extschema@.cpi_jobs.last_error IS
  'The last thing that went wrong, also when a later attempt succeeded.';
COMMENT ON COLUMN @extschema@.cpi_jobs.note IS 'A remark on how it ended, such as that no file was found.';
COMMENT ON COLUMN @extschema@.cpi_jobs.progress IS 'How far a running job is, as the agent reported last.';
COMMENT ON COLUMN @extschema@.cpi_jobs.callback_url IS 'Called when the job has ended, byte for byte.';
COMMENT ON COLUMN @extschema@.cpi_jobs.local_files IS 'Paths that the request named, or empty for all that match.';
COMMENT ON COLUMN @extschema@.cpi_jobs.local_files_base_path IS 'Directory that local_files are relative to.';
COMMENT ON COLUMN @extschema@.cpi_jobs.only_files IS 'In a retry: paths of the manifest that are tried again.';
COMMENT ON COLUMN @extschema@.cpi_jobs.stored_content IS
  'Whether its files were handed over with the request (cpi_job_contents) and come from no source.';
COMMENT ON COLUMN @extschema@.cpi_jobs.sftp_override IS
  'SFTP fields for this job; its password is sealed in cpi_secrets.';
COMMENT ON COLUMN @extschema@.cpi_jobs.force IS 'Load even what was loaded before.';
COMMENT ON COLUMN @extschema@.cpi_jobs.dry_run IS 'Do everything, then roll back.';
COMMENT ON COLUMN @extschema@.cpi_jobs.idempotency_key IS 'The caller''s key: the same key never makes a second job.';
COMMENT ON COLUMN @extschema@.cpi_jobs.schedule_id IS 'Schedule that made the job.';
COMMENT ON COLUMN @extschema@.cpi_jobs.retry_of IS 'Job whose failed files this one tries again.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_jobs', '');
