-- Several sessions at once: who gets which job, who waits for whom, who is told. Sessions a, b, … are connections of their
-- own, which commit; this file removes what they leave.
\set ON_ERROR_STOP 1
SELECT plan(45);
CREATE FUNCTION pg_temp.target() RETURNS text LANGUAGE sql AS $$
  SELECT format('host=%s dbname=%I user=%I', current_setting('unix_socket_directories'), current_database(), current_user)
$$;
SELECT count(dblink_connect(name, pg_temp.target())) AS sessions
  FROM unnest(ARRAY['a', 'b', 'listener', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8']) AS name \gset
CREATE FUNCTION pg_temp.run(session text, query text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(r, ',') FROM dblink(session, query) AS t (r text)
$$;
-- Runs a command that is about to wait for another session's lock, and answers when it waits.
CREATE FUNCTION pg_temp.run_and_wait(session text, query text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM dblink_send_query(session, query);
  FOR attempt IN 1..1000 LOOP
    IF EXISTS (SELECT FROM pg_locks WHERE NOT granted) THEN
      RETURN true;
    END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RETURN false;
END
$$;
CREATE FUNCTION pg_temp.result(session text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  SELECT r INTO answer FROM dblink_get_result(session) AS t (r text);
  PERFORM FROM dblink_get_result(session) AS t (r text);
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS answer = RETURNED_SQLSTATE;
  PERFORM FROM dblink_get_result(session) AS t (r text);
  RETURN answer;
END
$$;
CREATE FUNCTION pg_temp.clear() RETURNS void LANGUAGE sql AS $$
  SELECT pg_temp.run('a', 'WITH gone AS (DELETE FROM cpi_jobs RETURNING 1) SELECT count(*) FROM gone');
$$;
SELECT pg_temp.run('a', format('SELECT fixture.project(%L)', p)) FROM unnest(ARRAY['one', 'two']) AS p;
SELECT pg_temp.run('a', 'SELECT fixture.agent()');

-- A project that is being claimed is passed over, not waited for.
SELECT pg_temp.run('a', $$SELECT cpi_import('one') FROM generate_series(1, 2)$$);
SELECT dblink_exec('a', 'BEGIN');
SELECT is(pg_temp.run('a', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a') ->> 'project'$$), 'one', 'a claims a job');
SELECT is(pg_temp.run('b', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a')$$), NULL, 'b does not wait for it, nor take the project''s next one');
SELECT pg_temp.run('b', $$SELECT cpi_import('two')$$);
SELECT is(pg_temp.run('b', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a') ->> 'project'$$), 'two', 'but another project''s');
SELECT dblink_exec('a', 'ROLLBACK');
SELECT is(pg_temp.run('b', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a') ->> 'project'$$), 'one', 'a claim rolled back leaves the job to others');
SELECT pg_temp.clear();

-- Enqueueing belongs to the caller's transaction.
SELECT dblink_exec('a', 'BEGIN');
SELECT pg_temp.run('a', $$SELECT cpi_import('one')$$);
SELECT is(pg_temp.run('b', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a')$$), NULL, 'a job not yet committed is not claimed');
SELECT is(pg_temp.run('b', $$SELECT cpi_import('one') ->> 'status'$$), 'pending', 'two requests for one project do not wait for each other');
SELECT dblink_exec('a', 'COMMIT');
SELECT pg_temp.clear();

-- The snapshot of a claim may be older than another's commit: the index on running jobs has the last word.
SELECT pg_temp.run('a', $$SELECT cpi_import('one') FROM generate_series(1, 2)$$);
SELECT dblink_exec('a', 'BEGIN ISOLATION LEVEL REPEATABLE READ');
SELECT is(pg_temp.run('a', 'SELECT count(*) FROM cpi_jobs'), '2', 'a has taken its snapshot');
SELECT isnt(pg_temp.run('b', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a')$$), NULL, 'b claims');
SELECT throws_ok(format($$SELECT pg_temp.run('a', 'UPDATE cpi_jobs SET status = ''running'', fence = 1,
  agent_id = ''00000000-0000-4000-8000-00000000000a'', started_at = now(), lease_expires_at = now() WHERE id = ''%s''')$$,
  (SELECT id FROM cpi_jobs WHERE status = 'pending')), '23505', NULL, 'a cannot make a second job of the project run');
SELECT dblink_exec('a', 'ROLLBACK');
-- The same through the claim itself, whose snapshot would show the pending job for ever.
SELECT pg_temp.run('b', 'SELECT count(_cpi_release_job(id, fence, ''stop'')) FROM cpi_jobs WHERE status = ''running''');
SELECT dblink_exec('a', 'BEGIN ISOLATION LEVEL REPEATABLE READ');
SELECT pg_temp.run('a', 'SELECT count(*) FROM cpi_jobs');
SELECT pg_temp.run('b', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a')$$);
SELECT throws_matching($$SELECT pg_temp.run('a', 'SELECT _cpi_claim_job(''00000000-0000-4000-8000-00000000000a'')')$$,
  'cpi_jobs_one_running|could not serialize', 'a claim with an old snapshot fails instead of looping');
SELECT dblink_exec('a', 'ROLLBACK');
SELECT pg_temp.clear();

-- A heartbeat passes over a job whose row another transaction holds, and renews the others.
SELECT pg_temp.run('a', $$SELECT (fixture.claimed('one')).id$$) AS job \gset
SELECT pg_temp.run('a', $$SELECT (fixture.claimed('two')).id$$) AS job2 \gset
SELECT dblink_exec('a', 'BEGIN');
SELECT pg_temp.run('a', format('SELECT id FROM cpi_jobs WHERE id = %L FOR UPDATE', :'job'));
SELECT format('SELECT string_agg(e ->> ''job_id'', '' '') FROM jsonb_array_elements(_cpi_heartbeat(fixture.agent(), %L)) AS e',
  jsonb_build_array(jsonb_build_object('job_id', :'job', 'fence', 1), jsonb_build_object('job_id', :'job2', 'fence', 1))) AS beat \gset
SELECT is(pg_temp.run('b', :'beat'), :'job2', 'a heartbeat does not wait for a job that is locked, but renews the other');
SELECT dblink_exec('a', 'ROLLBACK');
SELECT is(array_length(string_to_array(pg_temp.run('b', :'beat'), ' '), 1), 2, 'the next one renews both');
SELECT pg_temp.clear();

-- Eight claimers, two hundred jobs of ten projects: each once, never two of a project at a time.
SELECT pg_temp.run('a', format('SELECT fixture.project(%L)', 'p' || n)) FROM generate_series(1, 10) AS n;
SELECT pg_temp.run('a', 'SELECT cpi_import(''p'' || n % 10 + 1) FROM generate_series(1, 200) AS n');
SELECT count(dblink_send_query('c' || n, $$DO $do$
  DECLARE
    claim jsonb;
  BEGIN
    WHILE EXISTS (SELECT FROM cpi_jobs WHERE status = 'pending') LOOP
      claim := _cpi_claim_job('00000000-0000-4000-8000-00000000000a');
      COMMIT;
      IF claim IS NOT NULL THEN
        PERFORM _cpi_finish_job((claim ->> 'job_id')::uuid, (claim -> 'fence')::bigint);
        COMMIT;
      END IF;
    END LOOP;
  END $do$ $$)) AS sent FROM generate_series(1, 8) AS n \gset
SELECT is(pg_temp.result('c' || n), 'DO', format('claimer %s comes to an end', n)) FROM generate_series(1, 8) AS n;
SELECT is((SELECT count(*) FROM cpi_jobs WHERE status = 'completed' AND fence = 1 AND attempt = 1), 200::bigint,
  'every job was claimed and ended once');
SELECT is((SELECT count(*) FROM cpi_jobs x JOIN cpi_jobs y ON y.project_id = x.project_id AND y.id > x.id
             AND tstzrange(x.started_at, x.completed_at) && tstzrange(y.started_at, y.completed_at)), 0::bigint,
  'no two of one project ran at a time');
SELECT pg_temp.clear();

-- Cancelling against claiming and ending.
SELECT pg_temp.run('a', $$SELECT cpi_import('one') ->> 'job_id'$$) AS job \gset
SELECT dblink_exec('a', 'BEGIN');
SELECT is(pg_temp.run('a', format('SELECT cpi_cancel_job(%L) ->> ''status''', :'job')), 'cancelled', 'a cancels a waiting job');
SELECT is(pg_temp.run('b', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a')$$), NULL, 'b does not claim it meanwhile');
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT status FROM cpi_jobs), 'cancelled', 'it stays cancelled');
SELECT pg_temp.clear();
SELECT pg_temp.run('a', $$SELECT (fixture.claimed('one')).id$$) AS job \gset
SELECT dblink_exec('a', 'BEGIN');
SELECT is(pg_temp.run('a', format('SELECT _cpi_finish_job(%L, 1) ->> ''status''', :'job')), 'completed', 'a ends a running job');
SELECT ok(pg_temp.run_and_wait('b', format('SELECT cpi_cancel_job(%L)', :'job')), 'b, cancelling, waits');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(pg_temp.result('b'), 'PT409', 'and learns that it came too late');
SELECT is((SELECT status FROM cpi_jobs), 'completed', 'there is one final state');
SELECT pg_temp.clear();

-- One Idempotency-Key, two requests at a time.
SELECT dblink_exec('a', 'BEGIN');
SELECT pg_temp.run('a', $$SELECT cpi_import('one', idempotency_key => 'k') ->> 'job_id'$$) AS job \gset
SELECT ok(pg_temp.run_and_wait('b', $$SELECT cpi_import('one', idempotency_key => 'k') ->> 'job_id'$$), 'the second request waits for the first');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(pg_temp.result('b'), :'job', 'and answers with the same job');
SELECT pg_temp.clear();
SELECT dblink_exec('a', 'BEGIN');
SELECT pg_temp.run('a', $$SELECT cpi_import('one', idempotency_key => 'k')$$);
SELECT pg_temp.run_and_wait('b', $$SELECT cpi_import('one', idempotency_key => 'k') ->> 'job_id'$$);
SELECT dblink_exec('a', 'ROLLBACK');
SELECT pg_temp.result('b') AS job \gset
SELECT is(:'job', (SELECT id::text FROM cpi_jobs), 'should the first one be rolled back, the second makes the job');
SELECT pg_temp.clear();

-- Deleting a project against enqueueing and claiming.
SELECT dblink_exec('a', 'BEGIN');
SELECT pg_temp.run('a', $$SELECT cpi_import('p1')$$);
SELECT ok(pg_temp.run_and_wait('b', $$SELECT cpi_delete_project('p1')$$), 'deleting waits for a request under way');
SELECT dblink_exec('a', 'COMMIT');
SELECT pg_temp.result('b');
SELECT is((SELECT status FROM cpi_jobs), 'cancelled', 'whose job is cancelled then');
SELECT pg_temp.clear();
SELECT pg_temp.run('a', $$SELECT cpi_import('p2')$$);
SELECT dblink_exec('a', 'BEGIN');
SELECT pg_temp.run('a', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a')$$);
SELECT ok(pg_temp.run_and_wait('b', $$SELECT cpi_delete_project('p2')$$), 'deleting waits for a claim under way');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(pg_temp.result('b'), 'PT409', 'and is refused then');
SELECT pg_temp.clear();

-- Two replays of one removed job, tried again at the same time: its row cannot be locked any more.
CREATE FUNCTION pg_temp.end_with_a_reject() RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.run('a', $run$
    WITH claim AS (SELECT c ->> 'job_id' AS id, c -> 'fence' AS fence FROM _cpi_claim_job('00000000-0000-4000-8000-00000000000a') AS c),
         listed AS (SELECT id, fence, _cpi_write_manifest(id::uuid, fence::bigint, '[{"path": "r.csv", "table_name": "r"}]') AS m FROM claim),
         done AS (SELECT id, fence, _cpi_finish_file(id::uuid, fence::bigint, (m -> 0 ->> 'file_id')::uuid,
                    '{"success": true, "read": 1, "rejected": 1, "header": ["id"], "table_columns": ["id"], "key_columns": []}',
                    '[{"line": 2, "reason": "invalid_value", "message": "no number", "raw": "x", "whole": true}]')::text AS nothing FROM listed)
    SELECT id FROM done WHERE _cpi_finish_job(id::uuid, fence::bigint) IS NOT NULL AND nothing IS NOT NULL$run$)
$$;
SELECT pg_temp.run('a', $$SELECT cpi_import('one')$$);
SELECT pg_temp.end_with_a_reject() AS origin \gset
SELECT pg_temp.run('a', format('SELECT cpi_replay_rejects(%L)', :'origin'));
SELECT pg_temp.end_with_a_reject() AS first \gset
SELECT pg_temp.run('a', format('SELECT cpi_replay_rejects(%L)', :'origin'));
SELECT pg_temp.end_with_a_reject() AS second \gset
SELECT pg_temp.run('a', format('WITH gone AS (DELETE FROM cpi_jobs WHERE id = %L RETURNING 1) SELECT count(*) FROM gone', :'origin'));
SELECT dblink_exec('a', 'BEGIN');
SELECT pg_temp.run('a', format('SELECT cpi_replay_rejects(%L)', :'first'));
SELECT ok(pg_temp.run_and_wait('b', format('SELECT cpi_replay_rejects(%L)', :'second')), 'a replay waits for another of the same rows, though their job is gone');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(pg_temp.result('b'), 'PT409', 'and is refused then');
SELECT pg_temp.clear();

-- Who is told what.
SELECT dblink_exec('listener', 'LISTEN cpi_jobs; LISTEN cpi_queue; LISTEN cpi_cancel; LISTEN cpi_routes');
-- What has been told since the last look. A round trip on the listening connection brings what was committed before it.
CREATE FUNCTION pg_temp.notifications() RETURNS TABLE (channel text, payload text) LANGUAGE sql AS $$
  SELECT pg_temp.run('listener', 'SELECT 1');
  SELECT notify_name, extra FROM dblink_get_notify('listener');
$$;
CREATE FUNCTION pg_temp.heard() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT channel || CASE channel WHEN 'cpi_jobs' THEN ' ' || (payload::jsonb ->> 'event') ELSE '' END
    FROM pg_temp.notifications() ORDER BY 1
$$;
SELECT pg_temp.run('a', $$SELECT cpi_import('one') ->> 'job_id'$$) AS job \gset
SELECT results_eq('SELECT pg_temp.heard()', ARRAY['cpi_jobs created', 'cpi_queue'], 'a new job is told, and wakes agents');
SELECT pg_temp.run('a', $$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a')$$);
SELECT results_eq('SELECT pg_temp.heard()', ARRAY['cpi_jobs started'], 'a claim is told');
SELECT pg_temp.run('a', format('SELECT cpi_cancel_job(%L)', :'job'));
SELECT results_eq('SELECT pg_temp.heard()', ARRAY['cpi_cancel', 'cpi_jobs cancel_requested'], 'a wish to cancel is told to the agent');
SELECT pg_temp.run('a', format('SELECT _cpi_finish_job(%L, 1, ''failed'', ''geheim'')', :'job'));
CREATE TEMP TABLE last AS SELECT * FROM pg_temp.notifications();
SELECT is((SELECT (payload::jsonb ->> 'status') || ' ' || (payload::jsonb ->> 'event') FROM last WHERE channel = 'cpi_jobs'), 'failed finished', 'the end is told');
SELECT is((SELECT count(*) FROM last WHERE payload LIKE '%geheim%'), 0::bigint, 'without the error''s text');
SELECT pg_temp.run('a', $$SELECT cpi_create_project(repeat('€', 255), 'one target') ->> 'name'$$);
SELECT pg_temp.run('a', $$SELECT cpi_import(repeat('€', 255)) ->> 'job_id'$$);
SELECT is((SELECT payload::jsonb ->> 'project' FROM pg_temp.notifications() WHERE channel = 'cpi_jobs'), repeat('€', 255),
  'the longest project name fits');
SELECT pg_temp.run('a', 'SELECT cpi_publish(''GET'', ''/own'', ''cpi_health()'', ''viewer'')'), pg_temp.run('a', 'SELECT cpi_unpublish(''GET'', ''/own'')');
SELECT results_eq('SELECT pg_temp.heard()', ARRAY['cpi_routes', 'cpi_routes'], 'changed routes are told');

SELECT pg_temp.clear();
SELECT pg_temp.run('a', 'SELECT count(cpi_delete_project(name)) FROM cpi_projects'), pg_temp.run('a', 'SELECT count(cpi_delete_connection(name)) FROM cpi_connections');
SELECT pg_temp.run('a', 'WITH gone AS (DELETE FROM cpi_agents RETURNING 1) SELECT count(*) FROM gone');
SELECT * FROM finish();
