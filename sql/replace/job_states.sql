-- The life of a job, as sql/README.md draws it: which transitions there are, what is told about each, and how a job
-- ends. Every function that ends a job does so through _cpi_end_job, so that the webhook's row and the notification are
-- never forgotten and stand or fall with the final state.

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_job_transition()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT (OLD.status = 'pending' AND NEW.status IN ('running', 'cancelled')
          OR OLD.status = 'running' AND NEW.status IN ('pending', 'completed', 'partial', 'failed', 'cancelled')) THEN
    RAISE EXCEPTION 'job % cannot become % after %', OLD.id, NEW.status, OLD.status
      USING ERRCODE = 'check_violation', TABLE = 'cpi_jobs',
            HINT = 'A job has one final state; cpi_retry_job makes a new job.';
  END IF;
  IF NEW.status = 'running' AND NEW.fence <= OLD.fence THEN
    RAISE EXCEPTION 'job % cannot be claimed with fence % after %', OLD.id, NEW.fence, OLD.fence
      USING ERRCODE = 'check_violation', TABLE = 'cpi_jobs', HINT = 'Claim jobs with _cpi_claim_job.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_job_transition() IS
  'Refuses every transition of an existing job that its life does not know, and a claim that does not raise the fence.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_job_transition() FROM PUBLIC;

CREATE OR REPLACE TRIGGER cpi_jobs_transition
  BEFORE UPDATE OF status ON @extschema@.cpi_jobs
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
  EXECUTE FUNCTION @extschema@._cpi_check_job_transition();

CREATE OR REPLACE FUNCTION @extschema@._cpi_forget_secrets()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM @extschema@._cpi_drop_secrets(TG_TABLE_NAME, OLD.id);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_forget_secrets() IS 'Removes the sealed values of a row that was deleted.';
REVOKE ALL ON FUNCTION @extschema@._cpi_forget_secrets() FROM PUBLIC;

CREATE OR REPLACE TRIGGER cpi_connections_forget_secrets AFTER DELETE ON @extschema@.cpi_connections
  FOR EACH ROW EXECUTE FUNCTION @extschema@._cpi_forget_secrets();
CREATE OR REPLACE TRIGGER cpi_sources_forget_secrets AFTER DELETE ON @extschema@.cpi_sources
  FOR EACH ROW EXECUTE FUNCTION @extschema@._cpi_forget_secrets();
CREATE OR REPLACE TRIGGER cpi_projects_forget_secrets AFTER DELETE ON @extschema@.cpi_projects
  FOR EACH ROW EXECUTE FUNCTION @extschema@._cpi_forget_secrets();
CREATE OR REPLACE TRIGGER cpi_jobs_forget_secrets AFTER DELETE ON @extschema@.cpi_jobs
  FOR EACH ROW WHEN (OLD.sftp_override IS NOT NULL) EXECUTE FUNCTION @extschema@._cpi_forget_secrets();

CREATE OR REPLACE FUNCTION @extschema@._cpi_notify_job(
  job @extschema@.cpi_jobs, event text, more jsonb DEFAULT '{}')
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  payload constant jsonb := jsonb_build_object('job_id', job.id, 'project', job.project_name, 'status', job.status,
                                               'event', event, 'attempt', job.attempt);
  whole constant text := (payload || more)::text;
BEGIN
  -- NOTIFY takes less than 8000 bytes; the facts that matter always fit, the rest is left out when it does not.
  PERFORM pg_notify('cpi_jobs', CASE WHEN octet_length(whole) < 8000 THEN whole ELSE payload::text END);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_notify_job(@extschema@.cpi_jobs, text, jsonb) IS
  'Tells listeners of cpi_jobs about a change. Anybody may listen: neither error texts nor data belong into it.';
REVOKE ALL ON FUNCTION @extschema@._cpi_notify_job(@extschema@.cpi_jobs, text, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_log_job_error(job_id uuid, error_type text, message text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO @extschema@.cpi_job_errors (job_id, ordinal, error_type, message)
    SELECT _cpi_log_job_error.job_id, coalesce(max(e.ordinal), 0) + 1, _cpi_log_job_error.error_type,
           _cpi_log_job_error.message
      FROM @extschema@.cpi_job_errors AS e WHERE e.job_id = _cpi_log_job_error.job_id
$$;
COMMENT ON FUNCTION @extschema@._cpi_log_job_error(uuid, text, text) IS
  'Adds an error to a job whose row the caller holds.';
REVOKE ALL ON FUNCTION @extschema@._cpi_log_job_error(uuid, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_count_files(job_id uuid)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE @extschema@.cpi_jobs AS j SET
      files_processed = t.processed, files_failed = t.failed, total_inserted = t.inserted, total_updated = t.updated,
      total_skipped = t.skipped, total_rejected = t.rejected, total_duplicates = t.duplicates, total_deleted = t.deleted
    FROM (SELECT count(*) FILTER (WHERE f.status = 'completed') AS processed,
                 count(*) FILTER (WHERE f.status = 'failed') AS failed,
                 coalesce(sum(f.inserted), 0) AS inserted, coalesce(sum(f.updated), 0) AS updated,
                 coalesce(sum(f.skipped), 0) AS skipped, coalesce(sum(f.rejected), 0) AS rejected,
                 coalesce(sum(f.duplicates), 0) AS duplicates, coalesce(sum(f.deleted), 0) AS deleted
            FROM @extschema@.cpi_job_files AS f WHERE f.job_id = _cpi_count_files.job_id) AS t
    WHERE j.id = _cpi_count_files.job_id
$$;
COMMENT ON FUNCTION @extschema@._cpi_count_files(uuid) IS
  'Sets a job''s totals from its files, anew each time: writing a file''s result twice counts it once.';
REVOKE ALL ON FUNCTION @extschema@._cpi_count_files(uuid) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_webhook_payload(job @extschema@.cpi_jobs)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Twenty errors of 200 characters keep it under the 20 kB that receivers take; without control characters, which JSON
  -- writes in six bytes each.
  SELECT jsonb_build_object(
    'job_id', job.id, 'project', job.project_name, 'status', job.status, 'dry_run', job.dry_run,
    'files_processed', job.files_processed, 'files_failed', job.files_failed,
    'total_inserted', job.total_inserted, 'total_updated', job.total_updated, 'total_skipped', job.total_skipped,
    'total_rejected', job.total_rejected,
    'errors', (SELECT coalesce(jsonb_agg(left(regexp_replace(e.message, '[\u0001-\u001f]', ' ', 'g'), 200)
                                         ORDER BY e.kind, e.place), '[]')
                 FROM (SELECT x.kind, x.place, x.message
                         FROM (SELECT 1 AS kind, r.ordinal AS place, r.message
                                 FROM @extschema@.cpi_job_errors AS r WHERE r.job_id = job.id
                               UNION ALL
                               SELECT 2, f.position, f.path || ': ' || f.error
                                 FROM @extschema@.cpi_job_files AS f
                                 WHERE f.job_id = job.id AND f.status = 'failed'
                                   AND NOT EXISTS (SELECT FROM @extschema@.cpi_job_errors AS r
                                                     WHERE r.job_id = job.id AND r.message = f.path || ': ' || f.error)) AS x
                         ORDER BY x.kind, x.place LIMIT 20) AS e),
    'duration_seconds', @extschema@._cpi_job_duration(job))
$$;
COMMENT ON FUNCTION @extschema@._cpi_webhook_payload(@extschema@.cpi_jobs) IS
  'The body of the webhook for a job that has ended.';
REVOKE ALL ON FUNCTION @extschema@._cpi_webhook_payload(@extschema@.cpi_jobs) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_end_job(job_id uuid, status text, last_error text, note text DEFAULT NULL)
RETURNS @extschema@.cpi_jobs LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs;
BEGIN
  SELECT * INTO job FROM @extschema@.cpi_jobs AS j WHERE j.id = _cpi_end_job.job_id;
  UPDATE @extschema@.cpi_job_files AS f SET
      status = CASE WHEN _cpi_end_job.status = 'cancelled' THEN 'cancelled' ELSE 'failed' END,
      error = CASE WHEN _cpi_end_job.status <> 'cancelled'
                     THEN 'the job ended before this file''s result was written: the ledger in the target says whether it was loaded'
                   WHEN job.unresolved
                     THEN 'the job was cancelled before this file''s result was written: the ledger in the target says whether it was loaded'
                   ELSE 'the job was cancelled before this file was loaded' END,
      finished_at = clock_timestamp()
    WHERE f.job_id = _cpi_end_job.job_id AND f.status = 'pending';
  IF FOUND THEN
    PERFORM @extschema@._cpi_count_files(_cpi_end_job.job_id);
  END IF;
  DELETE FROM @extschema@.cpi_prepared_files AS p USING @extschema@.cpi_job_files AS f
    WHERE f.id = p.file_id AND f.job_id = _cpi_end_job.job_id;
  UPDATE @extschema@.cpi_jobs AS j SET
      status = _cpi_end_job.status,
      -- The server's clock may have been set back since the start.
      completed_at = greatest(clock_timestamp(), j.started_at),
      lease_expires_at = NULL,
      last_error = coalesce(_cpi_end_job.last_error, j.last_error),
      note = _cpi_end_job.note
    WHERE j.id = _cpi_end_job.job_id
    RETURNING * INTO job;
  IF job.status = 'failed' AND _cpi_end_job.last_error IS NOT NULL
     AND NOT EXISTS (SELECT FROM @extschema@.cpi_job_errors AS e
                       WHERE e.job_id = job.id AND e.message = _cpi_end_job.last_error) THEN
    PERFORM @extschema@._cpi_log_job_error(job.id, 'JobError', _cpi_end_job.last_error);
  END IF;
  IF job.callback_url IS NOT NULL THEN
    INSERT INTO @extschema@.cpi_webhook_deliveries (job_id, url, payload)
      VALUES (job.id, job.callback_url, @extschema@._cpi_webhook_payload(job));
    PERFORM pg_notify('cpi_deliveries', '');
  END IF;
  PERFORM @extschema@._cpi_notify_job(job, 'finished', jsonb_build_object(
    'dry_run', job.dry_run,
    'files_processed', job.files_processed, 'files_failed', job.files_failed, 'total_inserted', job.total_inserted,
    'total_updated', job.total_updated, 'total_skipped', job.total_skipped, 'total_rejected', job.total_rejected));
  -- The project's next job may be due now.
  PERFORM pg_notify('cpi_queue', '');
  RETURN job;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_end_job(uuid, text, text, text) IS
  'Gives a job, whose row the caller holds, its final state, with the webhook''s delivery row and the notification.';
REVOKE ALL ON FUNCTION @extschema@._cpi_end_job(uuid, text, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_job_duration(job @extschema@.cpi_jobs)
RETURNS numeric LANGUAGE sql IMMUTABLE
-- Taken into the statements that call it: replace/jobs.sql says why.
RETURN round(extract(epoch FROM (job).completed_at - (job).started_at), 3);
COMMENT ON FUNCTION @extschema@._cpi_job_duration(@extschema@.cpi_jobs) IS
  'Seconds from the first attempt''s beginning to the end; NULL until the end, and for a job that never began.';
REVOKE ALL ON FUNCTION @extschema@._cpi_job_duration(@extschema@.cpi_jobs) FROM PUBLIC;
