-- Every role × every object, compared with the committed matrix. After a wanted change of grants,
--   make install && tests/support/write_privileges.sh
-- writes privileges.expected anew.
BEGIN;
SELECT plan(9);

CREATE ROLE nobody NOLOGIN;
\ir privileges_matrix.psql
CREATE TEMP TABLE expected (line text);
\copy expected FROM tests/sql/privileges.expected
DELETE FROM expected WHERE line ~ '^#';

SELECT is_empty(
  $$SELECT '+ ' || line FROM (TABLE matrix EXCEPT TABLE expected) AS more
    UNION ALL SELECT '- ' || line FROM (TABLE expected EXCEPT TABLE matrix) AS less ORDER BY 1$$,
  'roles have exactly the rights of privileges.expected (wanted? make install && tests/support/write_privileges.sh)');

-- And a few of them tried out, as their owners would.
GRANT USAGE ON SCHEMA tap, fixture TO PUBLIC;
SELECT fixture.project('shop');
SET LOCAL ROLE cpi_viewer;
SELECT lives_ok('SELECT * FROM cpi_connections, cpi_projects, cpi_jobs, cpi_routes', 'a viewer can look around in psql');
SELECT throws_ok('SELECT * FROM cpi_secrets', '42501', NULL, 'a viewer sees no sealed value');
SELECT throws_ok('SELECT * FROM cpi_job_rejects', '42501', NULL, 'a viewer sees no rejected row');
SELECT throws_ok('SELECT cpi_get_connection(''shop target'')', '42501', NULL, 'a viewer gets no credentials');
SELECT throws_ok('SELECT cpi_import(''shop'')', '42501', NULL, 'a viewer cannot import');
SET LOCAL ROLE cpi_operator;
SELECT lives_ok('SELECT cpi_import(''shop'')', 'an operator can import');
SELECT throws_ok('UPDATE cpi_jobs SET status = ''cancelled''', '42501', NULL, 'an operator writes through functions only');
SET LOCAL ROLE cpi_admin;
SELECT throws_ok('SELECT * FROM cpi_secrets', '42501', NULL, 'even an admin sees no sealed value');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
