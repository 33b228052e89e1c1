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

CREATE OR REPLACE FUNCTION @extschema@._cpi_project_to_try_again(old @extschema@.cpi_jobs)
RETURNS @extschema@.cpi_projects LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  project @extschema@.cpi_projects;
BEGIN
  IF old.completed_at IS NULL THEN
    PERFORM @extschema@._cpi_raise(409, format('job %s has not ended: it is %s', old.id, old.status),
                                   hint => 'Wait for its end, or cancel it first.');
  END IF;
  SELECT * INTO project FROM @extschema@.cpi_projects AS p WHERE p.id = old.project_id FOR KEY SHARE;
  IF NOT FOUND THEN
    PERFORM @extschema@._cpi_raise(409, format('project "%s" of job %s was deleted', old.project_name, old.id));
  ELSIF project.connection_id IS NULL THEN
    PERFORM @extschema@._cpi_raise(400, format('project "%s" has no connection', project.name),
                                   hint => 'Give it one with cpi_update_project.');
  END IF;
  RETURN project;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_project_to_try_again(@extschema@.cpi_jobs) IS
  'The project of an ended job, for a new job with retry_of; refuses with 409 or 400 where there cannot be one.';
REVOKE ALL ON FUNCTION @extschema@._cpi_project_to_try_again(@extschema@.cpi_jobs) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_csv_header(content text, dialect jsonb)
RETURNS text[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN ARRAY(SELECT e.value ->> 'file_column'
                 FROM jsonb_array_elements(@extschema@.cpi_preview(left(_cpi_csv_header.content, 65536), dialect, 1)
                                           -> 'columns') WITH ORDINALITY AS e (value, place)
                 ORDER BY e.place);
EXCEPTION
  WHEN SQLSTATE 'PT422' THEN
    RETURN '{}';
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_csv_header(text, jsonb) IS
  'The names in the first line of CSV text, read by that dialect; none when it cannot be read so.';
REVOKE ALL ON FUNCTION @extschema@._cpi_csv_header(text, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_mended_dialect(content text, file @extschema@.cpi_job_files)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own constant jsonb := coalesce(file.rejects_dialect, '{"delimiter": ",", "quote": "\""}')
                        - '{encoding,byte_order_mark}'::text[];
  -- As the file gives them, or as the table has them; nameless ones are named by their place.
  known constant text[] := ARRAY(
    SELECT lower(n.name) FROM jsonb_array_elements_text(coalesce(file.header, '[]') || coalesce(file.table_columns, '[]'))
      AS n (name) WHERE n.name IS NOT NULL);
  chosen record;
  wrong text;
BEGIN
  IF jsonb_array_length(coalesce(file.header, '[]')) = 0 THEN
    RETURN own;
  END IF;
  -- A spreadsheet may have written it with another delimiter: the reading is taken whose header is the file's.
  SELECT r.dialect, r.names, r.unknown INTO chosen
    FROM (SELECT d.place, d.dialect, h.names, ARRAY(
                   SELECT n.name FROM unnest(h.names) AS n (name)
                     WHERE lower(n.name) <> ALL (known) AND n.name !~* '^(cpi_reason(_[0-9]+)?|column_?[0-9]+)$') AS unknown
            FROM (SELECT 0, own
                  UNION ALL
                  SELECT s.place, jsonb_build_object('delimiter', s.delimiter, 'quote', '"', 'escape', '')
                    FROM unnest(ARRAY[',', ';', E'\t', '|']) WITH ORDINALITY AS s (delimiter, place)) AS d (place, dialect),
                 LATERAL (SELECT @extschema@._cpi_csv_header(_cpi_mended_dialect.content, d.dialect)) AS h (names)) AS r
    ORDER BY cardinality(r.names) - 2 * cardinality(r.unknown) DESC, r.place LIMIT 1;
  wrong := chosen.unknown[1];
  IF wrong IS NOT NULL OR chosen.names = '{}' THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'content', CASE WHEN cardinality(chosen.unknown) = cardinality(chosen.names)
        THEN format('its first line, "%s", is no header of %s',
                    left(rtrim(split_part(_cpi_mended_dialect.content, E'\n', 1), E'\r'), 100), file.path)
        ELSE format('column "%s" of its header is none of %s', left(wrong, 100), file.path) END,
      coalesce('Did you mean "' || @extschema@._cpi_nearest(wrong, ARRAY(
        SELECT jsonb_array_elements_text(file.header))) || '"? ', '') || 'The first line names the file''s columns: '
      || array_to_string(ARRAY(SELECT jsonb_array_elements_text(file.header)), own ->> 'delimiter') || '.'));
  END IF;
  -- Behind other columns it is one like any other, and would be added to the table.
  IF 'cpi_reason' <> ALL (known) AND 'cpi_reason' = ANY (chosen.names) AND chosen.names[1] !~ '^cpi_reason' THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'content', 'column "cpi_reason" of its header does not come first', 'Move it to the front, or take it out.'));
  END IF;
  RETURN chosen.dialect;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_mended_dialect(text, @extschema@.cpi_job_files) IS
  'How mended rows of that file are written: as the file is, or as spreadsheets write, whichever makes its header the '
  'file''s. Refuses with 422 a header with other columns.';
REVOKE ALL ON FUNCTION @extschema@._cpi_mended_dialect(text, @extschema@.cpi_job_files) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_refuse_doubling(old_id uuid, wanted uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  earlier record;
BEGIN
  -- Of two replays at the same time one waits here and sees the other.
  PERFORM FROM @extschema@.cpi_jobs AS j WHERE j.id = old_id FOR NO KEY UPDATE;
  SELECT n.id, n.completed_at, n.status, r.path, r.inserted, r.table_name INTO earlier
    FROM @extschema@.cpi_jobs AS n
    JOIN @extschema@.cpi_job_files AS r ON r.job_id = n.id
    JOIN @extschema@.cpi_job_files AS f ON f.job_id = old_id AND f.path = r.path
    WHERE n.retry_of = old_id AND n.stored_content AND NOT n.dry_run AND f.key_columns = '[]'
      AND (wanted IS NULL OR f.id = wanted) AND (n.completed_at IS NULL OR r.inserted > 0)
    ORDER BY n.created_at DESC LIMIT 1;
  IF earlier.id IS NULL THEN
    RETURN;
  ELSIF earlier.completed_at IS NULL THEN
    PERFORM @extschema@._cpi_raise(
      409, format('rejected rows of "%s" are being replayed by job %s, which is %s', earlier.path, earlier.id, earlier.status),
      'The table has no key: rows that both load would be there twice.', 'Wait for the end of that job.');
  END IF;
  PERFORM @extschema@._cpi_raise(
    409, format('job %s has loaded %s of the rejected rows of "%s" already', earlier.id, earlier.inserted, earlier.path),
    format('Table %s has no key: loaded again, they would be there twice.', earlier.table_name),
    format('Replay what that job rejected (POST /jobs/%s/rejects/replay), or load all of it again with force.', earlier.id));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_refuse_doubling(uuid, uuid) IS
  'Refuses with 409 to replay rejected rows of a job, or of one file of it, that go to a table without a key when an '
  'earlier replay has loaded some of them, or still may.';
REVOKE ALL ON FUNCTION @extschema@._cpi_refuse_doubling(uuid, uuid) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_replay_rejects(
  id text, content text DEFAULT NULL, file text DEFAULT NULL, force boolean DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most_bytes constant integer := 67108864;
  old constant @extschema@.cpi_jobs := @extschema@._cpi_find_job(cpi_replay_rejects.id);
  project_row constant @extschema@.cpi_projects := @extschema@._cpi_project_to_try_again(old);
  again constant boolean := coalesce(cpi_replay_rejects.force, false);
  mended constant text := nullif(cpi_replay_rejects.content, '');
  wanted uuid;
  job @extschema@.cpi_jobs;
  tally record;
  next_file record;
BEGIN
  IF coalesce(cpi_replay_rejects.file, '') <> '' THEN
    wanted := (@extschema@._cpi_find_job_file(old.id, cpi_replay_rejects.file)).id;
  END IF;

  -- The good rows of a file that failed were not loaded either: its bad rows alone would be half of it.
  SELECT count(*) FILTER (WHERE f.status = 'completed') AS files,
         count(*) FILTER (WHERE f.status <> 'completed') AS failed,
         coalesce(sum(f.rejected) FILTER (WHERE f.status = 'completed'), 0) AS rejected,
         coalesce(sum(f.whole) FILTER (WHERE f.status = 'completed' AND f.header IS NOT NULL), 0) AS whole,
         count(DISTINCT (f.table_name, f.header, f.rejects_dialect)) FILTER (WHERE f.status = 'completed') AS shapes,
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
    PERFORM @extschema@._cpi_raise(
      409, format('job %s has no rejected rows', old.id),
      hint => CASE WHEN EXISTS (SELECT FROM @extschema@.cpi_job_files AS f
                                  WHERE f.job_id = old.id AND f.status <> 'completed')
                THEN format('Files that it did not load are tried again by POST /jobs/%s/retry.', old.id) END);
  ELSIF mended IS NOT NULL AND tally.shapes > 1 THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'file', 'is needed: files of different tables or headers have rejected rows', 'It is one of ' || tally.names || '.'));
  ELSIF mended IS NULL AND tally.whole = 0 THEN
    PERFORM @extschema@._cpi_raise(
      409, format('none of the %s rejected rows of job %s is kept whole', tally.rejected, old.id),
      hint => 'Mend them in the file itself and import it again.');
  ELSIF octet_length(mended) > most_bytes THEN
    PERFORM @extschema@._cpi_raise(413, format('the rows have %s bytes; up to %s can be replayed at once',
                                               octet_length(mended), most_bytes),
                                   hint => 'Send them in parts, each with the header.');
  ELSIF NOT again AND NOT old.dry_run THEN
    PERFORM @extschema@._cpi_refuse_doubling(old.id, wanted);
  END IF;

  INSERT INTO @extschema@.cpi_jobs (project_id, project_name, callback_url, force, dry_run, schedule_id, retry_of,
                                    stored_content, manifest_written)
    VALUES (project_row.id, project_row.name, old.callback_url, again, old.dry_run,
            old.schedule_id, old.id, true, true)
    RETURNING * INTO job;
  FOR next_file IN
    SELECT f.path, f.table_name, coalesce(mended, kept.csv) AS text,
           CASE WHEN mended IS NULL THEN f.rejects_dialect - '{encoding,byte_order_mark}'::text[]
             ELSE @extschema@._cpi_mended_dialect(mended, f) END AS dialect
      FROM @extschema@.cpi_job_files AS f
      LEFT JOIN LATERAL @extschema@._cpi_rejects_of_files(old, f.id, NULL, 0, true) AS kept ON mended IS NULL
      WHERE f.job_id = old.id AND f.status = 'completed' AND f.rejected > 0 AND (wanted IS NULL OR f.id = wanted)
        AND (mended IS NOT NULL OR f.header IS NOT NULL
             AND EXISTS (SELECT FROM @extschema@.cpi_job_rejects AS r WHERE r.file_id = f.id AND r.whole))
      -- Mended rows of several files of one shape come in one content.
      ORDER BY f.position LIMIT CASE WHEN mended IS NOT NULL THEN 1 END
  LOOP
    PERFORM @extschema@._cpi_store_content(job.id, next_file.path, next_file.table_name, next_file.text,
                                           next_file.dialect);
  END LOOP;
  PERFORM @extschema@._cpi_announce_job(job);
  RETURN @extschema@._cpi_accepted_json(job, CASE WHEN mended IS NOT NULL
           THEN format('mended rows of job %s are queued', old.id)
           ELSE format('%s of %s rejected rows of job %s are tried again', tally.whole, tally.rejected, old.id) END
           || CASE WHEN old.dry_run THEN ', in a dry run as that one was' ELSE '' END)
         || jsonb_build_object('retry_of', old.id)
         || CASE WHEN mended IS NULL THEN jsonb_build_object('rows', tally.whole,
                                                             'rows_not_kept', tally.rejected - tally.whole) ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_replay_rejects(text, text, text, boolean) IS
$$Makes a new job, with retry_of, for the rejected rows of an ended job's loaded files. content is CSV as GET
/jobs/{id}/rejects gives it for Accept: text/csv, mended (REST also takes it as a body of type text/csv, up to 32 MB, in the
charset that the type names); the column cpi_reason may be left in or taken out, and a spreadsheet may have written it with
another delimiter. file says of which file (path or id), when files of different tables or headers have rejected rows.
Without content the rows that are kept are tried again as they are, as after a change of the config or of the table;
rows_not_kept says how many are not kept whole and cannot be. Rows go to the same table with the same key. Refused with 409
when the job has not ended, when there is nothing to replay, and, unless force, when an earlier replay has loaded rows into a
table without a key; with 422 when the content's header is not the file's.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_replay_rejects(text, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_replay_rejects(text, text, text, boolean) TO cpi_operator;
