-- The test of a target from the server: this very server is the target, by its socket.
BEGIN;
SELECT plan(15);

CREATE FUNCTION pg_temp.here(rest text) RETURNS text LANGUAGE sql AS $$
  SELECT format('host=%s port=%s user=%s %s', split_part(current_setting('unix_socket_directories'), ',', 1),
                current_setting('port'), current_user, rest)
$$;
CREATE FUNCTION pg_temp.rules(answer jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(f ->> 'rule', ' ' ORDER BY place) FROM jsonb_array_elements(answer -> 'findings')
    WITH ORDINALITY AS e (f, place)
$$;

SELECT is(_cpi_probe(pg_temp.here('dbname=postgres'), 5) -> 'success', 'true', 'a target that is there is found');
SELECT is(pg_temp.rules(_cpi_probe(pg_temp.here('dbname=postgres'), 5)), 'server_version can_create',
  'with its version and the right to create');
SELECT matches(_cpi_probe(pg_temp.here('dbname=postgres'), 5) #>> '{findings,0,message}',
  regexp_replace(current_setting('server_version'), '[^0-9.].*', ''), 'the version is the server''s');
SELECT is(_cpi_probe(pg_temp.here('dbname=postgres'), 5) ->> 'message' ~ 'database "postgres"', true, 'the database is named');
SELECT is(pg_temp.rules(_cpi_probe(pg_temp.here('dbname=no_such_database'), 5)), 'database_missing',
  'a missing database is told from other failures');
SELECT is(_cpi_probe(pg_temp.here('dbname=no_such_database'), 5) -> 'success', 'false', 'and is no success');
SELECT is(pg_temp.rules(_cpi_probe(replace(pg_temp.here('dbname=postgres'), 'user=' || current_user, 'user=nobody'), 5)),
  'login_refused', 'likewise a login that the server refuses');
SELECT is(pg_temp.rules(_cpi_probe('host=127.0.0.1 port=1 dbname=d user=u', 5)), 'unreachable', 'a closed port');
SELECT is(pg_temp.rules(_cpi_probe('host=/no/such/directory dbname=d user=u', 5)), 'unreachable', 'a missing socket');
SELECT is(pg_temp.rules(_cpi_probe('host=cpi.invalid dbname=d user=u', 5)), 'unreachable', 'a host without an address');
SELECT matches(_cpi_probe('host=127.0.0.1 port=1 dbname=d user=u', 5) #>> '{findings,0,hint}', 'firewall',
  'a failure comes with what to check');
SELECT throws_ok($$SELECT _cpi_probe('host=h service=x', 5)$$, 'PT422', NULL, 'the allow-list of keywords holds here as well');
SELECT is(_cpi_probe('host=geheim.invalid dbname=d user=u password=geheim', 5) ->> 'message' ~ 'geheim', false,
  'the message holds no password, not even where it is part of another word');

SELECT is(_cpi_probe(NULL, 5), NULL, 'NULL is answered by NULL');

SELECT throws_ok($$SET LOCAL ROLE cpi_operator; SELECT _cpi_probe('host=h dbname=d', 5)$$, '42501', NULL, 'it is called by the extension''s own only');

SELECT * FROM finish();
ROLLBACK;
