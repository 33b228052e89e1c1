-- What requests and answers look like, for the OpenAPI document. They belong together: sent one after the other, the
-- requests define a connection, a project, and import its files; tests/contract does that with a running agent.

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_request_examples()
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT '{
    "cpi_create_connection": {"name": "customer_abc_prod", "description": "Customer ABC production database",
      "database_url": "postgresql://user:pass@host:5432/dbname"},
    "cpi_update_connection": {"description": "Customer ABC, moved in November"},
    "cpi_create_source": {"name": "erp_abc", "description": "Nightly export of the ERP system", "type": "sftp",
      "host": "sftp.example.com", "port": 22, "username": "abc", "password": "secret", "remote_path": "/export"},
    "cpi_update_source": {"remote_path": "/export/daily"},
    "cpi_create_project": {"name": "customer_abc", "connection_id": "customer_abc_prod",
      "config": {"name": "customer_abc", "local": {"path": "/var/lib/cpi/inbox/abc"},
                 "defaults": {"file_pattern": "*.csv", "primary_key": "id"}}},
    "cpi_update_project": {"config": {"name": "customer_abc", "local": {"path": "/var/lib/cpi/inbox/abc"},
                                      "defaults": {"file_pattern": "*.csv", "primary_key": "id",
                                                   "timezone": "Europe/Berlin"}}},
    "cpi_import": {"project": "customer_abc", "callback_url": "https://n8n.example.com/webhook/xyz"},
    "cpi_create_api_key": {"name": "n8n", "role": "operator", "expires_at": "2099-12-31T23:59:59Z"},
    "cpi_replay_rejects": {"content": "id,name\n7,Ada\n", "file": "customers.csv"},
    "cpi_update_settings": {"retention_days": 90},
    "cpi_sniff": {"content": "id;name\n1;Ada\n2;Grace\n"},
    "cpi_preview": {"content": "id;name\n1;Ada\n2;Grace\n", "options": {"delimiter": "auto"}},
    "rpc": {"name": "customer_abc"}
  }'::jsonb
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_request_examples() IS
  'Bodies of requests, by the function that they go to.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_request_examples() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_path_example(path text)
RETURNS text LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE split_part(path, '/', 2)
    WHEN 'connections' THEN 'customer_abc_prod'
    WHEN 'sources' THEN 'erp_abc'
    WHEN 'projects' THEN 'customer_abc'
    WHEN 'schedules' THEN 'every_night'
    WHEN 'api-keys' THEN 'n8n'
    WHEN 'rpc' THEN 'cpi_list_jobs'
    ELSE '3f2504e0-4f89-41d3-9a0c-0305e82c3301' END
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_path_example(text) IS
  'What may stand in the place of a path''s argument: a name where the API takes one, else an id.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_path_example(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_openapi_answer_examples()
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH one AS (SELECT '{"id": "0b6c9d1e-1111-4a6f-8a52-5b1f6b6f0c01", "name": "customer_abc_prod",
      "description": "Customer ABC production database", "created_at": "2026-11-24T01:00:00+00:00",
      "updated_at": "2026-11-24T01:00:00+00:00"}'::jsonb AS connection,
    '{"id": "0b6c9d1e-2222-4a6f-8a52-5b1f6b6f0c02", "name": "customer_abc",
      "connection_id": "0b6c9d1e-1111-4a6f-8a52-5b1f6b6f0c01", "source_id": null,
      "config": {"name": "customer_abc", "local": {"path": "/var/lib/cpi/inbox/abc"},
                 "defaults": {"file_pattern": "*.csv", "primary_key": "id"}},
      "dialects": [], "created_at": "2026-11-24T01:00:00+00:00", "updated_at": "2026-11-24T01:00:00+00:00"}'::jsonb AS project,
    '{"id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "project_name": "customer_abc", "status": "completed",
      "started_at": "2026-11-24T02:00:00.01+00:00", "completed_at": "2026-11-24T02:00:01.31+00:00",
      "duration_seconds": 1.3, "files_processed": 1, "files_failed": 0, "total_inserted": 120, "total_updated": 3,
      "total_skipped": 4877, "total_rejected": 0, "total_duplicates": 0, "total_deleted": 0, "callback_url": null,
      "schedule_id": null, "retry_of": null, "attempt": 1, "last_error": null, "note": null, "progress": null,
      "created_at": "2026-11-24T02:00:00+00:00", "dry_run": false}'::jsonb AS job)
  SELECT jsonb_build_object(
      'Health', '{"status": "healthy", "management_db": true, "version": "0.1.0"}'::jsonb,
      'Root', '{"name": "cpi", "version": "0.1.0", "docs": "/docs", "health": "/health"}'::jsonb,
      'Connection', one.connection || '{"database_url": "postgresql://user:pass@host:5432/dbname"}',
      'ConnectionList', jsonb_build_object('connections', jsonb_build_array(one.connection), 'total', 1),
      'Project', one.project,
      'ProjectList', jsonb_build_object('projects', jsonb_build_array(one.project), 'total', 1),
      'Accepted', '{"job_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "project": "customer_abc", "status": "pending",
                    "message": "import of project \"customer_abc\" was accepted"}'::jsonb,
      'Replay', '{"job_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3309", "project": "customer_abc", "status": "pending",
                  "message": "3 of 5 rejected rows of job 3f2504e0-4f89-41d3-9a0c-0305e82c3301 are tried again",
                  "retry_of": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "rows": 3, "rows_duplicate": 1, "rows_not_kept": 1}'::jsonb,
      'JobWithDetails', one.job || '{"errors": [], "file_results": [
        {"id": "3f2504e0-5555-41d3-9a0c-0305e82c3305", "filename": "customers.csv", "table_name": "customers",
         "status": "completed", "read": 5000, "inserted": 120, "updated": 3, "skipped": 4877, "duplicates": 0,
         "rejected": 0, "deleted": 0, "success": true, "error": null, "strategy": "merge",
         "strategy_reason": "the table exists",
         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
         "size": 211804, "duration_seconds": 1.21, "warnings": [], "dialect": null,
         "header": ["Id", "Name", ""], "table_columns": ["id", "name", "column3"],
         "key_columns": ["id"], "widened": []}]}',
      'JobList', jsonb_build_object('jobs', jsonb_build_array(one.job), 'total', 1, 'total_is_estimate', false,
                                    'next', NULL),
      'RejectList', '{"kept": 1, "whole": 1, "total": 1, "next": null, "rejects": [
        {"file_id": "3f2504e0-5555-41d3-9a0c-0305e82c3305", "filename": "customers.csv", "line": 17, "offset": 731,
         "column": "id", "reason": "invalid_value", "message": "\"x\" is no integer", "raw": "x,Ada", "whole": true}]}'::jsonb,
      'TestResult', '{"success": true, "message": "connected to PostgreSQL 15.8 as user", "findings": []}'::jsonb)
    FROM one
$$;
COMMENT ON FUNCTION @extschema@._cpi_openapi_answer_examples() IS 'Answers, by the name of their schema.';
REVOKE ALL ON FUNCTION @extschema@._cpi_openapi_answer_examples() FROM PUBLIC;
