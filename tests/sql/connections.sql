-- Connections: what is accepted, what is stored where, what is refused and how.
BEGIN;
SELECT plan(40);

SELECT fixture.answers_as(
  cpi_create_connection('shop', 'postgresql://us%40er:p%40ss@db.example.com:5433/shop%20db', 'The shop'),
  'Connection', 'creating answers a connection with credentials');
SELECT results_eq(
  'SELECT name, description, host, port, database, username FROM cpi_connections',
  $$VALUES ('shop', 'The shop', 'db.example.com', 5433, 'shop db', 'us@er')$$,
  'its parts stand in the table, decoded');
SELECT is((SELECT count(*) FROM cpi_connections c WHERE c::text LIKE '%p@ss%' OR c::text LIKE '%p%40ss%'), 0::bigint,
  'the password does not');
SELECT is((SELECT count(*) FROM cpi_secrets s WHERE encode(s.sealed, 'escape') LIKE '%ss@db%'), 0::bigint,
  'and is sealed where it is stored');
SELECT is(cpi_get_connection('shop') ->> 'database_url',
  'postgresql://us%40er:p%40ss@db.example.com:5433/shop%20db', 'one connection comes with its URL as it was given');
SELECT is(cpi_get_connection((SELECT id::text FROM cpi_connections)) ->> 'name', 'shop', 'it is found by its id');
SELECT is(cpi_get_connection((SELECT upper(replace(id::text, '-', '')) FROM cpi_connections)) ->> 'name', 'shop',
  'an id may be written in every way that a UUID can');
SELECT fixture.answers_as(cpi_list_connections(), 'ConnectionList', 'the list is as documented');
SELECT is(fixture.keys(cpi_list_connections() -> 'connections' -> 0), 'created_at description id name updated_at',
  'a list never holds credentials');
SELECT is(cpi_list_connections() -> 'total', '1', 'the list says how many there are');

SELECT lives_ok($$SELECT cpi_create_connection('local', 'host=/run/postgresql dbname=shop user=me')$$,
  'a keyword string is accepted');
SELECT is((SELECT host FROM cpi_connections WHERE name = 'local'), '/run/postgresql', 'and taken apart');
SELECT is(cpi_create_connection('bare', 'postgresql://h/d', '') -> 'description', 'null',
  'an empty description is none');

SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_create_connection()')$$,
  ARRAY['name: is missing', 'database_url: is missing'], 'missing fields are named, all of them');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_create_connection('''', '''')')$$,
  ARRAY['name: is missing', 'database_url: is missing'], 'an empty text counts as missing');
SELECT throws_ok($$SELECT cpi_create_connection('x', 'mysql://h/d')$$, 'PT422', NULL, 'another URL is refused');
SELECT matches((SELECT fixture.field_errors($$SELECT cpi_create_connection('x', 'postgresql://u:p@ss@h/d')$$)),
  '^database_url: ', 'a raw @ in the password is refused, as a finding about the URL');
SELECT ok((SELECT fixture.field_errors($$SELECT cpi_create_connection('x', 'postgresql://u:geh@eim@h/d')$$)) !~ 'geh|eim',
  'the message holds no part of the password');
SELECT results_eq(
  $$SELECT fixture.field_errors(format('SELECT cpi_create_connection(%L, ''postgresql://h/d'')', repeat('x', 256)))$$,
  ARRAY['name: has 256 characters; up to 255 are allowed'], 'a name of 256 characters is refused');
SELECT lives_ok(format('SELECT cpi_create_connection(%L, ''postgresql://h/d'')', repeat('ü', 255)),
  'one of 255 characters is accepted');
SELECT results_eq(
  $$SELECT fixture.field_errors('SELECT cpi_create_connection(''c0ffee00-0000-4000-8000-00000000c0de'', ''postgresql://h/d'')')$$,
  ARRAY['name: "c0ffee00-0000-4000-8000-00000000c0de" looks like a UUID'], 'a name like a UUID is refused');
SELECT ok(_cpi_is_uuid('{c0ffee0000004000-80000000c0ffee00}') AND NOT _cpi_is_uuid('c0ffee00-0000-4000-8000-00000000c0de-'),
  'what the server would not take for one is none');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_create_connection('' x'', ''postgresql://h/d'')')$$,
  ARRAY['name: " x" begins or ends with a blank'], 'a blank at the end of a name is refused');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_create_connection(E''a\nb'', ''postgresql://h/d'')')$$,
  ARRAY['name: holds a control character, such as a line break'], 'a line break in a name is refused');
SELECT throws_ok($$SELECT cpi_create_connection('shop', 'postgresql://h/d')$$, 'PT409',
  'connection "shop" exists already', 'a name that exists is refused');

SELECT is(cpi_update_connection('shop') - 'updated_at', cpi_get_connection('shop') - 'updated_at',
  'updating nothing changes nothing');
SELECT is(cpi_update_connection('shop', name => 'store', description => '') ->> 'name', 'store', 'it can be renamed');
SELECT is(cpi_get_connection('store') -> 'description', 'null', 'an empty text clears an optional field');
SELECT is(cpi_update_connection('store', name => '') ->> 'name', 'store', 'an empty name counts as missing');
SELECT is(cpi_update_connection('store', database_url => 'postgresql://new/db') ->> 'database_url', 'postgresql://new/db',
  'the URL can be changed');
SELECT is((SELECT (host, port, database)::text FROM cpi_connections WHERE name = 'store'), '(new,5432,db)',
  'and its parts with it');
SELECT throws_ok($$SELECT cpi_update_connection('store', name => 'local')$$, 'PT409', 'connection "local" exists already',
  'renaming to a name that exists is refused');
SELECT is(fixture.hint_of($$SELECT cpi_get_connection('stroe')$$), 'Did you mean "store"?',
  'an unknown name is answered with the nearest one');
SELECT throws_ok($$SELECT cpi_get_connection('c0ffee00-0000-4000-8000-00000000c0de')$$, 'PT404',
  'connection "c0ffee00-0000-4000-8000-00000000c0de" does not exist', 'an unknown id is 404');

SELECT cpi_create_connection('closed', 'postgresql://u:canary@127.0.0.1:1/d');
CREATE TEMP TABLE probe AS SELECT cpi_test_connection('closed') AS p;
SELECT fixture.answers_as((SELECT p FROM probe), 'TestResult', 'testing answers as documented');
SELECT ok((SELECT p -> 'success' = 'false' AND p::text NOT LIKE '%canary%' FROM probe),
  'a target that is away is no error, and no password is told');
SELECT throws_ok($$SELECT cpi_test_connection('nowhere')$$, 'PT404', NULL, 'testing an unknown connection is 404');

SELECT cpi_create_project('p', 'store');
SELECT cpi_delete_connection('store');
SELECT is((SELECT connection_id FROM cpi_projects WHERE name = 'p'), NULL, 'deleting it leaves its projects without one');
SELECT is((SELECT count(*) FROM cpi_secrets WHERE owner_table = 'cpi_connections'), (SELECT count(*) FROM cpi_connections),
  'and takes its credentials along');
SELECT throws_ok($$SELECT cpi_delete_connection('store')$$, 'PT404', NULL, 'deleting it again is 404');

SELECT * FROM finish();
ROLLBACK;
