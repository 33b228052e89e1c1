-- Enqueueing: what becomes of each field, what is refused, and the idempotency key.
BEGIN;
SELECT plan(36);
SELECT fixture.project('shop');

CREATE TEMP TABLE answer AS SELECT cpi_import('shop') AS a;
SELECT fixture.answers_as((SELECT a FROM answer), 'Accepted', 'the answer is as documented');
SELECT is((SELECT a - 'job_id' FROM answer),
  '{"project": "shop", "status": "pending", "message": "import of project \"shop\" was accepted"}', 'and says so');
SELECT results_eq(
  'SELECT project_name, status, attempt, fence, force, dry_run, local_files, callback_url FROM cpi_jobs',
  $$VALUES ('shop', 'pending', 0, 0::bigint, false, false, NULL::jsonb, NULL::text)$$, 'a plain job waits');
DELETE FROM cpi_jobs;

SELECT cpi_import('shop', 'https://n8n.example.com/webhook/xyz?signature=a%2Fb', '["a.csv", "b.csv"]', '/data',
                  '{"host": "other", "username": "me", "password": "geheim"}', true, true, 'key 1');
SELECT results_eq(
  'SELECT callback_url, local_files, local_files_base_path, sftp_override, force, dry_run FROM cpi_jobs',
  $$VALUES ('https://n8n.example.com/webhook/xyz?signature=a%2Fb', '["a.csv", "b.csv"]'::jsonb, '/data',
            '{"host": "other", "username": "me", "password": "***"}'::jsonb, true, true)$$,
  'every field is kept, the URL byte for byte, the password masked');
SELECT is((SELECT _cpi_get_secret('cpi_jobs', id, 'sftp_override.password') FROM cpi_jobs), 'geheim',
  'the password of sftp_override is sealed');
SELECT is(cpi_import('shop', 'https://n8n.example.com/webhook/xyz?signature=a%2Fb', '["a.csv", "b.csv"]', '/data',
                     '{"host": "other", "username": "me", "password": "geheim"}', true, true, 'key 1') ->> 'job_id',
  (SELECT id::text FROM cpi_jobs), 'the same request with the same key gives the same job');
SELECT throws_ok($$SELECT cpi_import('shop', idempotency_key => 'key 1')$$, 'PT422', NULL,
  'another request with that key is refused');
SELECT throws_ok($$SELECT cpi_import('shop', 'https://n8n.example.com/webhook/xyz?signature=a%2Fb', '["a.csv", "b.csv"]',
  '/data', '{"host": "other", "username": "me", "password": "anders"}', true, true, 'key 1')$$, 'PT422', NULL,
  'even when only the password differs');
SELECT is((SELECT count(*) FROM cpi_jobs), 1::bigint, 'neither has made a job');
SELECT isnt(cpi_import('shop', idempotency_key => 'key 2') ->> 'job_id', (SELECT id::text FROM cpi_jobs WHERE idempotency_key = 'key 1'),
  'another key makes another job');
SELECT is((SELECT count(*) FROM (SELECT cpi_import('shop', idempotency_key => '') FROM generate_series(1, 2)) AS x),
  2::bigint, 'an empty key is none');
SELECT is((SELECT count(*) FROM cpi_jobs), 4::bigint, 'so that each request makes a job');
SELECT throws_ok($$SELECT cpi_import('shop', idempotency_key => repeat('x', 256))$$, 'PT422',
  'idempotency_key: has 256 characters; up to 255 are allowed', 'a long key is refused');

SELECT throws_ok('SELECT cpi_import()', 'PT422', 'project: is missing', 'the project must be given');
SELECT throws_ok($$SELECT cpi_import('shpo')$$, 'PT404', 'project "shpo" does not exist', 'and must exist');
SELECT is(fixture.hint_of($$SELECT cpi_import('shpo')$$), 'Did you mean "shop"?', 'the nearest name is offered');
SELECT lives_ok($$SELECT cpi_import('shop', '', '""', '', 'null')$$, 'empty values count as missing');

SELECT results_eq($$SELECT fixture.field_errors(format('SELECT cpi_import(''shop'', %L)', u)) FROM unnest(ARRAY[
    'ftp://h/x', 'n8n.example.com/x', 'http://', 'https://h/a b']) WITH ORDINALITY AS t (u, n) ORDER BY n$$,
  ARRAY['callback_url: is no http:// or https:// URL with a host', 'callback_url: is no http:// or https:// URL with a host',
        'callback_url: is no http:// or https:// URL with a host', 'callback_url: holds a blank or a control character'],
  'a callback_url that cannot be called is refused');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_import(''shop'', local_files => ''["a", 1, ""]'')')$$,
  ARRAY['local_files[1]: is no file name', 'local_files[2]: is no file name'], 'each wrong file name is told');
SELECT throws_ok($$SELECT cpi_import('shop', local_files => '{}')$$, 'PT422',
  'local_files: is no list but of type object', 'local_files must be a list');
SELECT throws_ok($$SELECT cpi_import('shop', local_files => '[]')$$, 'PT422', 'local_files: is an empty list',
  'an empty list imports not everything, but nothing');
SELECT throws_ok($$SELECT cpi_import('shop', sftp_override => '[]')$$, 'PT422',
  'sftp_override: is no JSON object but of type array', 'sftp_override must be an object');
SELECT throws_ok($$SELECT cpi_import('shop', sftp_override => '{"host": "h", "username": "u", "password": "***"}')$$, 'PT422',
  'sftp_override.password: "***" is no password', 'a mask is no password');
SELECT matches((SELECT fixture.field_errors($$SELECT cpi_import('shop', sftp_override => '{"host": "h", "username": "u", "prot": 22}')$$)),
  '^sftp_override\.prot: ', 'a misspelt field of sftp_override is told by its path');
SAVEPOINT with_source;
SELECT cpi_create_source('files', 'sftp.example.com', 'u', password => 'geheim'), cpi_update_project('shop', source_id => 'files');
SELECT results_eq(format('SELECT fixture.field_errors($f$SELECT cpi_import(''shop'', sftp_override => %L)$f$)', o),
  ARRAY['sftp_override.' || f || ': is not that of the project''s source, whose credentials are for that server alone'],
  'the stored credentials are not sent to another ' || f)
  FROM (VALUES ('host', '{"host": "evil.example.com"}'), ('port', '{"host": "sftp.example.com", "port": 2222}')) AS v (f, o);
GRANT USAGE ON SCHEMA tap, fixture TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA pg_temp TO PUBLIC;
SET ROLE cpi_operator;
SELECT results_eq($$SELECT fixture.field_errors($f$SELECT cpi_import('shop', sftp_override =>
    '{"host": "sftp.example.com", "username": "u", "key_path": "/etc/cpi/erp_key"}')$f$)$$,
  ARRAY['sftp_override.key_path: names a file on the agent''s machine, which only an admin may do'],
  'an operator may not name a key file');
SET ROLE cpi_admin;
SELECT is(cpi_import('shop', sftp_override => '{"host": "x", "username": "u", "key_path": "/k"}') ->> 'status', 'pending',
  'an admin may');
RESET ROLE;
SELECT is(cpi_import('shop', sftp_override => '{"host": "sftp.example.com", "port": 22, "remote_path": "/in"}') ->> 'status', 'pending',
  'other fields of the same server may be replaced');
ROLLBACK TO with_source;
SELECT matches((SELECT string_agg(e, ' ') FROM fixture.field_errors(
    $$SELECT cpi_import('shop', 'x', '[]', sftp_override => '[]')$$) AS e),
  'callback_url.*local_files.*sftp_override', 'everything that is wrong is said at once');

SELECT cpi_create_project('no target');
SELECT throws_ok($$SELECT cpi_import('no target')$$, 'PT400', 'project "no target" has no connection',
  'a project without a connection cannot be imported');
SELECT matches(fixture.hint_of($$SELECT cpi_import('no target')$$), '/projects/no%20target', 'the hint says how to mend it');

-- A job keeps its project's name of the time.
SELECT cpi_update_project('shop', name => 'store');
SELECT is((SELECT DISTINCT project_name FROM cpi_jobs), 'shop', 'a renamed project leaves older jobs as they are');
SELECT is(cpi_import('store') ->> 'project', 'store', 'new ones bear the new name');

SELECT results_eq(
  $$SELECT fixture.field_errors('SELECT cpi_import(''store'', local_files => ''"a.csv"'')')$$,
  ARRAY['local_files: is no list but of type string'], 'a single name is no list');
SELECT is((SELECT count(*) FROM cpi_jobs WHERE run_at > clock_timestamp()), 0::bigint, 'new jobs are due at once');

SELECT * FROM finish();
ROLLBACK;
