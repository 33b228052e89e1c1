-- Rejected rows that are tried again, mended or as they are: a new job whose files are contents instead of a source's.

CREATE OR REPLACE FUNCTION @extschema@._cpi_store_content(
  job_id uuid, path text, table_name text, content text, dialect jsonb, rows_of jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new_id constant uuid := gen_random_uuid();
BEGIN
  INSERT INTO @extschema@.cpi_job_files (id, job_id, position, path, size, modified_at, table_name,
                                         rows_of)
    SELECT new_id, _cpi_store_content.job_id, count(*) + 1, _cpi_store_content.path,
           octet_length(_cpi_store_content.content), clock_timestamp(), _cpi_store_content.table_name,
           _cpi_store_content.rows_of
      FROM @extschema@.cpi_job_files AS f WHERE f.job_id = _cpi_store_content.job_id;
  INSERT INTO @extschema@.cpi_job_contents (file_id, content, dialect)
    VALUES (new_id, _cpi_store_content.content, _cpi_store_content.dialect);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_store_content(uuid, text, text, text, jsonb, jsonb) IS
  'Adds a file with its content to the list of a job that has stored_content.';
REVOKE ALL ON FUNCTION @extschema@._cpi_store_content(uuid, text, text, text, jsonb, jsonb) FROM PUBLIC;

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

CREATE OR REPLACE FUNCTION @extschema@._cpi_plain_header(file @extschema@.cpi_job_files)
RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(SELECT h.name FROM jsonb_array_elements_text(coalesce((file).header, '[]')) WITH ORDINALITY AS h (name, place)
                 WHERE h.place > @extschema@._cpi_count_reasons((file).header, (file).table_columns)
                 ORDER BY h.place)
$$;
COMMENT ON FUNCTION @extschema@._cpi_plain_header(@extschema@.cpi_job_files) IS
  'The names of a file''s columns as it gives them, without those that say why its rows had been rejected before.';
REVOKE ALL ON FUNCTION @extschema@._cpi_plain_header(@extschema@.cpi_job_files) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_mended_dialect(content text, file @extschema@.cpi_job_files)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own constant jsonb := coalesce(file.rejects_dialect, '{"delimiter": ",", "quote": "\""}')
                        - '{encoding,byte_order_mark}'::text[];
  -- As the file gives them, or as the table has them; nameless ones are named by their place.
  known text[] := ARRAY(
    SELECT lower(n.name) FROM jsonb_array_elements_text(coalesce(file.header, '[]') || coalesce(file.table_columns, '[]'))
      AS n (name) WHERE n.name IS NOT NULL);
  header constant text[] := @extschema@._cpi_plain_header(file);
  reasons constant integer := jsonb_array_length(coalesce(file.header, '[]')) - cardinality(header);
  -- As the CSV of rejects has them: without quotes no name can hold a delimiter.
  written text[];
  chosen record;
  wrong text;
BEGIN
  IF jsonb_array_length(coalesce(file.header, '[]')) = 0 THEN
    RETURN own;
  END IF;
  -- With one more behind them: a nameless last column would be taken for a delimiter at the end of the line.
  written := (@extschema@._cpi_csv_header(@extschema@._cpi_rejects_csv(jsonb_build_object(
    'dialect', own, 'header', array_append(header, 'end'))), own))[2:];
  written := written[1:cardinality(written) - 1];
  IF cardinality(written) IS DISTINCT FROM cardinality(header) THEN
    written := header;
  END IF;
  known := known || ARRAY(SELECT lower(w.name) FROM unnest(written) AS w (name));
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
  -- Without its key no row is found, and each would fail.
  SELECT t.key_column INTO wrong
    FROM jsonb_array_elements_text(coalesce(file.key_columns, '[]')) WITH ORDINALITY AS t (key_column, place)
    WHERE coalesce(file.table_columns, '[]') ? t.key_column
      AND NOT EXISTS (
        SELECT FROM jsonb_array_elements_text(file.table_columns) WITH ORDINALITY AS c (name, place),
                    unnest(chosen.names) AS n (name)
          WHERE c.name = t.key_column
            AND lower(n.name) IN (lower(c.name), lower(file.header ->> (c.place - 1)::integer), 'column' || c.place - reasons,
                                  'column_' || c.place - reasons, lower(written[c.place - reasons])))
    ORDER BY t.place LIMIT 1;
  IF wrong IS NOT NULL THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'content', format('its header lacks column "%s"', coalesce(
        (SELECT nullif(file.header ->> (c.place - 1)::integer, '')
           FROM jsonb_array_elements_text(file.table_columns) WITH ORDINALITY AS c (name, place) WHERE c.name = wrong LIMIT 1),
        wrong)),
      format('It is a key of table %s: rows are merged by it.', file.table_name)));
  END IF;
  RETURN chosen.dialect || (
    SELECT CASE WHEN bool_or(h.name <> h.written) THEN
             jsonb_build_object('columns', jsonb_agg(coalesce(h.name, n.name) ORDER BY n.place)) ELSE '{}' END
      FROM (SELECT c.name, c.place, row_number() OVER (PARTITION BY lower(c.name) ORDER BY c.place) AS times
              FROM unnest(chosen.names) WITH ORDINALITY AS c (name, place)) AS n
      LEFT JOIN (SELECT w.name, w.written, row_number() OVER (PARTITION BY lower(w.written) ORDER BY w.place) AS times
                   FROM unnest(header, written) WITH ORDINALITY AS w (name, written, place) WHERE w.name <> '') AS h
        ON lower(h.written) = lower(n.name) AND h.times = n.times);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_mended_dialect(text, @extschema@.cpi_job_files) IS
  'How mended rows of that file are written: as the file is, or as spreadsheets write, whichever makes its header the '
  'file''s; with the names of its columns where the CSV of rejects had to change them. Refuses with 422 a header with '
  'other columns, or without the key.';
REVOKE ALL ON FUNCTION @extschema@._cpi_mended_dialect(text, @extschema@.cpi_job_files) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_refuse_doubling(old @extschema@.cpi_jobs, files uuid[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- The job and those that its rows were rejected by before, up to the one that read them from a source, or to the first
  -- that is not there any more: its replays still name it. What these rejected they have not loaded; every other job that
  -- has tried the same rows may have.
  above constant uuid[] := ARRAY(
    WITH RECURSIVE up AS (
      SELECT old.id, CASE WHEN old.stored_content THEN old.retry_of END AS origin, 1 AS place
      UNION ALL
      SELECT up.origin, CASE WHEN j.stored_content THEN j.retry_of END, up.place + 1
        FROM up LEFT JOIN @extschema@.cpi_jobs AS j ON j.id = up.origin WHERE up.origin IS NOT NULL)
    SELECT up.id FROM up ORDER BY up.place);
  root constant uuid := above[cardinality(above)];
  earlier record;
BEGIN
  -- Of two that come at the same time one waits here and sees the other. By the id, since the row may be gone.
  PERFORM pg_advisory_xact_lock('@extschema@.cpi_jobs'::regclass::integer, hashtext(root::text));
  WITH RECURSIVE down AS (
    SELECT root AS id
    UNION ALL
    SELECT j.id FROM down JOIN @extschema@.cpi_jobs AS j ON j.retry_of = down.id WHERE j.stored_content)
  SELECT n.id, n.completed_at, n.status, f.path, r.inserted, r.table_name INTO earlier
    FROM down
    JOIN @extschema@.cpi_jobs AS n ON n.id = down.id
    JOIN @extschema@.cpi_job_files AS r ON r.job_id = n.id
    JOIN @extschema@.cpi_job_files AS f ON f.id = ANY (files),
         LATERAL (SELECT ARRAY(SELECT jsonb_array_elements_text(coalesce(f.rows_of, jsonb_build_array(f.path)))) AS paths) AS o
    WHERE n.id <> ALL (above) AND NOT n.dry_run AND r.rows_of ?| o.paths
      AND (n.completed_at IS NULL OR r.inserted > 0)
      -- A file that failed early did not come to know its table's key; while no other one knows it, there may be none.
      AND coalesce(f.key_columns, (SELECT k.key_columns FROM down AS d JOIN @extschema@.cpi_job_files AS k ON k.job_id = d.id
                                     WHERE k.key_columns IS NOT NULL
                                       AND coalesce(k.rows_of, jsonb_build_array(k.path)) ?| o.paths
                                     ORDER BY d.id = root DESC LIMIT 1),
                   CASE WHEN f.status <> 'completed' THEN '[]'::jsonb END) = '[]'
    ORDER BY n.completed_at IS NULL DESC, n.created_at DESC LIMIT 1;
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
    format('Replay what that job rejected (POST /jobs/%s/rejects/replay), or replay with force what is to be loaded again.',
           earlier.id));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_refuse_doubling(@extschema@.cpi_jobs, uuid[]) IS
  'Refuses with 409 to try again rejected rows of files of a job, or the stored content of such files, that go to a '
  'table without a key when another replay of the same rows, however far down, has loaded some of them, or still may.';
REVOKE ALL ON FUNCTION @extschema@._cpi_refuse_doubling(@extschema@.cpi_jobs, uuid[]) FROM PUBLIC;

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

  -- The good rows of a file that failed were not loaded either: its bad rows alone would be half of it. A row whose key
  -- an accepted one bears would, as it is, take that one's place.
  SELECT count(*) FILTER (WHERE f.status = 'completed') AS files,
         count(*) FILTER (WHERE f.status <> 'completed') AS failed,
         coalesce(sum(f.rejected) FILTER (WHERE f.status = 'completed'), 0) AS rejected,
         coalesce(sum(f.whole) FILTER (WHERE f.status = 'completed' AND f.header IS NOT NULL), 0) AS whole,
         coalesce(sum(f.twice) FILTER (WHERE f.status = 'completed' AND f.header IS NOT NULL), 0) AS twice,
         count(DISTINCT (f.table_name, f.header, f.rejects_dialect - '{encoding,byte_order_mark}'::text[])) FILTER (WHERE f.status = 'completed') AS shapes,
         string_agg('"' || f.path || '"', ', ' ORDER BY f.position) FILTER (WHERE f.status = 'completed') AS names,
         array_agg(f.id ORDER BY f.position) FILTER (WHERE f.status = 'completed') AS ids
    INTO tally
    FROM (SELECT o.*, k.whole, k.twice
            FROM @extschema@.cpi_job_files AS o,
                 LATERAL (SELECT count(*) FILTER (WHERE r.reason <> 'duplicate_key') AS whole,
                                 count(*) FILTER (WHERE r.reason = 'duplicate_key') AS twice
                            FROM @extschema@.cpi_job_rejects AS r WHERE r.file_id = o.id AND r.whole) AS k
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
  ELSIF mended IS NULL AND tally.whole = 0 AND tally.twice > 0 THEN
    PERFORM @extschema@._cpi_raise(
      409, format('the rejected rows of job %s that are kept whole bear keys that other rows have', old.id),
      'Tried again as they are, they would take the places of those rows.',
      'Mend their keys and send them, or set duplicates to last and import the file again.');
  ELSIF mended IS NULL AND tally.whole = 0 THEN
    PERFORM @extschema@._cpi_raise(
      409, format('none of the %s rejected rows of job %s is kept whole', tally.rejected, old.id),
      hint => 'Mend them in the file itself and import it again.');
  ELSIF octet_length(mended) > most_bytes THEN
    PERFORM @extschema@._cpi_raise(413, format('the rows have %s bytes; up to %s can be replayed at once',
                                               octet_length(mended), most_bytes),
                                   hint => 'Send them in parts, each with the header.');
  ELSIF NOT again AND NOT old.dry_run THEN
    PERFORM @extschema@._cpi_refuse_doubling(old, tally.ids);
  END IF;

  INSERT INTO @extschema@.cpi_jobs (project_id, project_name, callback_url, force, dry_run, schedule_id, retry_of,
                                    stored_content, manifest_written)
    VALUES (project_row.id, project_row.name, old.callback_url, again, old.dry_run,
            old.schedule_id, old.id, true, true)
    RETURNING * INTO job;
  FOR next_file IN
    SELECT f.path, f.table_name, coalesce(mended, kept.records::text) AS content,
           CASE WHEN mended IS NOT NULL THEN @extschema@._cpi_mended_dialect(mended, f)
             ELSE coalesce(f.rejects_dialect, '{"delimiter": ",", "quote": "\""}') || jsonb_build_object(
               'records', true, 'columns', @extschema@._cpi_plain_header(f),
               'reasons', @extschema@._cpi_count_reasons(f.header, f.table_columns)) END
           || coalesce(jsonb_strip_nulls(jsonb_build_object(
                'encoding', f.rejects_dialect -> 'encoding', 'byte_order_mark', f.rejects_dialect -> 'byte_order_mark')),
                       '{}') AS dialect,
           (SELECT jsonb_agg(DISTINCT o.path)
              FROM @extschema@.cpi_job_files AS m,
                   LATERAL jsonb_array_elements_text(coalesce(m.rows_of, jsonb_build_array(m.path))) AS o (path)
              -- Mended rows of several files of one shape come in one content.
              WHERE m.id = f.id OR mended IS NOT NULL AND m.id = ANY (tally.ids)) AS rows_of
      FROM @extschema@.cpi_job_files AS f
      LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object(
                 'raw', (p.reject).raw, 'column', (p.reject).column_name, 'reason', (p.reject).reason,
                 'message', (p.reject).message) ORDER BY p.place) AS records
          FROM @extschema@._cpi_rejects_page(ARRAY[f.id], true, NULL, 0) AS p
          WHERE (p.reject).reason <> 'duplicate_key') AS kept ON mended IS NULL
      WHERE f.id = ANY (tally.ids) AND (mended IS NOT NULL OR f.header IS NOT NULL AND kept.records IS NOT NULL)
      ORDER BY f.position LIMIT CASE WHEN mended IS NOT NULL THEN 1 END
  LOOP
    IF octet_length(next_file.content) > most_bytes THEN
      PERFORM @extschema@._cpi_raise(413, format('the rejected rows of "%s" have more than 64 MB', next_file.path),
                                     hint => 'Mend them in the file itself and import it again.');
    END IF;
    PERFORM @extschema@._cpi_store_content(job.id, next_file.path, next_file.table_name, next_file.content,
                                           next_file.dialect, next_file.rows_of);
  END LOOP;
  PERFORM @extschema@._cpi_announce_job(job);
  RETURN @extschema@._cpi_accepted_json(job, CASE WHEN mended IS NOT NULL
           THEN format('mended rows of job %s are queued', old.id)
           ELSE format('%s of %s rejected rows of job %s are tried again', tally.whole, tally.rejected, old.id) END
           || CASE WHEN old.dry_run THEN ', in a dry run as that one was' ELSE '' END)
         || jsonb_build_object('retry_of', old.id)
         || CASE WHEN mended IS NULL THEN jsonb_build_object('rows', tally.whole, 'rows_duplicate', tally.twice,
                'rows_not_kept', tally.rejected - tally.whole - tally.twice) ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_replay_rejects(text, text, text, boolean) IS
$$Makes a new job, with retry_of, for the rejected rows of an ended job's loaded files. content is CSV as GET
/jobs/{id}/rejects gives it for Accept: text/csv, mended (REST also takes it as a body of type text/csv, up to 32 MB, in the
charset that the type names); the column cpi_reason may be left in or taken out, and a spreadsheet may have written it with
another delimiter. file says of which file (path or id), when files of different tables or headers have rejected rows.
Without content (or with an empty text) the rows that are kept are tried again as they are, as after a change of the config
or of the table: rows says how many. Left out are those whose key an accepted row bears (rows_duplicate: each would take that
row's place) and those that are not kept whole (rows_not_kept). A row that would run into the next one, as with a quote that is
never closed, is rejected again. Rows go to the same table with the same key, and the new job calls the old one's callback_url.
Refused with 409 when the job has not ended, when there is nothing to replay, and, unless force, when another replay of the
same rows, or of what one of them rejected, has loaded rows into a table without a key; with 422 when the content's header is
not the file's or lacks the key.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_replay_rejects(text, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_replay_rejects(text, text, text, boolean) TO cpi_operator;
