-- Claiming, heartbeats, giving back, sweeping: the queue as one agent sees it. sessions.sql has several at once.
BEGIN;
SELECT plan(84);
CREATE FUNCTION pg_temp.expire() RETURNS void LANGUAGE sql AS $$
  UPDATE cpi_jobs SET lease_expires_at = clock_timestamp() - interval '1 millisecond' WHERE status = 'running'
$$;
CREATE FUNCTION pg_temp.due() RETURNS void LANGUAGE sql AS $$
  UPDATE cpi_jobs SET run_at = clock_timestamp() WHERE status = 'pending'
$$;

-- Agents.
SELECT throws_ok($$SELECT _cpi_claim_job('00000000-0000-4000-8000-00000000000a')$$, 'CP003', NULL,
  'an agent must register before it claims');
SELECT throws_ok($$SELECT _cpi_register_agent(gen_random_uuid(), 'old', '0.0.9')$$, 'CP002', NULL,
  'an agent older than the extension is refused');
SELECT ok(_cpi_serves('0.1.0') AND _cpi_serves('0.1.7') AND _cpi_serves('0.10.0') AND _cpi_serves('1.0.0')
          AND NOT _cpi_serves('0.0.99') AND NOT _cpi_serves('unknown'), 'versions are compared by number');
SELECT is(_cpi_register_agent('00000000-0000-4000-8000-00000000000a', 'a', '99.0.0') -> 'lease_seconds', '60',
  'registering answers the settings');
SELECT _cpi_register_agent('00000000-0000-4000-8000-00000000000a', 'b', '99.0.0', 'h', 7);
SELECT results_eq('SELECT name, host, pid FROM cpi_agents', $$VALUES ('b', 'h', 7)$$, 'registering again renews the row');
SELECT is(_cpi_claim_job(fixture.agent()), NULL, 'nothing is due at first');

-- The claim.
SELECT cpi_create_connection('target', 'postgresql://u:p@h/d');
SELECT cpi_create_project('shop', 'target', config => '{"sftp": {"host": "h", "username": "u", "password": "geheim"}}');
CREATE TEMP TABLE job AS SELECT (cpi_import('shop', 'https://h/x', '["a.csv"]', '/base', '{"password": "anders"}', true) ->> 'job_id')::uuid AS id;
CREATE TEMP TABLE claim AS SELECT _cpi_claim_job(fixture.agent()) AS c;
SELECT is((SELECT c - '{job_id,connection_id}'::text[] FROM claim), '{
  "fence": 1, "attempt": 1, "project": "shop", "database_url": "postgresql://u:p@h/d", "lease_seconds": 60, "kept_rejects": 10000,
  "config": {"sftp": {"host": "h", "username": "u", "password": "geheim"}}, "source": null, "cancel_requested": false, "unresolved": false,
  "request": {"force": true, "dry_run": false, "local_files": ["a.csv"], "local_files_base_path": "/base",
              "only_files": null, "stored_content": false, "sftp_override": {"password": "anders"}},
  "dialects": [], "retry_of": null, "callback_url": "https://h/x"}', 'a claim holds all that an attempt needs, secrets in the clear');
SELECT is((SELECT c ->> 'job_id' FROM claim), (SELECT id::text FROM job), 'of the job that was due');
SELECT results_eq('SELECT status, fence, attempt, agent_id, started_at IS NOT NULL FROM cpi_jobs',
  $$VALUES ('running', 1::bigint, 1, '00000000-0000-4000-8000-00000000000a'::uuid, true)$$, 'the job is running');
SELECT ok((SELECT lease_expires_at BETWEEN clock_timestamp() + interval '55 s' AND clock_timestamp() + interval '60 s'
             FROM cpi_jobs), 'under a lease on the server''s clock');

SELECT cpi_import('shop');
SELECT is(_cpi_claim_job(fixture.agent()), NULL, 'a second job of the project waits');
SELECT fixture.project('other');
SELECT cpi_import('other');
SELECT is(_cpi_claim_job(fixture.agent()) ->> 'project', 'other', 'one of another project does not');
DELETE FROM cpi_jobs WHERE project_name = 'other' OR id <> (SELECT id FROM job);

-- Heartbeats.
SELECT is(_cpi_heartbeat(fixture.agent(), jsonb_build_array(
    jsonb_build_object('job_id', (SELECT id FROM job), 'fence', 1, 'progress', '{"rows_read": 5}'::jsonb))),
  jsonb_build_array(jsonb_build_object('job_id', (SELECT id FROM job), 'held', true, 'cancel_requested', false)),
  'a heartbeat renews');
SELECT is((SELECT progress FROM cpi_jobs), '{"rows_read": 5}', 'and brings the progress');
SELECT is(_cpi_heartbeat(fixture.agent(), jsonb_build_array(jsonb_build_object('job_id', (SELECT id FROM job), 'fence', 0))) -> 0 -> 'held',
  'false', 'an older attempt is told that it does not hold the job');
SELECT is(_cpi_heartbeat(fixture.agent(), '[{"job_id": "00000000-0000-4000-8000-000000000000", "fence": 1}]') -> 0 -> 'held',
  'false', 'so is one of a job that is gone');
SELECT is(_cpi_heartbeat(fixture.agent(), '[]'), '[]', 'an idle agent beats too');

-- Fenced out: every write of an attempt that does not hold the job.
SELECT throws_ok(format(f, (SELECT id FROM job), 7), 'CP001', NULL, 'fenced out: ' || f)
  FROM unnest(ARRAY['SELECT _cpi_manifest(%L, %s)', 'SELECT _cpi_write_manifest(%L, %s, ''[]'')',
    'SELECT _cpi_finish_file(%L, %s, gen_random_uuid(), ''{}'', ''[]'')', 'SELECT _cpi_add_job_error(%L, %s, ''JobError'', ''x'')',
    'SELECT _cpi_finish_job(%L, %s)', 'SELECT _cpi_release_job(%L, %s, ''stop'')']) AS f;

-- Giving back.
SELECT is(_cpi_release_job((SELECT id FROM job), 1, 'stop'), 'pending', 'a graceful stop gives the job back');
SELECT results_eq('SELECT attempt, fence, deaths, run_at <= clock_timestamp(), lease_expires_at FROM cpi_jobs',
  $$VALUES (0, 1::bigint, 0, true, NULL::timestamptz)$$, 'at once and free of charge');
SELECT throws_ok($$SELECT _cpi_release_job((SELECT id FROM job), 1, 'stop')$$, 'CP001', NULL, 'only once');
SELECT is(_cpi_claim_job(fixture.agent()) -> 'fence', '2', 'the next claim has a higher fence');
SELECT throws_ok($$SELECT _cpi_release_job((SELECT id FROM job), 2, 'tired')$$, 'PT422', NULL, 'other reasons are refused');
SELECT is(_cpi_release_job((SELECT id FROM job), 2, 'retry', 'the target is away'), 'pending',
  'a retryable error makes it wait');
SELECT results_eq($$SELECT attempt, last_error, run_at - clock_timestamp() BETWEEN interval '25 s' AND interval '30 s' FROM cpi_jobs$$,
  $$VALUES (1, 'the target is away', true)$$, '30 seconds after the first attempt');
SELECT is(_cpi_claim_job(fixture.agent()), NULL, 'before that it is not claimed');
SELECT pg_temp.due();
SELECT _cpi_claim_job(fixture.agent()), _cpi_release_job((SELECT id FROM job), 3, 'retry');
SELECT ok((SELECT run_at - clock_timestamp() BETWEEN interval '115 s' AND interval '120 s' FROM cpi_jobs), '2 minutes after the second');
SELECT pg_temp.due();
SELECT _cpi_claim_job(fixture.agent()), _cpi_release_job((SELECT id FROM job), 4, 'retry');
SELECT ok((SELECT run_at - clock_timestamp() BETWEEN interval '595 s' AND interval '600 s' FROM cpi_jobs), '10 minutes after the third');
SELECT pg_temp.due();
SELECT _cpi_claim_job(fixture.agent());
SELECT is(_cpi_release_job((SELECT id FROM job), 5, 'retry', 'still away'), 'failed', 'the fourth was the last');
SELECT is((SELECT message FROM cpi_job_errors), 'still away', 'the reason is among the job''s errors');
SELECT is((SELECT payload -> 'errors' FROM cpi_webhook_deliveries), '["still away"]', 'and in the webhook');
DELETE FROM cpi_jobs;

-- Leases that run out.
SELECT is(_cpi_sweep(), 0, 'there is nothing to sweep');
UPDATE job SET id = (fixture.claimed('shop')).id;
SELECT is(_cpi_sweep(), 0, 'a live lease is left alone');
SELECT pg_temp.expire();
SELECT is(_cpi_sweep(), 1, 'one that has run out is taken back');
SELECT results_eq('SELECT status, attempt, deaths, run_at <= clock_timestamp() FROM cpi_jobs', $$VALUES ('pending', 1, 1, true)$$,
  'the job waits, due at once, a death counted');
SELECT is(_cpi_claim_job(fixture.agent()) -> 'fence', '2', 'it is claimed again with a higher fence');
SELECT throws_ok($$SELECT _cpi_finish_job((SELECT id FROM job), 1)$$, 'CP001', NULL, 'the attempt that was silent is fenced out');
SELECT pg_temp.expire(), _cpi_sweep();
SELECT _cpi_claim_job(fixture.agent()), pg_temp.expire();
SELECT is(_cpi_sweep(), 1, 'the third death');
SELECT matches((SELECT status || ': ' || last_error FROM cpi_jobs), '^failed: poisoned: 3 attempts', 'has poisoned the job');
DELETE FROM cpi_jobs;
SELECT cpi_update_settings(max_deaths => 10);
SELECT fixture.claimed('shop');
UPDATE cpi_jobs SET attempt = 4;
SELECT pg_temp.expire(), _cpi_sweep();
SELECT matches((SELECT status || ': ' || last_error FROM cpi_jobs), '^failed: attempt 4, the last one allowed',
  'attempts never exceed their number, silent ones included');
DELETE FROM cpi_jobs;

SELECT fixture.claimed('shop');
SELECT cpi_cancel_job((SELECT id::text FROM cpi_jobs));
UPDATE cpi_jobs SET attempt = 4;
SELECT pg_temp.expire(), _cpi_sweep();
SELECT matches((SELECT status || ': ' || last_error FROM cpi_jobs), '^cancelled: attempt 4 ended in silence',
  'one that was to be cancelled and had listed no file ends cancelled');
DELETE FROM cpi_jobs;

-- An attempt that died with files listed may have committed: the ledger is asked before the job ends.
UPDATE job SET id = (fixture.claimed('shop')).id;
SELECT _cpi_write_manifest((SELECT id FROM job), 1, '[{"path": "a.csv"}]');
SELECT cpi_cancel_job((SELECT id::text FROM job));
UPDATE cpi_jobs SET attempt = 4;
SELECT pg_temp.expire(), _cpi_sweep();
SELECT results_eq('SELECT status, unresolved, deaths FROM cpi_jobs', $$VALUES ('pending', true, 1)$$,
  'a job to be cancelled whose attempt died waits for an agent to ask the target, the attempts used up or not');
SELECT is(_cpi_claim_job(fixture.agent()) -> 'unresolved', 'true', 'the next claim says so');
SELECT is(_cpi_release_job((SELECT id FROM job), 2, 'later', 'the target is away'), 'pending',
  'as long as the target cannot be asked, the job waits');
SELECT ok((SELECT run_at > clock_timestamp() AND attempt = 4 FROM cpi_jobs), 'for its back-off, free of charge');
SELECT is(cpi_cancel_job((SELECT id::text FROM job)) ->> 'status', 'pending', 'cancelling again does not end it either');
SELECT ok((SELECT run_at <= clock_timestamp() FROM cpi_jobs), 'but makes it due');
SELECT is(_cpi_claim_job(fixture.agent()) -> 'fence', '3', 'it is claimed again');
SELECT is(_cpi_release_job((SELECT id FROM job), 3, 'retry', 'x'), 'pending', 'an error does not end it');
SELECT is(cpi_cancel_job((SELECT id::text FROM job)) ->> 'status', 'pending');
SELECT is(_cpi_claim_job(fixture.agent()) -> 'fence', '4');
SELECT is(_cpi_finish_job((SELECT id FROM job), 4, 'cancelled') ->> 'status', 'cancelled', 'the agent that has asked ends it');
SELECT is((SELECT error FROM cpi_job_files), 'the job was cancelled before this file was loaded', 'and knows what it says');
DELETE FROM cpi_jobs;

UPDATE job SET id = (fixture.claimed('shop')).id;
SELECT _cpi_write_manifest((SELECT id FROM job), 1, '[{"path": "a.csv"}]');
SELECT is(_cpi_release_job((SELECT id FROM job), 1, 'stop', NULL, true), 'pending', 'an attempt may say that it cannot tell');
SELECT is(cpi_cancel_job((SELECT id::text FROM job)) ->> 'status', 'pending', 'then a waiting job is not cancelled at once');
SELECT ok((SELECT cancel_requested_at IS NOT NULL FROM cpi_jobs), 'but as soon as an agent has asked');
DELETE FROM cpi_jobs;

-- A claim whose answer was lost.
UPDATE job SET id = (fixture.claimed('shop')).id;
SELECT is(_cpi_claim_job(fixture.agent(), jsonb_build_array(jsonb_build_object('job_id', (SELECT id FROM job), 'fence', 1))),
  NULL, 'what the agent says it holds stays with it');
SELECT is(_cpi_claim_job(fixture.agent()), NULL, 'an agent that does not say what it holds is left alone');
SELECT is(_cpi_claim_job(fixture.agent(), '[]') -> 'fence', '2', 'a job that the agent knows nothing of is claimed anew');
SELECT results_eq('SELECT attempt, deaths, unresolved FROM cpi_jobs', $$VALUES (1, 0, false)$$, 'and nothing charged');
SELECT throws_ok($$SELECT _cpi_finish_job((SELECT id FROM job), 1)$$, 'CP001', NULL, 'the lost claim is fenced out');
DELETE FROM cpi_jobs;

-- An agent whose process is known to be gone.
UPDATE job SET id = (fixture.claimed('shop')).id;
SELECT is(_cpi_bury_agent(fixture.agent(), 'elsewhere'), 0, 'an agent of another host is not buried');
SELECT is((SELECT status FROM cpi_jobs), 'running', 'its job goes on');
SELECT is(_cpi_bury_agent(fixture.agent(), 'localhost'), 1, 'a dead agent''s jobs are taken back at once');
SELECT results_eq('SELECT status, deaths FROM cpi_jobs', $$VALUES ('pending', 1)$$, 'the death counted, as poison kills agents');
DELETE FROM cpi_jobs;

-- A job that cannot be swept does not stand in the way.
CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''the disk is full''; END';
SELECT fixture.claimed('shop'), fixture.claimed('other');
SELECT pg_temp.expire();
CREATE TRIGGER refuse BEFORE UPDATE ON cpi_jobs FOR EACH ROW WHEN (OLD.project_name = 'other')
  EXECUTE FUNCTION pg_temp.refuse();
SET LOCAL client_min_messages = error;
SELECT is(_cpi_sweep(), 1, 'the sweep leaves a job alone that it cannot change');
SET LOCAL client_min_messages = warning;
SELECT results_eq('SELECT project_name, status FROM cpi_jobs ORDER BY 1', $$VALUES ('other', 'running'), ('shop', 'pending')$$,
  'and takes back the others');
DROP TRIGGER refuse ON cpi_jobs;
DELETE FROM cpi_jobs;

-- A webhook's payload fits whatever the errors hold.
UPDATE job SET id = (fixture.claimed('shop', 'http://h/x')).id;
SELECT _cpi_add_job_error((SELECT id FROM job), 1, 'JobError', n || repeat(chr(1), 1000)) FROM generate_series(1, 20) AS n;
SELECT is(_cpi_finish_job((SELECT id FROM job), 1, 'failed') ->> 'status', 'failed', 'control characters in error texts do no harm');
DELETE FROM cpi_jobs;

-- Cancelling while an agent holds the job.
UPDATE job SET id = (fixture.claimed('shop')).id;
SELECT cpi_cancel_job((SELECT id::text FROM job));
SELECT is(_cpi_heartbeat(fixture.agent(), jsonb_build_array(jsonb_build_object('job_id', (SELECT id FROM job), 'fence', 1))) -> 0 -> 'cancel_requested',
  'true', 'the next heartbeat learns of a cancel');
SELECT is(_cpi_release_job((SELECT id FROM job), 1, 'retry', 'x'), 'cancelled', 'given back, it is not tried again');
DELETE FROM cpi_jobs;
UPDATE job SET id = (fixture.claimed('shop')).id;
SELECT _cpi_write_manifest((SELECT id FROM job), 1, '[{"path": "a.csv"}]');
SELECT cpi_cancel_job((SELECT id::text FROM job));
SELECT pg_temp.expire(), _cpi_sweep();
SELECT is(_cpi_claim_job(fixture.agent()) -> 'cancel_requested', 'true', 'the next attempt learns of a cancel, should the agent die');
DELETE FROM cpi_jobs;

-- What cannot be handed out does not stand in the way.
SELECT cpi_import('shop'), cpi_delete_connection('target'), cpi_import('other');
SELECT is(_cpi_claim_job(fixture.agent()) ->> 'project', 'other', 'a job whose connection is gone is passed over');
SELECT is((SELECT status || ': ' || last_error FROM cpi_jobs WHERE project_name = 'shop'),
  'failed: project "shop" has no connection', 'and fails, saying why');
DELETE FROM cpi_jobs;
SELECT cpi_import('other');
UPDATE cpi_secrets SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1) WHERE owner_table = 'cpi_connections';
SELECT is(_cpi_claim_job(fixture.agent()), NULL, 'so does one whose secret cannot be opened');
SELECT results_eq('SELECT status, attempt, last_error IS NOT NULL FROM cpi_jobs', $$VALUES ('pending', 1, true)$$,
  'it waits, the reason noted');
DELETE FROM cpi_jobs;

-- Retention.
INSERT INTO cpi_jobs (project_name, status, completed_at, callback_url)
  SELECT 'old', 'cancelled', now() - interval '91 days', u FROM unnest(ARRAY[NULL, 'http://h/x']) AS u;
INSERT INTO cpi_jobs (project_name, status, completed_at) VALUES ('young', 'cancelled', now() - interval '89 days');
INSERT INTO cpi_webhook_deliveries (job_id, url, payload) SELECT id, callback_url, '{}' FROM cpi_jobs WHERE callback_url IS NOT NULL;
SELECT is(_cpi_sweep(), 1, 'ended jobs beyond retention are removed');
SELECT results_eq('SELECT project_name, callback_url FROM cpi_jobs ORDER BY 1', $$VALUES ('old', 'http://h/x'), ('young', NULL)$$,
  'not while a webhook waits, and not younger ones');
UPDATE cpi_webhook_deliveries SET status = 'failed', next_attempt_at = NULL, ended_at = now();
SELECT cpi_update_settings(retention_days => 0);
SELECT is(_cpi_sweep(), 0, '0 days keep them for ever');
UPDATE cpi_agents SET started_at = now() - interval '2 days', last_seen_at = now() - interval '25 hours';
SELECT _cpi_sweep();
SELECT is((SELECT count(*) FROM cpi_agents), 0::bigint, 'agents not seen for a day are forgotten');

SELECT * FROM finish();
ROLLBACK;
