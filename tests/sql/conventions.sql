-- Rules that hold for every object of the extension, found in the catalogs, so that a new object cannot escape them.
BEGIN;
SELECT plan(17);

CREATE TEMP VIEW members AS
  SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'cpi';
CREATE TEMP VIEW functions AS
  SELECT p.*, l.lanname FROM members m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
    JOIN pg_language l ON l.oid = p.prolang;
CREATE TEMP VIEW tables AS
  SELECT c.* FROM members m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
    WHERE c.relkind = 'r';

SELECT isnt_empty('SELECT FROM functions WHERE lanname = ''plpgsql''', 'there are functions to look at');
SELECT is_empty(
  $$SELECT proname FROM functions WHERE lanname <> 'c' AND prosqlbody IS NULL AND NOT prosecdef$$,
  'every SQL function is SECURITY DEFINER, but for those that are parsed when they are made');
SELECT is_empty(
  $$SELECT proname, proconfig FROM functions WHERE prosqlbody IS NULL
      AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']$$,
  'likewise each pins its search path, those in C included');
SELECT is_empty(
  $$SELECT proname FROM functions, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a
      WHERE prosqlbody IS NOT NULL AND (a.grantee <> proowner OR provolatile = 'v' OR prosecdef)$$,
  'those change nothing, and only functions of cpi may call them');
SELECT is_empty(
  $$SELECT proname FROM functions WHERE lanname = 'c' AND prosecdef$$, 'no C function changes its user');
SELECT is_empty(
  $$SELECT proname FROM functions, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a
      WHERE a.grantee = 0$$, 'PUBLIC may call no function');
SELECT is_empty(
  $$SELECT proname FROM functions, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a
      WHERE a.grantee <> proowner GROUP BY proname HAVING count(*) > 1$$,
  'every function is granted to one role only: the least');
SELECT is_empty(
  $$SELECT proname FROM functions WHERE proname !~ '^_?cpi_'$$, 'every function is called cpi_… or _cpi_…');
SELECT is_empty(
  $$SELECT proname FROM functions WHERE obj_description(oid, 'pg_proc') IS NULL$$, 'every function has a comment');
SELECT is_empty(
  $$SELECT proname FROM functions GROUP BY proname HAVING count(*) > 1$$, 'no function is overloaded');
SELECT is_empty(
  $$SELECT relname FROM tables WHERE obj_description(oid, 'pg_class') IS NULL$$, 'every table has a comment');
SELECT is_empty(
  $$SELECT t.relname, a.attname FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
      AND NOT a.attisdropped WHERE col_description(t.oid, a.attnum) IS NULL$$, 'every column has a comment');
SELECT is_empty(
  $$SELECT c.conname FROM tables t JOIN pg_constraint c ON c.conrelid = t.oid
      WHERE c.conname ~ '_(check\d*|key\d*|fkey\d*)$'$$, 'every constraint has a name of its own');
SELECT is_empty(
  $$SELECT c.conname FROM tables t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'f'
      WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])$$,
  'every foreign key has an index');
SELECT is_empty(
  $$SELECT t.relname FROM tables t WHERE NOT EXISTS (
      SELECT FROM pg_extension e WHERE e.extname = 'cpi' AND t.oid = ANY (e.extconfig))$$, 'every table is registered for dumps');
SELECT is(
  (SELECT string_agg(c.relname || ' ' || e.condition, ', ' ORDER BY c.relname)
     FROM pg_extension x, unnest(x.extconfig, x.extcondition) AS e (oid, condition) JOIN pg_class c ON c.oid = e.oid
     WHERE x.extname = 'cpi' AND e.condition <> ''),
  'cpi_routes WHERE NOT builtin, cpi_settings WHERE NOT builtin', 'only builtin rows are left out of dumps');
SELECT is_empty(
  $$SELECT t.relname FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid
      WHERE NOT g.tgisinternal AND g.tgtype & 4 <> 0 AND t.relname <> 'cpi_routes'$$,
  'no insert has side effects, so that a dump can be restored; routes only wake the agents');

SELECT * FROM finish();
ROLLBACK;
