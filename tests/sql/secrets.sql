-- Sealing: what is stored, what opens, what does not, and every way in which a key file can be wrong. The tests write key
-- files of their own, as the server's operating-system user, beside the server's.
BEGIN;
SELECT plan(50);

CREATE FUNCTION pg_temp.shell(command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COPY (SELECT) TO PROGRAM %L', command);
END
$$;
CREATE FUNCTION pg_temp.file(name text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT regexp_replace(current_setting('data_directory'), '/[^/]+$', '') || '/test-' || name
$$;
-- Makes a key file with these lines and that mode, and the setting point to it.
CREATE FUNCTION pg_temp.use_key_file(name text, lines text, mode text DEFAULT '600') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.shell(format('rm -f ''%1$s'' && printf ''%2$s\n'' > ''%1$s'' && chmod %3$s ''%1$s''',
                               pg_temp.file(name), lines, mode));
  PERFORM set_config('cpi.key_file', pg_temp.file(name), true);
END
$$;
CREATE FUNCTION pg_temp.versions_in_file() RETURNS jsonb LANGUAGE sql AS 'SELECT _cpi_key_versions()';

\set row1 '\'00000000-0000-4000-8000-000000000001\''
\set row2 '\'00000000-0000-4000-8000-000000000002\''
\set key1 '\'1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\''
\set other_key1 '\'1:HxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4=\''

-- Storing and opening
SELECT pg_temp.use_key_file('main', :key1);
SELECT is((SELECT count(*) FROM cpi_secrets), 0::bigint, 'CREATE EXTENSION seals nothing: there is no install id yet');
SELECT is(_cpi_get_secret('cpi_connections', :row1, 'database_url'), NULL, 'a row without a secret has none');
SELECT lives_ok(format('SELECT _cpi_put_secret(''cpi_connections'', %L, ''database_url'', ''geheim & schön'')', :row1),
  'a secret is stored');
SELECT is(_cpi_get_secret('cpi_connections', :row1, 'database_url'), 'geheim & schön', 'and opened');
SELECT results_eq('SELECT owner_table, column_name, key_version FROM cpi_secrets ORDER BY 1',
  $$VALUES ('cpi_connections', 'database_url', 1), ('cpi_secrets', 'install_id', 1)$$,
  'the first sealing makes the install id');
SELECT is((SELECT count(*) FROM cpi_secrets WHERE position('geheim'::bytea IN sealed) > 0), 0::bigint,
  'the secret is not in the table');
SELECT is((SELECT length(sealed) FROM cpi_secrets WHERE owner_table = 'cpi_connections'), 24 + 15 + 16,
  'nonce, ciphertext and tag are');

SELECT _cpi_put_secret('cpi_connections', :row1, 'database_url', 'neu');
SELECT is(_cpi_get_secret('cpi_connections', :row1, 'database_url'), 'neu', 'a second put replaces it');
SELECT _cpi_put_secret('cpi_connections', :row2, 'database_url', 'neu');
SELECT is((SELECT count(DISTINCT sealed) FROM cpi_secrets WHERE owner_table = 'cpi_connections'), 2::bigint,
  'the same secret twice has two seals');
SELECT _cpi_put_secret('cpi_connections', :row1, 'other', 'x');
SELECT _cpi_put_secret('cpi_connections', :row1, 'other', '');
SELECT is(_cpi_get_secret('cpi_connections', :row1, 'other'), NULL, 'an empty text deletes');
SELECT _cpi_put_secret('cpi_connections', :row1, 'other', 'x');
SELECT _cpi_put_secret('cpi_connections', :row1, 'other', NULL);
SELECT is(_cpi_get_secret('cpi_connections', :row1, 'other'), NULL, 'NULL deletes');
SELECT _cpi_put_secret('cpi_sources', :row1, 'password', repeat('ß', 100000));
SELECT is(_cpi_get_secret('cpi_sources', :row1, 'password'), repeat('ß', 100000), 'a long secret is opened whole');
SELECT _cpi_put_secret('cpi_sources', :row1, 'key', 'y');
SELECT _cpi_drop_secrets('cpi_sources', :row1);
SELECT is((SELECT count(*) FROM cpi_secrets WHERE owner_table = 'cpi_sources'), 0::bigint, 'all of a row can be dropped');

-- A seal opens in its own place only
CREATE FUNCTION pg_temp.opening_fails(description text) RETURNS text LANGUAGE sql AS $$
  SELECT throws_ok('SELECT _cpi_get_secret(''cpi_connections'', ''00000000-0000-4000-8000-000000000001'', ''database_url'')',
                   'XX001', 'the secret in column "database_url" of cpi_connections does not open', description)
$$;
SAVEPOINT untouched;
UPDATE cpi_secrets s SET sealed = o.sealed FROM cpi_secrets o
  WHERE s.owner_table = 'cpi_connections' AND o.owner_table = 'cpi_connections' AND s.row_id <> o.row_id;
SELECT pg_temp.opening_fails('seals of two rows, swapped, do not open');
ROLLBACK TO untouched;
UPDATE cpi_secrets SET sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1)
  WHERE owner_table = 'cpi_connections';
SELECT pg_temp.opening_fails('an altered tag does not open');
ROLLBACK TO untouched;
UPDATE cpi_secrets SET sealed = set_byte(sealed, 24, get_byte(sealed, 24) # 128) WHERE owner_table = 'cpi_connections';
SELECT pg_temp.opening_fails('altered ciphertext does not open');
ROLLBACK TO untouched;
UPDATE cpi_secrets SET sealed = set_byte(sealed, 0, get_byte(sealed, 0) # 1) WHERE owner_table = 'cpi_connections';
SELECT pg_temp.opening_fails('an altered nonce does not open');
ROLLBACK TO untouched;
UPDATE cpi_secrets SET sealed = substr(sealed, 1, 40) WHERE owner_table = 'cpi_connections';
SELECT pg_temp.opening_fails('a shortened seal does not open');
ROLLBACK TO untouched;
UPDATE cpi_secrets SET row_id = gen_random_uuid() WHERE owner_table = 'cpi_secrets';
SELECT pg_temp.opening_fails('another installation''s seal does not open');
ROLLBACK TO untouched;
UPDATE cpi_secrets SET column_name = 'password' WHERE owner_table = 'cpi_connections';
SELECT throws_ok(format('SELECT _cpi_get_secret(''cpi_connections'', %L, ''password'')', :row1), 'XX001', NULL,
  'a seal moved to another column does not open');
ROLLBACK TO untouched;
SELECT throws_ok('INSERT INTO cpi_secrets (owner_table, row_id, column_name, key_version, sealed)
                  VALUES (''cpi_secrets'', gen_random_uuid(), ''install_id'', 1, decode(repeat(''00'', 40), ''hex''))',
  '23505', NULL, 'there is one install id');

-- Keys
SELECT pg_temp.use_key_file('other', :other_key1);
SELECT pg_temp.opening_fails('another key of the same version does not open it');
SELECT pg_temp.use_key_file('newer', '7' || substr(:key1, 2));
SELECT throws_ok(format('SELECT _cpi_get_secret(''cpi_connections'', %L, ''database_url'')', :row1),
  'F0000', 'the key file does not hold version 1 of the key', 'a key that is missing from the file is named');

SELECT set_config('cpi.key_file', pg_temp.file('main'), true);
SELECT is(cpi_rotate_key(), '{"key_version": 2, "resealed": 3, "in_file": [1, 2]}', 'rotation makes the next key');
SELECT is((SELECT array_agg(DISTINCT key_version) FROM cpi_secrets), '{2}', 'and seals everything under it');
SELECT is(_cpi_get_secret('cpi_connections', :row1, 'database_url'), 'neu', 'everything still opens');
SAVEPOINT rotated;
SELECT is(cpi_rotate_key() -> 'key_version', '3', 'the next rotation makes another one');
ROLLBACK TO rotated;
SELECT is(pg_temp.versions_in_file(), '[1, 2, 3]', 'a rotation that is rolled back leaves its key in the file');
SELECT is(_cpi_get_secret('cpi_connections', :row1, 'database_url'), 'neu', 'where nothing uses it: all opens as before');
SELECT is(cpi_rotate_key(), '{"key_version": 3, "resealed": 3, "in_file": [1, 2, 3]}', 'and the next rotation takes it');
SELECT throws_ok('SELECT cpi_retire_key(1)', 'PT409', 'a key can only be retired in a transaction that has changed nothing',
  'no key is retired after a rotation that may be rolled back; key_sessions.sql has retirements');
SELECT is(pg_temp.versions_in_file(), '[1, 2, 3]', 'the refusal leaves all keys in the file');
SELECT _cpi_put_secret('cpi_connections', :row2, 'database_url', 'under the newest');
SELECT is((SELECT key_version FROM cpi_secrets WHERE row_id = :row2), 3, 'new secrets are sealed under the newest key');
SELECT is((pg_stat_file(pg_temp.file('main'))).size > 0 AND
          NOT EXISTS (SELECT FROM pg_ls_dir(regexp_replace(pg_temp.file('main'), '/[^/]+$', '')) AS f
                        WHERE f LIKE 'test-main.%'), true, 'no temporary file is left');

-- Key files that are refused
CREATE FUNCTION pg_temp.sealing_fails(message text, description text) RETURNS text LANGUAGE sql AS $$
  SELECT throws_ok('SELECT _cpi_put_secret(''t'', ''00000000-0000-4000-8000-000000000003'', ''c'', ''x'')', 'F0000',
                   message, description)
$$;
SELECT pg_temp.use_key_file('open', :key1, '644');
SELECT pg_temp.sealing_fails(format('key file "%s" is open to other users', pg_temp.file('open')), 'a mode of 0644 is refused');
SELECT is(fixture.hint_of('SELECT _cpi_key_versions()'), format('Run: chmod 600 ''%s''', pg_temp.file('open')),
  'with the command that mends it');
SELECT pg_temp.use_key_file('group', :key1, '640');
SELECT pg_temp.sealing_fails(format('key file "%s" is open to other users', pg_temp.file('group')), 'likewise 0640');
SELECT pg_temp.use_key_file('readonly', :key1, '400');
SELECT is(_cpi_key_versions(), '[1]', '0400 is accepted');
SELECT pg_temp.shell(format('cp ''%s'' ''%s/test.key''', pg_temp.file('readonly'), current_setting('data_directory')));
SET LOCAL cpi.key_file = '';
SELECT pg_temp.sealing_fails('cpi.key_file is not set: secrets cannot be sealed', 'without the setting nothing is sealed');
SELECT matches(fixture.hint_of('SELECT _cpi_key_versions()'), 'head -c 32 /dev/urandom.*ALTER SYSTEM SET cpi.key_file',
  'the hint holds the command that makes a key');
SELECT set_config('cpi.key_file', current_setting('data_directory') || '/test.key', true);
SELECT pg_temp.sealing_fails(format('key file "%s/test.key" lies inside the data directory',
  current_setting('data_directory')), 'a key inside the data directory is refused');
SELECT set_config('cpi.key_file', pg_temp.file('no such'), true);
SELECT pg_temp.sealing_fails(format('key file "%s" cannot be opened', pg_temp.file('no such')), 'a missing file is named');
SELECT set_config('cpi.key_file', current_setting('data_directory'), true);
SELECT pg_temp.sealing_fails(format('key file "%s" is not a regular file', current_setting('data_directory')),
  'a directory is no key file');
SELECT pg_temp.use_key_file('short', '1:AAECAwQFBgcICQoLDA0ODw==');
SELECT pg_temp.sealing_fails(format('line 1 of key file "%s" is not a key', pg_temp.file('short')), 'a short key is refused');
SELECT pg_temp.use_key_file('twice', :key1 || '\n' || :other_key1);
SELECT pg_temp.sealing_fails(format('key file "%s" holds version 1 twice', pg_temp.file('twice')), 'a version twice is refused');

-- The directory is locked while the file is rewritten; one that cannot be opened must not be taken for a locked one.
SELECT pg_temp.shell(format('mkdir ''%1$s'' && cp ''%2$s'' ''%1$s/key'' && chmod 300 ''%1$s''', pg_temp.file('closed'), pg_temp.file('main')));
SELECT set_config('cpi.key_file', pg_temp.file('closed') || '/key', true);
SELECT throws_ok('SELECT _cpi_add_key()', 'F0000', format('the directory of key file "%s/key" cannot be locked', pg_temp.file('closed')),
  'no key is written without the lock');
SELECT pg_temp.shell(format('chmod 700 ''%1$s'' && rm -r ''%1$s''', pg_temp.file('closed')));

-- An error inside C++ leaves the session as it was, however often
DO $$
BEGIN
  FOR i IN 1..2000 LOOP
    BEGIN
      PERFORM _cpi_key_versions();
      RAISE 'was not refused';
    EXCEPTION WHEN config_file_error THEN
    END;
  END LOOP;
END
$$;
SELECT set_config('cpi.key_file', pg_temp.file('main'), true);
SELECT is(_cpi_get_secret('cpi_connections', :row1, 'database_url'), 'neu', '2000 errors later secrets open as before');

-- The setting is the superuser's
SELECT throws_ok('SET LOCAL ROLE cpi_admin; SET cpi.key_file = ''/tmp/mine''', '42501', NULL, 'cpi.key_file cannot be set by others than superusers');

SELECT throws_ok('SET LOCAL ROLE cpi_admin; SHOW cpi.key_file', '42501', NULL, 'nor be seen');
SELECT throws_ok('SET LOCAL ROLE cpi_admin; SELECT * FROM cpi_secrets', '42501', NULL, 'no role may read the seals');

SELECT * FROM finish();
ROLLBACK;
