-- A row is a customer's database: the target of imports. Written by cpi_create_connection and its kin. The URL with its
-- password is sealed in cpi_secrets (table cpi_connections, column database_url); host, port, database and user stand
-- here in the clear, so that a viewer sees where an import goes.
CREATE TABLE @extschema@.cpi_connections (
  id          uuid        NOT NULL DEFAULT gen_random_uuid(),
  name        text        NOT NULL,
  description text,
  host        text,
  port        integer,
  database    text,
  username    text,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cpi_connections_pkey PRIMARY KEY (id),
  CONSTRAINT cpi_connections_name_is_unique UNIQUE (name),
  CONSTRAINT cpi_connections_name_has_1_to_255_characters CHECK (length(name) BETWEEN 1 AND 255),
  CONSTRAINT cpi_connections_name_is_no_uuid CHECK (name !~* '^\{?([0-9a-f]{4}-?){8}\}?$'),
  CONSTRAINT cpi_connections_port_is_valid CHECK (port BETWEEN 1 AND 65535)
);
COMMENT ON TABLE @extschema@.cpi_connections IS
  'Target databases. Credentials are sealed in cpi_secrets; the parts shown here hold none.';
COMMENT ON COLUMN @extschema@.cpi_connections.id IS 'Identity; also the id in the API.';
COMMENT ON COLUMN @extschema@.cpi_connections.name IS 'Unique name, usable in the API instead of the id.';
COMMENT ON COLUMN @extschema@.cpi_connections.description IS 'What the database is, for people.';
COMMENT ON COLUMN @extschema@.cpi_connections.host IS 'Host or socket directory, from the URL.';
COMMENT ON COLUMN @extschema@.cpi_connections.port IS 'Port, from the URL.';
COMMENT ON COLUMN @extschema@.cpi_connections.database IS 'Database, from the URL.';
COMMENT ON COLUMN @extschema@.cpi_connections.username IS 'User, from the URL.';
COMMENT ON COLUMN @extschema@.cpi_connections.created_at IS 'When it was defined.';
COMMENT ON COLUMN @extschema@.cpi_connections.updated_at IS 'When it was last changed.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_connections', '');
