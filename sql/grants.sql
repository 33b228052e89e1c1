-- Comes last in every script. Who may read which table: reading is open along the roles, writing goes through
-- functions, and each function's right stands beside it. cpi_secrets is nobody's.
DO $schema$
BEGIN
  -- In schema public everybody has this already; a dump then stays free of it.
  IF NOT pg_catalog.has_schema_privilege('cpi_viewer', '@extschema@'::regnamespace, 'USAGE') THEN
    GRANT USAGE ON SCHEMA @extschema@ TO cpi_viewer;
  END IF;
END
$schema$;

GRANT SELECT ON
  @extschema@.cpi_connections, @extschema@.cpi_sources, @extschema@.cpi_projects, @extschema@.cpi_jobs,
  @extschema@.cpi_job_files, @extschema@.cpi_job_errors, @extschema@.cpi_schedules,
  @extschema@.cpi_webhook_deliveries, @extschema@.cpi_agents, @extschema@.cpi_routes, @extschema@.cpi_settings
  TO cpi_viewer;
GRANT SELECT ON @extschema@.cpi_job_rejects, @extschema@.cpi_job_contents, @extschema@.cpi_prepared_files TO cpi_operator;
GRANT SELECT ON @extschema@.cpi_api_keys TO cpi_admin;
