-- The roles. They belong to the cluster, not to this database: they survive DROP EXTENSION and are not in pg_dump. An
-- existing role of that name is accepted only if it is one that we could have made ourselves: nobody can log in as it
-- and it brings no rights of its own.
--
--   cpi_viewer    reads connections (without credentials), projects, jobs
--   cpi_operator  is a viewer; starts and cancels imports, reads rejected rows
--   cpi_admin     is an operator; changes connections, projects, keys, settings; reads credentials
--   cpi_agent     is a viewer; serves the queue through the functions _cpi_…; changes no project and no key
DO $roles$
DECLARE
  role_name name;
  attributes text;
BEGIN
  FOREACH role_name IN ARRAY '{cpi_viewer,cpi_operator,cpi_admin,cpi_agent}'::name[] LOOP
    SELECT pg_catalog.concat_ws(', ',
             CASE WHEN r.rolcanlogin THEN 'LOGIN' END,
             CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
             CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
             CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
             CASE WHEN r.rolreplication THEN 'REPLICATION' END,
             CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END)
      INTO attributes
      FROM pg_catalog.pg_roles AS r
      WHERE r.rolname = role_name;
    IF NOT FOUND THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role_name);
    ELSIF attributes <> '' THEN
      RAISE EXCEPTION 'role "%" exists already with attributes that cpi does not accept: %', role_name, attributes
        USING ERRCODE = 'invalid_role_specification',
              DETAIL = 'cpi grants rights to this role and needs it to be NOLOGIN and without attributes.',
              HINT = pg_catalog.format('Rename it, or run: ALTER ROLE %I NOLOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB'
                                       ' NOREPLICATION NOBYPASSRLS;', role_name);
    END IF;
  END LOOP;
END
$roles$;

GRANT cpi_viewer TO cpi_operator, cpi_agent;
GRANT cpi_operator TO cpi_admin;
