-- The tables' own constraints: what no function and no person with psql can store.
BEGIN;
SELECT plan(36);
SELECT fixture.agent();
SELECT fixture.project('shop');
CREATE FUNCTION pg_temp.job(extra text DEFAULT '') RETURNS text LANGUAGE sql AS $$
  SELECT format('INSERT INTO cpi_jobs SELECT (jsonb_populate_record(NULL::cpi_jobs, to_jsonb(b) || %L)).* FROM
    (SELECT gen_random_uuid() AS id, p.id AS project_id, p.name AS project_name, ''pending'' AS status,
            now() AS created_at, now() AS run_at, 0 AS fence, 0 AS attempt, 0 AS deaths, false AS manifest_written,
            false AS unresolved, false AS stored_content,
            0 AS files_processed, 0 AS files_failed, 0 AS total_inserted, 0 AS total_updated, 0 AS total_skipped,
            0 AS total_rejected, 0 AS total_duplicates, 0 AS total_deleted, false AS force, false AS dry_run
       FROM cpi_projects p) AS b', extra)
$$;
CREATE FUNCTION pg_temp.refuses(extra text, constraint_name text, description text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  violated text := 'nothing';
BEGIN
  BEGIN
    EXECUTE pg_temp.job(extra);
  EXCEPTION WHEN integrity_constraint_violation THEN
    GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
  END;
  RETURN tap.is(violated, constraint_name, description);
END
$$;

SELECT lives_ok(pg_temp.job('{}'), 'a waiting job can be stored');
SELECT lives_ok(pg_temp.job('{"status": "cancelled", "completed_at": "2026-01-01T00:00:00Z"}'), 'a cancelled one');
SELECT lives_ok(pg_temp.job('{"status": "completed", "started_at": "2026-01-01T00:00:00Z",
  "completed_at": "2026-01-01T00:00:01Z", "fence": 3}'), 'and one that is completed, as a restored dump brings it');
SELECT pg_temp.refuses('{"status": "done"}', 'cpi_jobs_status_is_known', 'an unknown status is refused');
SELECT pg_temp.refuses('{"status": "running"}', 'cpi_jobs_running_ones_have_a_holder', 'running without a lease');
SELECT pg_temp.refuses('{"lease_expires_at": "2026-01-01T00:00:00Z"}', 'cpi_jobs_running_ones_have_a_holder',
  'a lease without running');
SELECT pg_temp.refuses('{"completed_at": "2026-01-01T00:00:00Z"}', 'cpi_jobs_ended_ones_have_a_time',
  'waiting with an end');
SELECT pg_temp.refuses('{"status": "failed"}', 'cpi_jobs_ended_ones_have_a_time', 'ended without an end');
SELECT pg_temp.refuses('{"status": "completed", "completed_at": "2026-01-01T00:00:00Z"}',
  'cpi_jobs_succeeded_ones_have_started', 'completed without a beginning');
SELECT pg_temp.refuses('{"status": "failed", "started_at": "2026-01-02T00:00:00Z", "completed_at": "2026-01-01T00:00:00Z"}',
  'cpi_jobs_end_after_their_start', 'an end before the beginning');
SELECT pg_temp.refuses('{"project_id": null}', 'cpi_jobs_open_ones_have_a_project', 'waiting without a project');
SELECT pg_temp.refuses('{"total_inserted": -1}', 'cpi_jobs_counts_are_not_negative', 'a negative count');
SELECT pg_temp.refuses('{"local_files": {}}', 'cpi_jobs_local_files_is_a_list', 'local_files that is no list');
SELECT pg_temp.refuses('{"only_files": {}}', 'cpi_jobs_only_files_is_a_list', 'only_files that is no list');
SELECT pg_temp.refuses('{"sftp_override": {"password": "x"}}', 'cpi_jobs_sftp_override_is_masked',
  'a password in the clear');
SELECT pg_temp.refuses('{"project_id": "00000000-0000-4000-8000-000000000000"}', 'cpi_jobs_project_exists',
  'an unknown project');
SELECT pg_temp.refuses('{"agent_id": "00000000-0000-4000-8000-000000000000"}', 'cpi_jobs_agent_exists',
  'an unknown agent');
SELECT pg_temp.refuses('{"schedule_id": "00000000-0000-4000-8000-000000000000"}', 'cpi_jobs_schedule_exists',
  'an unknown schedule');
SELECT pg_temp.refuses('{"idempotency_key": ""}', 'cpi_jobs_idempotency_key_is_short', 'an empty idempotency key');
SELECT lives_ok(pg_temp.job('{"idempotency_key": "k"}'), 'an idempotency key once');
SELECT pg_temp.refuses('{"idempotency_key": "k"}', 'cpi_jobs_idempotency_key_is_unique', 'but not twice');
SELECT lives_ok(pg_temp.job(format('{"status": "running", "started_at": "2026-01-01T00:00:00Z", "fence": 1,
  "lease_expires_at": "2026-01-01T00:00:00Z", "agent_id": "%s"}', fixture.agent())), 'one running job of a project');
SELECT pg_temp.refuses(format('{"status": "running", "started_at": "2026-01-01T00:00:00Z", "fence": 1,
  "lease_expires_at": "2026-01-01T00:00:00Z", "agent_id": "%s"}', fixture.agent()), 'cpi_jobs_one_running_per_project',
  'but not two');
SELECT throws_ok('DELETE FROM cpi_agents', '23514', NULL, 'an agent that holds a job cannot go');
SELECT throws_ok('DELETE FROM cpi_projects', '23514', NULL, 'nor a project with open jobs');

SELECT throws_ok($$INSERT INTO cpi_job_files (job_id, position, path, status) SELECT id, 1, 'a', 'failed' FROM cpi_jobs LIMIT 1$$,
  '23514', NULL, 'a file that failed has a time and an error');
SELECT throws_ok($$INSERT INTO cpi_job_files (job_id, position, path, status, finished_at, read)
  SELECT id, 1, 'a', 'completed', now(), 1 FROM cpi_jobs LIMIT 1$$,
  '23514', NULL, 'the counts of a completed file add up');
SELECT lives_ok($$INSERT INTO cpi_job_files (job_id, position, path) SELECT id, 1, 'a' FROM cpi_jobs$$, 'a listed file');
SELECT throws_ok($$INSERT INTO cpi_job_files (job_id, position, path) SELECT id, 2, 'a' FROM cpi_jobs$$, '23505', NULL,
  'a path is listed once');
SELECT throws_ok($$INSERT INTO cpi_job_errors (job_id, ordinal, error_type, message) SELECT id, 1, 'Oops', 'x' FROM cpi_jobs$$,
  '23514', NULL, 'an unknown error_type');
SELECT throws_ok($$INSERT INTO cpi_job_rejects (file_id, ordinal, line, reason, message) SELECT id, 1, 0, 'r', 'm' FROM cpi_job_files$$,
  '23514', NULL, 'lines count from 1');
SELECT throws_ok($$INSERT INTO cpi_webhook_deliveries (job_id, url, payload, status) SELECT id, 'u', '{}', 'delivered' FROM cpi_jobs$$,
  '23514', NULL, 'a delivered webhook is not due');
SELECT throws_ok($$INSERT INTO cpi_schedules (name, project_id, schedule_type) SELECT 's', id, 'cron' FROM cpi_projects$$,
  '23514', NULL, 'a cron schedule has an expression');
SELECT lives_ok($$INSERT INTO cpi_schedules (name, project_id, schedule_type, interval_seconds)
  SELECT 's', id, 'interval', 60 FROM cpi_projects$$, 'an interval schedule has seconds');
SELECT throws_ok($$UPDATE cpi_schedules SET interval_seconds = 0$$, '23514', NULL, 'more than none');
SELECT throws_ok($$INSERT INTO cpi_routes (method, path, function, role, summary) VALUES ('GET', 'x', 'f', 'viewer', 's')$$,
  '23514', NULL, 'a path begins with a slash');

SELECT * FROM finish();
ROLLBACK;
