-- The endpoints: every route of api.md leads to its function, and users can add their own.
BEGIN;
SELECT plan(33);

-- api.md's table, as far as the functions exist: method, path, function, status, role.
CREATE TEMP TABLE contract (method text, path text, function text, status integer, role text);
INSERT INTO contract VALUES
  ('GET', '/', NULL, 200, 'anyone'), ('GET', '/health', 'cpi_health', 200, 'anyone'), ('GET', '/docs', NULL, 200, 'anyone'),
  ('GET', '/openapi.json', 'cpi_openapi', 200, 'anyone'),
  ('POST', '/rpc/{function}', NULL, 200, 'viewer'), ('GET', '/rpc/{function}', NULL, 200, 'viewer'),
  ('POST', '/rpc/cpi_sniff', 'cpi_sniff', 200, 'viewer'), ('POST', '/rpc/cpi_preview', 'cpi_preview', 200, 'viewer'),
  ('GET', '/jobs/events', NULL, 200, 'viewer'), ('GET', '/jobs/{id}/events', NULL, 200, 'viewer'),
  ('GET', '/connections', 'cpi_list_connections', 200, 'viewer'), ('POST', '/connections', 'cpi_create_connection', 201, 'admin'),
  ('GET', '/connections/{id}', 'cpi_get_connection', 200, 'admin'), ('PUT', '/connections/{id}', 'cpi_update_connection', 200, 'admin'),
  ('DELETE', '/connections/{id}', 'cpi_delete_connection', 204, 'admin'),
  ('POST', '/connections/{id}/test', 'cpi_test_connection', 200, 'operator'),
  ('GET', '/sources', 'cpi_list_sources', 200, 'viewer'), ('POST', '/sources', 'cpi_create_source', 201, 'admin'),
  ('GET', '/sources/{id}', 'cpi_get_source', 200, 'admin'), ('PUT', '/sources/{id}', 'cpi_update_source', 200, 'admin'),
  ('DELETE', '/sources/{id}', 'cpi_delete_source', 204, 'admin'),
  ('POST', '/sources/{id}/test', 'cpi_test_source', 200, 'operator'),
  ('GET', '/projects', 'cpi_list_projects', 200, 'viewer'), ('POST', '/projects', 'cpi_create_project', 201, 'admin'),
  ('GET', '/projects/{project}', 'cpi_get_project', 200, 'viewer'), ('PUT', '/projects/{project}', 'cpi_update_project', 200, 'admin'),
  ('DELETE', '/projects/{project}', 'cpi_delete_project', 204, 'admin'),
  ('POST', '/import', 'cpi_import', 202, 'operator'), ('GET', '/jobs', 'cpi_list_jobs', 200, 'viewer'),
  ('GET', '/jobs/{id}', 'cpi_get_job', 200, 'viewer'), ('POST', '/jobs/{id}/cancel', 'cpi_cancel_job', 200, 'operator'),
  ('POST', '/jobs/{id}/retry', 'cpi_retry_job', 202, 'operator'), ('GET', '/jobs/{id}/rejects', 'cpi_list_rejects', 200, 'operator'),
  ('POST', '/jobs/{id}/rejects/replay', 'cpi_replay_rejects', 202, 'operator'),
  ('GET', '/jobs/{id}/deliveries', 'cpi_list_deliveries', 200, 'viewer'),
  ('POST', '/deliveries/{id}/retry', 'cpi_retry_delivery', 202, 'operator'),
  ('GET', '/api-keys', 'cpi_list_api_keys', 200, 'admin'), ('POST', '/api-keys', 'cpi_create_api_key', 201, 'admin'),
  ('DELETE', '/api-keys/{id}', 'cpi_delete_api_key', 204, 'admin'),
  ('GET', '/settings', 'cpi_get_settings', 200, 'admin'), ('PUT', '/settings', 'cpi_update_settings', 200, 'admin');
SELECT bag_eq('SELECT method, path, function, success_status::integer, role FROM cpi_routes', 'TABLE contract', 'the routes are those of the contract');

CREATE TEMP TABLE catalog AS SELECT r.* FROM jsonb_to_recordset(_cpi_catalog()) AS r (method text, path text, function text,
  success_status integer, role text, native text, arguments jsonb, returns_json boolean, stable boolean, description text);
SELECT is((SELECT count(*) FROM catalog), (SELECT count(*) FROM cpi_routes), 'every route has a function that can be called, or a handler');
SELECT is_empty($$SELECT method, path FROM catalog WHERE function IS NOT NULL AND description IS NULL$$, 'every function says what it does');
SELECT is_empty($$SELECT method, path FROM catalog WHERE success_status <> 204 AND function IS NOT NULL AND NOT returns_json$$,
  'every answer with a body is JSON');
SELECT is_empty($$SELECT method, path FROM catalog WHERE method = 'GET' AND NOT stable$$, 'every GET calls a function that changes nothing');
SELECT is_empty($$SELECT c.path, p.name FROM catalog c, regexp_matches(c.path, '\{([^}]*)\}', 'g') AS m, unnest(m) AS p (name)
  WHERE c.function IS NOT NULL AND NOT c.arguments @> jsonb_build_array(jsonb_build_object('name', p.name))$$, 'every name in a path is an argument');
SELECT is_empty($$SELECT c.function, c.role FROM catalog c JOIN cpi_routes r USING (method, path) WHERE c.function IS NOT NULL
  AND NOT has_function_privilege('cpi_' || CASE c.role WHEN 'anyone' THEN 'viewer' ELSE c.role END, to_regproc(c.function), 'EXECUTE')$$,
  'every route''s role may call its function');
SELECT is_empty($$SELECT c.function, c.role FROM catalog c WHERE c.function IS NOT NULL AND c.role IN ('operator', 'admin')
  AND has_function_privilege(CASE c.role WHEN 'admin' THEN 'cpi_operator' ELSE 'cpi_viewer' END, to_regproc(c.function), 'EXECUTE')$$,
  'and no lesser one');
SELECT is((SELECT arguments FROM catalog WHERE path = '/jobs/{id}' AND method = 'GET'),
  '[{"name": "id", "type": "text", "required": true}, {"name": "include_details", "type": "boolean", "required": false}]',
  'the catalog tells the signature');
SELECT is((SELECT header_arguments FROM cpi_routes WHERE path = '/import'), '{"Idempotency-Key": "idempotency_key"}', 'a header becomes an argument');

-- Endpoints of users' own.
CREATE SCHEMA "Own";
GRANT USAGE ON SCHEMA "Own", tap TO PUBLIC;
CREATE FUNCTION "Own".report(project text, days integer DEFAULT 7) RETURNS jsonb LANGUAGE sql STABLE AS
  $$SELECT jsonb_build_object('project', project, 'days', days)$$;
COMMENT ON FUNCTION "Own".report IS 'A report of our own.';
SET LOCAL ROLE cpi_admin;
SELECT is(cpi_publish('GET', '/reports/{project}', '"Own".report(text, integer)', 'viewer', 'Report', tag => 'reports'),
  '{"method": "GET", "path": "/reports/{project}", "function": "\"Own\".report", "role": "viewer", "success_status": 200,
    "summary": "Report", "tag": "reports"}', 'an admin can publish a function');
RESET ROLE;
SELECT is((SELECT e - '{arguments}'::text[] FROM jsonb_array_elements(_cpi_catalog()) AS e WHERE e ->> 'path' = '/reports/{project}'),
  '{"method": "GET", "path": "/reports/{project}", "function": "\"Own\".report", "success_status": 200, "role": "viewer", "native": null,
    "location": null, "header_arguments": {}, "waits": false, "answer": null, "tag": "reports", "summary": "Report", "builtin": false,
    "description": "A report of our own.", "stable": true, "returns_json": true}', 'which is in the catalog at once');
SELECT is(cpi_openapi() -> 'paths' -> '/reports/{project}' #>> '{get,description}', 'A report of our own.', 'and in the document');
SELECT lives_ok($$SELECT cpi_publish('GET', '/reports/{project}', '"Own".report(text, integer)', 'operator')$$, 'publishing again replaces');
SELECT is((SELECT role FROM cpi_routes WHERE NOT builtin), 'operator', 'the row');
DROP FUNCTION "Own".report;
SELECT is((SELECT count(*) FROM jsonb_array_elements(_cpi_catalog()) AS e WHERE e ->> 'path' LIKE '/reports%'), 0::bigint,
  'a route whose function is gone leads nowhere');
SELECT lives_ok($$SELECT cpi_unpublish('GET', '/reports/{other}')$$, 'it can be taken back');
SELECT is((SELECT count(*) FROM cpi_routes WHERE NOT builtin), 0::bigint, 'and is gone');
SELECT throws_ok($$SELECT cpi_unpublish('GET', '/jobs')$$, 'PT404', NULL, 'an endpoint of cpi cannot be taken back');

CREATE FUNCTION "Own".nameless(text) RETURNS jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$;
CREATE FUNCTION "Own".rows(x text) RETURNS SETOF jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$;
CREATE FUNCTION "Own".twice(x text) RETURNS jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$;
CREATE FUNCTION "Own".twice(x integer) RETURNS jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$;
CREATE FUNCTION "Own".closed(x text) RETURNS jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$;
REVOKE ALL ON FUNCTION "Own".closed FROM PUBLIC;
SELECT matches((SELECT string_agg(e, '; ') FROM fixture.field_errors(format('SELECT cpi_publish(%s)', call)) AS e), wanted, wanted)
  FROM (VALUES
    ($$'HEAD', '/x', '"Own".closed(text)'$$, 'method: "HEAD" is no method'),
    ($$'GET', 'x', '"Own".closed(text)'$$, 'path: "x" is no path template'),
    ($$'GET', '/x/', '"Own".closed(text)'$$, 'path: "/x/" is no path template'),
    ($$'GET', '/x/{y}', '"Own".closed(text)'$$, 'path: "Own".closed has no argument y'),
    ($$'GET', '/x', '"Own".closed(text)', 'root'$$, 'role: "root" is no role'),
    ($$'GET', '/x', '"Own".closed(text)', success_status => 404$$, 'success_status: 404 is no success'),
    ($$'GET', '/x', '"Own".nameless(text)'$$, 'function: "Own".nameless has an argument without a name'),
    ($$'GET', '/x', '"Own".rows(text)'$$, 'function: "Own".rows does not return one jsonb'),
    ($$'GET', '/x', '"Own".twice(text)'$$, 'function: there are several functions "Own".twice'),
    ($$'GET', '/x', NULL$$, 'function: is missing')) AS t (call, wanted);
SELECT is(fixture.hint_of($$SELECT cpi_publish('GET', '/x', '"Own".closed(text)', 'viewer')$$),
  'GRANT EXECUTE ON FUNCTION "Own".closed(text) TO cpi_viewer;', 'a function that the role may not call is refused, with the grant');
SELECT throws_ok($$SELECT cpi_publish('GET', '/jobs/{x}', '"Own".twice(integer)', 'viewer')$$, 'PT422', NULL, 'wrong before all else');
DROP FUNCTION "Own".twice(integer);
SELECT throws_ok($$SELECT cpi_publish('GET', '/jobs/{x}', '"Own".twice(text)', 'viewer')$$, 'PT409', 'GET /jobs/{x} is an endpoint of cpi',
  'cpi''s own endpoints cannot be replaced');
SELECT throws_ok($$SELECT cpi_publish('GET', '/x', 'cpi_health()', 'viewer'), cpi_publish('get', '/x', 'cpi_health()')$$, 'PT422', NULL,
  'methods are written in capitals');

SELECT * FROM finish();
ROLLBACK;
