-- Endpoints of users' own: a function that they have written becomes part of the REST interface and of its document.

CREATE OR REPLACE FUNCTION @extschema@.cpi_publish(
  method text, path text, function regprocedure, role text DEFAULT 'admin', summary text DEFAULT NULL,
  success_status integer DEFAULT 200, tag text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  proc pg_catalog.pg_proc;
  qualified text;
  route @extschema@.cpi_routes;
  missing text;
BEGIN
  SELECT * INTO proc FROM pg_catalog.pg_proc AS p WHERE p.oid = cpi_publish.function;
  IF NOT FOUND THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error('function', 'is missing'));
  END IF;
  SELECT format('%I.%I', n.nspname, proc.proname) INTO qualified
    FROM pg_catalog.pg_namespace AS n WHERE n.oid = proc.pronamespace;
  SELECT string_agg(t.name, ', ') INTO missing
    FROM (SELECT (regexp_matches(cpi_publish.path, '\{([^}]*)\}', 'g'))[1] AS name) AS t
    WHERE t.name <> ALL (coalesce(proc.proargnames[1:proc.pronargs], '{}'));
  PERFORM @extschema@._cpi_refuse(
    CASE WHEN coalesce(cpi_publish.method, '') NOT IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')
      THEN @extschema@._cpi_field_error('method', format('"%s" is no method', cpi_publish.method),
                                        'Methods are GET, POST, PUT, PATCH and DELETE.') ELSE '[]' END
    || CASE WHEN coalesce(cpi_publish.path, '') !~ '^/([A-Za-z0-9._~-]+|\{[a-z_][a-z0-9_]*\})(/([A-Za-z0-9._~-]+|\{[a-z_][a-z0-9_]*\}))*$'
      THEN @extschema@._cpi_field_error('path', format('"%s" is no path template', cpi_publish.path),
                                        'Write it like /reports/{project}/daily.') ELSE '[]' END
    || CASE WHEN coalesce(cpi_publish.role, '') NOT IN ('anyone', 'viewer', 'operator', 'admin')
      THEN @extschema@._cpi_field_error('role', format('"%s" is no role', cpi_publish.role),
                                        'Roles are anyone, viewer, operator and admin.') ELSE '[]' END
    || CASE WHEN coalesce(cpi_publish.success_status, 0) NOT BETWEEN 200 AND 299
      THEN @extschema@._cpi_field_error('success_status', cpi_publish.success_status || ' is no success: 200 to 299')
      ELSE '[]' END
    || CASE WHEN missing IS NOT NULL
      THEN @extschema@._cpi_field_error('path', format('%s has no argument %s', qualified, missing),
                                        'Each {name} of the path must be an argument of the function.') ELSE '[]' END
    || CASE WHEN proc.prokind <> 'f' OR proc.proretset OR proc.prorettype NOT IN ('jsonb'::regtype, 'json'::regtype)
      THEN @extschema@._cpi_field_error('function', format('%s does not return one jsonb', qualified)) ELSE '[]' END
    || CASE WHEN proc.pronargs > 0 AND '' = ANY (coalesce(proc.proargnames[1:proc.pronargs], '{""}'))
      THEN @extschema@._cpi_field_error('function', format('%s has an argument without a name', qualified)) ELSE '[]' END
    || CASE WHEN to_regproc(qualified) IS NULL
      THEN @extschema@._cpi_field_error('function', format('there are several functions %s', qualified),
                                        'Give the one to be published a name of its own.') ELSE '[]' END);
  IF NOT has_function_privilege('cpi_' || CASE role WHEN 'anyone' THEN 'viewer' ELSE role END, proc.oid, 'EXECUTE') THEN
    PERFORM @extschema@._cpi_raise(
      422, format('role "%s" may not call %s', role, qualified),
      hint => format('GRANT EXECUTE ON FUNCTION %s TO cpi_%s;', cpi_publish.function::text,
                     CASE role WHEN 'anyone' THEN 'viewer' ELSE role END));
  END IF;
  IF EXISTS (SELECT FROM @extschema@.cpi_routes AS r
               WHERE r.builtin AND r.method = cpi_publish.method
                 AND r.shape = regexp_replace(cpi_publish.path, '\{[^}]*\}', '{}', 'g')) THEN
    PERFORM @extschema@._cpi_raise(409, format('%s %s is an endpoint of cpi', cpi_publish.method, cpi_publish.path),
                                   hint => 'Choose another path.');
  END IF;
  INSERT INTO @extschema@.cpi_routes AS r (method, path, function, success_status, role, tag, summary)
    VALUES (cpi_publish.method, cpi_publish.path, qualified, cpi_publish.success_status, cpi_publish.role,
            cpi_publish.tag, coalesce(nullif(cpi_publish.summary, ''), proc.proname))
    ON CONFLICT ON CONSTRAINT cpi_routes_pkey DO UPDATE SET
      path = excluded.path, function = excluded.function, success_status = excluded.success_status,
      role = excluded.role, tag = excluded.tag, summary = excluded.summary
    RETURNING * INTO route;
  RETURN jsonb_build_object('method', route.method, 'path', route.path, 'function', route.function, 'role', route.role,
                            'success_status', route.success_status, 'summary', route.summary, 'tag', route.tag);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_publish(text, text, regprocedure, text, text, integer, text) IS
$$Makes a function of your own an endpoint of the REST interface, at once and documented: a function that returns jsonb,
whose arguments have names, among them those of the path. It runs under the caller's role, which must have the right to
execute it. Publishing the same method and path again replaces it.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_publish(text, text, regprocedure, text, text, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_publish(text, text, regprocedure, text, text, integer, text) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_unpublish(method text, path text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM @extschema@.cpi_routes AS r
    WHERE NOT r.builtin AND r.method = cpi_unpublish.method
      AND r.shape = regexp_replace(cpi_unpublish.path, '\{[^}]*\}', '{}', 'g');
  IF NOT FOUND THEN
    PERFORM @extschema@._cpi_raise(404, format('%s %s is no endpoint that cpi_publish made', cpi_unpublish.method,
                                               cpi_unpublish.path));
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_unpublish(text, text) IS
  'Takes back what cpi_publish did: the endpoint goes, the function stays.';
REVOKE ALL ON FUNCTION @extschema@.cpi_unpublish(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_unpublish(text, text) TO cpi_admin;
