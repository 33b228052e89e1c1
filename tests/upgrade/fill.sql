-- Rows of every kind: definitions with secrets, jobs in every state, what belongs to them, users' settings and routes.
-- The search path names the extension's schema.
\set ON_ERROR_STOP 1
SELECT cpi_create_connection('shop', 'postgresql://user:canary-of-connection@db.example.com/shop', 'The shop');
SELECT cpi_create_source('erp', 'sftp.example.com', 'me', password => 'canary-of-source', key_path => '/k');
SELECT cpi_create_project(name, 'shop', 'erp', '{"sftp": {"host": "h", "username": "u", "password": "canary-of-project"}}')
  FROM unnest(ARRAY['running', 'ended', 'waiting', 'gone']) AS name;
INSERT INTO cpi_schedules (name, project_id, schedule_type, interval_seconds) SELECT 'nightly', id, 'interval', 3600 FROM cpi_projects WHERE name = 'ended';
SELECT cpi_create_api_key('n8n', 'operator', now() + interval '1 day');
SELECT cpi_update_settings(lease_seconds => 3600, poll_seconds => 1);
CREATE FUNCTION own_report(days integer) RETURNS jsonb LANGUAGE sql AS $$SELECT jsonb_build_object('days', days)$$;
SELECT cpi_publish('GET', '/own/report', 'own_report(integer)', 'viewer');
SELECT _cpi_register_agent('00000000-0000-4000-8000-00000000000a', 'agent', '99.0.0', 'h', 1);

SELECT cpi_import('ended', 'https://h/x');
SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a') AS claim \gset
SELECT _cpi_write_manifest(j.id, 1, '[{"path": "a.csv", "size": 1}, {"path": "b.csv"}]') FROM cpi_jobs j;
SELECT _cpi_finish_file(f.job_id, 1, f.id, '{"success": true, "read": 2, "inserted": 1, "rejected": 1, "warnings": ["w"]}',
                        '[{"line": 2, "offset": 9, "reason": "invalid_number", "message": "m", "raw": "x,y"}]')
  FROM cpi_job_files f WHERE path = 'a.csv';
SELECT _cpi_add_job_error(id, 1, 'FileNotFound', 'b.csv is not there') FROM cpi_jobs;
SELECT _cpi_finish_job(id, 1) FROM cpi_jobs;
UPDATE cpi_jobs SET schedule_id = (SELECT id FROM cpi_schedules);
SELECT cpi_retry_job(id::text) FROM cpi_jobs;
SELECT cpi_cancel_job(id::text) FROM cpi_jobs WHERE status = 'pending';
SELECT cpi_import('gone', 'https://h/y'), cpi_delete_project('gone');
SELECT cpi_import('running', idempotency_key => 'k');
SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a');
SELECT _cpi_write_manifest(id, fence, '[{"path": "c.csv", "size": 1}]') FROM cpi_jobs WHERE status = 'running';
SELECT _cpi_prepare_file(j.id, j.fence, f.id, '{"success": true, "read": 1, "rejected": 1}', '[{"line": 2, "raw": "x"}]')
  FROM cpi_jobs AS j JOIN cpi_job_files AS f ON f.job_id = j.id WHERE j.status = 'running';
SELECT cpi_import('waiting', sftp_override => '{"password": "canary-of-job"}');
SELECT cpi_replay_rejects(id::text, content => E'a,b\n1,2\n') FROM cpi_jobs WHERE project_name = 'ended' AND status = 'partial';
