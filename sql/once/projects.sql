-- A row is a kind of delivery: which files, how they are read, into which database. Written by cpi_create_project and
-- its kin, which check the config against its JSON Schema. A password inside the config's sftp object is replaced by
-- *** here and sealed in cpi_secrets (table cpi_projects, column config.sftp.password). Claiming a job locks its
-- project's row.
CREATE TABLE @extschema@.cpi_projects (
  id            uuid        NOT NULL DEFAULT gen_random_uuid(),
  name          text        NOT NULL,
  connection_id uuid,
  source_id     uuid,
  config        jsonb       NOT NULL DEFAULT '{}',
  host_keys     jsonb       NOT NULL DEFAULT '{}',
  dialects      jsonb       NOT NULL DEFAULT '[]',
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cpi_projects_pkey PRIMARY KEY (id),
  CONSTRAINT cpi_projects_name_is_unique UNIQUE (name),
  CONSTRAINT cpi_projects_connection_exists FOREIGN KEY (connection_id)
    REFERENCES @extschema@.cpi_connections (id) ON DELETE SET NULL,
  CONSTRAINT cpi_projects_source_exists FOREIGN KEY (source_id)
    REFERENCES @extschema@.cpi_sources (id) ON DELETE SET NULL,
  CONSTRAINT cpi_projects_name_has_1_to_255_characters CHECK (length(name) BETWEEN 1 AND 255),
  CONSTRAINT cpi_projects_name_is_no_uuid CHECK (name !~* '^\{?([0-9a-f]{4}-?){8}\}?$'),
  CONSTRAINT cpi_projects_config_is_an_object CHECK (jsonb_typeof(config) = 'object'),
  CONSTRAINT cpi_projects_host_keys_are_an_object CHECK (jsonb_typeof(host_keys) = 'object'),
  CONSTRAINT cpi_projects_dialects_is_a_list CHECK (jsonb_typeof(dialects) = 'array'),
  CONSTRAINT cpi_projects_config_is_masked CHECK (coalesce(config #>> '{sftp,password}', '***') = '***')
);
CREATE INDEX cpi_projects_connection ON @extschema@.cpi_projects (connection_id);
CREATE INDEX cpi_projects_source ON @extschema@.cpi_projects (source_id);
COMMENT ON TABLE @extschema@.cpi_projects IS
  'What is imported, how, and where to. Passwords inside config are masked; they are sealed in cpi_secrets.';
COMMENT ON COLUMN @extschema@.cpi_projects.id IS 'Identity.';
COMMENT ON COLUMN @extschema@.cpi_projects.name IS 'Unique name, by which the API addresses the project.';
COMMENT ON COLUMN @extschema@.cpi_projects.connection_id IS 'Target database; empty after its connection was deleted.';
COMMENT ON COLUMN @extschema@.cpi_projects.source_id IS
  'Where files come from, unless the request says so; before the config''s sftp object.';
COMMENT ON COLUMN @extschema@.cpi_projects.config IS
  'The config as _cpi_config_schema() describes it, passwords as ***.';
COMMENT ON COLUMN @extschema@.cpi_projects.host_keys IS
  'Host keys that were accepted on first sight of servers that the config or a request names: {"host:port": "SHA256:…"}. '
  'A host_key in the config goes before it; those of a source are in its own row.';
COMMENT ON COLUMN @extschema@.cpi_projects.dialects IS
  'Where the config says "auto": what was found in the files of each pattern and table, at most 500, oldest first. Later '
  'files are held against it; written with the result of a file that was loaded.';
COMMENT ON COLUMN @extschema@.cpi_projects.created_at IS 'When it was defined.';
COMMENT ON COLUMN @extschema@.cpi_projects.updated_at IS 'When it was last changed.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_projects', '');
