-- The OpenAPI 3.1 document, put together from the routes, the signatures of their functions and the functions'
-- comments: a new function with a route is documented without another line.

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_argument(name text, type text)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE type
      WHEN 'integer' THEN '{"type": "integer", "minimum": -2147483648, "maximum": 2147483647}'
      WHEN 'smallint' THEN '{"type": "integer", "minimum": -32768, "maximum": 32767}'
      WHEN 'bigint' THEN '{"type": "integer"}'
      WHEN 'numeric' THEN '{"type": "number"}'
      WHEN 'double precision' THEN '{"type": "number"}'
      WHEN 'real' THEN '{"type": "number"}'
      WHEN 'boolean' THEN '{"type": "boolean"}'
      WHEN 'uuid' THEN '{"type": "string", "format": "uuid"}'
      WHEN 'timestamp with time zone' THEN '{"type": "string", "format": "date-time"}'
      WHEN 'date' THEN '{"type": "string", "format": "date"}'
      WHEN 'text[]' THEN '{"type": "array", "items": {"type": "string"}}'
      WHEN 'jsonb' THEN '{}'
      WHEN 'json' THEN '{}'
      ELSE '{"type": "string"}'
    END::jsonb
    || coalesce((SELECT known.schema FROM (VALUES
      ('id', 'text', '{"description": "The id; a connection, a source or a schedule may be given by its name."}'::jsonb),
      ('name', 'text', '{"minLength": 1, "maxLength": 255, "description": "The unique name; not like a UUID."}'),
      ('project', 'text', '{"minLength": 1, "maxLength": 255, "description": "Name of the project."}'),
      ('description', 'text', '{"description": "For people; empty clears it."}'),
      ('database_url', 'text', '{"description": "postgresql://user:password@host:port/database, its parts percent-encoded, or a libpq keyword string.", "examples": ["postgresql://user:pass%40word@host:5432/dbname"]}'),
      ('connection_id', 'text', '{"description": "Id or name of the connection; empty clears it."}'),
      ('source_id', 'text', '{"description": "Id or name of the source; empty clears it."}'),
      ('config', 'jsonb', '{"$ref": "#/components/schemas/ProjectConfig"}'),
      ('callback_url', 'text', '{"description": "Called with POST when the job has ended, byte for byte.", "examples": ["https://n8n.example.com/webhook/xyz"]}'),
      ('local_files', 'jsonb', '{"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "Paths on the agent''s machine."}'),
      ('local_files_base_path', 'text', '{"description": "Directory that local_files are relative to."}'),
      ('sftp_override', 'jsonb', '{"type": "object", "description": "Fields of the config''s sftp object, for this job."}'),
      ('force', 'boolean', '{"default": false, "description": "Load even what was loaded before."}'),
      ('dry_run', 'boolean', '{"default": false, "description": "Do everything, then roll back."}'),
      ('include_details', 'boolean', '{"default": true, "description": "Whether to add file_results and errors."}'),
      ('idempotency_key', 'text', '{"maxLength": 255, "description": "The same request with the same key gives the same job."}'),
      ('status', 'text', '{"enum": ["pending", "running", "completed", "partial", "failed", "cancelled"], "description": "Only jobs in this state."}'),
      ('schedule', 'text', '{"description": "Only jobs of this schedule: id or name."}'),
      ('limit', 'integer', '{"minimum": 1, "description": "How many at most: up to 100 jobs, 10,000 rejects."}'),
      ('offset', 'integer', '{"minimum": 0, "maximum": 10000, "default": 0, "description": "How many to leave out."}'),
      ('cursor', 'text', '{"description": "From next of the page before."}'),
      ('role', 'text', '{"enum": ["viewer", "operator", "admin"], "description": "What the key may do."}'),
      ('port', 'integer', '{"minimum": 1, "maximum": 65535, "default": 22}')
    ) AS known (name, type, schema) WHERE known.name = _cpi_openapi_argument.name AND known.type = _cpi_openapi_argument.type), '{}')
    || coalesce((SELECT jsonb_build_object('minimum', s.minimum, 'maximum', s.maximum, 'description', s.description)
                   FROM @extschema@.cpi_settings AS s WHERE s.builtin AND s.name = _cpi_openapi_argument.name), '{}')
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_argument(text, text) IS
  'Schema of an argument: from its type, with a description and limits where its name is one that the API knows.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_argument(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_operation(route jsonb, schema_names text[])
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- What a request must bring although the function has a default for it, so that it can refuse by name.
  must_have constant jsonb := '{"cpi_create_connection": ["name", "database_url"], "cpi_create_project": ["name"],
    "cpi_create_source": ["name", "host", "username"], "cpi_import": ["project"],
    "cpi_create_api_key": ["name", "role"]}';
  method constant text := route ->> 'method';
  function_name constant text := split_part(route ->> 'function', '.', 2);
  has_body constant boolean := method IN ('POST', 'PUT', 'PATCH');
  parameters jsonb := '[]';
  properties jsonb := '{}';
  required jsonb := '[]';
  argument jsonb;
  header text;
  schema jsonb;
  responses jsonb;
  operation jsonb;
BEGIN
  FOR argument IN SELECT a.value FROM jsonb_array_elements(route -> 'arguments') AS a LOOP
    schema := @extschema@._cpi_openapi_argument(argument ->> 'name', argument ->> 'type');
    SELECT h.key INTO header FROM jsonb_each_text(route -> 'header_arguments') AS h WHERE h.value = argument ->> 'name';
    IF strpos(route ->> 'path', '{' || (argument ->> 'name') || '}') > 0 THEN
      parameters := parameters || jsonb_build_object('name', argument -> 'name', 'in', 'path', 'required', true,
                                                     'schema', schema);
    ELSIF header IS NOT NULL THEN
      parameters := parameters || jsonb_build_object('name', header, 'in', 'header', 'required', false,
                                                     'schema', schema);
    ELSIF has_body THEN
      properties := properties || jsonb_build_object(argument ->> 'name', schema);
      IF (argument ->> 'required')::boolean OR must_have -> function_name ? (argument ->> 'name') THEN
        required := required || jsonb_build_array(argument -> 'name');
      END IF;
    ELSE
      parameters := parameters || jsonb_build_object('name', argument -> 'name', 'in', 'query',
                                                     'required', argument -> 'required', 'schema', schema);
    END IF;
  END LOOP;
  IF (route ->> 'waits')::boolean THEN
    parameters := parameters || '[{"name": "wait", "in": "query", "required": false, "schema": {"type": "number",
      "minimum": 0, "maximum": 60, "description": "Seconds for which the answer may wait for the job''s end."}}]'::jsonb;
  END IF;

  responses := jsonb_build_object(route ->> 'success_status', jsonb_build_object('description', 'Success')
    || CASE WHEN (route ->> 'success_status')::integer = 204 THEN '{}'
            WHEN route ->> 'answer' = ANY (schema_names) THEN
              jsonb_build_object('content', jsonb_build_object('application/json', jsonb_build_object(
                'schema', jsonb_build_object('$ref', '#/components/schemas/' || (route ->> 'answer')))))
            WHEN route ->> 'function' IS NULL THEN '{"content": {"text/html": {"schema": {"type": "string"}}}}'
            ELSE '{"content": {"application/json": {"schema": {}}}}' END
    || CASE WHEN route ->> 'location' IS NULL THEN '{}'
            ELSE '{"headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}}' END);
  IF route ->> 'role' <> 'anyone' THEN
    responses := responses || '{"401": {"$ref": "#/components/responses/Unauthorized"},
      "403": {"$ref": "#/components/responses/Forbidden"}}';
  END IF;
  IF jsonb_array_length(route -> 'arguments') > 0 THEN
    responses := responses || '{"422": {"$ref": "#/components/responses/Unprocessable"}}';
  END IF;
  IF has_body THEN
    responses := responses || '{"400": {"$ref": "#/components/responses/BadRequest"},
      "413": {"$ref": "#/components/responses/TooLarge"}, "415": {"$ref": "#/components/responses/NoJson"}}';
  END IF;
  IF has_body OR method = 'DELETE' THEN
    responses := responses || '{"409": {"$ref": "#/components/responses/Conflict"}}';
  END IF;
  IF route ->> 'path' LIKE '%{%' OR function_name = 'cpi_import' THEN
    responses := responses || '{"404": {"$ref": "#/components/responses/NotFound"}}';
  END IF;
  responses := responses || CASE WHEN function_name = 'cpi_health'
    THEN '{"503": {"description": "The management database is away.", "content": {"application/json": {"schema":
          {"$ref": "#/components/schemas/Health"}}}}}'::jsonb
    ELSE '{"503": {"$ref": "#/components/responses/Unavailable"}}' END;

  operation := jsonb_build_object(
    'operationId', lower(method) || regexp_replace(regexp_replace(route ->> 'path', '[{}]', '', 'g'), '[^A-Za-z0-9]+', '_', 'g'),
    'summary', route -> 'summary',
    'description', coalesce(replace(route ->> 'description', E'\n', ' '), route ->> 'summary'),
    'tags', jsonb_build_array(coalesce(route ->> 'tag', 'own')),
    'parameters', parameters,
    'responses', responses);
  IF route ->> 'role' = 'anyone' THEN
    operation := operation || '{"security": []}';
  ELSE
    operation := operation || jsonb_build_object('x-role', route -> 'role');
  END IF;
  IF route ->> 'function' IS NOT NULL THEN
    operation := operation || jsonb_build_object('x-function', route -> 'function');
  END IF;
  IF properties <> '{}' THEN
    operation := operation || jsonb_build_object('requestBody', jsonb_build_object(
      'required', required <> '[]',
      'content', jsonb_build_object('application/json', jsonb_build_object('schema', jsonb_build_object(
        'type', 'object', 'additionalProperties', false, 'properties', properties)
        || CASE WHEN required = '[]' THEN '{}' ELSE jsonb_build_object('required', required) END))));
  END IF;
  RETURN operation;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_operation(jsonb, text[]) IS
  'The operation of a row of _cpi_catalog: arguments become parameters or the body, the answer a reference to its '
  'schema.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_operation(jsonb, text[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_openapi()
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  schemas constant jsonb := @extschema@._cpi_openapi_schemas();
  schema_names constant text[] := ARRAY(SELECT jsonb_object_keys(schemas));
  catalog constant jsonb := @extschema@._cpi_catalog();
BEGIN
  RETURN jsonb_build_object(
    'openapi', '3.1.0',
    'info', jsonb_build_object(
      'title', 'cpi: CSV PostgreSQL Import',
      'version', @extschema@.cpi_health() -> 'version',
      'description', 'Imports CSV files into PostgreSQL databases. Each operation calls the SQL function that x-function names, with the request''s fields as named arguments. Missing fields and null are unset on create and unchanged on update; an empty string clears an optional field.',
      'license', '{"name": "PostgreSQL License", "identifier": "PostgreSQL"}'::jsonb),
    'servers', '[{"url": "/"}]'::jsonb,
    'security', '[{"api_key": []}, {"bearer": []}, {"basic": []}]'::jsonb,
    'tags', (SELECT jsonb_agg(jsonb_build_object('name', t.tag) ORDER BY t.tag)
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
      'responses', (SELECT jsonb_object_agg(e.name, jsonb_build_object(
                             'description', e.description,
                             'content', '{"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}'::jsonb))
                      FROM (VALUES
                        ('BadRequest', 'Malformed JSON, or an import of a project with no connection.'),
                        ('Unauthorized', 'No API key, or a wrong or expired one.'),
                        ('Forbidden', 'The API key''s role does not suffice.'),
                        ('NotFound', 'There is no such row.'),
                        ('Conflict', 'The name exists already, or the job''s state does not allow it.'),
                        ('TooLarge', 'The body is over the limit.'),
                        ('NoJson', 'The body is not declared as JSON.'),
                        ('Unprocessable', 'Fields are missing, unknown, of the wrong type or out of range; errors names each.'),
                        ('Unavailable', 'The management database is away; Retry-After says when to try again.')
                      ) AS e (name, description)),
      'schemas', schemas));
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_openapi() IS
  'The OpenAPI 3.1 document of the REST interface, from its routes, the functions'' signatures and their comments.';
REVOKE ALL ON FUNCTION @extschema@.cpi_openapi() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_openapi() TO cpi_viewer;
