-- Webhooks as the agents that send them see them: claiming, results, delays, giving up. fixture.agent() is one agent;
-- what several sessions do at once is in sessions.sql.
BEGIN;
SELECT plan(45);
CREATE FUNCTION pg_temp.claim(most integer DEFAULT 100, most_per_receiver integer DEFAULT 2) RETURNS jsonb LANGUAGE sql AS
  'SELECT _cpi_claim_deliveries(fixture.agent(), most, most_per_receiver)';
CREATE FUNCTION pg_temp.finish(outcome text, status integer DEFAULT NULL, error text DEFAULT NULL, retry_after integer DEFAULT NULL)
RETURNS jsonb LANGUAGE sql AS $$
  SELECT _cpi_finish_deliveries(jsonb_agg(jsonb_build_object('delivery_id', d.id, 'fence', d.fence, 'outcome', finish.outcome,
           'status', finish.status, 'error', finish.error, 'retry_after_seconds', finish.retry_after)))
    FROM cpi_webhook_deliveries AS d WHERE d.lease_expires_at IS NOT NULL
$$;
CREATE FUNCTION pg_temp.due() RETURNS void LANGUAGE sql AS
  $$UPDATE cpi_webhook_deliveries SET next_attempt_at = clock_timestamp() WHERE status = 'pending'$$;
CREATE FUNCTION pg_temp.wait() RETURNS numeric LANGUAGE sql AS
  'SELECT round(extract(epoch FROM next_attempt_at - clock_timestamp()), 3) FROM cpi_webhook_deliveries';
SELECT cpi_create_connection('target', 'postgresql://u:p@h/d');
SELECT cpi_create_project('shop', 'target');

-- The row, and the claim.
SELECT throws_ok($$SELECT _cpi_claim_deliveries('00000000-0000-4000-8000-00000000000f', 1, 1)$$, 'CP003', NULL,
  'an agent must register before it claims');
SELECT is(pg_temp.claim() - 'poll_seconds', '{"deliveries": [], "secrets": [], "timeout_seconds": 30, "next_in_seconds": null}',
  'nothing is due at first');
CREATE TEMP TABLE job AS SELECT cpi_import('shop', 'https://User:Geheim@N8N.example:5678/wait/1?signature=aB%2f&x') ->> 'job_id' AS id;
SELECT cpi_cancel_job(id) FROM job;
SELECT is((SELECT receiver FROM cpi_webhook_deliveries), 'n8n.example:5678', 'a receiver is host and port alone');
SELECT is(cpi_list_deliveries((SELECT id FROM job)) #>> '{deliveries,0,url}',
  'https://User:***@N8N.example:5678/wait/1?signature=aB%2f&x', 'a password is not shown');
SELECT cpi_update_settings(webhook_previous_secret => 'whsec_' || encode(repeat('b', 24)::bytea, 'base64'),
                           webhook_secret => 'whsec_' || encode(repeat('a', 24)::bytea, 'base64'));
CREATE TEMP TABLE claimed AS SELECT pg_temp.claim() AS c;
SELECT is((SELECT (c #> '{deliveries,0}') - '{body,delivery_id,job_id}'::text[] FROM claimed),
  '{"fence": 1, "attempt": 1, "url": "https://User:Geheim@N8N.example:5678/wait/1?signature=aB%2f&x"}', 'what is due is claimed, the URL byte for byte');
SELECT is((SELECT ((c #>> '{deliveries,0,body}')::jsonb ->> 'status') FROM claimed), 'cancelled', 'with its body');
SELECT is((SELECT c -> 'secrets' FROM claimed), to_jsonb(ARRAY['whsec_' || encode(repeat('a', 24)::bytea, 'base64'),
  'whsec_' || encode(repeat('b', 24)::bytea, 'base64')]), 'and the secrets, the new one first');
SELECT is(pg_temp.claim() -> 'deliveries', '[]', 'only once');

-- Results.
SELECT is(pg_temp.finish('delivered', 204) -> 0 ->> 'status', 'delivered', 'an answer of 2xx ends it');
SELECT results_eq('SELECT status, attempts, last_status, last_error, ended_at IS NOT NULL, next_attempt_at FROM cpi_webhook_deliveries',
  $$VALUES ('delivered', 1, 204, NULL::text, true, NULL::timestamptz)$$, 'which is written down');
SELECT is(_cpi_finish_deliveries(jsonb_build_array(jsonb_build_object('delivery_id', id, 'fence', 1, 'outcome', 'retry'))), '[]',
  'a second result changes nothing') FROM cpi_webhook_deliveries;
SELECT lives_ok($$SELECT cpi_retry_delivery(id::text) FROM cpi_webhook_deliveries$$, 'it can be sent again');
SELECT is((pg_temp.claim() #>> '{deliveries,0,fence}')::int, 2, 'is due at once, with a fence of its own');
SELECT is(_cpi_finish_deliveries(jsonb_build_array(jsonb_build_object('delivery_id', id, 'fence', 1, 'outcome', 'delivered'))), '[]',
  'the result of an older claim is void') FROM cpi_webhook_deliveries;
SELECT is(pg_temp.finish('retry', 500, 'the receiver answered 500') -> 0 ->> 'status', 'pending', 'after an error it waits');
SELECT ok(pg_temp.wait() BETWEEN 3.9 AND 6, 'five seconds, more or less');
SELECT ok((pg_temp.claim() ->> 'next_in_seconds')::numeric BETWEEN 3.9 AND 6, 'of which the agent is told');
SELECT is((cpi_list_deliveries((SELECT id FROM job)) #> '{deliveries,0}') -> 'last_error', '"the receiver answered 500"', 'the reason is shown');
SELECT pg_temp.due(), pg_temp.claim(), pg_temp.finish('retry', 500);
SELECT ok(pg_temp.wait() BETWEEN 15.9 AND 24, 'then four times as long');
SELECT pg_temp.due(), pg_temp.claim(), pg_temp.finish('retry', 500);
SELECT ok(pg_temp.wait() BETWEEN 63.9 AND 96, 'and again');
UPDATE cpi_webhook_deliveries SET delays = 1000;
SELECT pg_temp.due(), pg_temp.claim(), pg_temp.finish('retry', 500);
SELECT ok(pg_temp.wait() BETWEEN 17279 AND 25920, 'up to six hours');
UPDATE cpi_webhook_deliveries SET delays = 0;
SELECT pg_temp.due(), pg_temp.claim(), pg_temp.finish('retry', 429, NULL, 900);
SELECT ok(pg_temp.wait() BETWEEN 899 AND 900, 'Retry-After is honoured');
SELECT pg_temp.due(), pg_temp.claim(), pg_temp.finish('retry', 429, NULL, 2000000000);
SELECT ok(pg_temp.wait() BETWEEN 86399 AND 86400, 'up to a day');

-- n8n's "not waiting yet".
UPDATE cpi_webhook_deliveries SET delays = 0, attempts = 0;
SELECT pg_temp.due(), pg_temp.claim(), pg_temp.finish('moment', 409);
SELECT ok(pg_temp.wait() BETWEEN 0.9 AND 1, 'a moment is a second');
SELECT is((SELECT delays FROM cpi_webhook_deliveries), 0, 'and no growing delay');
UPDATE cpi_webhook_deliveries SET attempts = 60;
SELECT pg_temp.due(), pg_temp.claim(), pg_temp.finish('moment', 409);
SELECT ok(pg_temp.wait() > 3.9, 'a minute of moments is enough');

-- Giving back, and taking over.
UPDATE cpi_webhook_deliveries SET attempts = 3;
SELECT pg_temp.due(), pg_temp.claim();
SELECT is(pg_temp.finish('released') -> 0 ->> 'attempts', '3', 'what is given back was no try');
SELECT is(jsonb_array_length(pg_temp.claim() -> 'deliveries'), 1, 'and is due at once');
UPDATE cpi_webhook_deliveries SET lease_expires_at = clock_timestamp() - interval '1 second';
SELECT is(pg_temp.claim() #>> '{deliveries,0,attempt}', '5', 'a dead agent''s delivery is taken over');
SELECT lives_ok($$SELECT cpi_retry_delivery(id::text) FROM cpi_webhook_deliveries$$, 'asked for again while it is under way');
SELECT is(pg_temp.claim() -> 'deliveries', '[]', 'it is not sent twice at a time');
SELECT pg_temp.finish('retry', 500);
SELECT is(jsonb_array_length(pg_temp.claim() -> 'deliveries'), 1, 'but again as soon as that try has failed');

-- Giving up.
SELECT is((SELECT count(*) FROM cpi_job_errors), 0::bigint, 'no error so far');
UPDATE cpi_webhook_deliveries SET first_attempt_at = clock_timestamp() - interval '3 days';
SELECT is(pg_temp.finish('retry', 503, 'the receiver answered 503') -> 0 ->> 'status', 'failed', 'after three days it has failed');
SELECT results_eq('SELECT error_type, message LIKE ''webhook % to "n8n.example:5678" was given up after one try: the receiver answered 503'' FROM cpi_job_errors',
  $$VALUES ('WebhookError', true)$$, 'which is among the job''s errors');
SELECT is(cpi_get_job((SELECT id FROM job)) #>> '{errors,0,error_type}', 'WebhookError', 'as the API shows it');
SELECT ok(NOT EXISTS (SELECT FROM cpi_job_errors WHERE message ~ 'Geheim|signature'), 'without password and signature');
SELECT cpi_retry_delivery(id::text) FROM cpi_webhook_deliveries;
SELECT pg_temp.claim();
SELECT is(pg_temp.finish('refused', 410) -> 0 ->> 'status', 'failed', '410 ends it at once');

-- Fairness.
DELETE FROM cpi_jobs;
INSERT INTO cpi_jobs (project_name, status, completed_at) VALUES ('other', 'cancelled', now());
INSERT INTO cpi_webhook_deliveries (job_id, url, payload)
  SELECT j.id, 'http://dead/' || i, '{}' FROM cpi_jobs AS j, generate_series(1, 1000) AS i;
INSERT INTO cpi_webhook_deliveries (job_id, url, payload)
  SELECT j.id, 'http://alive/' || i, '{}' FROM cpi_jobs AS j, generate_series(1, 3) AS i;
CREATE FUNCTION pg_temp.receivers(claim jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(r, ' ' ORDER BY r) FROM (SELECT substring(d ->> 'url' from '//(\w+)') || '×' || count(*) AS r
    FROM jsonb_array_elements(claim -> 'deliveries') AS d GROUP BY substring(d ->> 'url' from '//(\w+)')) AS x
$$;
SELECT is(pg_temp.receivers(pg_temp.claim()), 'alive×2 dead×2', 'of each receiver a few, however many wait for one');
SELECT is(pg_temp.receivers(pg_temp.claim()), NULL, 'no more while those are under way');
SELECT _cpi_finish_deliveries(jsonb_agg(jsonb_build_object('delivery_id', id, 'fence', fence, 'outcome', 'delivered')))
  FROM cpi_webhook_deliveries WHERE receiver = 'alive' AND lease_expires_at IS NOT NULL;
SELECT is(pg_temp.receivers(pg_temp.claim()), 'alive×1', 'a place that is free is taken again');
SELECT is(pg_temp.receivers(pg_temp.claim(0)), NULL, 'an agent without room takes none');
UPDATE cpi_webhook_deliveries SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE lease_expires_at IS NOT NULL;
SELECT is(jsonb_array_length(pg_temp.claim(1) -> 'deliveries'), 1, 'nor more than it has room for');
DELETE FROM cpi_webhook_deliveries WHERE receiver = 'alive';
SELECT _cpi_finish_deliveries(jsonb_agg(jsonb_build_object('delivery_id', id, 'fence', fence, 'outcome', 'retry')))
  FROM cpi_webhook_deliveries WHERE lease_expires_at IS NOT NULL;
UPDATE cpi_webhook_deliveries SET delays = 1 WHERE url <> 'http://dead/777';
UPDATE cpi_webhook_deliveries SET next_attempt_at = clock_timestamp() WHERE url = 'http://dead/777';
SELECT is(pg_temp.claim(1, 1) #>> '{deliveries,0,url}', 'http://dead/777', 'a fresh one goes before those that failed before');

-- What cannot be signed is not sent.
UPDATE cpi_secrets SET sealed = set_byte(sealed, 30, 255 - get_byte(sealed, 30)) WHERE column_name = 'webhook_secret';
UPDATE cpi_webhook_deliveries SET lease_expires_at = NULL;
SELECT throws_ok('SELECT pg_temp.claim()', NULL, NULL, 'a secret that cannot be opened stops the claim');

SELECT * FROM finish();
ROLLBACK;
