-- What `cpi apply` compares a file with and `cpi export` writes: connections, sources and projects by name, without ids.

CREATE OR REPLACE FUNCTION @extschema@._cpi_export()
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'connections', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', c.name, 'description', c.description)
                                              ORDER BY c.name), '[]')
                      FROM @extschema@.cpi_connections AS c),
    'sources', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                         'name', s.name, 'description', s.description, 'type', s.type, 'host', s.host, 'port', s.port,
                         'username', s.username, 'remote_path', s.remote_path, 'host_key', s.host_key,
                         'secrets', (SELECT coalesce(jsonb_agg(x.column_name ORDER BY x.column_name), '[]')
                                       FROM @extschema@.cpi_secrets AS x
                                       WHERE x.owner_table = 'cpi_sources' AND x.row_id = s.id))
                         ORDER BY s.name), '[]')
                  FROM @extschema@.cpi_sources AS s),
    'projects', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                          'name', p.name, 'connection', c.name, 'source', s.name, 'config', p.config)
                          ORDER BY p.name), '[]')
                   FROM @extschema@.cpi_projects AS p
                   LEFT JOIN @extschema@.cpi_connections AS c ON c.id = p.connection_id
                   LEFT JOIN @extschema@.cpi_sources AS s ON s.id = p.source_id))
$$;
COMMENT ON FUNCTION @extschema@._cpi_export() IS
  'All connections, sources and projects by name, without secrets; "secrets" of a source names those that it has.';
REVOKE ALL ON FUNCTION @extschema@._cpi_export() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_export() TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@._cpi_export_secrets(connections text[], sources text[], projects text[])
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'connections', (SELECT coalesce(jsonb_object_agg(c.name, jsonb_build_object(
                             'database_url', @extschema@._cpi_get_secret('cpi_connections', c.id, 'database_url'))), '{}')
                      FROM @extschema@.cpi_connections AS c WHERE c.name = ANY (_cpi_export_secrets.connections)),
    'sources', (SELECT coalesce(jsonb_object_agg(s.name, jsonb_build_object(
                         'password', @extschema@._cpi_get_secret('cpi_sources', s.id, 'password'),
                         'key_path', @extschema@._cpi_get_secret('cpi_sources', s.id, 'key_path'))), '{}')
                  FROM @extschema@.cpi_sources AS s WHERE s.name = ANY (_cpi_export_secrets.sources)),
    'projects', (SELECT coalesce(jsonb_object_agg(p.name, jsonb_build_object(
                          'password', @extschema@._cpi_get_secret('cpi_projects', p.id, 'config.sftp.password'))), '{}')
                   FROM @extschema@.cpi_projects AS p WHERE p.name = ANY (_cpi_export_secrets.projects)))
$$;
COMMENT ON FUNCTION @extschema@._cpi_export_secrets(text[], text[], text[]) IS
  'The secrets of the connections, sources and projects with these names, in the clear.';
REVOKE ALL ON FUNCTION @extschema@._cpi_export_secrets(text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_export_secrets(text[], text[], text[]) TO cpi_admin;
