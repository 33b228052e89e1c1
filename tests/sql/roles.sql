-- The four roles: what they inherit, what they may not be, and that a role found in place is looked at.
BEGIN;
SELECT plan(13);

SELECT results_eq(
  $$SELECT rolname::text COLLATE "C" FROM pg_roles WHERE rolname ~ '^cpi_' AND NOT (rolcanlogin OR rolsuper OR rolcreaterole
      OR rolcreatedb OR rolreplication OR rolbypassrls) ORDER BY 1$$,
  ARRAY['cpi_admin', 'cpi_agent', 'cpi_operator', 'cpi_viewer'] COLLATE "C", 'the roles have no login and no attributes');
SELECT ok(pg_has_role('cpi_operator', 'cpi_viewer', 'USAGE'), 'an operator is a viewer');
SELECT ok(pg_has_role('cpi_admin', 'cpi_operator', 'USAGE'), 'an admin is an operator');
SELECT ok(pg_has_role('cpi_agent', 'cpi_viewer', 'USAGE'), 'an agent is a viewer');
SELECT ok(NOT pg_has_role('cpi_agent', 'cpi_operator', 'MEMBER'), 'an agent is no operator');
SELECT ok(NOT pg_has_role('cpi_admin', 'cpi_agent', 'MEMBER'), 'an admin is no agent');
SELECT ok(NOT pg_has_role('cpi_viewer', 'cpi_operator', 'MEMBER'), 'a viewer is no operator');

SELECT lives_ok('DROP EXTENSION cpi', 'the extension can be dropped');
SELECT is((SELECT count(*) FROM pg_roles WHERE rolname ~ '^cpi_'), 4::bigint, 'its roles stay');
SELECT lives_ok('CREATE EXTENSION cpi', 'it can be created again with the roles in place');
DROP EXTENSION cpi;

ALTER ROLE cpi_operator LOGIN CREATEDB;
SELECT throws_ok('CREATE EXTENSION cpi', '0P000',
  'role "cpi_operator" exists already with attributes that cpi does not accept: LOGIN, CREATEDB',
  'a role that can log in is refused');
ALTER ROLE cpi_operator NOLOGIN NOCREATEDB;
ALTER ROLE cpi_viewer SUPERUSER;
SELECT throws_ok('CREATE EXTENSION cpi', '0P000', NULL, 'a role with SUPERUSER is refused');
ALTER ROLE cpi_viewer NOSUPERUSER;
SELECT lives_ok('CREATE EXTENSION cpi', 'without attributes it is accepted');

SELECT * FROM finish();
ROLLBACK;
