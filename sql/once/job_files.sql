-- A row is one file of a job. The first attempt writes the whole list once (_cpi_write_manifest) and later attempts
-- never list again; each row gets its result from _cpi_finish_file. Its id is the base of the load's key in the
-- target's ledger.
CREATE TABLE @extschema@.cpi_job_files (
  id               uuid        NOT NULL DEFAULT gen_random_uuid(),
  job_id           uuid        NOT NULL,
  position         integer     NOT NULL,
  path             text        NOT NULL,
  size             bigint,
  modified_at      timestamptz,
  table_name       text,
  status           text        NOT NULL DEFAULT 'pending',
  read             bigint      NOT NULL DEFAULT 0,
  inserted         bigint      NOT NULL DEFAULT 0,
  updated          bigint      NOT NULL DEFAULT 0,
  skipped          bigint      NOT NULL DEFAULT 0,
  duplicates       bigint      NOT NULL DEFAULT 0,
  rejected         bigint      NOT NULL DEFAULT 0,
  deleted          bigint      NOT NULL DEFAULT 0,
  error            text,
  strategy         text,
  strategy_reason  text,
  sha256           text,
  duration_seconds numeric,
  warnings         jsonb,
  columns          jsonb,
  header           jsonb,
  table_columns    jsonb,
  key_columns      jsonb,
  widened          jsonb,
  dialect          jsonb,
  rejects_dialect  jsonb,
  rows_of          jsonb,
  finished_at      timestamptz,
  CONSTRAINT cpi_job_files_pkey PRIMARY KEY (id),
  CONSTRAINT cpi_job_files_job_exists FOREIGN KEY (job_id) REFERENCES @extschema@.cpi_jobs (id) ON DELETE CASCADE,
  CONSTRAINT cpi_job_files_are_in_order UNIQUE (job_id, position),
  CONSTRAINT cpi_job_files_are_listed_once UNIQUE (job_id, path),
  CONSTRAINT cpi_job_files_status_is_known CHECK (status IN ('pending', 'completed', 'failed', 'cancelled')),
  CONSTRAINT cpi_job_files_finished_ones_have_a_time CHECK ((status = 'pending') = (finished_at IS NULL)),
  CONSTRAINT cpi_job_files_failed_ones_have_an_error CHECK (status <> 'failed' OR error IS NOT NULL),
  CONSTRAINT cpi_job_files_counts_are_not_negative CHECK (
    read >= 0 AND inserted >= 0 AND updated >= 0 AND skipped >= 0 AND duplicates >= 0 AND rejected >= 0
    AND deleted >= 0 AND size >= 0 AND duration_seconds >= 0),
  CONSTRAINT cpi_job_files_completed_ones_add_up CHECK (
    status <> 'completed' OR read = inserted + updated + skipped + duplicates + rejected)
);
COMMENT ON TABLE @extschema@.cpi_job_files IS
  'Files of jobs: the list that the first attempt made, and what became of each.';
COMMENT ON COLUMN @extschema@.cpi_job_files.id IS 'Identity; base of the load_id in the target''s ledger.';
COMMENT ON COLUMN @extschema@.cpi_job_files.job_id IS 'Job that it belongs to.';
COMMENT ON COLUMN @extschema@.cpi_job_files.position IS 'Place in the order of loading, from 1.';
COMMENT ON COLUMN @extschema@.cpi_job_files.path IS 'Path as the source gave it; the filename of the API.';
COMMENT ON COLUMN @extschema@.cpi_job_files.size IS 'Bytes when it was listed; empty for a named file that is missing.';
COMMENT ON COLUMN @extschema@.cpi_job_files.modified_at IS 'Time of the file when it was listed.';
COMMENT ON COLUMN @extschema@.cpi_job_files.table_name IS 'Table that it is loaded into.';
COMMENT ON COLUMN @extschema@.cpi_job_files.status IS 'pending, completed, failed or cancelled.';
COMMENT ON COLUMN @extschema@.cpi_job_files.read IS 'Rows read: the sum of the five counts that follow.';
COMMENT ON COLUMN @extschema@.cpi_job_files.inserted IS 'Rows inserted.';
COMMENT ON COLUMN @extschema@.cpi_job_files.updated IS 'Rows updated.';
COMMENT ON COLUMN @extschema@.cpi_job_files.skipped IS 'Rows that the table held already, unchanged.';
COMMENT ON COLUMN @extschema@.cpi_job_files.duplicates IS 'Rows whose key came again in the same load.';
COMMENT ON COLUMN @extschema@.cpi_job_files.rejected IS 'Rows not loaded; the first of them are in cpi_job_rejects.';
COMMENT ON COLUMN @extschema@.cpi_job_files.deleted IS 'Rows of the table that the file lacked, deleted or marked.';
COMMENT ON COLUMN @extschema@.cpi_job_files.error IS 'Why it failed.';
COMMENT ON COLUMN @extschema@.cpi_job_files.strategy IS 'fresh, merge or diff.';
COMMENT ON COLUMN @extschema@.cpi_job_files.strategy_reason IS 'Why that strategy was chosen.';
COMMENT ON COLUMN @extschema@.cpi_job_files.sha256 IS 'Digest of the bytes that were loaded.';
COMMENT ON COLUMN @extschema@.cpi_job_files.duration_seconds IS 'Seconds that the load took.';
COMMENT ON COLUMN @extschema@.cpi_job_files.warnings IS 'Remarks that did not stop the load: a list of texts.';
COMMENT ON COLUMN @extschema@.cpi_job_files.columns IS 'Names of the columns as they were loaded.';
COMMENT ON COLUMN @extschema@.cpi_job_files.header IS 'Names of the columns as the file gives them, blank ones included.';
COMMENT ON COLUMN @extschema@.cpi_job_files.table_columns IS
  'Parallel to header: the table''s column that each went to, null for one that was not loaded.';
COMMENT ON COLUMN @extschema@.cpi_job_files.key_columns IS
  'Columns of the table by which rows were merged; an empty list: rows were appended.';
COMMENT ON COLUMN @extschema@.cpi_job_files.widened IS
  'Columns of the table that got a wider type: [{"column","from","to"}].';
COMMENT ON COLUMN @extschema@.cpi_job_files.dialect IS
  'How the file was read, where an option was "auto": the options, and certainty and runner-up of those detected.';
COMMENT ON COLUMN @extschema@.cpi_job_files.rejects_dialect IS
  'Delimiter, quote, escape and encoding that the file was read with: its rejected rows are written so.';
COMMENT ON COLUMN @extschema@.cpi_job_files.rows_of IS
  'Rejected rows that are tried again: a list of the paths of the files that they are from.';
COMMENT ON COLUMN @extschema@.cpi_job_files.finished_at IS 'When its result was written.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_job_files', '');
