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
COMMENT ON COLUMN @extschema@.cpi_job_contents.content IS
  'CSV in UTF-8 or, where dialect says records, a list of rejected rows: [{"raw","column","reason","message"}]; at most 64 MB.';
COMMENT ON COLUMN @extschema@.cpi_job_contents.dialect IS
  'Delimiter, quote, escape and trim that it is written in (empty: as the project''s config says), names of its columns '
  'where its header does not say them, records, reasons (how many of the first fields of each record are none of its '
  'row), and the encoding and byte_order_mark in which rows that are rejected again go out.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_job_contents', '');
