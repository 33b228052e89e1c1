-- Rows that were not loaded, for those who may see people's data: as a list, or as CSV that can be mended.

CREATE OR REPLACE FUNCTION @extschema@._cpi_rejects_csv(rejects jsonb)
RETURNS text LANGUAGE c IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_rejects_csv';
COMMENT ON FUNCTION @extschema@._cpi_rejects_csv(jsonb) IS
  'Rejected rows as CSV that can be mended, from {"dialect":{"delimiter","quote","escape"},"header":[…],"reasons",'
  '"rows":[{"file","line","column","message","raw"}]}: the file''s dialect, the reason in a column of its own in front, in '
  'place of so many that the file itself begins with. Without header there is no line of it, without rows nothing but it.';
REVOKE ALL ON FUNCTION @extschema@._cpi_rejects_csv(jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_count_reasons(header jsonb, table_columns jsonb)
RETURNS integer LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(min(h.place) - 1, jsonb_array_length(coalesce(header, '[]')))::integer
    FROM jsonb_array_elements_text(coalesce(header, '[]')) WITH ORDINALITY AS h (name, place)
    WHERE h.name !~ '^cpi_reason(_[0-9]+)?$' OR table_columns -> (h.place - 1)::integer <> 'null'
$$;
COMMENT ON FUNCTION @extschema@._cpi_count_reasons(jsonb, jsonb) IS
  'How many columns in front of a file''s header said why its rows had been rejected before, and were left out.';
REVOKE ALL ON FUNCTION @extschema@._cpi_count_reasons(jsonb, jsonb) FROM PUBLIC;

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
      coalesce('Did you mean "' || nearest || '"?', 'Its file_results name them.')));
  END IF;
  RETURN result;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_find_job_file(uuid, text) IS
  'The file of a job with that path or id; refuses with 422, naming the nearest.';
REVOKE ALL ON FUNCTION @extschema@._cpi_find_job_file(uuid, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_wants_csv(accept text)
RETURNS boolean LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Whoever names text/csv gets it, unless with weight 0, or JSON is named before it (RFC 9110, 12.5.1, without the
  -- other weights).
  SELECT coalesce(lower(accept) ~ 'text/csv' AND lower(accept) !~ 'application/json.*text/csv'
                  AND lower(accept) !~ 'text/csv[^,]*; *q=0(\.0*)? *(,|;|$)', false)
$$;
COMMENT ON FUNCTION @extschema@._cpi_wants_csv(text) IS 'Whether an Accept header asks for CSV.';
REVOKE ALL ON FUNCTION @extschema@._cpi_wants_csv(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_rejects_page(
  files uuid[], whole_only boolean, page_size integer, start integer)
RETURNS TABLE (place bigint, path text, reject @extschema@.cpi_job_rejects)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Up to the size of the page, and as long as their texts stay below 64 MB: one jsonb or text must hold them.
  SELECT row_number() OVER place, s.path, s.reject
    FROM (SELECT q.*, coalesce(sum(octet_length((q.reject).message) + coalesce(octet_length((q.reject).raw), 0))
                               OVER (place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
            FROM (SELECT f.path, f.position, r AS reject
                    FROM @extschema@.cpi_job_rejects AS r
                    JOIN @extschema@.cpi_job_files AS f ON f.id = r.file_id
                    WHERE f.id = ANY (files) AND (r.whole OR NOT whole_only)
                    ORDER BY f.position, r.ordinal LIMIT page_size OFFSET start) AS q
            WINDOW place AS (ORDER BY q.position, (q.reject).ordinal)) AS s
    WHERE s.bytes_before < 67108864
    WINDOW place AS (ORDER BY s.position, (s.reject).ordinal)
$$;
COMMENT ON FUNCTION @extschema@._cpi_rejects_page(uuid[], boolean, integer, integer) IS
  'Kept rejects of files of a job, in order from start: page_size of them (null: all), or fewer when their texts have '
  'more than 64 MB.';
REVOKE ALL ON FUNCTION @extschema@._cpi_rejects_page(uuid[], boolean, integer, integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_rejects_of_files(
  job_id uuid, wanted uuid[], page_size integer, start integer, OUT csv text, OUT rows bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- How the files with rejects are written, and which files are: several of one shape make one CSV.
  shapes jsonb;
  files text[];
BEGIN
  SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object(
           'dialect', f.rejects_dialect - '{encoding,byte_order_mark}'::text[], 'header', f.header,
           'reasons', @extschema@._cpi_count_reasons(f.header, f.table_columns))), '[]'),
         array_agg('"' || f.path || '"' ORDER BY f.position)
    INTO shapes, files
    FROM @extschema@.cpi_job_files AS f
    WHERE f.id = ANY (wanted)
      AND EXISTS (SELECT FROM @extschema@.cpi_job_rejects AS r WHERE r.file_id = f.id);
  IF jsonb_array_length(shapes) > 1 THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'file', 'is needed: the files with rejected rows differ in header or dialect',
      'Ask for one of them: ' || array_to_string(files[1:20], ', ')
      || CASE WHEN cardinality(files) > 20 THEN format(' and %s more', cardinality(files) - 20) ELSE '' END || '.'));
  ELSIF shapes #> '{0,header}' = 'null' OR shapes #> '{0,dialect}' = 'null' THEN
    PERFORM @extschema@._cpi_raise(409, format('the header of the rejected rows of job %s was not kept', job_id),
                                   hint => 'The list in JSON shows the rows themselves.');
  ELSIF jsonb_array_length(shapes) = 0 THEN
    csv := '';
    rows := 0;
    RETURN;
  END IF;
  -- In parts, since one jsonb holds no more than 256 MB.
  SELECT coalesce(string_agg(part.csv, '' ORDER BY part.number), ''), coalesce(sum(part.rows), 0)
    INTO csv, rows
    FROM (SELECT (p.place - 1) / 500 AS number, count(*) AS rows,
                 @extschema@._cpi_rejects_csv((shapes -> 0) - 'header' || jsonb_build_object('rows', jsonb_agg(
                   jsonb_build_object('file', CASE WHEN cardinality(files) > 1 THEN p.path END, 'line', (p.reject).line,
                     'column', (p.reject).column_name, 'message', (p.reject).message, 'raw', (p.reject).raw)
                   ORDER BY p.place))) AS csv
            FROM @extschema@._cpi_rejects_page(wanted, true, page_size, start) AS p
            GROUP BY 1) AS part;
  csv := @extschema@._cpi_rejects_csv(shapes -> 0) || csv;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_rejects_of_files(uuid, uuid[], integer, integer) IS
  'The whole rejected rows of files of a job, if they are of one shape, as CSV, and how many they are; page_size null: '
  'all that _cpi_rejects_page gives. Refuses with 422.';
REVOKE ALL ON FUNCTION @extschema@._cpi_rejects_of_files(uuid, uuid[], integer, integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_list_rejects(
  id text, "limit" integer DEFAULT NULL, "offset" integer DEFAULT NULL, file text DEFAULT NULL,
  accept text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job constant @extschema@.cpi_jobs := @extschema@._cpi_find_job(cpi_list_rejects.id);
  csv constant boolean := @extschema@._cpi_wants_csv(cpi_list_rejects.accept);
  page_size constant integer := coalesce("limit", CASE WHEN NOT csv THEN 100 END);
  start constant integer := coalesce("offset", 0);
  wanted uuid;
  files uuid[];
  found record;
  answer jsonb;
  given bigint;
BEGIN
  PERFORM @extschema@._cpi_refuse(
    CASE WHEN page_size NOT BETWEEN 1 AND 100000
      THEN @extschema@._cpi_field_error('limit', page_size || ' is out of range: 1 to 100000') ELSE '[]' END
    || CASE WHEN start < 0 THEN @extschema@._cpi_field_error('offset', start || ' is negative') ELSE '[]' END);
  IF coalesce(cpi_list_rejects.file, '') <> '' THEN
    wanted := (@extschema@._cpi_find_job_file(job.id, cpi_list_rejects.file)).id;
  END IF;
  -- Of a file that failed the good rows were not loaded either: its bad ones do not ride along in a CSV that comes back.
  files := ARRAY(
    SELECT f.id FROM @extschema@.cpi_job_files AS f
      WHERE f.job_id = job.id
        AND CASE WHEN wanted IS NOT NULL THEN f.id = wanted
              WHEN csv THEN f.status = 'completed'
                OR NOT EXISTS (SELECT FROM @extschema@.cpi_job_files AS c
                                 WHERE c.job_id = job.id AND c.status = 'completed' AND c.rejected > 0)
              ELSE true END);
  SELECT coalesce(sum(f.rejected), 0) AS total, coalesce(sum(k.kept), 0) AS kept, coalesce(sum(k.whole), 0) AS whole
    INTO found
    FROM @extschema@.cpi_job_files AS f,
         LATERAL (SELECT count(*) AS kept, count(*) FILTER (WHERE r.whole) AS whole
                    FROM @extschema@.cpi_job_rejects AS r WHERE r.file_id = f.id) AS k
    WHERE f.id = ANY (files);
  IF csv THEN
    SELECT jsonb_build_object('csv', p.csv), p.rows INTO answer, given
      FROM @extschema@._cpi_rejects_of_files(job.id, files, page_size, start) AS p;
    IF page_size IS NULL AND start + given < found.whole THEN
      PERFORM @extschema@._cpi_raise(
        413, format('the rejected rows of job %s have more than 64 MB', job.id),
        hint => 'Ask for one file after the other (file=…), or for pages (limit=10000&offset=0).');
    END IF;
  ELSE
    SELECT jsonb_build_object('rejects', coalesce(jsonb_agg(jsonb_build_object(
             'file_id', (p.reject).file_id, 'filename', p.path, 'line', (p.reject).line,
             'offset', (p.reject).byte_offset, 'column', (p.reject).column_name, 'reason', (p.reject).reason,
             'message', (p.reject).message, 'raw', (p.reject).raw, 'whole', (p.reject).whole) ORDER BY p.place), '[]')),
           count(*)
      INTO answer, given FROM @extschema@._cpi_rejects_page(files, false, page_size, start) AS p;
  END IF;
  RETURN answer || jsonb_build_object(
    'kept', found.kept, 'whole', found.whole, 'total', found.total,
    'next', CASE WHEN given > 0 AND start + given < CASE WHEN csv THEN found.whole ELSE found.kept END THEN
      format('/jobs/%s/rejects?limit=%s&offset=%s', job.id, page_size, start + given)
      || CASE WHEN wanted IS NULL THEN '' ELSE '&file=' || @extschema@._cpi_url_encode(cpi_list_rejects.file) END
    END);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_list_rejects(text, integer, integer, text, text) IS
$$Rows of a job's files, or of the file given (path or id), that were not loaded, each with line, byte offset, column,
reason and raw text. total counts all of them, kept those that can be listed here: each file keeps its first 10,000 (setting
kept_rejects), and up to 16 MB of them; whole counts those whose text is complete. limit is 100 rows unless given; next leads to the page after
it. With accept text/csv the answer is csv: all whole rows (or a page, if limit is given) in the file's own dialect, in
UTF-8, under its own header, with the reason in a column cpi_reason in front; over REST the counts are the headers
Cpi-Total, Cpi-Kept and Cpi-Whole, and next is the header Link. Mended, they go to cpi_replay_rejects or are imported like
any file: that column is left out. Files that differ in header or dialect are asked for one by one, and so are more than
64 MB (413). The CSV of all files leaves out those that failed beside others that were loaded: name them to see theirs.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_list_rejects(text, integer, integer, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_list_rejects(text, integer, integer, text, text) TO cpi_operator;
