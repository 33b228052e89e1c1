-- Connections: the databases that imports go to. The URL is sealed, its parts stand in the table.

CREATE OR REPLACE FUNCTION @extschema@._cpi_connection_json(connection @extschema@.cpi_connections, with_url boolean)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object('id', connection.id, 'name', connection.name, 'description', connection.description)
      || CASE WHEN with_url THEN jsonb_build_object(
           'database_url', @extschema@._cpi_get_secret('cpi_connections', connection.id, 'database_url'))
         ELSE '{}' END
      || jsonb_build_object('created_at', connection.created_at, 'updated_at', connection.updated_at)
$$;
COMMENT ON FUNCTION @extschema@._cpi_connection_json(@extschema@.cpi_connections, boolean) IS
  'A connection as the API shows it, with its credentials or without.';
REVOKE ALL ON FUNCTION @extschema@._cpi_connection_json(@extschema@.cpi_connections, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_database_url(database_url text, OUT parts jsonb, OUT errors jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  message text;
  hint text;
BEGIN
  errors := '[]';
  parts := @extschema@._cpi_parse_url(database_url);
EXCEPTION WHEN SQLSTATE 'PT422' THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  errors := @extschema@._cpi_field_error('database_url', message, nullif(hint, ''));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_database_url(text) IS
  'The parts of a connection URL, and what is wrong with it as findings about the field database_url.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_database_url(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_list_connections()
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
           'connections', coalesce(jsonb_agg(@extschema@._cpi_connection_json(c, false) ORDER BY c.name), '[]'),
           'total', count(*))
    FROM @extschema@.cpi_connections AS c
$$;
COMMENT ON FUNCTION @extschema@.cpi_list_connections() IS 'All connections by name, without credentials.';
REVOKE ALL ON FUNCTION @extschema@.cpi_list_connections() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_list_connections() TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@.cpi_create_connection(
  name text DEFAULT NULL, database_url text DEFAULT NULL, description text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  connection @extschema@.cpi_connections;
  url jsonb;
  url_errors jsonb;
BEGIN
  IF coalesce(cpi_create_connection.database_url, '') = '' THEN
    url_errors := @extschema@._cpi_field_error('database_url', 'is missing',
                                               'Give a URL such as postgresql://user:password@host:5432/database.');
  ELSE
    SELECT u.parts, u.errors INTO url, url_errors
      FROM @extschema@._cpi_check_database_url(cpi_create_connection.database_url) AS u;
  END IF;
  PERFORM @extschema@._cpi_refuse(@extschema@._cpi_check_name(cpi_create_connection.name) || url_errors);

  INSERT INTO @extschema@.cpi_connections (name, description, host, port, database, username)
    VALUES (cpi_create_connection.name, nullif(cpi_create_connection.description, ''), url ->> 'host',
            substring(url ->> 'port' FROM '^[0-9]+$')::integer, url ->> 'database', url ->> 'username')
    RETURNING * INTO connection;
  PERFORM @extschema@._cpi_put_secret('cpi_connections', connection.id, 'database_url',
                                      cpi_create_connection.database_url);
  RETURN @extschema@._cpi_connection_json(connection, true);
EXCEPTION WHEN unique_violation THEN
  PERFORM @extschema@._cpi_raise(409, format('connection "%s" exists already', cpi_create_connection.name),
                                 hint => 'Change it, or choose another name.');
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_create_connection(text, text, text) IS
$$Defines a target database. database_url is a postgresql:// or postgres:// URI, its parts percent-encoded, or a libpq
keyword string; it is stored sealed. In psql a literal reaches the server's log when statements are logged: pass the
URL as a bind parameter where that matters.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_create_connection(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_create_connection(text, text, text) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_get_connection(id text)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT @extschema@._cpi_connection_json(c, true)
    FROM @extschema@.cpi_connections AS c
    WHERE c.id = @extschema@._cpi_resolve('connection', cpi_get_connection.id)
$$;
COMMENT ON FUNCTION @extschema@.cpi_get_connection(text) IS 'One connection, by id or name, with its credentials.';
REVOKE ALL ON FUNCTION @extschema@.cpi_get_connection(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_get_connection(text) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_update_connection(
  id text, name text DEFAULT NULL, database_url text DEFAULT NULL, description text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target_id constant uuid := @extschema@._cpi_resolve('connection', cpi_update_connection.id);
  new_name constant text := nullif(cpi_update_connection.name, '');
  new_url constant text := nullif(cpi_update_connection.database_url, '');
  connection @extschema@.cpi_connections;
  url jsonb;
  errors jsonb := '[]';
  url_errors jsonb := '[]';
BEGIN
  IF new_name IS NOT NULL THEN
    errors := @extschema@._cpi_check_name(new_name);
  END IF;
  IF new_url IS NOT NULL THEN
    SELECT u.parts, u.errors INTO url, url_errors FROM @extschema@._cpi_check_database_url(new_url) AS u;
  END IF;
  PERFORM @extschema@._cpi_refuse(errors || url_errors);

  UPDATE @extschema@.cpi_connections AS c SET
      name = coalesce(new_name, c.name),
      description = CASE WHEN cpi_update_connection.description IS NULL THEN c.description
                         ELSE nullif(cpi_update_connection.description, '') END,
      host = CASE WHEN url IS NULL THEN c.host ELSE url ->> 'host' END,
      port = CASE WHEN url IS NULL THEN c.port ELSE substring(url ->> 'port' FROM '^[0-9]+$')::integer END,
      database = CASE WHEN url IS NULL THEN c.database ELSE url ->> 'database' END,
      username = CASE WHEN url IS NULL THEN c.username ELSE url ->> 'username' END,
      updated_at = clock_timestamp()
    WHERE c.id = target_id
    RETURNING * INTO connection;
  IF NOT FOUND THEN  -- it was deleted meanwhile
    PERFORM @extschema@._cpi_raise(404, format('connection "%s" does not exist', cpi_update_connection.id));
  END IF;
  IF new_url IS NOT NULL THEN
    PERFORM @extschema@._cpi_put_secret('cpi_connections', target_id, 'database_url', new_url);
  END IF;
  RETURN @extschema@._cpi_connection_json(connection, true);
EXCEPTION WHEN unique_violation THEN
  PERFORM @extschema@._cpi_raise(409, format('connection "%s" exists already', new_name),
                                 hint => 'Choose another name.');
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_update_connection(text, text, text, text) IS
$$Changes the fields given of a connection, found by id or name. An empty description clears it. A running job goes on
with the URL that it was claimed with.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_update_connection(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_update_connection(text, text, text, text) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_delete_connection(id text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target_id constant uuid := @extschema@._cpi_resolve('connection', cpi_delete_connection.id);
  running record;
BEGIN
  -- Locking the projects keeps claims out until this transaction has ended (_cpi_claim_job locks them too).
  PERFORM FROM @extschema@.cpi_projects AS p WHERE p.connection_id = target_id
    ORDER BY p.id FOR UPDATE;
  SELECT j.id, j.project_name INTO running
    FROM @extschema@.cpi_jobs AS j JOIN @extschema@.cpi_projects AS p ON p.id = j.project_id
    WHERE p.connection_id = target_id AND j.status = 'running'
    LIMIT 1;
  IF FOUND THEN
    PERFORM @extschema@._cpi_raise(
      409, format('connection "%s" is in use by running job %s of project "%s"', cpi_delete_connection.id, running.id,
                  running.project_name),
      hint => format('Wait for the job, or cancel it: POST /jobs/%s/cancel or cpi_cancel_job.', running.id));
  END IF;
  DELETE FROM @extschema@.cpi_connections AS c WHERE c.id = target_id;
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_delete_connection(text) IS
$$Deletes a connection and its credentials. Its projects stay, with connection_id null; their waiting jobs fail when they
come up, unless the project has a connection again by then. Refused with 409 while a job of one of them is running.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_delete_connection(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_delete_connection(text) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_test_connection(id text)
RETURNS jsonb LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT @extschema@._cpi_probe(
    @extschema@._cpi_get_secret('cpi_connections', @extschema@._cpi_resolve('connection', cpi_test_connection.id),
                                'database_url'), 10)
$$;
COMMENT ON FUNCTION @extschema@.cpi_test_connection(text) IS
$$Connects to the target and says what came of it. Over REST the agent connects, from its own network; in SQL the
management database's server does. A target that cannot be reached is success false, not an error.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_test_connection(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_test_connection(text) TO cpi_operator;
