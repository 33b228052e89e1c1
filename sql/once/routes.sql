-- A row is an endpoint of the REST interface: which method and path template calls which function. The extension's own
-- rows are builtin and written by replace/routes.sql; cpi_publish adds users' rows, which are dumped. Every change
-- wakes the agents (NOTIFY cpi_routes). Should an upgrade bring a builtin row for the shape of a user's one, the user's
-- wins.
CREATE TABLE @extschema@.cpi_routes (
  method           text     NOT NULL,
  path             text     NOT NULL,
  shape            text     NOT NULL GENERATED ALWAYS AS (regexp_replace(path, '\{[^}]*\}', '{}', 'g')) STORED,
  function         text,
  success_status   smallint NOT NULL DEFAULT 200,
  role             text     NOT NULL,
  native           text,
  location         text,
  header_arguments jsonb    NOT NULL DEFAULT '{}',
  waits            boolean  NOT NULL DEFAULT false,
  answer           text,
  tag              text,
  summary          text     NOT NULL,
  builtin          boolean  NOT NULL DEFAULT false,
  CONSTRAINT cpi_routes_pkey PRIMARY KEY (method, shape, builtin),
  CONSTRAINT cpi_routes_method_is_known CHECK (method IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
  CONSTRAINT cpi_routes_path_is_a_template CHECK (path ~ '^/(([A-Za-z0-9._~-]+|\{[a-z_][a-z0-9_]*\})(/|$))*$'),
  CONSTRAINT cpi_routes_path_has_no_last_slash CHECK (path = '/' OR path !~ '/$'),
  CONSTRAINT cpi_routes_status_is_a_success CHECK (success_status BETWEEN 200 AND 299),
  CONSTRAINT cpi_routes_role_is_known CHECK (role IN ('anyone', 'viewer', 'operator', 'admin')),
  CONSTRAINT cpi_routes_lead_somewhere CHECK (function IS NOT NULL OR native IS NOT NULL),
  CONSTRAINT cpi_routes_header_arguments_is_an_object CHECK (jsonb_typeof(header_arguments) = 'object')
);
COMMENT ON TABLE @extschema@.cpi_routes IS 'Endpoints of the REST interface; GET /openapi.json is built from them.';
COMMENT ON COLUMN @extschema@.cpi_routes.method IS 'HTTP method.';
COMMENT ON COLUMN @extschema@.cpi_routes.path IS
  'Path template; each {name} becomes the function''s argument of that name.';
COMMENT ON COLUMN @extschema@.cpi_routes.shape IS 'The path without the names of its arguments.';
COMMENT ON COLUMN @extschema@.cpi_routes.function IS
  'Function that is called; without a schema, one of the extension''s. Empty when only the agent can answer.';
COMMENT ON COLUMN @extschema@.cpi_routes.success_status IS 'HTTP status when the function returns.';
COMMENT ON COLUMN @extschema@.cpi_routes.role IS 'Least role: anyone, viewer, operator or admin.';
COMMENT ON COLUMN @extschema@.cpi_routes.native IS
  'Name of the agent''s own handler, where it does not just call the function.';
COMMENT ON COLUMN @extschema@.cpi_routes.location IS
  'Template of the Location header; each {name} is a field of the answer.';
COMMENT ON COLUMN @extschema@.cpi_routes.header_arguments IS
  'Request headers that become arguments: header to argument.';
COMMENT ON COLUMN @extschema@.cpi_routes.waits IS
  'Whether ?wait=seconds (to 60) holds the answer back until the job has ended.';
COMMENT ON COLUMN @extschema@.cpi_routes.answer IS 'Schema of the answer: a component of the OpenAPI document.';
COMMENT ON COLUMN @extschema@.cpi_routes.tag IS 'Group in the OpenAPI document.';
COMMENT ON COLUMN @extschema@.cpi_routes.summary IS 'What it does, in a few words.';
COMMENT ON COLUMN @extschema@.cpi_routes.builtin IS 'Whether the extension brought it; such rows are not dumped.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_routes', 'WHERE NOT builtin');
