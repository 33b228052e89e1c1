-- A row is an agent process that has registered itself here (_cpi_register_agent) and renews last_seen_at with each
-- heartbeat. Rows of agents that are gone are swept away once no running job names them.
CREATE TABLE @extschema@.cpi_agents (
  id           uuid        NOT NULL,
  name         text        NOT NULL,
  version      text        NOT NULL,
  host         text,
  pid          integer,
  started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cpi_agents_pkey PRIMARY KEY (id),
  CONSTRAINT cpi_agents_was_seen_after_its_start CHECK (last_seen_at >= started_at)
);
COMMENT ON TABLE @extschema@.cpi_agents IS 'Agent processes that serve this database, or did so lately.';
COMMENT ON COLUMN @extschema@.cpi_agents.id IS 'Made by the agent at its start.';
COMMENT ON COLUMN @extschema@.cpi_agents.name IS 'Name for people.';
COMMENT ON COLUMN @extschema@.cpi_agents.version IS 'Version of the program.';
COMMENT ON COLUMN @extschema@.cpi_agents.host IS 'Machine that it runs on.';
COMMENT ON COLUMN @extschema@.cpi_agents.pid IS 'Process id on that machine.';
COMMENT ON COLUMN @extschema@.cpi_agents.started_at IS 'When it registered first.';
COMMENT ON COLUMN @extschema@.cpi_agents.last_seen_at IS 'Its last sign of life, by the server''s clock.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_agents', '');
