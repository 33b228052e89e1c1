-- The OpenAPI document: whole, without loose ends, and true. That answers are as documented is tested beside each function.
BEGIN;
SELECT plan(22);
CREATE TEMP TABLE document AS SELECT cpi_openapi() AS d;
CREATE TEMP TABLE operations AS
  SELECT p.key AS path, o.key AS method, o.value AS operation FROM document, jsonb_each(d -> 'paths') AS p, jsonb_each(p.value) AS o;

SELECT is((SELECT d ->> 'openapi' FROM document), '3.1.0', 'it is OpenAPI 3.1');
SELECT results_eq('SELECT upper(method) || '' '' || path COLLATE "C" FROM operations ORDER BY 1',
  'SELECT method || '' '' || path COLLATE "C" FROM cpi_routes ORDER BY 1', 'every route is an operation');
SELECT is((SELECT count(DISTINCT operation ->> 'operationId') FROM operations), (SELECT count(*) FROM operations), 'each has an id of its own');
SELECT is_empty($$SELECT path FROM operations WHERE length(operation ->> 'description') < 10 OR operation ->> 'summary' IS NULL$$, 'and says what it does');
SELECT is_empty($$SELECT path FROM operations, document WHERE NOT (d -> 'tags') @> jsonb_build_array(jsonb_build_object('name', operation #> '{tags,0}'))$$,
  'every tag is declared');
SELECT is_empty($$SELECT path, m[1] FROM operations, regexp_matches(path, '\{([^}]*)\}', 'g') AS m WHERE NOT operation -> 'parameters'
  @> jsonb_build_array(jsonb_build_object('name', m[1], 'in', 'path', 'required', true))$$, 'every name in a path is a parameter');
SELECT is_empty($$SELECT m[1] FROM document, regexp_matches(d::text, '"\$ref": "#/([^"]*)"', 'g') AS m
  WHERE d #> string_to_array(m[1], '/') IS NULL$$, 'every reference leads somewhere');
SELECT isnt_empty($$SELECT FROM document, regexp_matches(d::text, '#/components/schemas/ProjectConfig/\$defs/', 'g')$$,
  'those inside the config''s schema included');
SELECT is_empty($$SELECT path, method FROM operations WHERE method = 'get' AND operation ? 'requestBody'$$, 'a GET has no body');
SELECT is_empty($$SELECT path, method, r.key FROM operations, jsonb_each(operation -> 'responses') AS r
  WHERE jsonb_typeof(r.value) <> 'object'$$, 'every response is an object');
SELECT is_empty($$SELECT r.method, r.path FROM cpi_routes r LEFT JOIN operations o ON o.path = r.path AND o.method = lower(r.method)
  WHERE r.success_status <> 204 AND r.function IS NOT NULL
    AND o.operation #> ARRAY['responses', r.success_status::text, 'content', 'application/json', 'schema', '$ref'] IS NULL$$,
  'every answer of a function has a schema');
SELECT is_empty($$SELECT path, method FROM operations WHERE operation #> '{requestBody,content,application/json,schema,properties}' IS NOT NULL
  AND operation #> '{requestBody,content,application/json,example}' IS NULL$$, 'every body has an example');
SELECT is_empty($$SELECT path, method, p FROM operations, jsonb_array_elements(operation -> 'parameters') AS p
  WHERE p ->> 'in' = 'path' AND NOT p ? 'example' OR NOT p ? 'description'$$, 'every parameter says what it is');
SELECT ok((SELECT operation #> '{responses,200,content}' ? 'text/event-stream'
  AND operation -> 'parameters' @> '[{"name": "Last-Event-ID", "in": "header"}, {"name": "id", "in": "path"}]'
  FROM operations WHERE path = '/jobs/{id}/events'), 'streams are documented as such');
SELECT is((SELECT operation #> '{requestBody,content,application/json,schema,properties,description,type}' FROM operations
  WHERE path = '/connections/{id}' AND method = 'put'), '["string", "null"]', 'fields that are not needed may be null');
SELECT is((SELECT operation #> '{requestBody,content,application/json,schema,required}' FROM operations WHERE path = '/connections' AND method = 'post'),
  '["name", "database_url"]', 'required fields are told');
SELECT is((SELECT operation #>> '{requestBody,content,application/json,schema,properties,config,$ref}' FROM operations
  WHERE path = '/projects' AND method = 'post'), '#/components/schemas/ProjectConfig', 'a config refers to its schema');
SELECT is((SELECT d #> '{components,schemas,ProjectConfig,properties,defaults}' IS NOT NULL FROM document), true, 'which is the one in C++');
SELECT results_eq($$SELECT p ->> 'name' FROM operations, jsonb_array_elements(operation -> 'parameters') AS p
  WHERE path = '/jobs/{id}/rejects/replay' AND p ->> 'in' = 'query' ORDER BY 1$$, '{file,force,wait}'::text[],
  'beside a body of CSV the other arguments are in the query');
SELECT ok((SELECT operation -> 'parameters' @> '[{"name": "Idempotency-Key", "in": "header"}, {"name": "wait", "in": "query"}]'
  FROM operations WHERE path = '/import'), 'headers and wait are parameters');
SELECT ok((SELECT bool_and(operation -> 'responses' ?& '{401,403,503}') FROM operations WHERE NOT operation @> '{"security": []}'),
  'refusals are documented');
SELECT results_eq('SELECT path COLLATE "C" FROM operations WHERE operation @> ''{"security": []}'' ORDER BY 1',
  ARRAY['/', '/docs', '/health', '/openapi.json'] COLLATE "C", 'few operations need no key');

SELECT * FROM finish();
ROLLBACK;
