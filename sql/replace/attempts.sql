-- What an attempt writes: the list of files, each file's result, errors, the end. All of it under the fence.

CREATE OR REPLACE FUNCTION @extschema@._cpi_manifest_json(job_id uuid)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'file_id', f.id, 'path', f.path, 'size', f.size, 'modified_at', f.modified_at, 'table_name', f.table_name,
           'status', f.status, 'dialect', c.dialect) ORDER BY f.position), '[]')
    FROM @extschema@.cpi_job_files AS f
    LEFT JOIN @extschema@.cpi_job_contents AS c ON c.file_id = f.id
    WHERE f.job_id = _cpi_manifest_json.job_id
$$;
COMMENT ON FUNCTION @extschema@._cpi_manifest_json(uuid) IS 'The files of a job in order, as the agent reads them.';
REVOKE ALL ON FUNCTION @extschema@._cpi_manifest_json(uuid) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_manifest(job_id uuid, fence bigint)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job constant @extschema@.cpi_jobs := @extschema@._cpi_hold(_cpi_manifest.job_id, _cpi_manifest.fence);
BEGIN
  RETURN CASE WHEN job.manifest_written THEN @extschema@._cpi_manifest_json(job.id) END;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_manifest(uuid, bigint) IS
  'The files of the job in order, with those that are done; NULL when no attempt has listed them yet.';
REVOKE ALL ON FUNCTION @extschema@._cpi_manifest(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_manifest(uuid, bigint) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_write_manifest(job_id uuid, fence bigint, files jsonb)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs := @extschema@._cpi_hold(_cpi_write_manifest.job_id, _cpi_write_manifest.fence);
BEGIN
  IF NOT job.manifest_written THEN
    INSERT INTO @extschema@.cpi_job_files (job_id, position, path, size, modified_at, table_name)
      SELECT job.id, row_number() OVER (ORDER BY min(f.place)), f.file ->> 'path',
             (array_agg((f.file ->> 'size')::bigint ORDER BY f.place))[1],
             (array_agg((f.file ->> 'modified_at')::timestamptz ORDER BY f.place))[1],
             (array_agg(f.file ->> 'table_name' ORDER BY f.place))[1]
        FROM jsonb_array_elements(coalesce(files, '[]')) WITH ORDINALITY AS f (file, place)
        GROUP BY f.file ->> 'path';
    UPDATE @extschema@.cpi_jobs AS j SET manifest_written = true WHERE j.id = job.id RETURNING * INTO job;
    PERFORM @extschema@._cpi_notify_job(job, 'listed', jsonb_build_object(
      'files', (SELECT count(*) FROM @extschema@.cpi_job_files AS f WHERE f.job_id = job.id)));
  END IF;
  RETURN @extschema@._cpi_manifest_json(job.id);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_write_manifest(uuid, bigint, jsonb) IS
  'Writes the list of files [{"path","size","modified_at","table_name"}] once, a path that comes twice as one file; '
  'a list that stands already is answered instead.';
REVOKE ALL ON FUNCTION @extschema@._cpi_write_manifest(uuid, bigint, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_write_manifest(uuid, bigint, jsonb) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_learn_dialect(project_id uuid, learned jsonb)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- The list is in the order of use, oldest first, and bounded: files whose tables are named by date would make it grow
  -- for ever. Among its newer half nothing is moved, so that most loads write nothing here.
  UPDATE @extschema@.cpi_projects AS p SET
      dialects = (SELECT coalesce(jsonb_agg(k.dialect ORDER BY k.place), '[]')
                    FROM (SELECT d.dialect, d.place
                            FROM jsonb_array_elements(p.dialects) WITH ORDINALITY AS d (dialect, place)
                            WHERE (d.dialect ->> 'file_pattern', d.dialect ->> 'schema', d.dialect ->> 'table_name')
                                  IS DISTINCT FROM
                                  (learned ->> 'file_pattern', learned ->> 'schema', learned ->> 'table_name')
                            ORDER BY d.place DESC LIMIT 499) AS k)
                 || jsonb_build_array(learned)
    WHERE p.id = _cpi_learn_dialect.project_id
      AND NOT EXISTS (SELECT FROM jsonb_array_elements(p.dialects) WITH ORDINALITY AS d (dialect, place)
                        WHERE d.dialect @> learned AND d.place > jsonb_array_length(p.dialects) - 250)
$$;
COMMENT ON FUNCTION @extschema@._cpi_learn_dialect(uuid, jsonb) IS
  'Keeps what a file has shown of the dialect of its pattern and table, instead of what was known of it before. Of each '
  'project the 500 pairs of pattern and table that were used last are known.';
REVOKE ALL ON FUNCTION @extschema@._cpi_learn_dialect(uuid, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_prepare_file(
  job_id uuid, fence bigint, file_id uuid, result jsonb, rejects jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  job constant @extschema@.cpi_jobs := @extschema@._cpi_hold(_cpi_prepare_file.job_id, _cpi_prepare_file.fence);
BEGIN
  INSERT INTO @extschema@.cpi_prepared_files (file_id, result, rejects)
    SELECT f.id, _cpi_prepare_file.result, _cpi_prepare_file.rejects
      FROM @extschema@.cpi_job_files AS f WHERE f.id = _cpi_prepare_file.file_id AND f.job_id = job.id
    ON CONFLICT (file_id) DO UPDATE SET result = excluded.result, rejects = excluded.rejects;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_prepare_file(uuid, bigint, uuid, jsonb, jsonb) IS
  'Keeps the result and the rejects of a file whose load is about to be committed, in case that nobody lives to write '
  'them. Changes nothing that is shown.';
REVOKE ALL ON FUNCTION @extschema@._cpi_prepare_file(uuid, bigint, uuid, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_prepare_file(uuid, bigint, uuid, jsonb, jsonb) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_told_of_load(file_id uuid, result jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts constant text[] := '{read,inserted,updated,skipped,duplicates,rejected,deleted,sha256}';
  prepared @extschema@.cpi_prepared_files;
  warnings jsonb := coalesce(nullif(_cpi_told_of_load.result -> 'warnings', 'null'), '[]');
BEGIN
  SELECT * INTO prepared FROM @extschema@.cpi_prepared_files AS p
    WHERE p.file_id = _cpi_told_of_load.file_id
      -- An attempt before the one that committed may have prepared other rows, and the last one none.
      AND NOT EXISTS (SELECT FROM unnest(counts) AS c (name)
                        WHERE p.result -> c.name IS DISTINCT FROM _cpi_told_of_load.result -> c.name);
  IF FOUND THEN
    RETURN jsonb_build_object('rejects', prepared.rejects, 'result', _cpi_told_of_load.result || (prepared.result - 'duration_seconds')
      || jsonb_build_object('warnings', coalesce(nullif(prepared.result -> 'warnings', 'null'), '[]') || warnings));
  END IF;
  RETURN jsonb_build_object('result', _cpi_told_of_load.result || jsonb_build_object('warnings', warnings ||
    to_jsonb(format('%s rows were rejected; the attempt that loaded the file ended before it could list them',
                    _cpi_told_of_load.result ->> 'rejected'))));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_told_of_load(uuid, jsonb) IS
  'What is known of a load that an earlier attempt committed, besides the counts that the ledger holds: {"result",'
  '"rejects"} as that attempt prepared them, or the result with a warning that its rejects cannot be listed.';
REVOKE ALL ON FUNCTION @extschema@._cpi_told_of_load(uuid, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_finish_file(
  job_id uuid, fence bigint, file_id uuid, result jsonb, rejects jsonb DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs := @extschema@._cpi_hold(_cpi_finish_file.job_id, _cpi_finish_file.fence);
  file @extschema@.cpi_job_files;
  told jsonb;
BEGIN
  -- The ledger knows that rows were rejected, but not which.
  IF (result ->> 'already_applied')::boolean AND (result ->> 'rejected')::bigint > 0 THEN
    told := @extschema@._cpi_told_of_load(_cpi_finish_file.file_id, result);
    result := told -> 'result';
    rejects := told -> 'rejects';
  END IF;
  UPDATE @extschema@.cpi_job_files AS f SET
      status = CASE WHEN (result ->> 'success')::boolean THEN 'completed'
                    WHEN result ->> 'status' = 'cancelled' THEN 'cancelled'
                    ELSE 'failed' END,
      table_name = coalesce(result ->> 'table_name', f.table_name),
      read = coalesce((result ->> 'read')::bigint, 0),
      inserted = coalesce((result ->> 'inserted')::bigint, 0),
      updated = coalesce((result ->> 'updated')::bigint, 0),
      skipped = coalesce((result ->> 'skipped')::bigint, 0),
      duplicates = coalesce((result ->> 'duplicates')::bigint, 0),
      rejected = coalesce((result ->> 'rejected')::bigint, 0),
      deleted = coalesce((result ->> 'deleted')::bigint, 0),
      error = CASE WHEN (result ->> 'success')::boolean THEN result ->> 'error'
                   ELSE coalesce(result ->> 'error', 'the agent gave no reason') END,
      strategy = result ->> 'strategy',
      strategy_reason = result ->> 'strategy_reason',
      sha256 = result ->> 'sha256',
      size = coalesce((result ->> 'size')::bigint, f.size),
      duration_seconds = (result ->> 'duration_seconds')::numeric,
      warnings = nullif(result -> 'warnings', 'null'),
      columns = nullif(result -> 'columns', 'null'),
      header = nullif(result -> 'header', 'null'),
      table_columns = nullif(result -> 'table_columns', 'null'),
      key_columns = nullif(result -> 'key_columns', 'null'),
      widened = nullif(result -> 'widened', 'null'),
      dialect = nullif(result -> 'dialect', 'null'),
      -- What was handed over is UTF-8; the file that it came from may be written otherwise. When a result is written again
      -- its content is gone: the row has kept how.
      rejects_dialect = nullif(result -> 'rejects_dialect', 'null') || coalesce((
        SELECT jsonb_object_agg(d.key, d.value)
          FROM jsonb_each(CASE WHEN job.stored_content THEN coalesce(
                 (SELECT c.dialect FROM @extschema@.cpi_job_contents AS c WHERE c.file_id = f.id), f.rejects_dialect) END) AS d
          WHERE d.key IN ('encoding', 'byte_order_mark')), '{}'),
      finished_at = coalesce(f.finished_at, clock_timestamp())
    WHERE f.id = _cpi_finish_file.file_id AND f.job_id = job.id
    RETURNING * INTO file;
  IF NOT FOUND THEN
    PERFORM @extschema@._cpi_raise(404, format('file %s is none of job %s', _cpi_finish_file.file_id, job.id));
  END IF;
  DELETE FROM @extschema@.cpi_job_rejects AS r WHERE r.file_id = file.id;
  -- What was handed over with the request is of no use any more; a failed file may be tried again.
  DELETE FROM @extschema@.cpi_job_contents AS c WHERE c.file_id = file.id AND file.status = 'completed';
  INSERT INTO @extschema@.cpi_job_rejects (file_id, ordinal, line, byte_offset, column_name, reason, message, raw, whole)
    SELECT file.id, x.place, (x.reject ->> 'line')::bigint, (x.reject ->> 'offset')::bigint, x.reject ->> 'column',
           coalesce(x.reject ->> 'reason', 'rejected'), coalesce(x.reject ->> 'message', x.reject ->> 'reason', 'rejected'),
           x.reject ->> 'raw', coalesce((x.reject ->> 'whole')::boolean, true)
      FROM jsonb_array_elements(coalesce(nullif(rejects, 'null'), '[]')) WITH ORDINALITY AS x (reject, place);
  IF file.status = 'completed' AND jsonb_typeof(result -> 'learned') = 'object' THEN
    PERFORM @extschema@._cpi_learn_dialect(job.project_id, result -> 'learned');
  END IF;
  PERFORM @extschema@._cpi_count_files(job.id);
  SELECT * INTO job FROM @extschema@.cpi_jobs AS j WHERE j.id = job.id;
  PERFORM @extschema@._cpi_notify_job(job, 'file_finished', jsonb_build_object(
    'file_id', file.id, 'file_status', file.status, 'files_processed', job.files_processed,
    'files_failed', job.files_failed));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_finish_file(uuid, bigint, uuid, jsonb, jsonb) IS
  'Writes a file''s result (the API''s file result with warnings, columns and what was learned of the dialect), its '
  'rejects, and the job''s totals. Writing it again changes nothing.';
REVOKE ALL ON FUNCTION @extschema@._cpi_finish_file(uuid, bigint, uuid, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_finish_file(uuid, bigint, uuid, jsonb, jsonb) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_file_content(job_id uuid, fence bigint, file_id uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job constant @extschema@.cpi_jobs := @extschema@._cpi_hold(_cpi_file_content.job_id, _cpi_file_content.fence);
BEGIN
  RETURN (SELECT c.content FROM @extschema@.cpi_job_contents AS c
            JOIN @extschema@.cpi_job_files AS f ON f.id = c.file_id
            WHERE f.job_id = job.id AND f.id = _cpi_file_content.file_id);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_file_content(uuid, bigint, uuid) IS
  'The content of a file that was handed over with the request; NULL when it comes from a source.';
REVOKE ALL ON FUNCTION @extschema@._cpi_file_content(uuid, bigint, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_file_content(uuid, bigint, uuid) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_add_job_error(job_id uuid, fence bigint, error_type text, message text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job constant @extschema@.cpi_jobs := @extschema@._cpi_hold(_cpi_add_job_error.job_id, _cpi_add_job_error.fence);
BEGIN
  -- Said twice, as after a lost answer, it is one error.
  IF NOT EXISTS (SELECT FROM @extschema@.cpi_job_errors AS e
                   WHERE e.job_id = job.id AND e.error_type = _cpi_add_job_error.error_type
                     AND e.message = _cpi_add_job_error.message) THEN
    PERFORM @extschema@._cpi_log_job_error(job.id, _cpi_add_job_error.error_type, _cpi_add_job_error.message);
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_add_job_error(uuid, bigint, text, text) IS
  'Adds an error to the job, the same one once only; error_type is one of those that cpi_job_errors lists.';
REVOKE ALL ON FUNCTION @extschema@._cpi_add_job_error(uuid, bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_add_job_error(uuid, bigint, text, text) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_finish_job(
  job_id uuid, fence bigint, status text DEFAULT NULL, last_error text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs := @extschema@._cpi_hold(_cpi_finish_job.job_id, _cpi_finish_job.fence);
  -- A file that was never finished failed: the attempt says that it has come to the end.
  files record;
  final text := _cpi_finish_job.status;
  note text;
BEGIN
  IF final IS NOT NULL AND final NOT IN ('failed', 'cancelled') THEN
    PERFORM @extschema@._cpi_raise(422, format('status "%s" is neither failed nor cancelled', final),
                                   hint => 'Leave it out to have it decided from the files.');
  END IF;
  SELECT count(*) AS number, count(*) FILTER (WHERE f.status = 'completed') AS succeeded,
         coalesce(sum(f.rejected) FILTER (WHERE f.status = 'completed'), 0) AS rejected,
         min(f.error) FILTER (WHERE f.status = 'failed') AS error
    INTO files FROM @extschema@.cpi_job_files AS f WHERE f.job_id = job.id;
  IF final IS NULL THEN
    final := CASE WHEN files.number = 0 THEN 'completed'
                  WHEN files.succeeded = 0 THEN 'failed'
                  WHEN files.succeeded < files.number OR files.rejected > 0 THEN 'partial'
                  ELSE 'completed' END;
    -- Nothing went wrong: what the agent has to say is a remark, such as which files it left for later.
    IF final = 'completed' THEN
      note := coalesce(_cpi_finish_job.last_error, CASE WHEN files.number = 0 THEN 'no file was found' END);
    END IF;
  END IF;
  -- A job that failed by its files says why, too; it is the file's error already, so that it is not logged a second time.
  IF final = 'failed' AND _cpi_finish_job.last_error IS NULL AND files.error IS NOT NULL THEN
    UPDATE @extschema@.cpi_jobs AS j SET last_error = files.error WHERE j.id = job.id;
  END IF;
  -- The attempt that ends the job knows what became of every load: what was in doubt it has asked the ledger.
  UPDATE @extschema@.cpi_jobs AS j SET unresolved = false WHERE j.id = job.id AND j.unresolved;
  job := @extschema@._cpi_end_job(job.id, final, CASE WHEN note IS NULL THEN _cpi_finish_job.last_error END, note);
  RETURN @extschema@._cpi_job_json(job);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_finish_job(uuid, bigint, text, text) IS
  'Ends the job: failed or cancelled when status says so, otherwise as its files decide. Writes the webhook''s '
  'delivery row and notifies in the same transaction.';
REVOKE ALL ON FUNCTION @extschema@._cpi_finish_job(uuid, bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_finish_job(uuid, bigint, text, text) TO cpi_agent;
