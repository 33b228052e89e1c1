-- Retiring keys, in transactions that commit: session a is a connection of its own. The server's own key file is used; this
-- file removes the rows that it leaves, not the keys.
\set ON_ERROR_STOP 1
SELECT plan(8);
SELECT dblink_connect('a', format('host=%s dbname=%I user=%I', current_setting('unix_socket_directories'),
                                  current_database(), current_user)) AS session \gset
CREATE FUNCTION pg_temp.run(query text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(r, ',') FROM dblink('a', query) AS t (r text)
$$;
\set row '\'00000000-0000-4000-8000-000000000001\''
SELECT pg_temp.run(format('SELECT _cpi_put_secret(''t'', %L, ''c'', ''geheim'')', :row));
SELECT pg_temp.run('SELECT _cpi_key_versions() ->> -1') AS old \gset

SELECT throws_ok(format('SELECT pg_temp.run(''SELECT cpi_retire_key(%s)'')', :'old'), 'PT409', NULL,
  'a key in use cannot be retired');
SELECT throws_ok('SELECT pg_temp.run(''SELECT cpi_retire_key(99)'')', 'F0000', NULL, 'nor one that is not there');

-- Undoing the rotation after the old key had gone would lose every secret.
SELECT dblink_exec('a', 'BEGIN');
SELECT pg_temp.run('SELECT cpi_rotate_key()');
SELECT throws_ok(format('SELECT pg_temp.run(''SELECT cpi_retire_key(%s)'')', :'old'), 'PT409',
  'a key can only be retired in a transaction that has changed nothing', 'rotating and retiring in one transaction is refused');
SELECT dblink_exec('a', 'ROLLBACK');
SELECT is(pg_temp.run(format('SELECT _cpi_get_secret(''t'', %L, ''c'')', :row)), 'geheim', 'after its rollback the secret opens');

SELECT is(pg_temp.run('SELECT cpi_rotate_key() ->> ''key_version'''), (:'old'::integer + 1)::text, 'a rotation that commits');
SELECT is(pg_temp.run(format('SELECT cpi_retire_key(%s) ->> ''retired''', :'old')), :'old', 'lets the old key be retired');
SELECT is(pg_temp.run('SELECT _cpi_key_versions()::text'), format('[%s]', :'old'::integer + 1), 'it is gone from the file');
SELECT is(pg_temp.run(format('SELECT _cpi_get_secret(''t'', %L, ''c'')', :row)), 'geheim', 'and the secret opens');

SELECT pg_temp.run(format('SELECT _cpi_drop_secrets(''t'', %L)', :row));
SELECT * FROM finish();
