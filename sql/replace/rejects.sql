-- Rows that were not loaded, for those who may see people's data.
CREATE OR REPLACE FUNCTION @extschema@.cpi_list_rejects(
  id text, "limit" integer DEFAULT NULL, "offset" integer DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job constant @extschema@.cpi_jobs := @extschema@._cpi_find_job(cpi_list_rejects.id);
  page_size constant integer := coalesce("limit", 100);
  start constant integer := coalesce("offset", 0);
BEGIN
  PERFORM @extschema@._cpi_refuse(
    CASE WHEN page_size NOT BETWEEN 1 AND 10000
      THEN @extschema@._cpi_field_error('limit', page_size || ' is out of range: 1 to 10000') ELSE '[]' END
    || CASE WHEN start < 0 THEN @extschema@._cpi_field_error('offset', start || ' is negative') ELSE '[]' END);
  RETURN jsonb_build_object(
    'rejects', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                  'file_id', p.file_id, 'filename', p.path, 'line', p.line, 'offset', p.byte_offset,
                  'column', p.column_name, 'reason', p.reason, 'message', p.message, 'raw', p.raw)
                  ORDER BY p.position, p.ordinal), '[]')
                  FROM (SELECT r.*, f.path, f.position
                          FROM @extschema@.cpi_job_rejects AS r
                          JOIN @extschema@.cpi_job_files AS f ON f.id = r.file_id
                          WHERE f.job_id = job.id
                          ORDER BY f.position, r.ordinal LIMIT page_size OFFSET start) AS p),
    'kept', (SELECT count(*) FROM @extschema@.cpi_job_rejects AS r
               JOIN @extschema@.cpi_job_files AS f ON f.id = r.file_id WHERE f.job_id = job.id),
    'total', job.total_rejected);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_list_rejects(text, integer, integer) IS
$$Rows of a job's files that were not loaded, each with line, byte offset, column, reason and raw text. total counts all of
them, kept those that can be listed here: each file keeps its first 10,000.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_list_rejects(text, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_list_rejects(text, integer, integer) TO cpi_operator;
