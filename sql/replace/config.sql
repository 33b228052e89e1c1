-- What a valid config and a valid connection URL are: decided in C++ (extension/core/config), by the same code as in the
-- agent.

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_config(config jsonb, project text)
RETURNS jsonb LANGUAGE c IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_check_config';
COMMENT ON FUNCTION @extschema@._cpi_check_config(jsonb, text) IS
  'Everything that is wrong with a project''s config: [{"path","rule","message","hint"}], empty when it is valid.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_config(jsonb, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_config_schema()
RETURNS jsonb LANGUAGE c IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_config_schema';
COMMENT ON FUNCTION @extschema@._cpi_config_schema() IS 'The JSON Schema of a project''s config.';
REVOKE ALL ON FUNCTION @extschema@._cpi_config_schema() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_parse_url(database_url text)
RETURNS jsonb LANGUAGE c IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_parse_url';
COMMENT ON FUNCTION @extschema@._cpi_parse_url(text) IS
  'A connection URL taken apart and decoded: host, port, database, username, password, parameters; 422 when it cannot be.';
REVOKE ALL ON FUNCTION @extschema@._cpi_parse_url(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_nearest(name text, candidates text[])
RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_nearest';
COMMENT ON FUNCTION @extschema@._cpi_nearest(text, text[]) IS 'The candidate nearest to a name; NULL when none is close.';
REVOKE ALL ON FUNCTION @extschema@._cpi_nearest(text, text[]) FROM PUBLIC;
