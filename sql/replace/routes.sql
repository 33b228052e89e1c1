-- The endpoints of the REST interface (api.md, Endpoints). A route says where a request goes; what it does is its
-- function's business, what it is called in the OpenAPI document its function's comment. The builtin rows are written
-- anew by every install and upgrade, users' rows are left alone.

CREATE OR REPLACE FUNCTION @extschema@._cpi_notify_routes()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('cpi_routes', '');
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_notify_routes() IS 'Wakes the agents, which read routes and signatures again.';
REVOKE ALL ON FUNCTION @extschema@._cpi_notify_routes() FROM PUBLIC;

CREATE OR REPLACE TRIGGER cpi_routes_changed
  AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.cpi_routes
  FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._cpi_notify_routes();

DELETE FROM @extschema@.cpi_routes WHERE builtin;
INSERT INTO @extschema@.cpi_routes
  (builtin, method, path, function, success_status, role, native, location, header_arguments, waits, answer, tag,
   summary)
VALUES
  (true, 'GET', '/', NULL, 200, 'anyone', 'root', NULL, '{}', false, 'Root', 'service',
   'Name and version, or the live page'),
  (true, 'GET', '/health', 'cpi_health', 200, 'anyone', 'health', NULL, '{}', false, 'Health', 'service',
   'Is the service well?'),
  (true, 'GET', '/docs', NULL, 200, 'anyone', 'docs', NULL, '{}', false, NULL, 'service',
   'This documentation as a page'),
  (true, 'GET', '/openapi.json', 'cpi_openapi', 200, 'anyone', NULL, NULL, '{}', false, 'OpenAPI', 'service',
   'This documentation as an OpenAPI document'),

  (true, 'POST', '/rpc/{function}', NULL, 200, 'viewer', 'rpc', NULL, '{}', false, NULL, 'service',
   'Call a function by its name'),
  (true, 'GET', '/rpc/{function}', NULL, 200, 'viewer', 'rpc', NULL, '{}', false, NULL, 'service',
   'Call a function that changes nothing by its name'),

  (true, 'GET', '/connections', 'cpi_list_connections', 200, 'viewer', NULL, NULL, '{}', false, 'ConnectionList',
   'connections', 'List connections'),
  (true, 'POST', '/connections', 'cpi_create_connection', 201, 'admin', NULL, '/connections/{id}', '{}', false,
   'Connection', 'connections', 'Define a connection'),
  (true, 'GET', '/connections/{id}', 'cpi_get_connection', 200, 'admin', NULL, NULL, '{}', false, 'Connection',
   'connections', 'One connection, with credentials'),
  (true, 'PUT', '/connections/{id}', 'cpi_update_connection', 200, 'admin', NULL, NULL, '{}', false, 'Connection',
   'connections', 'Change a connection'),
  (true, 'DELETE', '/connections/{id}', 'cpi_delete_connection', 204, 'admin', NULL, NULL, '{}', false, NULL,
   'connections', 'Delete a connection'),
  (true, 'POST', '/connections/{id}/test', 'cpi_test_connection', 200, 'operator', 'test_connection', NULL, '{}', false,
   'TestResult', 'connections', 'Connect to the target and report'),

  (true, 'GET', '/sources', 'cpi_list_sources', 200, 'viewer', NULL, NULL, '{}', false, 'SourceList', 'sources',
   'List sources'),
  (true, 'POST', '/sources', 'cpi_create_source', 201, 'admin', NULL, '/sources/{id}', '{}', false, 'Source', 'sources',
   'Define a source'),
  (true, 'GET', '/sources/{id}', 'cpi_get_source', 200, 'admin', NULL, NULL, '{}', false, 'Source', 'sources',
   'One source, with credentials'),
  (true, 'PUT', '/sources/{id}', 'cpi_update_source', 200, 'admin', NULL, NULL, '{}', false, 'Source', 'sources',
   'Change a source'),
  (true, 'DELETE', '/sources/{id}', 'cpi_delete_source', 204, 'admin', NULL, NULL, '{}', false, NULL, 'sources',
   'Delete a source'),
  (true, 'POST', '/sources/{id}/test', 'cpi_test_source', 200, 'operator', 'test_source', NULL, '{}', false,
   'SourceTestResult', 'sources', 'Connect to the source and list what is there'),

  (true, 'GET', '/projects', 'cpi_list_projects', 200, 'viewer', NULL, NULL, '{}', false, 'ProjectList', 'projects',
   'List projects'),
  (true, 'POST', '/projects', 'cpi_create_project', 201, 'admin', NULL, '/projects/{name}', '{}', false, 'Project',
   'projects', 'Define a project'),
  (true, 'GET', '/projects/{project}', 'cpi_get_project', 200, 'viewer', NULL, NULL, '{}', false, 'Project', 'projects',
   'One project'),
  (true, 'PUT', '/projects/{project}', 'cpi_update_project', 200, 'admin', NULL, NULL, '{}', false, 'Project',
   'projects', 'Change a project'),
  (true, 'DELETE', '/projects/{project}', 'cpi_delete_project', 204, 'admin', NULL, NULL, '{}', false, NULL, 'projects',
   'Delete a project'),

  (true, 'POST', '/import', 'cpi_import', 202, 'operator', NULL, '/jobs/{job_id}',
   '{"Idempotency-Key": "idempotency_key"}', true, 'Accepted', 'jobs', 'Import a project''s files'),
  (true, 'GET', '/jobs', 'cpi_list_jobs', 200, 'viewer', NULL, NULL, '{}', false, 'JobList', 'jobs',
   'List jobs, newest first'),
  (true, 'GET', '/jobs/{id}', 'cpi_get_job', 200, 'viewer', NULL, NULL, '{}', true, 'JobWithDetails', 'jobs',
   'One job'),
  (true, 'GET', '/jobs/events', NULL, 200, 'viewer', 'events', NULL, '{}', false, NULL, 'jobs',
   'What happens to jobs, as a stream of events'),
  (true, 'GET', '/jobs/{id}/events', NULL, 200, 'viewer', 'events', NULL, '{}', false, NULL, 'jobs',
   'What happens to one job, as a stream of events'),
  (true, 'POST', '/jobs/{id}/cancel', 'cpi_cancel_job', 200, 'operator', NULL, NULL, '{}', false, 'Job', 'jobs',
   'Cancel a job'),
  (true, 'POST', '/jobs/{id}/retry', 'cpi_retry_job', 202, 'operator', NULL, '/jobs/{job_id}', '{}', true, 'Accepted',
   'jobs', 'Try the failed files of a job again'),
  (true, 'GET', '/jobs/{id}/rejects', 'cpi_list_rejects', 200, 'operator', NULL, NULL, '{"Accept": "accept"}', false,
   'RejectList', 'jobs', 'Rows that were not loaded'),
  (true, 'POST', '/jobs/{id}/rejects/replay', 'cpi_replay_rejects', 202, 'operator', NULL, '/jobs/{job_id}', '{}', true,
   'Replay', 'jobs', 'Import rejected rows, mended or as they are'),
  (true, 'GET', '/jobs/{id}/deliveries', 'cpi_list_deliveries', 200, 'viewer', NULL, NULL, '{}', false, 'DeliveryList',
   'deliveries', 'Webhooks of a job'),
  (true, 'POST', '/deliveries/{id}/retry', 'cpi_retry_delivery', 202, 'operator', NULL, NULL, '{}', false, 'Delivery',
   'deliveries', 'Deliver a webhook again'),

  (true, 'POST', '/rpc/cpi_sniff', 'cpi_sniff', 200, 'viewer', NULL, NULL, '{}', false, 'Sniffed', 'preview',
   'How CSV text is written'),
  (true, 'POST', '/rpc/cpi_preview', 'cpi_preview', 200, 'viewer', NULL, NULL, '{}', false, 'Preview', 'preview',
   'What an import would read from CSV text'),

  (true, 'GET', '/api-keys', 'cpi_list_api_keys', 200, 'admin', NULL, NULL, '{}', false, 'ApiKeyList', 'api-keys',
   'List API keys'),
  (true, 'POST', '/api-keys', 'cpi_create_api_key', 201, 'admin', NULL, NULL, '{}', false, 'NewApiKey', 'api-keys',
   'Make an API key'),
  (true, 'DELETE', '/api-keys/{id}', 'cpi_delete_api_key', 204, 'admin', NULL, NULL, '{}', false, NULL, 'api-keys',
   'Revoke an API key'),

  (true, 'GET', '/settings', 'cpi_get_settings', 200, 'admin', NULL, NULL, '{}', false, 'Settings', 'settings',
   'The settings in force'),
  (true, 'PUT', '/settings', 'cpi_update_settings', 200, 'admin', NULL, NULL, '{}', false, 'Settings', 'settings',
   'Change settings');

CREATE OR REPLACE FUNCTION @extschema@._cpi_catalog()
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- One row per route: a user's row hides a builtin one of the same shape. A route whose function is gone, or has
  -- become ambiguous, has no signature and is left out: it leads nowhere.
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'method', r.method, 'path', r.path, 'function', r.qualified, 'success_status', r.success_status,
           'role', r.role, 'native', r.native, 'location', r.location, 'header_arguments', r.header_arguments,
           'waits', r.waits, 'answer', r.answer, 'tag', r.tag, 'summary', r.summary, 'builtin', r.builtin,
           'description', r.description, 'stable', r.provolatile <> 'v', 'returns_json', r.returns_json,
           'arguments', r.arguments) ORDER BY r.path COLLATE "C", r.method), '[]')
    FROM (SELECT DISTINCT ON (t.method, t.shape) t.*,
                 quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS qualified, p.provolatile,
                 p.prorettype IN ('jsonb'::regtype, 'json'::regtype) AS returns_json,
                 obj_description(p.oid, 'pg_proc') AS description,
                 (SELECT coalesce(jsonb_agg(jsonb_build_object(
                           'name', p.proargnames[a.place],
                           'type', format_type(a.type, NULL),
                           'required', a.place <= p.pronargs - p.pronargdefaults) ORDER BY a.place), '[]')
                    FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, place)) AS arguments
            FROM @extschema@.cpi_routes AS t
            LEFT JOIN pg_proc AS p ON p.oid = to_regproc(
              CASE WHEN t.builtin OR strpos(t.function, '.') = 0
                THEN '@extschema@.' || t.function ELSE t.function END)
            LEFT JOIN pg_namespace AS n ON n.oid = p.pronamespace
            ORDER BY t.method, t.shape, t.builtin) AS r
    WHERE r.qualified IS NOT NULL OR r.native IS NOT NULL AND r.function IS NULL
$$;
COMMENT ON FUNCTION @extschema@._cpi_catalog() IS
'The routes with their functions'' signatures: [{"method","path","function","success_status","role","native","location",
"header_arguments","waits","answer","tag","summary","description","stable","returns_json","builtin",
"arguments":[{"name","type","required"}]}]. function is qualified and quoted, ready to be called; null for a native
route without one.';
REVOKE ALL ON FUNCTION @extschema@._cpi_catalog() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_catalog() TO cpi_agent;
