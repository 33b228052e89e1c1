-- Rejected rows that are tried again, mended or as they are: a new job whose files are contents instead of a source's.

CREATE OR REPLACE FUNCTION @extschema@._cpi_store_content(
  job_id uuid, path text, table_name text, content text, dialect jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new_id constant uuid := gen_random_uuid();
BEGIN
  INSERT INTO @extschema@.cpi_job_files (id, job_id, position, path, size, modified_at, table_name)
    SELECT new_id, _cpi_store_content.job_id, count(*) + 1, _cpi_store_content.path,
           octet_length(_cpi_store_content.content), clock_timestamp(), _cpi_store_content.table_name
      FROM @extschema@.cpi_job_files AS f WHERE f.job_id = _cpi_store_content.job_id;
  INSERT INTO @extschema@.cpi_job_contents (file_id, content, dialect)
    VALUES (new_id, _cpi_store_content.content, _cpi_store_content.dialect);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_store_content(uuid, text, text, text, jsonb) IS
  'Adds a file with its content to the list of a job that has stored_content.';
REVOKE ALL ON FUNCTION @extschema@._cpi_store_content(uuid, text, text, text, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_replay_rejects(
  id text, content text DEFAULT NULL, file text DEFAULT NULL, force boolean DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most_bytes constant integer := 67108864;
  old constant @extschema@.cpi_jobs := @extschema@._cpi_find_job(cpi_replay_rejects.id);
  mended constant text := nullif(cpi_replay_rejects.content, '');
  wanted uuid;
  project_row @extschema@.cpi_projects;
  job @extschema@.cpi_jobs;
  tally record;
  next_file record;
BEGIN
  IF old.completed_at IS NULL THEN
    PERFORM @extschema@._cpi_raise(409, format('job %s has not ended: it is %s', old.id, old.status),
                                   hint => 'Wait for its end, or cancel it first.');
  END IF;
  SELECT * INTO project_row FROM @extschema@.cpi_projects AS p WHERE p.id = old.project_id FOR KEY SHARE;
  IF NOT FOUND THEN
    PERFORM @extschema@._cpi_raise(409, format('project "%s" of job %s was deleted', old.project_name, old.id));
  ELSIF project_row.connection_id IS NULL THEN
    PERFORM @extschema@._cpi_raise(400, format('project "%s" has no connection', project_row.name),
                                   hint => 'Give it one with cpi_update_project.');
  END IF;
  IF coalesce(cpi_replay_rejects.file, '') <> '' THEN
    wanted := (@extschema@._cpi_find_job_file(old.id, cpi_replay_rejects.file)).id;
  END IF;

  -- The good rows of a file that failed were not loaded either: its bad rows alone would be half of it.
  SELECT count(*) FILTER (WHERE f.status = 'completed') AS files,
         count(*) FILTER (WHERE f.status <> 'completed') AS failed,
         coalesce(sum(f.rejected) FILTER (WHERE f.status = 'completed'), 0) AS rejected,
         coalesce(sum(f.whole) FILTER (WHERE f.status = 'completed' AND f.header IS NOT NULL), 0) AS whole,
         string_agg('"' || f.path || '"', ', ' ORDER BY f.position) FILTER (WHERE f.status = 'completed') AS names
    INTO tally
    FROM (SELECT o.*, (SELECT count(*) FROM @extschema@.cpi_job_rejects AS r WHERE r.file_id = o.id AND r.whole) AS whole
            FROM @extschema@.cpi_job_files AS o
            WHERE o.job_id = old.id AND o.rejected > 0 AND (wanted IS NULL OR o.id = wanted)) AS f;
  IF tally.files = 0 AND tally.failed > 0 THEN
    PERFORM @extschema@._cpi_raise(
      409, format('no file with rejected rows of job %s was loaded', old.id),
      'A file that failed was not loaded at all, its good rows included.',
      format('Mend the file itself, or set on_error to continue, then try the job again: POST /jobs/%s/retry.', old.id));
  ELSIF tally.files = 0 THEN
    PERFORM @extschema@._cpi_raise(409, format('job %s has no rejected rows', old.id));
  ELSIF mended IS NOT NULL AND tally.files > 1 THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'file', 'is needed: several files of the job have rejected rows', 'It is one of ' || tally.names || '.'));
  ELSIF mended IS NULL AND tally.whole = 0 THEN
    PERFORM @extschema@._cpi_raise(
      409, format('none of the %s rejected rows of job %s is kept whole', tally.rejected, old.id),
      hint => 'Mend them in the file itself and import it again.');
  END IF;

  INSERT INTO @extschema@.cpi_jobs (project_id, project_name, callback_url, force, dry_run, schedule_id, retry_of,
                                    stored_content, manifest_written)
    VALUES (project_row.id, project_row.name, old.callback_url, coalesce(cpi_replay_rejects.force, false), old.dry_run,
            old.schedule_id, old.id, true, true)
    RETURNING * INTO job;
  FOR next_file IN
    SELECT f.*, coalesce(mended, @extschema@._cpi_rejects_of_files(old, f.id, 100000, 0)) AS text
      FROM @extschema@.cpi_job_files AS f
      WHERE f.job_id = old.id AND f.status = 'completed' AND f.rejected > 0 AND (wanted IS NULL OR f.id = wanted)
        AND (mended IS NOT NULL OR f.header IS NOT NULL
             AND EXISTS (SELECT FROM @extschema@.cpi_job_rejects AS r WHERE r.file_id = f.id AND r.whole))
      ORDER BY f.position
  LOOP
    IF octet_length(next_file.text) > most_bytes THEN
      PERFORM @extschema@._cpi_raise(413, format('the rows have %s bytes; up to %s can be replayed at once',
                                                 octet_length(next_file.text), most_bytes),
                                     hint => 'Import them as a file.');
    END IF;
    PERFORM @extschema@._cpi_store_content(job.id, next_file.path, next_file.table_name, next_file.text,
                                           next_file.rejects_dialect);
  END LOOP;
  PERFORM @extschema@._cpi_announce_job(job);
  RETURN @extschema@._cpi_accepted_json(job, CASE WHEN mended IS NOT NULL
           THEN format('mended rows of job %s are queued', old.id)
           ELSE format('%s of %s rejected rows of job %s are tried again', tally.whole, tally.rejected, old.id) END)
         || jsonb_build_object('retry_of', old.id)
         || CASE WHEN mended IS NULL THEN jsonb_build_object('rows', tally.whole,
                                                             'rows_not_kept', tally.rejected - tally.whole) ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_replay_rejects(text, text, text, boolean) IS
$$Makes a new job, with retry_of, for the rejected rows of an ended job's loaded files. content is CSV as GET
/jobs/{id}/rejects gives it for Accept: text/csv, mended (REST also takes it as a body of type text/csv); file says of which
file (path or id), when several have rejected rows. Without content the rows that are kept are tried again as they are, as
after a change of the config or of the table; rows_not_kept says how many are not kept whole and cannot be. Rows go to the
same table with the same key; a table without a key takes the same content once only, unless force. Refused with 409 when
the job has not ended, or there is nothing to replay.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_replay_rejects(text, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_replay_rejects(text, text, text, boolean) TO cpi_operator;
