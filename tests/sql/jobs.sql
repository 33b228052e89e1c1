-- Jobs as users see them: one, many by page, waiting, cancelling, trying again. Deliveries too.
BEGIN;
SELECT plan(72);
SELECT fixture.project('shop');
SELECT fixture.project('other');

-- One job.
CREATE TEMP TABLE job AS SELECT cpi_import('shop') ->> 'job_id' AS id;
SELECT fixture.answers_as(cpi_get_job((SELECT id FROM job)), 'JobWithDetails', 'one job is as documented');
SELECT fixture.answers_as(cpi_get_job((SELECT id FROM job), false), 'Job', 'without details it is as in lists');
SELECT ok(NOT cpi_get_job((SELECT id FROM job), false) ?| '{file_results,errors}', 'include_details=false leaves both out');
SELECT is(cpi_get_job((SELECT id FROM job)) -> 'duration_seconds', 'null', 'a waiting job has no duration');
SELECT matches(cpi_get_job((SELECT id FROM job)) ->> 'created_at', '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+[+-]\d\d:\d\d$',
  'times are ISO 8601 with an offset');
SELECT throws_ok(format('SELECT cpi_get_job(%L)', i), 'PT404', format('job "%s" does not exist', i), format('no job "%s"', i))
  FROM unnest(ARRAY['00000000-0000-4000-8000-000000000000', 'x', '']) AS i;
UPDATE cpi_jobs SET status = 'running', fence = 1, started_at = now() - interval '2 s', lease_expires_at = now(), agent_id = fixture.agent();
UPDATE cpi_jobs SET status = 'failed', completed_at = now(), lease_expires_at = NULL;
SELECT is(cpi_get_job((SELECT id FROM job)) -> 'duration_seconds', '2.000', 'an ended job has one');
DELETE FROM cpi_jobs;

-- Lists. Seven jobs, two of them at the very same time.
INSERT INTO cpi_jobs (project_id, project_name, status, created_at, completed_at)
  SELECT p.id, p.name, CASE WHEN n % 3 = 0 THEN 'cancelled' ELSE 'pending' END,
         timestamptz '2026-01-01 00:00:00.000001+00' + n / 2 * interval '1 s', CASE WHEN n % 3 = 0 THEN now() END
    FROM cpi_projects p, generate_series(1, 7) n WHERE p.name = 'shop';
SELECT cpi_import('other');
SELECT fixture.answers_as(cpi_list_jobs(), 'JobList', 'the list is as documented');
SELECT is(cpi_list_jobs() - 'jobs', '{"total": 8, "total_is_estimate": false, "next": null}', 'all fit on one page');
SELECT is(cpi_list_jobs() #>> '{jobs,0,project_name}', 'other', 'the newest comes first');
SELECT is(cpi_list_jobs('shop') -> 'total', '7', 'a project''s jobs');
SELECT is(cpi_list_jobs('nobody') -> 'total', '0', 'of a project that is unknown: none, since it may have been deleted');
SELECT is(cpi_list_jobs(status => 'cancelled') -> 'total', '2', 'jobs in a state');
SELECT is(cpi_list_jobs('shop', 'pending') -> 'total', '5', 'both');
SELECT is(cpi_list_jobs('', '', '', cursor => '') -> 'total', '8', 'empty filters are none');
INSERT INTO cpi_schedules (name, project_id, schedule_type, interval_seconds) SELECT 'nightly', id, 'interval', 9 FROM cpi_projects WHERE name = 'shop';
UPDATE cpi_jobs SET schedule_id = (SELECT id FROM cpi_schedules) WHERE status = 'cancelled';
SELECT is(cpi_list_jobs(schedule => 'nightly') -> 'total', '2', 'jobs of a schedule, by name');
SELECT is(cpi_list_jobs(schedule => (SELECT id::text FROM cpi_schedules)) -> 'total', '2', 'or by id');
SELECT throws_ok($$SELECT cpi_list_jobs(schedule => 'nigthly')$$, 'PT404', 'schedule "nigthly" does not exist', 'which must exist');
SELECT is(jsonb_array_length(cpi_list_jobs("limit" => 3) -> 'jobs'), 3, 'limit');
SELECT is(jsonb_array_length(cpi_list_jobs("limit" => 3, "offset" => 6) -> 'jobs'), 2, 'offset');
SELECT is(cpi_list_jobs("limit" => 3, "offset" => 6) -> 'next', 'null', 'the last page has no next');

-- Following next from page to page.
CREATE FUNCTION pg_temp.pages(size integer) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
  page jsonb := cpi_list_jobs('shop', "limit" => size);
BEGIN
  LOOP
    RETURN QUERY SELECT jsonb_array_elements(page -> 'jobs');
    EXIT WHEN page ->> 'next' IS NULL;
    page := cpi_list_jobs('shop', "limit" => size, cursor => substring(page ->> 'next' FROM 'cursor=(.*)$'));
  END LOOP;
END
$$;
SELECT results_eq(format($$SELECT (p ->> 'id')::uuid FROM pg_temp.pages(%s) p$$, size),
  $$SELECT id FROM cpi_jobs WHERE project_name = 'shop' ORDER BY created_at DESC, id DESC$$,
  format('pages of %s show every job once, in order', size)) FROM unnest(ARRAY[1, 2, 3, 7, 100]) AS size;
SELECT matches(cpi_list_jobs('shop', 'pending', "limit" => 1) ->> 'next',
  '^/jobs\?limit=1&project=shop&status=pending&cursor=[0-9]+_[0-9a-f]{32}$', 'next is a relative URL with the filters');
UPDATE cpi_jobs SET project_name = 'a&b ü/%' WHERE project_name = 'shop';
SELECT matches(cpi_list_jobs('a&b ü/%', "limit" => 1) ->> 'next', '&project=a%26b%20%C3%BC%2F%25&', 'percent-encoded');
SELECT is(cpi_list_jobs($$x' OR true --$$) -> 'total', '0', 'a filter is never taken for SQL');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_list_jobs(status => ''done'', "limit" => 101, "offset" => -1)')$$,
  ARRAY['limit: 101 is out of range: 1 to 100', 'offset: -1 is negative', 'status: "done" is no status'], 'wrong values are told');
SELECT matches(fixture.hint_of('SELECT cpi_list_jobs("offset" => 10001)'), 'cursor', 'beyond an offset of 10,000 the cursor is pointed to');
SELECT is(cpi_list_jobs("offset" => 10000) -> 'jobs', '[]', 'up to it there is none left here');
SELECT throws_ok(format('SELECT cpi_list_jobs(cursor => %L)', c), 'PT422', NULL, 'no cursor: ' || c)
  FROM unnest(ARRAY['x', '1_2', '-1_00000000000000000000000000000000', $$0_00000000000000000000000000000000'$$]) AS c;
DELETE FROM cpi_jobs;

-- Many jobs: the total becomes an estimate.
INSERT INTO cpi_jobs (project_name, status, completed_at) SELECT 'many', 'cancelled', now() FROM generate_series(1, 10000);
SELECT is(cpi_list_jobs() - 'jobs' - 'next', '{"total": 10000, "total_is_estimate": false}', '10,000 are counted');
INSERT INTO cpi_jobs (project_name, status, completed_at) SELECT 'many', 'cancelled', now() FROM generate_series(1, 5000);
ANALYZE cpi_jobs;
SELECT ok((l ->> 'total_is_estimate')::boolean AND (l -> 'total')::integer BETWEEN 10001 AND 20000, 'more are estimated')
  FROM cpi_list_jobs('many') AS l;
DELETE FROM cpi_jobs;

-- Waiting.
UPDATE job SET id = cpi_import('shop') ->> 'job_id';
SELECT is(cpi_wait_job((SELECT id FROM job), 0.2) ->> 'status', 'pending', 'waiting ends when the time is over');
SELECT cpi_cancel_job((SELECT id FROM job));
SELECT is(cpi_wait_job((SELECT id FROM job)) ->> 'status', 'cancelled', 'or at once when the job has ended');
SELECT throws_ok(format('SELECT cpi_wait_job(%L, -1)', (SELECT id FROM job)), 'PT422', 'seconds: -1 is out of range: 0 to 86400', 'no negative time');
SELECT throws_ok($$SELECT cpi_wait_job('x')$$, 'PT404', NULL, 'a job must exist to be waited for');
DELETE FROM cpi_jobs;

-- Cancelling.
UPDATE job SET id = cpi_import('shop', 'https://h/x') ->> 'job_id';
SELECT fixture.answers_as(cpi_cancel_job((SELECT id FROM job)), 'Job', 'cancelling answers the job');
SELECT results_eq('SELECT status, started_at, completed_at IS NOT NULL FROM cpi_jobs', $$VALUES ('cancelled', NULL::timestamptz, true)$$,
  'a waiting job is cancelled at once');
SELECT is((SELECT payload ->> 'status' FROM cpi_webhook_deliveries), 'cancelled', 'and told about');
SELECT throws_ok(format('SELECT cpi_cancel_job(%L)', (SELECT id FROM job)), 'PT409',
  format('job %s has ended already: cancelled', (SELECT id FROM job)), 'a job that has ended cannot be cancelled');
SELECT throws_ok($$SELECT cpi_cancel_job('x')$$, 'PT404', NULL, 'nor one that is not there');
DELETE FROM cpi_jobs;
UPDATE job SET id = (fixture.claimed('shop')).id::text;
SELECT is(cpi_cancel_job((SELECT id FROM job)) ->> 'status', 'running', 'a running job goes on until its agent has stopped it');
SELECT ok((SELECT cancel_requested_at IS NOT NULL FROM cpi_jobs), 'the wish is noted');
SELECT lives_ok(format('SELECT cpi_cancel_job(%L)', (SELECT id FROM job)), 'asking twice is allowed');

-- While a job is running.
SELECT throws_ok($$SELECT cpi_delete_project('shop')$$, 'PT409', format('project "shop" has running job %s', (SELECT id FROM job)),
  'its project cannot be deleted');
SELECT throws_ok($$SELECT cpi_delete_connection('shop target')$$, 'PT409',
  format('connection "shop target" is in use by running job %s of project "shop"', (SELECT id FROM job)), 'nor its connection');
SELECT matches(fixture.hint_of($$SELECT cpi_delete_project('shop')$$), '/jobs/.*/cancel', 'the refusal says what to do');
SELECT throws_ok(format('SELECT cpi_retry_job(%L)', (SELECT id FROM job)), 'PT409', NULL, 'nor can it be tried again');

-- Trying again: one file succeeded, one failed.
SELECT _cpi_write_manifest(id::uuid, 1, '[{"path": "a.csv"}, {"path": "b.csv"}]') FROM job;
SELECT _cpi_finish_file(job.id::uuid, 1, f.id, '{"success": true}', NULL) FROM job, cpi_job_files f WHERE f.path = 'a.csv';
SELECT _cpi_finish_job(id::uuid, 1) FROM job;
CREATE TEMP TABLE retry AS SELECT cpi_retry_job((SELECT id FROM job)) AS a;
SELECT fixture.answers_as((SELECT a FROM retry), 'Accepted', 'a retry answers as an import');
SELECT results_eq($$SELECT j.status, j.retry_of, j.only_files FROM cpi_jobs j, retry WHERE j.id = (a ->> 'job_id')::uuid$$,
  $$SELECT 'pending', id::uuid, '["b.csv"]'::jsonb FROM job$$, 'a new job for the file that failed');
SELECT is(_cpi_claim_job(fixture.agent()) #> '{request,only_files}', '["b.csv"]', 'which its claim says');
DELETE FROM cpi_jobs WHERE retry_of IS NOT NULL;
UPDATE cpi_job_files SET status = 'completed';
SELECT throws_ok(format('SELECT cpi_retry_job(%L)', (SELECT id FROM job)), 'PT409', NULL, 'without a failed file there is nothing to try');
DELETE FROM cpi_jobs;
UPDATE job SET id = cpi_import('shop', 'https://h/x', '["a.csv"]', '/base', '{"host": "h", "username": "u", "password": "geheim"}', true, true) ->> 'job_id';
SELECT cpi_cancel_job((SELECT id FROM job));
UPDATE retry SET a = cpi_retry_job((SELECT id FROM job));
SELECT results_eq($$SELECT callback_url, local_files, local_files_base_path, sftp_override, force, dry_run, only_files,
    _cpi_get_secret('cpi_jobs', id, 'sftp_override.password') FROM cpi_jobs WHERE retry_of IS NOT NULL$$,
  $$VALUES ('https://h/x', '["a.csv"]'::jsonb, '/base', '{"host": "h", "username": "u", "password": "***"}'::jsonb, true, true,
            NULL::jsonb, 'geheim')$$, 'a job without a list is tried again as it was asked for');
SELECT cpi_update_project('shop', connection_id => '');
SELECT throws_ok(format('SELECT cpi_retry_job(%L)', (SELECT id FROM job)), 'PT400', 'project "shop" has no connection', 'a retry needs a connection');
SELECT cpi_delete_project('shop');
SELECT throws_ok(format('SELECT cpi_retry_job(%L)', (SELECT id FROM job)), 'PT409', NULL, 'and a project');
SELECT throws_ok($$SELECT cpi_retry_job('x')$$, 'PT404', NULL, 'and a job');
DELETE FROM cpi_jobs;
SELECT is((SELECT count(*) FROM cpi_secrets WHERE owner_table = 'cpi_jobs'), 0::bigint, 'deleted jobs leave no secrets');
INSERT INTO cpi_jobs (project_name, status, started_at, completed_at, fence) VALUES ('other', 'completed', now(), now(), 1);
SELECT throws_ok((SELECT format('SELECT cpi_retry_job(%L)', id) FROM cpi_jobs), 'PT409', NULL, 'a completed job cannot be tried again');

-- Deliveries.
DELETE FROM cpi_jobs;
SELECT cpi_cancel_job(cpi_import('other', 'https://h/x') ->> 'job_id');
SELECT fixture.answers_as(cpi_list_deliveries((SELECT id::text FROM cpi_jobs)), 'DeliveryList', 'deliveries are listed as documented');
UPDATE cpi_webhook_deliveries SET status = 'failed', next_attempt_at = NULL, ended_at = now(), attempts = 9;
SELECT fixture.answers_as(cpi_retry_delivery((SELECT id::text FROM cpi_webhook_deliveries)), 'Delivery', 'one can be sent again');
SELECT results_eq('SELECT status, attempts, next_attempt_at <= clock_timestamp(), ended_at FROM cpi_webhook_deliveries',
  $$VALUES ('pending', 0, true, NULL::timestamptz)$$, 'which makes it due at once');
SELECT throws_ok(format('SELECT cpi_retry_delivery(%L)', i), 'PT404', NULL, 'no delivery ' || i)
  FROM unnest(ARRAY['x', '00000000-0000-4000-8000-000000000000']) AS i;
SELECT throws_ok($$SELECT cpi_list_deliveries('x')$$, 'PT404', NULL, 'no deliveries without a job');

SELECT * FROM finish();
ROLLBACK;
