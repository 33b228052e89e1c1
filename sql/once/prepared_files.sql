-- A row is the result of a file whose load is about to be committed in its target, with its rejects: written by the
-- attempt that holds the load's row in the target's ledger, under its fence, before the COMMIT (_cpi_prepare_file). An
-- attempt that dies after the COMMIT has reported nothing; the next one finds counts in the ledger, and here what the
-- ledger does not hold (_cpi_finish_file). Only loads with rejects are prepared. Gone when the job ends. People's data,
-- readable for operators only.
CREATE TABLE @extschema@.cpi_prepared_files (
  file_id uuid  NOT NULL,
  result  jsonb NOT NULL,
  rejects jsonb NOT NULL,
  CONSTRAINT cpi_prepared_files_pkey PRIMARY KEY (file_id),
  CONSTRAINT cpi_prepared_files_file_exists FOREIGN KEY (file_id)
    REFERENCES @extschema@.cpi_job_files (id) ON DELETE CASCADE
);
COMMENT ON TABLE @extschema@.cpi_prepared_files IS
  'Results of files with rejected rows whose loads were about to be committed, until their jobs end.';
COMMENT ON COLUMN @extschema@.cpi_prepared_files.file_id IS 'File whose result it is.';
COMMENT ON COLUMN @extschema@.cpi_prepared_files.result IS 'The file''s result, should the load have been committed.';
COMMENT ON COLUMN @extschema@.cpi_prepared_files.rejects IS 'Its rejected rows, as _cpi_finish_file takes them.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_prepared_files', '');
