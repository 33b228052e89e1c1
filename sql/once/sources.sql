-- A row is a place that files are fetched from: an SFTP server. Written by cpi_create_source and its kin. Password and
-- key path are sealed in cpi_secrets (table cpi_sources, columns password and key_path).
CREATE TABLE @extschema@.cpi_sources (
  id          uuid        NOT NULL DEFAULT gen_random_uuid(),
  name        text        NOT NULL,
  description text,
  type        text        NOT NULL DEFAULT 'sftp',
  host        text        NOT NULL,
  port        integer     NOT NULL DEFAULT 22,
  username    text        NOT NULL,
  remote_path text        NOT NULL DEFAULT '/',
  host_key    text,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cpi_sources_pkey PRIMARY KEY (id),
  CONSTRAINT cpi_sources_name_is_unique UNIQUE (name),
  CONSTRAINT cpi_sources_name_has_1_to_255_characters CHECK (length(name) BETWEEN 1 AND 255),
  CONSTRAINT cpi_sources_name_is_no_uuid CHECK (name !~* '^\{?([0-9a-f]{4}-?){8}\}?$'),
  CONSTRAINT cpi_sources_type_is_known CHECK (type IN ('sftp')),
  CONSTRAINT cpi_sources_host_is_given CHECK (host <> ''),
  CONSTRAINT cpi_sources_username_is_given CHECK (username <> ''),
  CONSTRAINT cpi_sources_port_is_valid CHECK (port BETWEEN 1 AND 65535)
);
COMMENT ON TABLE @extschema@.cpi_sources IS
  'Places that files come from. Password and key path are sealed in cpi_secrets.';
COMMENT ON COLUMN @extschema@.cpi_sources.id IS 'Identity; also the id in the API.';
COMMENT ON COLUMN @extschema@.cpi_sources.name IS 'Unique name, usable in the API instead of the id.';
COMMENT ON COLUMN @extschema@.cpi_sources.description IS 'What the source is, for people.';
COMMENT ON COLUMN @extschema@.cpi_sources.type IS 'Kind of source: sftp.';
COMMENT ON COLUMN @extschema@.cpi_sources.host IS 'Host name or address of the server.';
COMMENT ON COLUMN @extschema@.cpi_sources.port IS 'Port of the server.';
COMMENT ON COLUMN @extschema@.cpi_sources.username IS 'User on the server.';
COMMENT ON COLUMN @extschema@.cpi_sources.remote_path IS 'Directory on the server.';
COMMENT ON COLUMN @extschema@.cpi_sources.host_key IS
  'SHA256 fingerprint of the server''s key, the key itself, or strict; empty until the first connection stores the '
  'fingerprint that it saw.';
COMMENT ON COLUMN @extschema@.cpi_sources.created_at IS 'When it was defined.';
COMMENT ON COLUMN @extschema@.cpi_sources.updated_at IS 'When it was last changed.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_sources', '');
