-- Projects: the config and its findings, the masked password, references, renaming, deleting.
BEGIN;
SELECT plan(41);
SELECT cpi_create_connection('target', 'postgresql://u:p@h/d');

SELECT fixture.answers_as(
  cpi_create_project('shop', 'target', config => '{"name": "shop", "defaults": {"file_pattern": "*.csv", "primary_key": "id"}}'),
  'Project', 'creating answers a project');
SELECT is((SELECT connection_id FROM cpi_projects), (SELECT id FROM cpi_connections), 'the connection may be given by name');
SELECT is((cpi_create_project('by id', (SELECT id::text FROM cpi_connections)) ->> 'connection_id')::uuid,
  (SELECT id FROM cpi_connections), 'or by id');
SELECT is(cpi_create_project('bare') - '{id,created_at,updated_at}'::text[],
  '{"name": "bare", "connection_id": null, "source_id": null, "config": {}, "dialects": []}', 'all but the name may be missing');
SELECT fixture.answers_as(cpi_list_projects(), 'ProjectList', 'the list is as documented');
SELECT is(cpi_list_projects() -> 'total', '3', 'and counts');
SELECT is(cpi_get_project('shop') #>> '{config,defaults,primary_key}', 'id', 'one project is found by its name');
SELECT is(fixture.hint_of($$SELECT cpi_get_project('shpo')$$), 'Did you mean "shop"?', 'the nearest name is offered');
SELECT throws_ok($$SELECT cpi_get_project('nothing like it')$$, 'PT404', 'project "nothing like it" does not exist',
  'an unknown project is 404');

SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_create_project()')$$, ARRAY['name: is missing'],
  'a missing name is named');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_create_project(''x'', ''targte'')')$$,
  ARRAY['connection_id: connection "targte" does not exist'], 'an unknown connection is a finding about connection_id');
SELECT is(fixture.hint_of($$SELECT cpi_create_project('x', 'targte')$$), 'Did you mean "target"?', 'with the nearest name');
SELECT throws_ok($$SELECT cpi_create_project('x', source_id => 'nowhere')$$, 'PT422',
  'source_id: source "nowhere" does not exist', 'an unknown source likewise');
SELECT throws_ok($$SELECT cpi_create_project('shop')$$, 'PT409', 'project "shop" exists already',
  'a name that exists is refused');
SELECT throws_ok($$SELECT cpi_create_project('x', config => '[]')$$, 'PT422',
  'config: is no JSON object but of type array', 'a config that is no object is refused');
SELECT matches((SELECT fixture.field_errors($$SELECT cpi_create_project('x', config => '{"defualts": {}}')$$)),
  '^config\.defualts: ', 'a misspelt key is refused by its path');
SELECT matches(fixture.hint_of($$SELECT cpi_create_project('x', config => '{"defualts": {}}')$$), 'defaults',
  'and the nearest key is offered');
SELECT is((SELECT count(*) FROM fixture.field_errors(
  $$SELECT cpi_create_project('', 'nope', config => '{"defualts": {}, "tables": 1}')$$)), 4::bigint,
  'everything that is wrong is said at once');
SELECT matches((SELECT fixture.field_errors($$SELECT cpi_create_project('x', config => '{"name": "y"}')$$)),
  '^config\.name: ', 'the config''s name must be the project''s');
SELECT is(cpi_create_project('nulls', config => 'null') -> 'config', '{}', 'a JSON null counts as missing');

SELECT is(cpi_create_project('sftp', 'target', config =>
  '{"sftp": {"host": "h", "username": "u", "password": "geheim", "remote_path": "/in"}}') #>> '{config,sftp,password}',
  '***', 'a password inside the config is masked in the answer');
SELECT is((SELECT config #>> '{sftp,password}' FROM cpi_projects WHERE name = 'sftp'), '***', 'and in the table');
CREATE TEMP VIEW secret AS
  SELECT _cpi_get_secret('cpi_projects', p.id, 'config.sftp.password') AS password FROM cpi_projects p WHERE name = 'sftp';
SELECT is((SELECT password FROM secret), 'geheim', 'it is kept sealed');
SELECT lives_ok($$SELECT cpi_update_project('sftp', config => cpi_get_project('sftp') -> 'config' || '{"latest_only": true}')$$,
  'a config can be read, changed and written back');
SELECT is((SELECT password FROM secret), 'geheim', 'which leaves the password as it was');
SELECT lives_ok($$SELECT cpi_update_project('sftp', config => '{"sftp": {"host": "h", "username": "u", "password": "neu"}}')$$,
  'a new password is accepted');
SELECT is((SELECT password FROM secret), 'neu', 'and replaces the old one');
SELECT lives_ok($$SELECT cpi_update_project('sftp', config => '{}')$$, 'the whole object can go');
SELECT is((SELECT password FROM secret), NULL, 'and its password with it');
SELECT results_eq(
  $$SELECT fixture.field_errors('SELECT cpi_update_project(''sftp'', config => ''{"sftp": {"host": "h", "username": "u", "password": "***"}}'')')$$,
  ARRAY['config.sftp.password: "***" stands for a stored password, and there is none'], '*** needs a stored password');
SELECT throws_ok($$INSERT INTO cpi_projects (name, config) VALUES ('raw', '{"sftp": {"password": "x"}}')$$, '23514', NULL,
  'the table itself takes no password in the clear');

SELECT is(cpi_update_project('shop', name => 'store') ->> 'name', 'store', 'name in an update renames');
SELECT is(cpi_get_project('store') #>> '{config,name}', 'store', 'and the config''s own name follows');
SELECT is(cpi_update_project('store', connection_id => '') -> 'connection_id', 'null', 'an empty connection_id clears it');
SELECT is(cpi_update_project('store', connection_id => 'target') -> 'config', cpi_get_project('store') -> 'config',
  'what is not given stays');
SELECT throws_ok($$SELECT cpi_update_project('store', name => 'bare')$$, 'PT409', 'project "bare" exists already',
  'renaming to a name that exists is refused');
SELECT throws_ok($$SELECT cpi_update_project('store', config => '{"tabels": []}')$$, 'PT422', NULL,
  'an update checks the config');

SELECT cpi_import('store', 'http://example.com/hook');
SELECT lives_ok($$SELECT cpi_delete_project('store')$$, 'a project with a waiting job can be deleted');
SELECT results_eq('SELECT project_id, project_name, status, last_error FROM cpi_jobs',
  $$VALUES (NULL::uuid, 'store', 'cancelled', 'the project was deleted')$$, 'its jobs stay, those that waited cancelled');
SELECT is((SELECT payload ->> 'status' FROM cpi_webhook_deliveries), 'cancelled', 'and are told about');
SELECT throws_ok($$SELECT cpi_delete_project('store')$$, 'PT404', NULL, 'deleting it again is 404');

SELECT * FROM finish();
ROLLBACK;
