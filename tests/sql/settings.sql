-- Settings and health.
BEGIN;
SELECT plan(26);

SELECT fixture.answers_as(cpi_get_settings(), 'Settings', 'the settings are as documented');
SELECT results_eq('SELECT key COLLATE "C" FROM jsonb_object_keys(cpi_get_settings()) AS key ORDER BY 1',
  $$SELECT DISTINCT name COLLATE "C" FROM cpi_settings UNION VALUES ('webhook_secret'), ('webhook_previous_secret') ORDER BY 1$$, 'all of them');
SELECT ok(cpi_get_settings() @> '{"retry_1_seconds": 30, "retry_2_seconds": 120, "retry_3_seconds": 600, "max_attempts": 4, "max_deaths": 3}',
  'back-off, attempts and deaths are as designed');
SELECT is(cpi_update_settings(lease_seconds => 30) -> 'lease_seconds', '30', 'a setting can be changed');
SELECT is(_cpi_setting('lease_seconds'), 30::numeric, 'which counts');
SELECT is((SELECT count(*) FROM cpi_settings WHERE NOT builtin), 1::bigint, 'as a row of its own, the default stays');
SELECT is(cpi_update_settings() -> 'lease_seconds', '30', 'what is not given stays');
SELECT is(cpi_update_settings(poll_seconds => 0.1) -> 'poll_seconds', '0.1', 'fractions of seconds are allowed');
SELECT lives_ok('SELECT cpi_update_settings(lease_seconds => 60, poll_seconds => 5)', 'back to the defaults');
SELECT is((SELECT count(*) FROM cpi_settings WHERE NOT builtin), 0::bigint, 'needs no rows');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_update_settings(lease_seconds => 0, max_deaths => 2.5, retention_days => -1)')$$,
  ARRAY['lease_seconds: 0 is out of range: 1 to 3600', 'max_deaths: 2.5 is no whole number', 'retention_days: -1 is out of range: 0 to 36500',
        'lease_seconds: heartbeat_seconds (10) is over a third of lease_seconds (0)'], 'wrong values are told');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_update_settings(heartbeat_seconds => 21)')$$,
  ARRAY['heartbeat_seconds: heartbeat_seconds (21) is over a third of lease_seconds (60)'], 'a heartbeat must fit into the lease thrice');
SELECT lives_ok('SELECT cpi_update_settings(lease_seconds => 3, heartbeat_seconds => 1)', 'both can be changed together');
SELECT is(_cpi_setting('heartbeat_seconds'), 1::numeric, 'and are');
SELECT is(_cpi_setting('nothing'), NULL, 'an unknown setting is none');
SELECT throws_ok($$INSERT INTO cpi_settings (name, builtin, value) VALUES ('x', true, 1)$$, '23514', NULL, 'a default has limits');

SELECT is(cpi_get_settings() -> 'webhook_secret', 'null', 'no signing secret at first');
SELECT is(cpi_update_settings(webhook_secret => 'whsec_' || encode(repeat('k', 24)::bytea, 'base64')) -> 'webhook_secret', '"***"',
  'a signing secret is never shown');
SELECT is(_cpi_get_secret('cpi_settings', _cpi_settings_id(), 'webhook_secret'), 'whsec_' || encode(repeat('k', 24)::bytea, 'base64'),
  'but kept');
SELECT is(cpi_update_settings(poll_seconds => 5) -> 'webhook_secret', '"***"', 'it stays when it is not given');
SELECT results_eq(format('SELECT fixture.field_errors(%L)', format('SELECT cpi_update_settings(webhook_secret => %L, webhook_previous_secret => %L)', s, 'whsec_')),
  ARRAY['webhook_secret: ' || e, 'webhook_previous_secret: holds 0 bytes; from 24 to 64 are allowed'], 'not a secret: ' || s)
  FROM (VALUES ('canary', 'is not "whsec_" and base64'), ('whsec_Y2FuYXJ5', 'holds 6 bytes; from 24 to 64 are allowed'),
               ('***', '"***" is no secret')) AS v (s, e);
SELECT is(cpi_update_settings(webhook_secret => '') -> 'webhook_secret', 'null', 'an empty text clears it');

SELECT fixture.answers_as(cpi_health(), 'Health', 'health is as documented');
SELECT is(cpi_health(), jsonb_build_object('status', 'healthy', 'management_db', true, 'version',
  (SELECT extversion FROM pg_extension WHERE extname = 'cpi')), 'with the version of the extension');

SELECT * FROM finish();
ROLLBACK;
