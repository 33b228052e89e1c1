-- A row is the content of a file of a job that comes from no source: it was handed over with the request, such as rejected
-- rows that are tried again. Written with the job, read by the agent that runs it, gone once the file is loaded. People's
-- data, readable for operators only.
CREATE TABLE @extschema@.cpi_job_contents (
  file_id uuid  NOT NULL,
  content text  NOT NULL,
  dialect jsonb,
  CONSTRAINT cpi_job_contents_pkey PRIMARY KEY (file_id),
  CONSTRAINT cpi_job_contents_file_exists FOREIGN KEY (file_id)
    REFERENCES @extschema@.cpi_job_files (id) ON DELETE CASCADE,
  CONSTRAINT cpi_job_contents_are_bounded CHECK (octet_length(content) <= 67108864)
);
COMMENT ON TABLE @extschema@.cpi_job_contents IS
  'Contents of files that were handed over with a request, until they are loaded.';
COMMENT ON COLUMN @extschema@.cpi_job_contents.file_id IS 'File whose content it is.';
COMMENT ON COLUMN @extschema@.cpi_job_contents.content IS 'The file''s bytes: CSV in UTF-8, at most 64 MB.';
COMMENT ON COLUMN @extschema@.cpi_job_contents.dialect IS
  'Delimiter, quote and escape that it is written in; empty: as the project''s config says.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_job_contents', '');
