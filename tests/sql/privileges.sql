-- Every role × every object, compared with the committed matrix. To renew it after a wanted change:
--   tests/support/run_sql.sh privileges shows what differs; edit privileges.expected by hand.
BEGIN;
SELECT plan(9);

CREATE ROLE nobody NOLOGIN;
CREATE TEMP TABLE matrix AS
  SELECT o.kind || ' ' || o.name AS object, r.role,
         CASE o.kind
           WHEN 'function' THEN CASE WHEN has_function_privilege(r.role, o.oid, 'EXECUTE') THEN 'execute' END
           ELSE (SELECT string_agg(lower(p), ',' ORDER BY p) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE',
                   'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p WHERE has_table_privilege(r.role, o.oid, p))
         END AS rights
    FROM (SELECT 'function' AS kind, p.proname::text AS name, p.oid FROM pg_proc p
            JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
            JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'cpi'
          UNION ALL
          SELECT 'table', c.relname, c.oid FROM pg_class c
            JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
            JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'cpi' WHERE c.relkind = 'r') AS o
    CROSS JOIN unnest(ARRAY['cpi_viewer', 'cpi_operator', 'cpi_admin', 'cpi_agent', 'nobody']) AS r (role);
CREATE TEMP TABLE expected (line text);
\copy expected FROM tests/sql/privileges.expected

SELECT results_eq(
  $$SELECT format('%s | %s', object, string_agg(role || ' ' || rights, '; ' ORDER BY role) FILTER (WHERE rights IS NOT NULL))
      COLLATE "C" FROM matrix GROUP BY object ORDER BY 1$$,
  $$SELECT line COLLATE "C" FROM expected WHERE line !~ '^#' ORDER BY 1$$,
  'roles have exactly the rights of privileges.expected');

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
