-- Projects: what is imported, how, and into which connection. The config is checked against its JSON Schema; a password
-- inside its sftp object is sealed and leaves *** behind, which on a later update means "as it was".

CREATE OR REPLACE FUNCTION @extschema@._cpi_project_json(project @extschema@.cpi_projects)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'id', project.id, 'name', project.name, 'connection_id', project.connection_id, 'source_id', project.source_id,
    'config', project.config, 'dialects', project.dialects,
    'created_at', project.created_at, 'updated_at', project.updated_at)
$$;
COMMENT ON FUNCTION @extschema@._cpi_project_json(@extschema@.cpi_projects) IS 'A project as the API shows it.';
REVOKE ALL ON FUNCTION @extschema@._cpi_project_json(@extschema@.cpi_projects) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_reference(
  kind text, field text, value text, OUT referred uuid, OUT errors jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  message text;
  hint text;
BEGIN
  errors := '[]';
  IF coalesce(value, '') <> '' THEN
    referred := @extschema@._cpi_resolve(kind, value);
  END IF;
EXCEPTION WHEN SQLSTATE 'PT404' THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  errors := @extschema@._cpi_field_error(field, message, nullif(hint, ''));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_reference(text, text, text) IS
  'The id that a field refers to by id or name, NULL for an empty one; an unknown one becomes a finding about the '
  'field.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_reference(text, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_project_config(config jsonb, project text, has_password boolean)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN jsonb_typeof(config) <> 'object' THEN
      @extschema@._cpi_field_error('config', 'is no JSON object but of type ' || jsonb_typeof(config))
    ELSE
      (SELECT coalesce(jsonb_agg(
                jsonb_set(f.finding, '{path}', to_jsonb(concat_ws('.', 'config', nullif(f.finding ->> 'path', ''))))
                ORDER BY f.place), '[]')
         FROM jsonb_array_elements(@extschema@._cpi_check_config(config, project)) WITH ORDINALITY AS f (finding, place))
      || CASE WHEN config #>> '{sftp,password}' = '***' AND NOT has_password
           THEN @extschema@._cpi_field_error('config.sftp.password', '"***" stands for a stored password, and there is none',
                                             'Give the password itself.')
           ELSE '[]' END
    END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_project_config(jsonb, text, boolean) IS
  'Findings about a project''s config, their paths beginning with config.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_project_config(jsonb, text, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_mask_config(config jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE coalesce(config #>> '{sftp,password}', '')
    WHEN '' THEN config #- '{sftp,password}'
    ELSE jsonb_set(config, '{sftp,password}', '"***"')
  END
$$;
COMMENT ON FUNCTION @extschema@._cpi_mask_config(jsonb) IS
  'The config with *** for a password; an empty one is left out.';
REVOKE ALL ON FUNCTION @extschema@._cpi_mask_config(jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_seal_config(project_id uuid, config jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  password constant text := coalesce(config #>> '{sftp,password}', '');
BEGIN
  IF password <> '***' THEN
    PERFORM @extschema@._cpi_put_secret('cpi_projects', project_id, 'config.sftp.password', password);
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_seal_config(uuid, jsonb) IS
  'Seals the password of the config, forgets the stored one when there is none, and leaves it alone for ***.';
REVOKE ALL ON FUNCTION @extschema@._cpi_seal_config(uuid, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_list_projects()
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
           'projects', coalesce(jsonb_agg(@extschema@._cpi_project_json(p) ORDER BY p.name), '[]'), 'total', count(*))
    FROM @extschema@.cpi_projects AS p
$$;
COMMENT ON FUNCTION @extschema@.cpi_list_projects() IS 'All projects by name; passwords in their configs are ***.';
REVOKE ALL ON FUNCTION @extschema@.cpi_list_projects() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_list_projects() TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@.cpi_create_project(
  name text DEFAULT NULL, connection_id text DEFAULT NULL, source_id text DEFAULT NULL, config jsonb DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  project @extschema@.cpi_projects;
  new_config constant jsonb := coalesce(nullif(nullif(cpi_create_project.config, 'null'), '""'), '{}');
  connection record;
  source record;
BEGIN
  connection := @extschema@._cpi_check_reference('connection', 'connection_id', cpi_create_project.connection_id);
  source := @extschema@._cpi_check_reference('source', 'source_id', cpi_create_project.source_id);
  PERFORM @extschema@._cpi_refuse(
    @extschema@._cpi_check_name(cpi_create_project.name) || connection.errors || source.errors
    || @extschema@._cpi_check_project_config(new_config, cpi_create_project.name, false));

  INSERT INTO @extschema@.cpi_projects (name, connection_id, source_id, config)
    VALUES (cpi_create_project.name, connection.referred, source.referred, @extschema@._cpi_mask_config(new_config))
    RETURNING * INTO project;
  PERFORM @extschema@._cpi_seal_config(project.id, new_config);
  RETURN @extschema@._cpi_project_json(project);
EXCEPTION WHEN unique_violation THEN
  PERFORM @extschema@._cpi_raise(409, format('project "%s" exists already', cpi_create_project.name),
                                 hint => 'Change it, or choose another name.');
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_create_project(text, text, text, jsonb) IS
$$Defines a project: what is imported (config), where to (connection_id: id or name of a connection) and where from
(source_id: id or name of a source, unless the config says so). Every finding about the config names its path.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_create_project(text, text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_create_project(text, text, text, jsonb) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_get_project(project text)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT @extschema@._cpi_project_json(p)
    FROM @extschema@.cpi_projects AS p
    WHERE p.id = @extschema@._cpi_resolve('project', cpi_get_project.project)
$$;
COMMENT ON FUNCTION @extschema@.cpi_get_project(text) IS 'One project, by name; passwords in its config are ***.';
REVOKE ALL ON FUNCTION @extschema@.cpi_get_project(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_get_project(text) TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@.cpi_update_project(
  project text, name text DEFAULT NULL, connection_id text DEFAULT NULL, source_id text DEFAULT NULL,
  config jsonb DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target_id constant uuid := @extschema@._cpi_resolve('project', cpi_update_project.project);
  new_name constant text := nullif(cpi_update_project.name, '');
  new_config jsonb := nullif(nullif(cpi_update_project.config, 'null'), '""');
  present @extschema@.cpi_projects;
  connection record;
  source record;
  errors jsonb := '[]';
BEGIN
  SELECT * INTO present FROM @extschema@.cpi_projects AS p WHERE p.id = target_id FOR NO KEY UPDATE;
  connection := @extschema@._cpi_check_reference('connection', 'connection_id', cpi_update_project.connection_id);
  source := @extschema@._cpi_check_reference('source', 'source_id', cpi_update_project.source_id);
  IF new_name IS NOT NULL THEN
    errors := @extschema@._cpi_check_name(new_name);
  END IF;
  -- Renaming carries the config's own name along, which must equal the project's.
  IF new_config IS NULL AND new_name IS NOT NULL AND present.config ? 'name' THEN
    present.config := jsonb_set(present.config, '{name}', to_jsonb(new_name));
  END IF;
  IF new_config IS NOT NULL THEN
    errors := errors || @extschema@._cpi_check_project_config(
      new_config, coalesce(new_name, present.name), present.config #>> '{sftp,password}' IS NOT NULL);
  END IF;
  PERFORM @extschema@._cpi_refuse(errors || connection.errors || source.errors);

  UPDATE @extschema@.cpi_projects AS p SET
      name = coalesce(new_name, p.name),
      connection_id = CASE WHEN cpi_update_project.connection_id IS NULL THEN p.connection_id ELSE connection.referred END,
      source_id = CASE WHEN cpi_update_project.source_id IS NULL THEN p.source_id ELSE source.referred END,
      config = coalesce(@extschema@._cpi_mask_config(new_config), present.config),
      updated_at = clock_timestamp()
    WHERE p.id = target_id
    RETURNING * INTO present;
  IF NOT FOUND THEN  -- it was deleted meanwhile
    PERFORM @extschema@._cpi_raise(404, format('project "%s" does not exist', cpi_update_project.id));
  END IF;
  IF new_config IS NOT NULL THEN
    PERFORM @extschema@._cpi_seal_config(target_id, new_config);
  END IF;
  RETURN @extschema@._cpi_project_json(present);
EXCEPTION WHEN unique_violation THEN
  PERFORM @extschema@._cpi_raise(409, format('project "%s" exists already', new_name), hint => 'Choose another name.');
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_update_project(text, text, text, text, jsonb) IS
$$Changes the fields given of a project; name renames it. config replaces the whole config, in which the password ***
stands for the stored one. An empty connection_id or source_id clears it. A running job goes on with the config that it
was claimed with.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_update_project(text, text, text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_update_project(text, text, text, text, jsonb) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_delete_project(project text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target_id constant uuid := @extschema@._cpi_resolve('project', cpi_delete_project.project);
  job_id uuid;
BEGIN
  -- Keeps claims out (they lock the project) and new jobs too (their foreign key does).
  PERFORM FROM @extschema@.cpi_projects AS p WHERE p.id = target_id FOR UPDATE;
  SELECT j.id INTO job_id FROM @extschema@.cpi_jobs AS j WHERE j.project_id = target_id AND j.status = 'running';
  IF FOUND THEN
    PERFORM @extschema@._cpi_raise(
      409, format('project "%s" has running job %s', cpi_delete_project.project, job_id),
      hint => format('Wait for the job, or cancel it: POST /jobs/%s/cancel or cpi_cancel_job.', job_id));
  END IF;
  FOR job_id IN SELECT j.id FROM @extschema@.cpi_jobs AS j
                  WHERE j.project_id = target_id AND j.status = 'pending' ORDER BY j.id FOR UPDATE LOOP
    PERFORM @extschema@._cpi_end_job(job_id, 'cancelled', 'the project was deleted');
  END LOOP;
  DELETE FROM @extschema@.cpi_projects AS p WHERE p.id = target_id;
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_delete_project(text) IS
$$Deletes a project, its secrets and its schedules. Waiting jobs are cancelled; ended ones stay until retention removes
them. Refused with 409 while a job of the project is running.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_delete_project(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_delete_project(text) TO cpi_admin;
