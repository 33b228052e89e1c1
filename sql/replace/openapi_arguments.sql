-- The schema of a function's argument, as a parameter or a field of the body.
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
      ('id', 'text',
       '{"description": "The id; a connection, a source or a schedule may be given by its name."}'::jsonb),
      ('name', 'text', '{"minLength": 1, "maxLength": 255, "description": "The unique name; not like a UUID."}'),
      ('project', 'text', '{"minLength": 1, "maxLength": 255, "description": "Name of the project."}'),
      ('description', 'text', '{"description": "For people; empty clears it."}'),
      ('database_url', 'text',
       '{"description": "postgresql://user:password@host:port/database, percent-encoded, or a libpq keyword string."}'),
      ('connection_id', 'text', '{"description": "Id or name of the connection; empty clears it."}'),
      ('source_id', 'text', '{"description": "Id or name of the source; empty clears it."}'),
      ('config', 'jsonb', '{"$ref": "#/components/schemas/ProjectConfig"}'),
      ('callback_url', 'text', '{"description": "Called with POST when the job has ended, byte for byte."}'),
      ('local_files', 'jsonb',
       '{"type": "array", "items": {"type": "string"}, "minItems": 1,
         "description": "Paths on the agent''s machine."}'),
      ('local_files_base_path', 'text', '{"description": "Where relative local_files are; else local.path."}'),
      ('sftp_override', 'jsonb',
       '{"type": "object", "description": "Fields of the config''s sftp object, for this job."}'),
      ('force', 'boolean', '{"default": false, "description": "Load even what was loaded before."}'),
      ('dry_run', 'boolean', '{"default": false, "description": "Do everything, then roll back."}'),
      ('include_details', 'boolean', '{"default": true, "description": "Whether to add file_results and errors."}'),
      ('idempotency_key', 'text',
       '{"maxLength": 255, "description": "The same request with the same key gives the same job."}'),
      ('status', 'text',
       '{"enum": ["pending", "running", "completed", "partial", "failed", "cancelled"],
         "description": "Only jobs in this state."}'),
      ('schedule', 'text', '{"description": "Only jobs of this schedule: id or name."}'),
      ('limit', 'integer', '{"minimum": 1, "description": "How many at most: up to 100 jobs, 100,000 rejects."}'),
      ('offset', 'integer',
       '{"minimum": 0, "default": 0, "description": "How many to leave out; of jobs up to 10,000."}'),
      ('file', 'text', '{"description": "Path or id of one file of the job."}'),
      ('content', 'text', '{"description": "Rejected rows as CSV, mended; without it they are tried as they are."}'),
      ('cursor', 'text', '{"description": "From next of the page before."}'),
      ('role', 'text', '{"enum": ["viewer", "operator", "admin"], "description": "What the key may do."}'),
      ('expires_at', 'timestamp with time zone', '{"description": "Until when; without it for ever."}'),
      ('host', 'text', '{"description": "Name or address of the server."}'),
      ('port', 'integer', '{"minimum": 1, "maximum": 65535, "default": 22, "description": "Its port."}'),
      ('username', 'text', '{"description": "Login there."}'),
      ('password', 'text', '{"description": "Password, or that of an encrypted key; stored sealed."}'),
      ('key_path', 'text', '{"description": "Private key on the agent''s machine; stored sealed."}'),
      ('remote_path', 'text', '{"description": "Directory of the files."}'),
      ('host_key', 'text', '{"description": "Fingerprint that the server must show: SHA256:…"}'),
      ('webhook_secret', 'text',
       '{"description": "Signs webhooks: whsec_ and 24 to 64 bytes in base64; stored sealed, empty clears it."}'),
      ('webhook_previous_secret', 'text',
       '{"description": "Signs them as well while receivers change over; stored sealed, empty clears it."}')
    ) AS known (name, type, schema)
      WHERE known.name = _cpi_openapi_argument.name AND known.type = _cpi_openapi_argument.type), '{}')
    || coalesce((SELECT jsonb_build_object('minimum', s.minimum, 'maximum', s.maximum, 'description', s.description)
                   FROM @extschema@.cpi_settings AS s WHERE s.builtin AND s.name = _cpi_openapi_argument.name), '{}')
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_argument(text, text) IS
  'Schema of an argument: from its type, with a description and limits where its name is one that the API knows.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_argument(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_nullable(schema jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT schema
    || CASE WHEN jsonb_typeof(schema -> 'type') = 'string'
         THEN jsonb_build_object('type', jsonb_build_array(schema -> 'type', 'null')) ELSE '{}' END
    || CASE WHEN schema ? 'enum' THEN jsonb_build_object('enum', (schema -> 'enum') || 'null') ELSE '{}' END
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_nullable(jsonb) IS
  'The schema of a field that may be null, which counts as missing.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_nullable(jsonb) FROM PUBLIC;
