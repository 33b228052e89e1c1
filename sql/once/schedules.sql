-- A row says when a project is imported by itself. last_job_id has no foreign key: jobs refer to schedules, and a
-- circle could not be restored from a dump; a job that retention has removed is simply not found any more.
CREATE TABLE @extschema@.cpi_schedules (
  id               uuid        NOT NULL DEFAULT gen_random_uuid(),
  name             text        NOT NULL,
  project_id       uuid        NOT NULL,
  schedule_type    text        NOT NULL,
  cron_expression  text,
  interval_seconds integer,
  timezone         text        NOT NULL DEFAULT 'UTC',
  enabled          boolean     NOT NULL DEFAULT true,
  callback_url     text,
  sftp_override    jsonb,
  local_files      jsonb,
  last_run_at      timestamptz,
  next_run_at      timestamptz,
  last_job_id      uuid,
  total_runs       bigint      NOT NULL DEFAULT 0,
  successful_runs  bigint      NOT NULL DEFAULT 0,
  failed_runs      bigint      NOT NULL DEFAULT 0,
  created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cpi_schedules_pkey PRIMARY KEY (id),
  CONSTRAINT cpi_schedules_name_is_unique UNIQUE (name),
  CONSTRAINT cpi_schedules_project_exists FOREIGN KEY (project_id)
    REFERENCES @extschema@.cpi_projects (id) ON DELETE CASCADE,
  CONSTRAINT cpi_schedules_name_has_1_to_255_characters CHECK (length(name) BETWEEN 1 AND 255),
  CONSTRAINT cpi_schedules_name_is_no_uuid CHECK (name !~* '^\{?([0-9a-f]{4}-?){8}\}?$'),
  CONSTRAINT cpi_schedules_type_matches_its_field CHECK (
    CASE schedule_type
      WHEN 'cron' THEN cron_expression IS NOT NULL AND interval_seconds IS NULL
      WHEN 'interval' THEN interval_seconds IS NOT NULL AND cron_expression IS NULL
      ELSE false
    END),
  CONSTRAINT cpi_schedules_interval_is_positive CHECK (interval_seconds > 0),
  CONSTRAINT cpi_schedules_runs_are_counted CHECK (
    total_runs >= 0 AND successful_runs >= 0 AND failed_runs >= 0 AND successful_runs + failed_runs <= total_runs),
  CONSTRAINT cpi_schedules_sftp_override_is_masked CHECK (coalesce(sftp_override ->> 'password', '***') = '***'),
  CONSTRAINT cpi_schedules_local_files_is_a_list CHECK (jsonb_typeof(local_files) = 'array')
);
CREATE INDEX cpi_schedules_project ON @extschema@.cpi_schedules (project_id);
CREATE INDEX cpi_schedules_due ON @extschema@.cpi_schedules (next_run_at) WHERE enabled;
COMMENT ON TABLE @extschema@.cpi_schedules IS 'When projects are imported by themselves.';
COMMENT ON COLUMN @extschema@.cpi_schedules.id IS 'Identity; also the id in the API.';
COMMENT ON COLUMN @extschema@.cpi_schedules.name IS 'Unique name, usable in the API instead of the id.';
COMMENT ON COLUMN @extschema@.cpi_schedules.project_id IS 'Project that is imported.';
COMMENT ON COLUMN @extschema@.cpi_schedules.schedule_type IS
  'cron or interval; says which of the next two columns is set.';
COMMENT ON COLUMN @extschema@.cpi_schedules.cron_expression IS 'Five fields: minute, hour, day, month, weekday.';
COMMENT ON COLUMN @extschema@.cpi_schedules.interval_seconds IS 'Seconds between two runs.';
COMMENT ON COLUMN @extschema@.cpi_schedules.timezone IS 'Time zone of the cron expression.';
COMMENT ON COLUMN @extschema@.cpi_schedules.enabled IS 'Whether it runs.';
COMMENT ON COLUMN @extschema@.cpi_schedules.callback_url IS 'Passed to each job.';
COMMENT ON COLUMN @extschema@.cpi_schedules.sftp_override IS
  'Passed to each job; its password is sealed in cpi_secrets.';
COMMENT ON COLUMN @extschema@.cpi_schedules.local_files IS 'Passed to each job.';
COMMENT ON COLUMN @extschema@.cpi_schedules.last_run_at IS 'When it last made a job.';
COMMENT ON COLUMN @extschema@.cpi_schedules.next_run_at IS 'When it makes the next one.';
COMMENT ON COLUMN @extschema@.cpi_schedules.last_job_id IS 'The job that it last made.';
COMMENT ON COLUMN @extschema@.cpi_schedules.total_runs IS 'Jobs made.';
COMMENT ON COLUMN @extschema@.cpi_schedules.successful_runs IS 'Jobs that ended completed.';
COMMENT ON COLUMN @extschema@.cpi_schedules.failed_runs IS 'Jobs that ended otherwise.';
COMMENT ON COLUMN @extschema@.cpi_schedules.created_at IS 'When it was defined.';
COMMENT ON COLUMN @extschema@.cpi_schedules.updated_at IS 'When it was last changed.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_schedules', '');
