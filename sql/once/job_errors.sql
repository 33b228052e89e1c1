-- A row is something that went wrong in a job beyond a single row of data. Written by the agent (_cpi_add_job_error)
-- and by the queue itself. Numbered by job, without a sequence: writers hold the job's row.
CREATE TABLE @extschema@.cpi_job_errors (
  job_id     uuid        NOT NULL,
  ordinal    integer     NOT NULL,
  error_type text        NOT NULL,
  message    text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cpi_job_errors_pkey PRIMARY KEY (job_id, ordinal),
  CONSTRAINT cpi_job_errors_job_exists FOREIGN KEY (job_id) REFERENCES @extschema@.cpi_jobs (id) ON DELETE CASCADE,
  CONSTRAINT cpi_job_errors_type_is_known CHECK (error_type IN (
    'FileNotFound', 'SFTPError', 'ImportError', 'JobError', 'HookError', 'MaterializedViewRefreshError',
    'WebhookError'))
);
COMMENT ON TABLE @extschema@.cpi_job_errors IS 'What went wrong in jobs.';
COMMENT ON COLUMN @extschema@.cpi_job_errors.job_id IS 'Job that it happened in.';
COMMENT ON COLUMN @extschema@.cpi_job_errors.ordinal IS 'Order within the job, from 1.';
COMMENT ON COLUMN @extschema@.cpi_job_errors.error_type IS
  'FileNotFound, SFTPError, ImportError, JobError, HookError, MaterializedViewRefreshError or WebhookError.';
COMMENT ON COLUMN @extschema@.cpi_job_errors.message IS 'What, where, and what to do about it.';
COMMENT ON COLUMN @extschema@.cpi_job_errors.created_at IS 'When it was written.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_job_errors', '');
