-- Rows that were not loaded, for those who may see people's data: as a list, or as CSV that can be mended.

CREATE OR REPLACE FUNCTION @extschema@._cpi_rejects_csv(rejects jsonb)
RETURNS text LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'cpi_rejects_csv';
COMMENT ON FUNCTION @extschema@._cpi_rejects_csv(jsonb) IS
  'Rejected rows as CSV that can be mended, from {"dialect":{"delimiter","quote","escape"},"header":[…],'
  '"rows":[{"file","line","column","message","raw"}]}: the file''s dialect, the reason in a column of its own in front.';
REVOKE ALL ON FUNCTION @extschema@._cpi_rejects_csv(jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_find_job_file(job_id uuid, file text)
RETURNS @extschema@.cpi_job_files LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  result @extschema@.cpi_job_files;
  nearest text;
BEGIN
  SELECT * INTO result FROM @extschema@.cpi_job_files AS f
    WHERE f.job_id = _cpi_find_job_file.job_id AND _cpi_find_job_file.file IN (f.path, f.id::text);
  IF NOT FOUND THEN
    nearest := @extschema@._cpi_nearest(_cpi_find_job_file.file, (
      SELECT coalesce(array_agg(f.path), '{}') FROM @extschema@.cpi_job_files AS f
        WHERE f.job_id = _cpi_find_job_file.job_id));
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'file', format('"%s" is no file of job %s', left(_cpi_find_job_file.file, 255), _cpi_find_job_file.job_id),
      coalesce(format('Did you mean "%s"?', nearest), 'Its file_results name them.')));
  END IF;
  RETURN result;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_find_job_file(uuid, text) IS
  'The file of a job with that path or id; refuses with 422, naming the nearest.';
REVOKE ALL ON FUNCTION @extschema@._cpi_find_job_file(uuid, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_wants_csv(accept text)
RETURNS boolean LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Whoever names text/csv gets it, unless JSON is named before it (RFC 9110, 12.5.1, without the weights).
  SELECT coalesce(lower(accept) ~ 'text/csv' AND lower(accept) !~ 'application/json.*text/csv', false)
$$;
COMMENT ON FUNCTION @extschema@._cpi_wants_csv(text) IS 'Whether an Accept header asks for CSV.';
REVOKE ALL ON FUNCTION @extschema@._cpi_wants_csv(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_rejects_of_files(job @extschema@.cpi_jobs, file_id uuid, page_size integer,
                                                             start integer)
RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  shapes constant jsonb := (
    SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('dialect', f.rejects_dialect, 'header', f.header)), '[]')
      FROM @extschema@.cpi_job_files AS f
      WHERE f.job_id = job.id AND (_cpi_rejects_of_files.file_id IS NULL OR f.id = _cpi_rejects_of_files.file_id)
        AND EXISTS (SELECT FROM @extschema@.cpi_job_rejects AS r WHERE r.file_id = f.id));
  files constant text := (
    SELECT string_agg('"' || f.path || '"', ', ' ORDER BY f.position)
      FROM (SELECT * FROM @extschema@.cpi_job_files AS f
              WHERE f.job_id = job.id
                AND EXISTS (SELECT FROM @extschema@.cpi_job_rejects AS r WHERE r.file_id = f.id)
              ORDER BY f.position LIMIT 20) AS f);
BEGIN
  IF jsonb_array_length(shapes) = 0 THEN
    RETURN '';
  ELSIF jsonb_array_length(shapes) > 1 THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'file', 'is needed: the files with rejected rows differ in header or dialect',
      'Ask for one of them: ' || files || '.'));
  ELSIF shapes #> '{0,header}' = 'null' OR shapes #> '{0,dialect}' = 'null' THEN
    PERFORM @extschema@._cpi_raise(409, format('the header of the rejected rows of job %s was not kept', job.id),
                                   hint => 'The list in JSON shows the rows themselves.');
  END IF;
  RETURN @extschema@._cpi_rejects_csv(shapes -> 0 || jsonb_build_object('rows', (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
             'file', CASE WHEN _cpi_rejects_of_files.file_id IS NULL AND strpos(files, '", "') > 0 THEN p.path END,
             'line', p.line, 'column', p.column_name, 'message', p.message, 'raw', p.raw)
             ORDER BY p.position, p.ordinal), '[]')
      FROM (SELECT r.*, f.path, f.position
              FROM @extschema@.cpi_job_rejects AS r
              JOIN @extschema@.cpi_job_files AS f ON f.id = r.file_id
              WHERE f.job_id = job.id AND r.whole
                AND (_cpi_rejects_of_files.file_id IS NULL OR f.id = _cpi_rejects_of_files.file_id)
              ORDER BY f.position, r.ordinal LIMIT page_size OFFSET start) AS p)));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_rejects_of_files(@extschema@.cpi_jobs, uuid, integer, integer) IS
  'The whole rejected rows of one file, or of all files of a job if they are of one shape, as CSV; refuses with 422.';
REVOKE ALL ON FUNCTION @extschema@._cpi_rejects_of_files(@extschema@.cpi_jobs, uuid, integer, integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_list_rejects(
  id text, "limit" integer DEFAULT NULL, "offset" integer DEFAULT NULL, file text DEFAULT NULL,
  accept text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job constant @extschema@.cpi_jobs := @extschema@._cpi_find_job(cpi_list_rejects.id);
  csv constant boolean := @extschema@._cpi_wants_csv(cpi_list_rejects.accept);
  page_size constant integer := coalesce("limit", CASE WHEN csv THEN 100000 ELSE 100 END);
  start constant integer := coalesce("offset", 0);
  wanted uuid;
BEGIN
  PERFORM @extschema@._cpi_refuse(
    CASE WHEN page_size NOT BETWEEN 1 AND 100000
      THEN @extschema@._cpi_field_error('limit', page_size || ' is out of range: 1 to 100000') ELSE '[]' END
    || CASE WHEN start < 0 THEN @extschema@._cpi_field_error('offset', start || ' is negative') ELSE '[]' END);
  IF coalesce(cpi_list_rejects.file, '') <> '' THEN
    wanted := (@extschema@._cpi_find_job_file(job.id, cpi_list_rejects.file)).id;
  END IF;
  RETURN CASE WHEN csv
    THEN jsonb_build_object('csv', @extschema@._cpi_rejects_of_files(job, wanted, page_size, start))
    ELSE jsonb_build_object('rejects', (
      SELECT coalesce(jsonb_agg(jsonb_build_object(
               'file_id', p.file_id, 'filename', p.path, 'line', p.line, 'offset', p.byte_offset,
               'column', p.column_name, 'reason', p.reason, 'message', p.message, 'raw', p.raw, 'whole', p.whole)
               ORDER BY p.position, p.ordinal), '[]')
        FROM (SELECT r.*, f.path, f.position
                FROM @extschema@.cpi_job_rejects AS r
                JOIN @extschema@.cpi_job_files AS f ON f.id = r.file_id
                WHERE f.job_id = job.id AND (wanted IS NULL OR f.id = wanted)
                ORDER BY f.position, r.ordinal LIMIT page_size OFFSET start) AS p))
    END
    || (SELECT jsonb_build_object('kept', count(r.file_id), 'whole', count(*) FILTER (WHERE r.whole))
          FROM @extschema@.cpi_job_files AS f
          LEFT JOIN @extschema@.cpi_job_rejects AS r ON r.file_id = f.id
          WHERE f.job_id = job.id AND (wanted IS NULL OR f.id = wanted))
    || jsonb_build_object('total', CASE WHEN wanted IS NULL THEN job.total_rejected
         ELSE (SELECT f.rejected FROM @extschema@.cpi_job_files AS f WHERE f.id = wanted) END);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_list_rejects(text, integer, integer, text, text) IS
$$Rows of a job's files, or of the file given (path or id), that were not loaded, each with line, byte offset, column,
reason and raw text. total counts all of them, kept those that can be listed here: each file keeps its first 10,000 (setting
kept_rejects); whole counts those whose text is complete. With accept text/csv the answer is csv: the whole rows in
the file's own dialect, in UTF-8, under its own header, with the reason in a column cpi_reason in front. Mended, they go to
cpi_replay_rejects or are imported like any file: that column is left out. Files that differ in header or dialect are
asked for one by one.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_list_rejects(text, integer, integer, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_list_rejects(text, integer, integer, text, text) TO cpi_operator;
