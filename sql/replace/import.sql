-- Enqueueing: a request to import becomes a job, in the caller's transaction.

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_local_files(local_files jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN local_files IS NULL THEN '[]'::jsonb
    WHEN jsonb_typeof(local_files) <> 'array' THEN
      @extschema@._cpi_field_error('local_files', 'is no list but of type ' || jsonb_typeof(local_files),
                                   'Write ["orders.csv"].')
    WHEN local_files = '[]' THEN
      @extschema@._cpi_field_error('local_files', 'is an empty list',
                                   'Name at least one file, or leave it out to import all that match.')
    ELSE
      (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'path', format('local_files[%s]', f.place - 1), 'message', 'is no file name', 'hint', NULL)
                ORDER BY f.place), '[]')
         FROM jsonb_array_elements(local_files) WITH ORDINALITY AS f (file, place)
         WHERE jsonb_typeof(f.file) <> 'string' OR f.file = '""')
    END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_local_files(jsonb) IS 'Findings about local_files: a list of file names.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_local_files(jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_called_by_admin()
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Functions run as their owner; whoever called them is told by the role that was set, or the login.
  SELECT pg_has_role(CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END,
                     'cpi_admin', 'MEMBER')
$$;
COMMENT ON FUNCTION @extschema@._cpi_called_by_admin() IS 'Whether the caller is a cpi_admin.';
REVOKE ALL ON FUNCTION @extschema@._cpi_called_by_admin() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_sftp_override(sftp_override jsonb, project @extschema@.cpi_projects)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stored jsonb;
  other text;
BEGIN
  IF sftp_override IS NULL THEN
    RETURN '[]';
  ELSIF jsonb_typeof(sftp_override) <> 'object' THEN
    RETURN @extschema@._cpi_field_error('sftp_override',
                                        'is no JSON object but of type ' || jsonb_typeof(sftp_override));
  ELSIF sftp_override ->> 'password' = '***' THEN
    RETURN @extschema@._cpi_field_error('sftp_override.password', '"***" is no password',
                                        'Leave it out to use the stored one.');
  END IF;
  -- The override holds single fields: it is checked as laid over the project's source, or its config's sftp object.
  stored := coalesce((SELECT jsonb_strip_nulls(jsonb_build_object(
                               'host', s.host, 'port', s.port, 'username', s.username, 'remote_path', s.remote_path,
                               'host_key', s.host_key))
                        FROM @extschema@.cpi_sources AS s WHERE s.id = project.source_id),
                     project.config -> 'sftp', '{}');
  -- A file of the agent's machine is not theirs to use who may only import: it may be the key to another customer's server.
  IF nullif(sftp_override ->> 'key_path', '') IS NOT NULL AND NOT @extschema@._cpi_called_by_admin() THEN
    RETURN @extschema@._cpi_field_error(
      'sftp_override.key_path', 'names a file on the agent''s machine, which only an admin may do',
      'Give a password, or let an admin define a source with that key.');
  END IF;
  -- Whoever may import may not see the stored credentials, and must not have them sent to a server of his choice.
  SELECT f.field INTO other
    FROM unnest(ARRAY['host', 'port', 'host_key']) WITH ORDINALITY AS f (field, place)
    WHERE sftp_override ->> f.field IS DISTINCT FROM
          coalesce(stored ->> f.field, CASE WHEN f.field = 'port' THEN '22' END)
      AND sftp_override ? f.field
      AND (project.source_id IS NOT NULL OR stored ?| '{password,key_path}')
      AND coalesce(nullif(sftp_override ->> 'password', ''), nullif(sftp_override ->> 'key_path', '')) IS NULL
    ORDER BY f.place LIMIT 1;
  IF FOUND THEN
    RETURN @extschema@._cpi_field_error(
      'sftp_override.' || other, 'is not that of the project''s source, whose credentials are for that server alone',
      'Give sftp_override a password or a key_path of its own.');
  END IF;
  RETURN (SELECT coalesce(jsonb_agg(jsonb_set(f.finding, '{path}', to_jsonb(
                   regexp_replace(f.finding ->> 'path', '^sftp', 'sftp_override'))) ORDER BY f.place), '[]')
            FROM jsonb_array_elements(@extschema@._cpi_check_config(jsonb_build_object('sftp', stored || sftp_override), project.name))
                 WITH ORDINALITY AS f (finding, place)
            WHERE f.finding ->> 'path' ~ '^sftp');
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_sftp_override(jsonb, @extschema@.cpi_projects) IS
  'Findings about sftp_override, with the keys of the config''s sftp object.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_sftp_override(jsonb, @extschema@.cpi_projects) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_accepted_json(job @extschema@.cpi_jobs, message text)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object('job_id', job.id, 'project', job.project_name, 'status', job.status, 'message', message)
$$;
COMMENT ON FUNCTION @extschema@._cpi_accepted_json(@extschema@.cpi_jobs, text) IS
  'The answer to a request that has become a job.';
REVOKE ALL ON FUNCTION @extschema@._cpi_accepted_json(@extschema@.cpi_jobs, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_announce_job(job @extschema@.cpi_jobs)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM @extschema@._cpi_notify_job(job, 'created');
  PERFORM pg_notify('cpi_queue', '');
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_announce_job(@extschema@.cpi_jobs) IS
  'Tells about a new job and wakes the agents.';
REVOKE ALL ON FUNCTION @extschema@._cpi_announce_job(@extschema@.cpi_jobs) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_import(
  project text DEFAULT NULL, callback_url text DEFAULT NULL, local_files jsonb DEFAULT NULL,
  local_files_base_path text DEFAULT NULL, sftp_override jsonb DEFAULT NULL, force boolean DEFAULT NULL,
  dry_run boolean DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- ON CONFLICT cannot qualify its column, which is called as the argument is.
#variable_conflict use_column
DECLARE
  wanted @extschema@.cpi_jobs;
  job @extschema@.cpi_jobs;
  project_row @extschema@.cpi_projects;
  key constant text := nullif(cpi_import.idempotency_key, '');
  override constant jsonb := nullif(nullif(cpi_import.sftp_override, 'null'), '""');
  password constant text := nullif(override ->> 'password', '');
BEGIN
  SELECT * INTO project_row FROM @extschema@.cpi_projects AS p
    WHERE p.id = @extschema@._cpi_resolve('project', cpi_import.project) FOR KEY SHARE;
  wanted.local_files := nullif(nullif(cpi_import.local_files, 'null'), '""');
  PERFORM @extschema@._cpi_refuse(
    @extschema@._cpi_check_callback_url(cpi_import.callback_url)
    || @extschema@._cpi_check_local_files(wanted.local_files)
    || @extschema@._cpi_check_sftp_override(override, project_row)
    || CASE WHEN length(key) > 255 THEN @extschema@._cpi_field_error(
         'idempotency_key', 'has ' || length(key) || ' characters; up to 255 are allowed') ELSE '[]' END);
  wanted.callback_url := nullif(cpi_import.callback_url, '');
  wanted.local_files_base_path := nullif(cpi_import.local_files_base_path, '');
  wanted.sftp_override := CASE WHEN password IS NULL THEN override - 'password'
                               ELSE override || '{"password": "***"}' END;
  wanted.force := coalesce(cpi_import.force, false);
  wanted.dry_run := coalesce(cpi_import.dry_run, false);

  IF key IS NOT NULL THEN
    SELECT * INTO job FROM @extschema@.cpi_jobs AS j WHERE j.idempotency_key = key;
  END IF;
  IF job.id IS NULL THEN
    IF project_row.connection_id IS NULL THEN
      PERFORM @extschema@._cpi_raise(
        400, format('project "%s" has no connection', project_row.name),
        hint => format('Give it one: PUT /projects/%s with connection_id, or cpi_update_project.',
                       @extschema@._cpi_url_encode(project_row.name)));
    END IF;
    INSERT INTO @extschema@.cpi_jobs (project_id, project_name, callback_url, local_files, local_files_base_path,
                                      sftp_override, force, dry_run, idempotency_key)
      VALUES (project_row.id, project_row.name, wanted.callback_url, wanted.local_files,
              wanted.local_files_base_path, wanted.sftp_override, wanted.force, wanted.dry_run, key)
      ON CONFLICT (idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
      RETURNING * INTO job;
    IF FOUND THEN
      IF password IS NOT NULL THEN
        PERFORM @extschema@._cpi_put_secret('cpi_jobs', job.id, 'sftp_override.password', password);
      END IF;
      PERFORM @extschema@._cpi_announce_job(job);
      RETURN @extschema@._cpi_accepted_json(job, format('import of project "%s" was accepted', job.project_name));
    END IF;
    -- The same key came in at the same time; its transaction has committed, so that the next statement sees its job.
    SELECT * INTO STRICT job FROM @extschema@.cpi_jobs AS j WHERE j.idempotency_key = key;
  END IF;

  IF (job.project_id, job.callback_url, job.local_files, job.local_files_base_path, job.sftp_override, job.force,
      job.dry_run) IS DISTINCT FROM
     (project_row.id, wanted.callback_url, wanted.local_files, wanted.local_files_base_path, wanted.sftp_override,
      wanted.force, wanted.dry_run)
     OR password IS DISTINCT FROM @extschema@._cpi_get_secret('cpi_jobs', job.id, 'sftp_override.password') THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'idempotency_key', format('"%s" was used for a different request, which became job %s', key, job.id),
      'Use a new key for each new request.'));
  END IF;
  RETURN @extschema@._cpi_accepted_json(job, format('this request was accepted before, as job %s', job.id));
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_import(text, text, jsonb, text, jsonb, boolean, boolean, text) IS
$$Queues an import of a project's files and answers its job. callback_url is called when the job has ended; local_files
names files on the agent's machine; relative names are looked for in local_files_base_path, and without it in the config's
local.path or else in the first of the agent's CPI_LOCAL_ROOTS; sftp_override replaces fields of the project's source for
this job (a key_path in it only for admins); force loads even what was loaded before; dry_run does everything and rolls
back. idempotency_key (the header Idempotency-Key): the same request with the same key gives the same job again, a different one
is refused with 422. A project without a connection is refused with 400.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_import(text, text, jsonb, text, jsonb, boolean, boolean, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_import(text, text, jsonb, text, jsonb, boolean, boolean, text) TO cpi_operator;
