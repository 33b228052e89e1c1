-- The test of a target from this server. Internal: called by cpi_test_connection.
CREATE OR REPLACE FUNCTION @extschema@._cpi_probe(conninfo text, timeout_seconds integer DEFAULT 10)
RETURNS jsonb LANGUAGE c VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_probe';
COMMENT ON FUNCTION @extschema@._cpi_probe(text, integer) IS
  'Connects from this server to a target and says what it found: {"success","message","findings":[{"rule","message","hint"}]}.';
REVOKE ALL ON FUNCTION @extschema@._cpi_probe(text, integer) FROM PUBLIC;
