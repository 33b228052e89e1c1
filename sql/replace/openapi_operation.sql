-- One operation of the OpenAPI document: what a route takes and what it answers.

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_native()
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'root', jsonb_build_object('description',
      'Who serves here; a page in place of JSON for a client that accepts HTML.'),
    'docs', jsonb_build_object('description',
      'The OpenAPI document as a page that asks no other server for anything.',
      'content', '{"text/html": {"schema": {"type": "string"}}}'::jsonb),
    'rpc', jsonb_build_object('description',
      'Calls a function that the API publishes, by its name: its arguments are fields of the body, or of the query '
      'with GET, which only functions that change nothing take. The answer is the function''s, and so is the role that '
      'it needs.',
      'content', '{"application/json": {"schema": {}}}'::jsonb),
    'events', jsonb_build_object('description',
      'Server-sent events: what happens to jobs, as it happens. Each data line is the JSON of NOTIFY cpi_jobs: job_id, '
      'project, status, event (created, started, listed, file_finished, progress, cancel_requested, released or '
      'finished) and counts where there are some. A client that comes back with the id of the last event as '
      'Last-Event-ID gets what it has missed, as long as that is among the last thousand events of the same agent. '
      'Otherwise, and when the agent itself may have missed some, the event missed says so: read the jobs that matter '
      'again. The stream of one job begins with its state. A comment every 15 seconds keeps the connection.',
      'parameters', '[{"name": "Last-Event-ID", "in": "header", "required": false,
        "description": "The id of the last event that the client has seen.", "schema": {"type": "string"}}]'::jsonb,
      'content', jsonb_build_object('text/event-stream', jsonb_build_object(
        'schema', '{"type": "string"}'::jsonb,
        'example', E'id: 5f3c9a1e-42\ndata: {"event": "finished", "job_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", '
                   '"project": "customer_abc", "status": "completed"}\n\n'))))
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_native() IS
  'What the agent''s own handlers are documented with: description, parameters, content of the answer.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_native() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_parameters(route jsonb)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH parameters AS (
    -- Names in the path, whether an argument bears them or the agent itself reads them.
    SELECT 1 AS class, p.place, jsonb_build_object(
             'name', p.name[1], 'in', 'path', 'required', true,
             'description', CASE WHEN p.name[1] = 'function' THEN 'Name of the function.'
                                 ELSE coalesce(s.schema ->> 'description', p.name[1]) END,
             'schema', s.schema - 'description') AS parameter
      FROM regexp_matches(route ->> 'path', '\{([^}]*)\}', 'g') WITH ORDINALITY AS p (name, place)
      CROSS JOIN LATERAL (SELECT @extschema@._cpi_openapi_argument(p.name[1], coalesce(
        (SELECT a.value ->> 'type' FROM jsonb_array_elements(route -> 'arguments') AS a
           WHERE a.value ->> 'name' = p.name[1]), 'text'))) AS s (schema)
    UNION ALL
    SELECT 2, a.place, jsonb_build_object(
             'name', coalesce(h.key, a.value ->> 'name'),
             'in', CASE WHEN h.key IS NULL THEN 'query' ELSE 'header' END,
             'required', h.key IS NULL AND (a.value ->> 'required')::boolean,
             'description', coalesce(s.schema ->> 'description', a.value ->> 'name'),
             'schema', s.schema - 'description')
      FROM jsonb_array_elements(route -> 'arguments') WITH ORDINALITY AS a (value, place)
      LEFT JOIN jsonb_each_text(route -> 'header_arguments') AS h ON h.value = a.value ->> 'name'
      CROSS JOIN LATERAL (
        SELECT @extschema@._cpi_openapi_argument(a.value ->> 'name', a.value ->> 'type')) AS s (schema)
      WHERE strpos(route ->> 'path', '{' || (a.value ->> 'name') || '}') = 0
        -- OpenAPI leaves Accept to the answers' media types.
        AND h.key IS DISTINCT FROM 'Accept'
        AND (h.key IS NOT NULL OR route ->> 'method' IN ('GET', 'DELETE')
             -- Beside a body of CSV there is no other place for them.
             OR a.value ->> 'name' <> 'content' AND a.value ->> 'type' NOT IN ('json', 'jsonb')
                AND route -> 'arguments' @> '[{"name": "content"}]')
    UNION ALL
    SELECT 3, 1, '{"name": "wait", "in": "query", "required": false,
        "description": "Seconds for which the answer may wait for the job''s end.",
        "schema": {"type": "number", "minimum": 0, "maximum": 60}}'
      WHERE (route ->> 'waits')::boolean
    UNION ALL
    SELECT 4, n.place, n.value
      FROM jsonb_array_elements(@extschema@._cpi_openapi_native() #> ARRAY[route ->> 'native', 'parameters'])
           WITH ORDINALITY AS n (value, place))
  SELECT coalesce(jsonb_agg(
           CASE WHEN p.parameter ->> 'in' = 'path'
             THEN p.parameter || jsonb_build_object('example', @extschema@._cpi_openapi_path_example(route ->> 'path'))
             ELSE p.parameter END ORDER BY p.class, p.place), '[]')
    FROM parameters AS p
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_parameters(jsonb) IS
  'The parameters of a row of _cpi_catalog in path, header and query.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_parameters(jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_body(route jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- What a request must bring although the function has a default for it, so that it can refuse by name.
  must_have constant jsonb := '{"cpi_create_connection": ["name", "database_url"], "cpi_create_project": ["name"],
    "cpi_create_source": ["name", "host", "username"], "cpi_import": ["project"],
    "cpi_create_api_key": ["name", "role"]}';
  function_name constant text := split_part(route ->> 'function', '.', 2);
  example constant jsonb := @extschema@._cpi_openapi_request_examples() -> coalesce(route ->> 'native', function_name);
  properties jsonb;
  required jsonb;
BEGIN
  IF route ->> 'method' NOT IN ('POST', 'PUT', 'PATCH') THEN
    RETURN NULL;
  ELSIF route ->> 'native' = 'rpc' THEN
    RETURN jsonb_build_object('required', false, 'content', jsonb_build_object('application/json',
      '{"schema": {"type": "object", "description": "The function''s arguments by name."}, "example": {}}'::jsonb));
  END IF;
  SELECT jsonb_object_agg(a.name, CASE WHEN a.needed THEN a.schema
                                       ELSE @extschema@._cpi_openapi_nullable(a.schema) END),
         jsonb_agg(a.name ORDER BY a.place) FILTER (WHERE a.needed)
    INTO properties, required
    FROM (SELECT e.value ->> 'name' AS name, e.place,
                 (e.value ->> 'required')::boolean
                   OR coalesce(must_have -> function_name ? (e.value ->> 'name'), false) AS needed,
                 @extschema@._cpi_openapi_argument(e.value ->> 'name', e.value ->> 'type') AS schema
            FROM jsonb_array_elements(route -> 'arguments') WITH ORDINALITY AS e (value, place)
            WHERE strpos(route ->> 'path', '{' || (e.value ->> 'name') || '}') = 0
              AND NOT EXISTS (SELECT FROM jsonb_each_text(route -> 'header_arguments') AS h
                                WHERE h.value = e.value ->> 'name')) AS a;
  IF properties IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN jsonb_build_object(
    'required', required IS NOT NULL,
    'content', jsonb_build_object('application/json', jsonb_strip_nulls(jsonb_build_object(
      'schema', jsonb_build_object('type', 'object', 'additionalProperties', false, 'properties', properties)
                || CASE WHEN required IS NULL THEN '{}' ELSE jsonb_build_object('required', required) END,
      'example', example)))
      -- A body of that type is the argument content; the others come in the query.
      || CASE WHEN properties ? 'content' THEN '{"text/csv": {"schema": {"type": "string"},
           "example": "\"cpi_reason\",\"id\",\"name\"\n\"line 17, column \"\"id\"\": no integer\",7,Ada\n"}}'::jsonb
              ELSE '{}' END);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_body(jsonb) IS
  'The body that a row of _cpi_catalog takes, with an example; NULL when it takes none.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_body(jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_responses(route jsonb, schema_names text[])
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer constant text := route ->> 'answer';
  native_content constant jsonb := @extschema@._cpi_openapi_native() #> ARRAY[route ->> 'native', 'content'];
  example constant jsonb := @extschema@._cpi_openapi_answer_examples() -> (route ->> 'answer');
  has_body constant boolean := route ->> 'method' IN ('POST', 'PUT', 'PATCH');
  success jsonb := jsonb_build_object('description', 'Success');
  refused text[] := '{}';
  responses jsonb;
BEGIN
  IF (route ->> 'success_status')::integer <> 204 THEN
    success := success || jsonb_build_object('content', CASE
      WHEN answer = ANY (schema_names) THEN
        jsonb_build_object('application/json', jsonb_strip_nulls(jsonb_build_object(
          'schema', jsonb_build_object('$ref', '#/components/schemas/' || answer)))
          || CASE WHEN example IS NULL THEN '{}' ELSE jsonb_build_object('example', example) END)
      ELSE coalesce(native_content, '{"application/json": {"schema": {}}}'::jsonb) END);
  END IF;
  IF route -> 'header_arguments' ? 'Accept' THEN
    success := jsonb_set(success, '{content,text/csv}', '{"schema": {"type": "string"},
      "example": "\"cpi_reason\",\"id\",\"name\"\n\"line 17, column \"\"id\"\": no integer\",x,Ada\n"}')
      || '{"headers": {
        "Cpi-Total": {"description": "Of CSV: how many rows there were.", "schema": {"type": "integer"}},
        "Cpi-Kept": {"description": "Of CSV: how many of them are kept.", "schema": {"type": "integer"}},
        "Cpi-Whole": {"description": "Of CSV: how many of those are whole, and stand in it or on its other pages.",
                      "schema": {"type": "integer"}},
        "Link": {"description": "Of CSV: the next page (rel=\"next\"), where there is one.", "schema": {"type": "string"}}}}'::jsonb;
  END IF;
  IF route ->> 'location' IS NOT NULL THEN
    success := success
      || '{"headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}}'::jsonb;
  END IF;

  IF route ->> 'role' <> 'anyone' THEN
    refused := refused || '{401,403}';
  END IF;
  IF jsonb_array_length(route -> 'arguments') > 0 OR route ->> 'native' = 'rpc' THEN
    refused := refused || '{400,422}';
  END IF;
  IF has_body THEN
    refused := refused || '{400,413,415}';
  END IF;
  IF route -> 'header_arguments' ? 'Accept' THEN
    refused := refused || '{409,413}';
  END IF;
  IF has_body OR route ->> 'method' = 'DELETE' THEN
    refused := refused || '{409}';
  END IF;
  IF route ->> 'path' LIKE '%{%' OR route ->> 'answer' = 'Accepted' THEN
    refused := refused || '{404}';
  END IF;
  SELECT jsonb_object_agg(r.status, jsonb_build_object('$ref', '#/components/responses/' || r.name)) INTO responses
    FROM (VALUES ('400', 'BadRequest'), ('401', 'Unauthorized'), ('403', 'Forbidden'), ('404', 'NotFound'),
                 ('405', 'WrongMethod'), ('409', 'Conflict'), ('413', 'TooLarge'), ('415', 'NoJson'),
                 ('422', 'Unprocessable'), ('503', 'Unavailable'), ('default', 'Failure')) AS r (status, name)
    WHERE r.status = ANY (refused || '{405,503,default}');
  IF answer = 'Health' THEN
    responses := responses || '{"503": {"description": "The management database is away.", "content": {
      "application/json": {"schema": {"$ref": "#/components/schemas/Health"},
       "example": {"status": "unhealthy", "management_db": false, "version": "0.1.0"}}}}}'::jsonb;
  END IF;
  RETURN responses || jsonb_build_object(route ->> 'success_status', success);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_responses(jsonb, text[]) IS
  'The answers of a row of _cpi_catalog by status: what it says on success, and references to the refusals.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_responses(jsonb, text[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_operation(route jsonb, schema_names text[])
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
      'operationId', lower(route ->> 'method')
        || regexp_replace(regexp_replace(route ->> 'path', '[{}]', '', 'g'), '[^A-Za-z0-9]+', '_', 'g'),
      'summary', route -> 'summary',
      'description', coalesce(@extschema@._cpi_openapi_native() #>> ARRAY[route ->> 'native', 'description'],
                              replace(route ->> 'description', E'\n', ' '), route ->> 'summary'),
      'tags', jsonb_build_array(coalesce(route ->> 'tag', 'own')),
      'x-function', route -> 'function',
      'x-role', CASE WHEN route ->> 'role' <> 'anyone' THEN route -> 'role' END))
    || jsonb_build_object('parameters', @extschema@._cpi_openapi_parameters(route),
                          'responses', @extschema@._cpi_openapi_responses(route, schema_names))
    || CASE WHEN route ->> 'role' = 'anyone' THEN '{"security": []}'::jsonb ELSE '{}'::jsonb END
    || CASE WHEN b.body IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('requestBody', b.body) END
  FROM (SELECT @extschema@._cpi_openapi_body(route)) AS b (body)
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_operation(jsonb, text[]) IS
  'The operation of a row of _cpi_catalog: arguments become parameters or the body, the answer a reference to its '
  'schema.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_operation(jsonb, text[]) FROM PUBLIC;
