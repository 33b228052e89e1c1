-- A row is one row of a file that was not loaded, with its reason and its raw text: people's data, readable for
-- operators only. Written with its file's result (_cpi_finish_file), a bounded number per file; cpi_job_files.rejected
-- counts all.
CREATE TABLE @extschema@.cpi_job_rejects (
  file_id     uuid    NOT NULL,
  ordinal     integer NOT NULL,
  line        bigint,
  byte_offset bigint,
  column_name text,
  reason      text    NOT NULL,
  message     text    NOT NULL,
  raw         text,
  whole       boolean NOT NULL DEFAULT true,
  CONSTRAINT cpi_job_rejects_pkey PRIMARY KEY (file_id, ordinal),
  CONSTRAINT cpi_job_rejects_file_exists FOREIGN KEY (file_id)
    REFERENCES @extschema@.cpi_job_files (id) ON DELETE CASCADE,
  CONSTRAINT cpi_job_rejects_place_is_valid CHECK (line >= 1 AND byte_offset >= 0)
);
COMMENT ON TABLE @extschema@.cpi_job_rejects IS 'Rows of files that were not loaded, each with its reason.';
COMMENT ON COLUMN @extschema@.cpi_job_rejects.file_id IS 'File that it is from.';
COMMENT ON COLUMN @extschema@.cpi_job_rejects.ordinal IS 'Order within the file, from 1.';
COMMENT ON COLUMN @extschema@.cpi_job_rejects.line IS 'Line of the file at which the row begins, from 1.';
COMMENT ON COLUMN @extschema@.cpi_job_rejects.byte_offset IS 'Byte of the file at which the row begins, from 0.';
COMMENT ON COLUMN @extschema@.cpi_job_rejects.column_name IS 'Column at fault, where it is one.';
COMMENT ON COLUMN @extschema@.cpi_job_rejects.reason IS 'Stable name of the reason, for programs.';
COMMENT ON COLUMN @extschema@.cpi_job_rejects.message IS 'The reason in words, with the value.';
COMMENT ON COLUMN @extschema@.cpi_job_rejects.raw IS 'The row as it stands in the file; a long one is cut.';
COMMENT ON COLUMN @extschema@.cpi_job_rejects.whole IS
  'Whether raw is the very row: not cut, and no byte replaced. Only such rows can be tried again.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_job_rejects', '');
