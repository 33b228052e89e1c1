-- The shapes of the API's answers, as components of the OpenAPI document. The functions make these answers; a test
-- compares what each one really gives with what stands here.
CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_object(
  description text, properties jsonb, optional text[] DEFAULT '{}')
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'type', 'object', 'description', description, 'properties', properties,
    'required', (SELECT coalesce(jsonb_agg(k.key ORDER BY k.key), '[]') FROM jsonb_object_keys(properties) AS k (key)
                   WHERE k.key <> ALL (optional)))
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_object(text, jsonb, text[]) IS
  'Schema of an object whose properties are always there, but for the optional ones.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_object(text, jsonb, text[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_list(description text, field text, item text)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT @extschema@._cpi_openapi_object(description, jsonb_build_object(
    field, jsonb_build_object('type', 'array', 'items', jsonb_build_object('$ref', '#/components/schemas/' || item)),
    'total', '{"type": "integer", "minimum": 0}'::jsonb))
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_list(text, text, text) IS 'Schema of a list with its total.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_list(text, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_schemas()
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id constant jsonb := '{"type": "string", "format": "uuid"}';
  id_or_null constant jsonb := '{"type": ["string", "null"], "format": "uuid"}';
  text constant jsonb := '{"type": "string"}';
  text_or_null constant jsonb := '{"type": ["string", "null"]}';
  name constant jsonb := '{"type": "string", "minLength": 1, "maxLength": 255}';
  time constant jsonb := '{"type": "string", "format": "date-time"}';
  time_or_null constant jsonb := '{"type": ["string", "null"], "format": "date-time"}';
  count constant jsonb := '{"type": "integer", "minimum": 0}';
  count_or_null constant jsonb := '{"type": ["integer", "null"], "minimum": 0}';
  seconds_or_null constant jsonb := '{"type": ["number", "null"], "minimum": 0}';
  bool constant jsonb := '{"type": "boolean"}';
  status constant jsonb :=
    '{"type": "string", "enum": ["pending", "running", "completed", "partial", "failed", "cancelled"]}';
  role constant jsonb := '{"type": "string", "enum": ["viewer", "operator", "admin"]}';
  connection constant jsonb := jsonb_build_object(
    'id', id, 'name', name, 'description', text_or_null, 'created_at', time, 'updated_at', time);
  source constant jsonb := jsonb_build_object(
    'id', id, 'name', name, 'description', text_or_null, 'type', '{"type": "string", "enum": ["sftp"]}'::jsonb,
    'host', text, 'port', '{"type": "integer", "minimum": 1, "maximum": 65535}'::jsonb, 'username', text,
    'remote_path', text, 'host_key', text_or_null, 'created_at', time, 'updated_at', time);
  job constant jsonb := jsonb_build_object(
    'id', id, 'project_name', name, 'status', status, 'started_at', time_or_null, 'completed_at', time_or_null,
    'duration_seconds', seconds_or_null, 'files_processed', count, 'files_failed', count, 'total_inserted', count,
    'total_updated', count, 'total_skipped', count, 'total_rejected', count, 'total_duplicates', count,
    'total_deleted', count, 'callback_url', text_or_null, 'schedule_id', id_or_null, 'retry_of', id_or_null,
    'attempt', count, 'last_error', text_or_null, 'note', text_or_null,
    'progress', '{"type": ["object", "null"]}'::jsonb, 'created_at', time,
    'dry_run', bool || '{"description": "Whether everything was rolled back: the counts say what would have been written."}');
  api_key constant jsonb := jsonb_build_object(
    'id', id, 'name', name, 'role', role, 'expires_at', time_or_null, 'last_used_at', time_or_null, 'created_at', time);
  ref constant text := '#/components/schemas/';
BEGIN
  RETURN jsonb_build_object(
    'Root', @extschema@._cpi_openapi_object('The service.', jsonb_build_object(
      'name', text, 'version', text, 'docs', text, 'health', text)),
    'Health', @extschema@._cpi_openapi_object('State of the service.', jsonb_build_object(
      'status', '{"type": "string", "enum": ["healthy", "unhealthy"]}'::jsonb, 'management_db', bool, 'version', text)),
    'OpenAPI', '{"type": "object", "description": "An OpenAPI 3.1 document."}'::jsonb,
    'ConnectionSummary', @extschema@._cpi_openapi_object('A target database, without credentials.', connection),
    'Connection', @extschema@._cpi_openapi_object('A target database, with credentials.',
      connection || jsonb_build_object('database_url', text_or_null)),
    'ConnectionList', @extschema@._cpi_openapi_list('Connections by name.', 'connections', 'ConnectionSummary'),
    'SourceSummary', @extschema@._cpi_openapi_object('A place that files come from, without credentials.', source),
    'Source', @extschema@._cpi_openapi_object('A place that files come from, with credentials.',
      source || jsonb_build_object('password', text_or_null, 'key_path', text_or_null)),
    'SourceList', @extschema@._cpi_openapi_list('Sources by name.', 'sources', 'SourceSummary'),
    'TestResult', @extschema@._cpi_openapi_object('What came of connecting.', jsonb_build_object(
      'success', bool, 'message', text, 'findings', jsonb_build_object('type', 'array', 'items',
        @extschema@._cpi_openapi_object('One remark.', jsonb_build_object(
          'rule', text, 'message', text, 'hint', text_or_null), '{hint}')))),
    'SourceTestResult', @extschema@._cpi_openapi_object('What came of connecting to a source.', jsonb_build_object(
      'success', bool, 'message', text, 'file_count', count_or_null, 'host_key', text_or_null,
      'files', jsonb_build_object('type', 'array', 'items', text),
      'findings', jsonb_build_object('type', 'array', 'items',
        @extschema@._cpi_openapi_object('One remark.', jsonb_build_object(
          'rule', text, 'message', text, 'hint', text_or_null), '{hint}')))),
    -- The config's schema refers to its own definitions, which have another place here.
    'ProjectConfig', replace((@extschema@._cpi_config_schema() - '$schema' - '$id')::text, '"#/$defs/',
                             '"' || ref || 'ProjectConfig/$defs/')::jsonb,
    'Project', @extschema@._cpi_openapi_object('What is imported, how, and where to.', jsonb_build_object(
      'id', id, 'name', name, 'connection_id', id_or_null, 'source_id', id_or_null,
      'config', jsonb_build_object('$ref', ref || 'ProjectConfig'),
      'dialects', jsonb_build_object('type', 'array', 'items', jsonb_build_object('$ref', ref || 'Dialect')),
      'created_at', time, 'updated_at', time)),
    'ProjectList', @extschema@._cpi_openapi_list('Projects by name.', 'projects', 'Project'),
    'Accepted', @extschema@._cpi_openapi_object('A request that has become a job.', jsonb_build_object(
      'job_id', id, 'project', name, 'status', status, 'message', text, 'retry_of', id), '{retry_of}'),
    'Replay', @extschema@._cpi_openapi_object('A request to try rejected rows again that has become a job.', jsonb_build_object(
      'job_id', id, 'project', name, 'status', status, 'message', text, 'retry_of', id,
      'rows', count || '{"description": "Of rows that are tried as they are: how many."}',
      'rows_duplicate', count || '{"description": "Left out: their keys are those of accepted rows, whose places they would take."}',
      'rows_not_kept', count || '{"description": "Left out: they are not kept whole."}'),
      '{rows,rows_duplicate,rows_not_kept}'),
    'Job', @extschema@._cpi_openapi_object(
      'A request to import.', job || jsonb_build_object('message', text), '{message}'),
    'JobWithDetails', @extschema@._cpi_openapi_object('A request to import, with its files and errors.',
      job || jsonb_build_object(
        'file_results', jsonb_build_object('type', 'array', 'items', jsonb_build_object('$ref', ref || 'FileResult')),
        'errors', jsonb_build_object('type', 'array', 'items', jsonb_build_object('$ref', ref || 'JobError'))),
      '{file_results,errors}'),
    'JobList', @extschema@._cpi_openapi_object('Jobs, newest first.', jsonb_build_object(
      'jobs', jsonb_build_object('type', 'array', 'items', jsonb_build_object('$ref', ref || 'Job')),
      'total', count, 'total_is_estimate', bool, 'next', text_or_null)),
    'FileResult', @extschema@._cpi_openapi_object(
      'What became of one file: read = inserted + updated + skipped + duplicates + rejected.', jsonb_build_object(
      'id', id, 'filename', text, 'table_name', text_or_null,
      'status', '{"type": "string", "enum": ["pending", "completed", "failed", "cancelled"]}'::jsonb,
      'read', count, 'inserted', count, 'updated', count, 'skipped', count, 'duplicates', count, 'rejected', count,
      'deleted', count, 'success', '{"type": ["boolean", "null"]}'::jsonb, 'error', text_or_null,
      'strategy', text_or_null, 'strategy_reason', text_or_null, 'sha256', text_or_null, 'size', count_or_null,
      'duration_seconds', seconds_or_null, 'warnings', '{"type": "array", "items": {"type": "string"}}'::jsonb,
      'dialect', jsonb_build_object('anyOf', jsonb_build_array(jsonb_build_object('$ref', ref || 'Dialect'),
                                                               '{"type": "null"}'::jsonb)),
      'header', '{"type": "array", "items": {"type": "string"}}'::jsonb,
      'table_columns', '{"type": "array", "items": {"type": ["string", "null"]}}'::jsonb,
      'key_columns', '{"type": ["array", "null"], "items": {"type": "string"}, "description":
        "By which rows are merged; an empty list: rows are appended; null: not known."}'::jsonb,
      'widened', jsonb_build_object('type', 'array', 'items', @extschema@._cpi_openapi_object(
        'A column of the table that got a wider type.', jsonb_build_object('column', text, 'from', text, 'to', text))))),
    'Dialect', '{"type": "object", "description":
      "How files are written, where the config says \"auto\". In a file result: the options as they were used and, for each that was detected, its certainty (0 to 1) and the runner-up. In a project: what the files of a pattern and table have shown so far, to which later files are held.",
      "properties": {"file_pattern": {"type": "string"}, "schema": {"type": "string"}, "table_name": {"type": "string"},
        "filename": {"type": "string"}, "encoding": {"type": "string"}, "delimiter": {"type": "string"},
        "quote": {"type": "string"}, "escape": {"type": "string"}, "header": {"type": ["boolean", "integer"]},
        "skiprows": {"type": "integer"}, "comment": {"type": "string"},
        "stop_at": {"type": "string"}, "trim": {"type": "boolean"}, "trailing_delimiter": {"type": "boolean"}, "columns": {"type": "array", "items": {"type": "string"}, "description": "In a project: the first names of the header."}, "certainty": {"type": "object", "description": "In a project: of what was doubtful at first, the most that a file has shown.", "additionalProperties": {"type": "number"}}, "detected": {"type": "object", "additionalProperties": {"type": "object",
          "properties": {"certainty": {"type": "number"}, "runner_up": {"type": ["string", "null"]}}}}}}'::jsonb,
    'Column', @extschema@._cpi_openapi_object('A column of a file.', jsonb_build_object(
      'name', text, 'file_column', text, 'type', text)),
    'Sniffed', @extschema@._cpi_openapi_object('How CSV text is written.', jsonb_build_object(
      'dialect', jsonb_build_object('$ref', ref || 'Dialect'),
      'columns', jsonb_build_object('type', 'array', 'items', jsonb_build_object('$ref', ref || 'Column')),
      'rows_looked_at', count, 'rows_fitting', count, 'rows_read', count, 'rejected', count, 'complete', bool,
      'config', '{"type": "object", "description": "The options that differ from their defaults."}'::jsonb,
      'warnings', '{"type": "array", "items": {"type": "string"}, "description": "What is left out, or only likely."}'::jsonb,
      'doubt', text_or_null)),
    'Preview', @extschema@._cpi_openapi_object('What an import would read from CSV text.', jsonb_build_object(
      'dialect', jsonb_build_object('anyOf', jsonb_build_array(jsonb_build_object('$ref', ref || 'Dialect'),
                                                               '{"type": "null"}'::jsonb)),
      'columns', jsonb_build_object('type', 'array', 'items', jsonb_build_object('$ref', ref || 'Column')),
      'rows', jsonb_build_object('type', 'array', 'items', @extschema@._cpi_openapi_object('A row.', jsonb_build_object(
        'line', count, 'values', '{"type": "array", "items": {"type": ["string", "null"]}}'::jsonb))),
      'rejects', jsonb_build_object('type', 'array', 'items', @extschema@._cpi_openapi_object('A rejected row.',
        jsonb_build_object('line', count, 'offset', count, 'column', text_or_null, 'reason', text, 'message', text,
                           'raw', text))),
      'rows_read', count, 'rejected', count, 'complete', bool,
      'warnings', '{"type": "array", "items": {"type": "string"}}'::jsonb,
      'problems', jsonb_build_object('type', 'array', 'items', @extschema@._cpi_openapi_object(
        'What would stop the import, in its own words.',
        jsonb_build_object('message', text, 'details', text_or_null, 'hint', text_or_null))))),
    'JobError', @extschema@._cpi_openapi_object('Something that went wrong in a job.', jsonb_build_object(
      'error_type', text, 'message', text, 'created_at', time)),
    'Reject', @extschema@._cpi_openapi_object('A row that was not loaded.', jsonb_build_object(
      'file_id', id, 'filename', text, 'line', count_or_null, 'offset', count_or_null, 'column', text_or_null,
      'reason', text || '{"description": "too_few_fields, too_many_fields, stray_quote, unclosed_quote, nul_byte, invalid_encoding, field_too_long, row_too_long, invalid_value, null_key, not_null_violation, duplicate_key, refused_by_server or suppressed_by_trigger."}',
      'message', text, 'raw', text_or_null, 'whole', bool)),
    'RejectList', @extschema@._cpi_openapi_object('Rows that were not loaded.', jsonb_build_object(
      'rejects', jsonb_build_object('type', 'array', 'items', jsonb_build_object('$ref', ref || 'Reject')),
      'kept', count, 'whole', count, 'total', count, 'next', text_or_null)),
    'Delivery', @extschema@._cpi_openapi_object('A webhook, delivered or to be delivered.', jsonb_build_object(
      'id', id, 'job_id', id, 'url', text,
      'status', '{"type": "string", "enum": ["pending", "delivered", "failed"]}'::jsonb, 'attempts', count,
      'next_attempt_at', time_or_null, 'last_status', count_or_null, 'last_error', text_or_null, 'created_at', time,
      'ended_at', time_or_null)),
    'DeliveryList', @extschema@._cpi_openapi_list('Webhooks of a job.', 'deliveries', 'Delivery'),
    'ApiKey', @extschema@._cpi_openapi_object('An API key, without the key itself.', api_key),
    'NewApiKey', @extschema@._cpi_openapi_object('An API key with the key itself, shown this once.',
      api_key || jsonb_build_object('key', text)),
    'ApiKeyList', @extschema@._cpi_openapi_list('API keys by name.', 'api_keys', 'ApiKey'),
    'Settings', (
      SELECT @extschema@._cpi_openapi_object('Settings by name.', jsonb_object_agg(s.name, jsonb_build_object(
        'type', 'number', 'minimum', s.minimum, 'maximum', s.maximum, 'default', s.value,
        'description', s.description)) || jsonb_build_object(
        'webhook_secret', text_or_null || '{"description": "\"***\" when webhooks are signed."}',
        'webhook_previous_secret', text_or_null || '{"description": "\"***\" when they are signed with an older secret, too."}'))
      FROM @extschema@.cpi_settings AS s WHERE s.builtin),
    'FieldError', @extschema@._cpi_openapi_object('What is wrong with one field.', jsonb_build_object(
      'path', text, 'message', text, 'hint', text_or_null, 'rule', text), '{hint,rule}'),
    'Error', @extschema@._cpi_openapi_object('Why a request was refused; detail repeats message.', jsonb_build_object(
      'code', text, 'message', text, 'details', text_or_null, 'hint', text_or_null, 'detail', text,
      'errors', jsonb_build_object('type', 'array', 'items', jsonb_build_object('$ref', ref || 'FieldError'))),
      '{errors}'));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_schemas() IS 'The schemas of the OpenAPI document, by name.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_schemas() FROM PUBLIC;
