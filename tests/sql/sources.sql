-- Sources: like connections; password and key path are sealed.
BEGIN;
SELECT plan(37);

SELECT fixture.answers_as(cpi_create_source('erp', 'sftp.example.com', 'me', password => 'geheim', key_path => '/k'),
  'Source', 'creating answers a source with credentials');
SELECT results_eq('SELECT type, port, remote_path, host_key FROM cpi_sources', $$VALUES ('sftp', 22, '/', NULL::text)$$,
  'type, port and remote_path have defaults');
SELECT is((SELECT count(*) FROM cpi_sources s WHERE s::text ~ 'geheim|/k'), 0::bigint, 'the table holds no credentials');
SELECT fixture.answers_as(cpi_list_sources(), 'SourceList', 'the list is as documented');
SELECT ok(NOT cpi_list_sources() -> 'sources' -> 0 ?| '{password,key_path}', 'a list holds neither password nor key path');
SELECT is((cpi_get_source('erp') ->> 'password') || (cpi_get_source('erp') ->> 'key_path'), 'geheim/k',
  'one source comes with both');
SELECT is(cpi_get_source((SELECT id::text FROM cpi_sources)) ->> 'name', 'erp', 'it is found by its id');

SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_create_source(type => ''ftp'', port => 0)')$$,
  ARRAY['name: is missing', 'host: is missing', 'username: is missing', 'type: "ftp" is no type of source',
        'port: 0 is out of range: 1 to 65535'], 'everything that is wrong is said at once');
SELECT throws_ok($$SELECT cpi_create_source('erp', 'h', 'u')$$, 'PT409', 'source "erp" exists already',
  'a name that exists is refused');

SELECT is(cpi_update_source('erp', port => 2222, host_key => 'SHA256:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') - '{updated_at}'::text[],
  (cpi_get_source('erp') || '{"port": 2222, "host_key": "SHA256:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}') - '{updated_at}'::text[], 'fields given change');
SELECT is(cpi_update_source('erp') ->> 'password', 'geheim', 'a password not given stays');
SELECT is(cpi_update_source('erp', password => '') -> 'password', 'null', 'an empty one clears it');
SELECT is(cpi_update_source('erp', remote_path => '') ->> 'remote_path', '/', 'an empty remote_path is the root');
SELECT is(cpi_update_source('erp', host => '') ->> 'host', 'sftp.example.com', 'an empty host counts as missing');
SELECT throws_ok($$SELECT cpi_update_source('erp', port => 65536)$$, 'PT422', 'port: 65536 is out of range: 1 to 65535',
  'a port out of range is refused');
SELECT throws_ok($$SELECT cpi_update_source('erb')$$, 'PT404', 'source "erb" does not exist', 'an unknown one is 404');

SELECT is(cpi_update_source('erp', host_key => k) ->> 'host_key', k, format('host_key may be %s', left(k, 20)))
  FROM unnest(ARRAY['strict', 'SHA256:' || repeat('a', 43) || '=', 'ssh-ed25519 ' || repeat('A', 68),
                    'example.com ecdsa-sha2-nistp256 ' || repeat('A', 140) || '= somebody']) AS k;
SELECT results_eq(format('SELECT fixture.field_errors($f$SELECT cpi_update_source(''erp'', host_key => %L)$f$)', k),
  ARRAY[format('host_key: "%s" is neither a fingerprint nor a public key', k)], format('host_key may not be %s', k))
  FROM unnest(ARRAY['SHA256:short', 'MD5:aa:bb', 'lax']) AS k;
SELECT is(cpi_update_source('erp', host_key => '') -> 'host_key', 'null', 'an empty one forgets the key');

SELECT throws_ok($$SELECT cpi_test_source('erp')$$, 'PT501', 'a source is tested by an agent, from its own network',
  'the test is the agent''s');
SELECT throws_ok($$SELECT cpi_test_source('erb')$$, 'PT404', NULL, 'testing an unknown source is 404');

-- The first key seen is kept; whoever comes later with another one is told the first.
CREATE TEMP TABLE erp AS SELECT s.id, s.host, s.port FROM cpi_sources s;
SELECT is(_cpi_pin_source_host_key(id, host, port, 'SHA256:first'), 'SHA256:first', 'the first key is kept') FROM erp;
SELECT is(_cpi_pin_source_host_key(id, host, port, 'SHA256:second'), 'SHA256:first', 'and not replaced') FROM erp;
SELECT is(_cpi_pin_source_host_key(id, 'other', port, 'SHA256:second'), NULL, 'the key of another server is not kept') FROM erp;

SELECT cpi_create_project('p', source_id => 'erp');
SELECT cpi_create_connection('target', 'postgresql://u:p@h/d'), cpi_update_project('p', connection_id => 'target');
SELECT cpi_import('p');
SELECT _cpi_register_agent('00000000-0000-4000-8000-000000000001', 'a', extversion) FROM pg_extension WHERE extname = 'cpi';
CREATE TEMP TABLE claim AS
  SELECT (c ->> 'job_id')::uuid AS job_id, (c ->> 'fence')::bigint AS fence
    FROM _cpi_claim_job('00000000-0000-4000-8000-000000000001') AS c;
SELECT is(_cpi_pin_host_key(job_id, fence, host, port, 'SHA256:second'), 'SHA256:first', 'a job is told its source''s key')
  FROM claim, erp;
SELECT is(_cpi_pin_host_key(job_id, fence, 'Other', 22, k), 'SHA256:a', 'the project keeps those of other servers')
  FROM claim, unnest(ARRAY['SHA256:a', 'SHA256:b']) AS k;
SELECT throws_ok(format('SELECT _cpi_pin_host_key(%L, %s, ''h'', 22, ''SHA256:a'')', job_id, fence + 1), 'CP001', NULL,
  'another attempt keeps no key') FROM claim;
SELECT _cpi_finish_job(job_id, fence, 'cancelled') FROM claim;
SELECT lives_ok($$SELECT cpi_delete_source('erp')$$, 'it can be deleted');
SELECT is((SELECT source_id FROM cpi_projects), NULL, 'its projects stay without one');
SELECT is((SELECT count(*) FROM cpi_secrets WHERE owner_table = 'cpi_sources'), 0::bigint, 'its credentials go');
SELECT throws_ok($$SELECT cpi_delete_source('erp')$$, 'PT404', NULL, 'deleting it again is 404');

SELECT * FROM finish();
ROLLBACK;
