-- Sources: servers that files are fetched from. Password and key path are sealed.

CREATE OR REPLACE FUNCTION @extschema@._cpi_source_json(source @extschema@.cpi_sources, with_credentials boolean)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
           'id', source.id, 'name', source.name, 'description', source.description, 'type', source.type,
           'host', source.host, 'port', source.port, 'username', source.username, 'remote_path', source.remote_path,
           'host_key', source.host_key, 'created_at', source.created_at, 'updated_at', source.updated_at)
      || CASE WHEN with_credentials THEN jsonb_build_object(
           'password', @extschema@._cpi_get_secret('cpi_sources', source.id, 'password'),
           'key_path', @extschema@._cpi_get_secret('cpi_sources', source.id, 'key_path'))
         ELSE '{}' END
$$;
COMMENT ON FUNCTION @extschema@._cpi_source_json(@extschema@.cpi_sources, boolean) IS
  'A source as the API shows it, with its credentials or without.';
REVOKE ALL ON FUNCTION @extschema@._cpi_source_json(@extschema@.cpi_sources, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_source(type text, port integer, host_key text)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN coalesce(nullif(type, ''), 'sftp') <> 'sftp'
           THEN @extschema@._cpi_field_error('type', format('"%s" is no type of source', left(type, 255)),
                                             'The type is "sftp".')
           ELSE '[]' END
      || CASE WHEN port NOT BETWEEN 1 AND 65535
           THEN @extschema@._cpi_field_error('port', port || ' is out of range: 1 to 65535') ELSE '[]' END
      || CASE WHEN host_key !~ ('^\s*(|strict|SHA256:[A-Za-z0-9+/]{43}=?'
                                '|(\S+\s+)?(ssh|sk-ssh|ecdsa-sha2|sk-ecdsa-sha2)-\S+\s+[A-Za-z0-9+/]{32,}=*(\s.*)?)\s*$')
           THEN @extschema@._cpi_field_error(
             'host_key', format('"%s" is neither a fingerprint nor a public key', left(host_key, 60)),
             'Write "SHA256:…" as ssh-keygen -l prints it, a public key, or "strict"; leave it out to keep the first key '
             'that the server shows.')
           ELSE '[]' END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_source(text, integer, text) IS
  'Findings about type, port and host key of a source.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_source(text, integer, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_list_sources()
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
           'sources', coalesce(jsonb_agg(@extschema@._cpi_source_json(s, false) ORDER BY s.name), '[]'),
           'total', count(*))
    FROM @extschema@.cpi_sources AS s
$$;
COMMENT ON FUNCTION @extschema@.cpi_list_sources() IS 'All sources by name, without password and key path.';
REVOKE ALL ON FUNCTION @extschema@.cpi_list_sources() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_list_sources() TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@.cpi_create_source(
  name text DEFAULT NULL, host text DEFAULT NULL, username text DEFAULT NULL, type text DEFAULT NULL,
  port integer DEFAULT NULL, password text DEFAULT NULL, key_path text DEFAULT NULL, remote_path text DEFAULT NULL,
  host_key text DEFAULT NULL, description text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source @extschema@.cpi_sources;
BEGIN
  PERFORM @extschema@._cpi_refuse(
    @extschema@._cpi_check_name(cpi_create_source.name)
    || CASE WHEN coalesce(cpi_create_source.host, '') = ''
         THEN @extschema@._cpi_field_error('host', 'is missing') ELSE '[]' END
    || CASE WHEN coalesce(cpi_create_source.username, '') = ''
         THEN @extschema@._cpi_field_error('username', 'is missing') ELSE '[]' END
    || @extschema@._cpi_check_source(cpi_create_source.type, cpi_create_source.port, cpi_create_source.host_key));

  INSERT INTO @extschema@.cpi_sources (name, description, host, port, username, remote_path, host_key)
    VALUES (cpi_create_source.name, nullif(cpi_create_source.description, ''), cpi_create_source.host,
            coalesce(cpi_create_source.port, 22), cpi_create_source.username,
            coalesce(nullif(cpi_create_source.remote_path, ''), '/'), nullif(cpi_create_source.host_key, ''))
    RETURNING * INTO source;
  PERFORM @extschema@._cpi_put_secret('cpi_sources', source.id, 'password', cpi_create_source.password);
  PERFORM @extschema@._cpi_put_secret('cpi_sources', source.id, 'key_path', cpi_create_source.key_path);
  RETURN @extschema@._cpi_source_json(source, true);
EXCEPTION WHEN unique_violation THEN
  PERFORM @extschema@._cpi_raise(409, format('source "%s" exists already', cpi_create_source.name),
                                 hint => 'Change it, or choose another name.');
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_create_source(text, text, text, text, integer, text, text, text, text, text) IS
$$Defines an SFTP server that files are fetched from, with password or key_path (a private key on the agent's machine, which
its owner alone may read); both: the password is the key's passphrase, and the login's where the server does not take the
key. They are stored sealed; in psql a literal reaches the server's log when statements are logged. host_key is a SHA256
fingerprint, a public key, or strict, which refuses unknown ones; without it the first key that the server shows is
kept.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_create_source(text, text, text, text, integer, text, text, text, text, text)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_create_source(text, text, text, text, integer, text, text, text, text, text)
  TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_get_source(id text)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT @extschema@._cpi_source_json(s, true)
    FROM @extschema@.cpi_sources AS s WHERE s.id = @extschema@._cpi_resolve('source', cpi_get_source.id)
$$;
COMMENT ON FUNCTION @extschema@.cpi_get_source(text) IS 'One source, by id or name, with its credentials.';
REVOKE ALL ON FUNCTION @extschema@.cpi_get_source(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_get_source(text) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_update_source(
  id text, name text DEFAULT NULL, host text DEFAULT NULL, username text DEFAULT NULL, type text DEFAULT NULL,
  port integer DEFAULT NULL, password text DEFAULT NULL, key_path text DEFAULT NULL, remote_path text DEFAULT NULL,
  host_key text DEFAULT NULL, description text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target_id constant uuid := @extschema@._cpi_resolve('source', cpi_update_source.id);
  new_name constant text := nullif(cpi_update_source.name, '');
  source @extschema@.cpi_sources;
BEGIN
  PERFORM @extschema@._cpi_refuse(
    CASE WHEN new_name IS NULL THEN '[]' ELSE @extschema@._cpi_check_name(new_name) END
    || @extschema@._cpi_check_source(cpi_update_source.type, cpi_update_source.port, cpi_update_source.host_key));

  UPDATE @extschema@.cpi_sources AS s SET
      name = coalesce(new_name, s.name),
      description = CASE WHEN cpi_update_source.description IS NULL THEN s.description
                         ELSE nullif(cpi_update_source.description, '') END,
      host = coalesce(nullif(cpi_update_source.host, ''), s.host),
      port = coalesce(cpi_update_source.port, s.port),
      username = coalesce(nullif(cpi_update_source.username, ''), s.username),
      remote_path = CASE WHEN cpi_update_source.remote_path IS NULL THEN s.remote_path
                         ELSE coalesce(nullif(cpi_update_source.remote_path, ''), '/') END,
      host_key = CASE WHEN cpi_update_source.host_key IS NULL THEN s.host_key
                      ELSE nullif(cpi_update_source.host_key, '') END,
      updated_at = clock_timestamp()
    WHERE s.id = target_id
    RETURNING * INTO source;
  IF NOT FOUND THEN  -- it was deleted meanwhile
    PERFORM @extschema@._cpi_raise(404, format('source "%s" does not exist', cpi_update_source.id));
  END IF;
  IF cpi_update_source.password IS NOT NULL THEN
    PERFORM @extschema@._cpi_put_secret('cpi_sources', target_id, 'password', cpi_update_source.password);
  END IF;
  IF cpi_update_source.key_path IS NOT NULL THEN
    PERFORM @extschema@._cpi_put_secret('cpi_sources', target_id, 'key_path', cpi_update_source.key_path);
  END IF;
  RETURN @extschema@._cpi_source_json(source, true);
EXCEPTION WHEN unique_violation THEN
  PERFORM @extschema@._cpi_raise(409, format('source "%s" exists already', new_name), hint => 'Choose another name.');
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_update_source(text, text, text, text, text, integer, text, text, text, text, text) IS
$$Changes the fields given of a source, found by id or name. An empty description, password, key_path, remote_path or
host_key clears it; without a host_key the next connection stores the key that it sees.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_update_source(text, text, text, text, text, integer, text, text, text, text, text)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  @extschema@.cpi_update_source(text, text, text, text, text, integer, text, text, text, text, text) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_delete_source(id text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target_id constant uuid := @extschema@._cpi_resolve('source', cpi_delete_source.id);
  running record;
BEGIN
  -- Keeps claims out until this transaction has ended: they lock the project.
  PERFORM FROM @extschema@.cpi_projects AS p WHERE p.source_id = target_id ORDER BY p.id FOR UPDATE;
  SELECT j.id, j.project_name INTO running
    FROM @extschema@.cpi_jobs AS j JOIN @extschema@.cpi_projects AS p ON p.id = j.project_id
    WHERE p.source_id = target_id AND j.status = 'running'
    LIMIT 1;
  IF FOUND THEN
    PERFORM @extschema@._cpi_raise(
      409, format('source "%s" is in use by running job %s of project "%s"', cpi_delete_source.id, running.id,
                  running.project_name),
      hint => format('Wait for the job, or cancel it: POST /jobs/%s/cancel or cpi_cancel_job.', running.id));
  END IF;
  DELETE FROM @extschema@.cpi_sources AS s WHERE s.id = target_id;
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_delete_source(text) IS
$$Deletes a source and its credentials. Its projects stay, with source_id null. Refused with 409 while a job of one of
them is running.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_delete_source(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_delete_source(text) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_test_source(id text)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM @extschema@._cpi_resolve('source', cpi_test_source.id);
  PERFORM @extschema@._cpi_raise(501, 'a source is tested by an agent, from its own network',
                                 hint => format('Run `cpi test %s`, or POST /sources/%s/test.', cpi_test_source.id,
                                                @extschema@._cpi_url_encode(cpi_test_source.id)));
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_test_source(text) IS
$$Connects to a source and lists what would be imported. Over REST only, since the agent connects, from its own network; in
SQL it says so. A source that cannot be reached is success false, not an error.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_test_source(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_test_source(text) TO cpi_operator;
