-- Whether the management database is there, and which version of the extension it holds.
CREATE OR REPLACE FUNCTION @extschema@.cpi_health()
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object('status', 'healthy', 'management_db', true, 'version', e.extversion)
    FROM pg_catalog.pg_extension AS e WHERE e.extname = 'cpi'
$$;
COMMENT ON FUNCTION @extschema@.cpi_health() IS
  'Says that the service is well. Over REST the answer is 503 with management_db false while the database is away.';
REVOKE ALL ON FUNCTION @extschema@.cpi_health() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_health() TO cpi_viewer;
