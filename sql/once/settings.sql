-- A row is a number that the queue or an agent obeys. Each has a builtin row, its default, with its limits; an
-- administrator's own value is a second row of that name, which is dumped and outlives upgrades of the default.
CREATE TABLE @extschema@.cpi_settings (
  name        text        NOT NULL,
  builtin     boolean     NOT NULL DEFAULT false,
  value       numeric     NOT NULL,
  minimum     numeric,
  maximum     numeric,
  description text,
  updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cpi_settings_pkey PRIMARY KEY (name, builtin),
  CONSTRAINT cpi_settings_builtin_ones_are_described CHECK (
    NOT builtin OR (minimum IS NOT NULL AND maximum IS NOT NULL AND description IS NOT NULL)),
  CONSTRAINT cpi_settings_value_is_in_range CHECK (value >= minimum AND value <= maximum)
);
COMMENT ON TABLE @extschema@.cpi_settings IS 'What the queue and the agents obey: defaults (builtin) and own values.';
COMMENT ON COLUMN @extschema@.cpi_settings.name IS 'Name of the setting.';
COMMENT ON COLUMN @extschema@.cpi_settings.builtin IS 'Whether this is the default; such rows are not dumped.';
COMMENT ON COLUMN @extschema@.cpi_settings.value IS 'The value; that of the row that is not builtin counts.';
COMMENT ON COLUMN @extschema@.cpi_settings.minimum IS 'Least value allowed.';
COMMENT ON COLUMN @extschema@.cpi_settings.maximum IS 'Greatest value allowed.';
COMMENT ON COLUMN @extschema@.cpi_settings.description IS 'What it does, with its unit.';
COMMENT ON COLUMN @extschema@.cpi_settings.updated_at IS 'When it was set.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_settings', 'WHERE NOT builtin');
