-- The OpenAPI 3.1 document, put together from the routes, the signatures of their functions and the functions'
-- comments: a new function with a route is documented without another line.

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_refusals()
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_object_agg(e.name, jsonb_build_object(
           'description', e.description,
           'content', jsonb_build_object('application/json', jsonb_build_object(
             'schema', '{"$ref": "#/components/schemas/Error"}'::jsonb,
             'example', jsonb_build_object('code', e.code, 'message', e.message, 'details', NULL, 'hint', e.hint,
                                           'detail', e.message)
               || CASE WHEN e.name = 'Unprocessable' THEN jsonb_build_object('errors', jsonb_build_array(
                    jsonb_build_object('path', 'projct', 'message', 'is unknown', 'hint', e.hint))) ELSE '{}' END)))
         || CASE WHEN e.header IS NULL THEN '{}' ELSE jsonb_build_object('headers', jsonb_build_object(
              e.header, jsonb_build_object('schema', '{"type": "string"}'::jsonb, 'description', e.header_text))) END)
    FROM (VALUES
      ('BadRequest', 'Malformed JSON or encoding, or an import of a project with no connection.', 'PT400',
       'project "customer_abc" has no connection', 'Give it one: PUT /projects/customer_abc with connection_id.', NULL,
       NULL),
      ('Unauthorized', 'No API key.', 'PT401', 'no API key',
       'Send one as X-API-Key, as a Bearer token, or as the password of Basic.', 'WWW-Authenticate',
       'How a key can be sent.'),
      ('Forbidden', 'The API key is wrong, has expired or was revoked, or its role does not suffice.', 'PT403',
       'this API key is not valid', 'It is wrong, expired, or has been revoked.', NULL, NULL),
      ('NotFound', 'There is no such row.', 'PT404', 'project "customer_ab" does not exist',
       'Did you mean "customer_abc"?', NULL, NULL),
      ('WrongMethod', 'The path exists, with other methods.', 'PT405', '/import does not take DELETE',
       'It takes OPTIONS, POST.', 'Allow', 'The methods that the path takes.'),
      ('Conflict', 'The name exists already, or the job''s state does not allow it.', 'PT409',
       'connection "customer_abc_prod" exists already', 'Change it, or choose another name.', NULL, NULL),
      ('TooLarge', 'The body is over the limit.', 'PT413', 'the body is too large', 'The limit is 1000000 bytes.', NULL,
       NULL),
      ('NoJson', 'The body is not declared as JSON.', 'PT415', 'the body is of type text/plain, not application/json',
       'Send JSON and the header Content-Type: application/json.', NULL, NULL),
      ('Unprocessable', 'Fields are missing, unknown, of the wrong type or out of range; errors names each.', 'PT422',
       'projct: is unknown', 'Did you mean "project"?', NULL, NULL),
      ('Unavailable', 'The management database is away; nothing is lost.', '08006',
       'the management database cannot be reached', 'Nothing is lost: try again when it is back.', 'Retry-After',
       'Seconds after which to try again.'),
      ('Failure', 'Any other refusal or failure.', 'PT500', 'the agent failed to serve this request',
       'The agent''s log says more, under this request''s id.', NULL, NULL)
    ) AS e (name, description, code, message, hint, header, header_text)
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_refusals() IS
  'The ways in which requests are refused, as components of the OpenAPI document.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_refusals() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_openapi()
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  schemas constant jsonb := @extschema@._cpi_openapi_schemas();
  schema_names constant text[] := ARRAY(SELECT jsonb_object_keys(schemas));
  catalog constant jsonb := @extschema@._cpi_catalog();
  tag_texts constant jsonb := '{"api-keys": "Who may call, and as what.", "connections": "Where rows go.",
    "deliveries": "Calls back when a job has ended.", "jobs": "Requests to import, and what became of them.",
    "own": "Functions of your own, made endpoints with cpi_publish.",
    "projects": "What is imported, how, and where to.",
    "schedules": "When projects are imported.", "service": "The service itself.",
    "settings": "What the queue and the agents obey.", "sources": "Where files come from."}';
BEGIN
  RETURN jsonb_build_object(
    'openapi', '3.1.0',
    'info', jsonb_build_object(
      'title', 'cpi: CSV PostgreSQL Import',
      'version', @extschema@.cpi_health() -> 'version',
      'description', 'Imports CSV files into PostgreSQL databases. Each operation calls the SQL function that'
        ' x-function names, with the request''s fields as named arguments. Missing fields and null are unset on create'
        ' and unchanged on update; an empty string clears an optional field.',
      'contact', '{"name": "The administrator of this agent"}'::jsonb,
      'license', '{"name": "PostgreSQL License", "identifier": "PostgreSQL"}'::jsonb),
    'servers', '[{"url": "/"}]'::jsonb,
    'security', '[{"api_key": []}, {"bearer": []}, {"basic": []}]'::jsonb,
    'tags', (SELECT jsonb_agg(jsonb_build_object(
                        'name', t.tag, 'description', coalesce(tag_texts ->> t.tag, t.tag)) ORDER BY t.tag)
               FROM (SELECT DISTINCT coalesce(r.value ->> 'tag', 'own') AS tag
                       FROM jsonb_array_elements(catalog) AS r) AS t),
    'paths', (SELECT jsonb_object_agg(p.path, p.operations)
                FROM (SELECT r.value ->> 'path' AS path,
                             jsonb_object_agg(lower(r.value ->> 'method'),
                                              @extschema@._cpi_openapi_operation(r.value, schema_names)) AS operations
                        FROM jsonb_array_elements(catalog) AS r GROUP BY r.value ->> 'path') AS p),
    'components', jsonb_build_object(
      'securitySchemes', '{
        "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic", "description": "The key is the password."}}'::jsonb,
      'responses', @extschema@._cpi_openapi_refusals(),
      'schemas', schemas));
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_openapi() IS
  'The OpenAPI 3.1 document of the REST interface, from its routes, the functions'' signatures and their comments.';
REVOKE ALL ON FUNCTION @extschema@.cpi_openapi() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_openapi() TO cpi_viewer;
