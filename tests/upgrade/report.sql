-- Everything that the extension is and holds, a line each, in an order that does not depend on oids.
\pset format unaligned
\pset tuples_only on
SET TIME ZONE 'UTC';
CREATE TEMP VIEW member AS
  SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'cpi';
CREATE TEMP VIEW member_table AS
  SELECT c.* FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid WHERE c.relkind = 'r';
CREATE FUNCTION pg_temp.acl(acl aclitem[]) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s:%s', CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, a.privilege_type), ' '
                    ORDER BY a.grantee::regrole::text, a.privilege_type) FROM aclexplode(acl) AS a
$$;
SELECT 'member ' || pg_describe_object(classid, objid, 0) FROM member ORDER BY 1;
SELECT 'function ' || p.oid::regprocedure || ' ' || md5(pg_get_functiondef(p.oid)) || ' ' || md5(obj_description(p.oid, 'pg_proc'))
       || ' ' || pg_temp.acl(p.proacl)
  FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid ORDER BY 1;
SELECT 'table ' || t.relname || ' ' || coalesce(t.reloptions::text, '') || ' ' || obj_description(t.oid, 'pg_class') || ' ' || pg_temp.acl(t.relacl)
  FROM member_table t ORDER BY 1;
SELECT 'column ' || t.relname || '.' || a.attname || ' ' || a.attnum || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
       || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || col_description(t.oid, a.attnum)
  FROM member_table t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
  LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum ORDER BY 1;
SELECT 'constraint ' || t.relname || ' ' || c.conname || ' ' || pg_get_constraintdef(c.oid)
  FROM member_table t JOIN pg_constraint c ON c.conrelid = t.oid ORDER BY 1;
SELECT 'index ' || pg_get_indexdef(i.indexrelid) FROM member_table t JOIN pg_index i ON i.indrelid = t.oid ORDER BY 1;
SELECT 'trigger ' || pg_get_triggerdef(g.oid) FROM member_table t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
  ORDER BY 1;
SELECT 'dumped ' || c.relname || ' ' || e.condition FROM pg_extension x, unnest(x.extconfig, x.extcondition) AS e (oid, condition)
  JOIN pg_class c ON c.oid = e.oid WHERE x.extname = 'cpi' ORDER BY 1;
-- Rows. The builtin ones bear no time of their own.
SELECT format('SELECT ''rows %1$s '' || count(*) || '' '' || coalesce(md5(string_agg(r, '';'' ORDER BY r COLLATE "C")), '''')
  FROM (SELECT (to_jsonb(t) %2$s)::text AS r FROM %1$s AS t) AS x', relname, CASE relname WHEN 'cpi_settings'
  THEN '- CASE WHEN builtin THEN ''updated_at'' ELSE '''' END' ELSE '' END)
  FROM member_table ORDER BY relname COLLATE "C" \gexec
-- And what is sealed opens.
SELECT 'url ' || (cpi_get_connection('shop') ->> 'database_url');
SELECT 'source ' || (cpi_get_source('erp') ->> 'password') || (cpi_get_source('erp') ->> 'key_path');
