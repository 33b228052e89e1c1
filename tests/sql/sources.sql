-- Sources: like connections; password and key path are sealed.
BEGIN;
SELECT plan(20);

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

SELECT is(cpi_update_source('erp', port => 2222, host_key => 'SHA256:x') - '{updated_at}'::text[],
  (cpi_get_source('erp') || '{"port": 2222, "host_key": "SHA256:x"}') - '{updated_at}'::text[], 'fields given change');
SELECT is(cpi_update_source('erp') ->> 'password', 'geheim', 'a password not given stays');
SELECT is(cpi_update_source('erp', password => '') -> 'password', 'null', 'an empty one clears it');
SELECT is(cpi_update_source('erp', remote_path => '') ->> 'remote_path', '/', 'an empty remote_path is the root');
SELECT is(cpi_update_source('erp', host => '') ->> 'host', 'sftp.example.com', 'an empty host counts as missing');
SELECT throws_ok($$SELECT cpi_update_source('erp', port => 65536)$$, 'PT422', 'port: 65536 is out of range: 1 to 65535',
  'a port out of range is refused');
SELECT throws_ok($$SELECT cpi_update_source('erb')$$, 'PT404', 'source "erb" does not exist', 'an unknown one is 404');

SELECT cpi_create_project('p', source_id => 'erp');
SELECT lives_ok($$SELECT cpi_delete_source('erp')$$, 'it can be deleted');
SELECT is((SELECT source_id FROM cpi_projects), NULL, 'its projects stay without one');
SELECT is((SELECT count(*) FROM cpi_secrets WHERE owner_table = 'cpi_sources'), 0::bigint, 'its credentials go');
SELECT throws_ok($$SELECT cpi_delete_source('erp')$$, 'PT404', NULL, 'deleting it again is 404');

SELECT * FROM finish();
ROLLBACK;
