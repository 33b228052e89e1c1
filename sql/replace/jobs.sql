-- Jobs as users see them: one, many, waiting for one, cancelling, trying again.

-- The shapes are functions without a search path and rights of their own, so that the planner takes them into the
-- statements that call them: GET /jobs/{id} is asked most often, and each call that remains one costs more than the
-- reading of the rows. Their bodies are parsed when they are made (RETURN …), so that no search path matters.
CREATE OR REPLACE FUNCTION @extschema@._cpi_job_json(job @extschema@.cpi_jobs)
RETURNS jsonb LANGUAGE sql STABLE
RETURN jsonb_build_object(
    'id', (job).id, 'project_name', (job).project_name, 'status', (job).status,
    'started_at', (job).started_at, 'completed_at', (job).completed_at,
    'duration_seconds', @extschema@._cpi_job_duration(job),
    'files_processed', (job).files_processed, 'files_failed', (job).files_failed,
    'total_inserted', (job).total_inserted, 'total_updated', (job).total_updated,
    'total_skipped', (job).total_skipped, 'total_rejected', (job).total_rejected,
    'total_duplicates', (job).total_duplicates, 'total_deleted', (job).total_deleted,
    'callback_url', @extschema@._cpi_mask_url((job).callback_url), 'schedule_id', (job).schedule_id,
    'retry_of', (job).retry_of, 'attempt', (job).attempt, 'last_error', (job).last_error, 'note', (job).note,
    'progress', (job).progress, 'created_at', (job).created_at, 'dry_run', (job).dry_run);
COMMENT ON FUNCTION @extschema@._cpi_job_json(@extschema@.cpi_jobs) IS 'A job as lists of the API show it.';
REVOKE ALL ON FUNCTION @extschema@._cpi_job_json(@extschema@.cpi_jobs) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_file_json(file @extschema@.cpi_job_files)
RETURNS jsonb LANGUAGE sql STABLE
RETURN jsonb_build_object(
    'id', (file).id, 'filename', (file).path, 'table_name', (file).table_name, 'status', (file).status,
    'read', (file).read, 'inserted', (file).inserted, 'updated', (file).updated, 'skipped', (file).skipped,
    'duplicates', (file).duplicates, 'rejected', (file).rejected, 'deleted', (file).deleted,
    'success', CASE WHEN (file).status <> 'pending' THEN (file).status = 'completed' END,
    'error', (file).error, 'strategy', (file).strategy, 'strategy_reason', (file).strategy_reason,
    'sha256', (file).sha256, 'size', (file).size, 'duration_seconds', (file).duration_seconds,
    'warnings', coalesce((file).warnings, '[]'), 'dialect', (file).dialect, 'header', coalesce((file).header, '[]'),
    'table_columns', coalesce((file).table_columns, '[]'), 'key_columns', (file).key_columns, 'widened', coalesce((file).widened, '[]'));
COMMENT ON FUNCTION @extschema@._cpi_file_json(@extschema@.cpi_job_files) IS
  'What became of a file of a job, as the API shows it.';
REVOKE ALL ON FUNCTION @extschema@._cpi_file_json(@extschema@.cpi_job_files) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_find_job(id text)
RETURNS @extschema@.cpi_jobs LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs;
BEGIN
  IF @extschema@._cpi_is_uuid(_cpi_find_job.id) THEN
    SELECT * INTO job FROM @extschema@.cpi_jobs AS j WHERE j.id = _cpi_find_job.id::uuid;
  END IF;
  IF job.id IS NULL THEN
    PERFORM @extschema@._cpi_raise(404, format('job "%s" does not exist', left(_cpi_find_job.id, 255)));
  END IF;
  RETURN job;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_find_job(text) IS 'The job with that id; refuses with 404.';
REVOKE ALL ON FUNCTION @extschema@._cpi_find_job(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_get_job(id text, include_details boolean DEFAULT true)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer jsonb;
BEGIN
  IF @extschema@._cpi_is_uuid(cpi_get_job.id) THEN
    IF coalesce(include_details, true) THEN
      SELECT @extschema@._cpi_job_json(j) || jsonb_build_object(
               'file_results',
               (SELECT coalesce(jsonb_agg(@extschema@._cpi_file_json(f) ORDER BY f.position), '[]')
                  FROM @extschema@.cpi_job_files AS f WHERE f.job_id = j.id),
               'errors',
               (SELECT coalesce(jsonb_agg(jsonb_build_object(
                         'error_type', e.error_type, 'message', e.message, 'created_at', e.created_at)
                         ORDER BY e.ordinal), '[]')
                  FROM @extschema@.cpi_job_errors AS e WHERE e.job_id = j.id))
        INTO answer FROM @extschema@.cpi_jobs AS j WHERE j.id = cpi_get_job.id::uuid;
    ELSE
      SELECT @extschema@._cpi_job_json(j) INTO answer
        FROM @extschema@.cpi_jobs AS j WHERE j.id = cpi_get_job.id::uuid;
    END IF;
  END IF;
  IF answer IS NULL THEN
    PERFORM @extschema@._cpi_find_job(cpi_get_job.id);  -- refuses
  END IF;
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_get_job(text, boolean) IS
  'One job, with the results of its files and its errors unless include_details is false.';
REVOKE ALL ON FUNCTION @extschema@.cpi_get_job(text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_get_job(text, boolean) TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@._cpi_read_cursor(
  cursor text, OUT created_at timestamptz, OUT id uuid)
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  microseconds constant text := split_part(_cpi_read_cursor.cursor, '_', 1);
BEGIN
  IF _cpi_read_cursor.cursor !~ '^[0-9]{1,17}_[0-9a-f]{32}$' THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(
      'cursor', format('"%s" is no cursor', left(_cpi_read_cursor.cursor, 100)),
      'Follow the field next of the page before.'));
  END IF;
  created_at := 'epoch'::timestamptz + microseconds::bigint * interval '1 microsecond';
  id := split_part(_cpi_read_cursor.cursor, '_', 2)::uuid;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_read_cursor(text) IS 'The place in the list of jobs that a cursor stands for.';
REVOKE ALL ON FUNCTION @extschema@._cpi_read_cursor(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_estimate_jobs(condition text)
RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE format('EXPLAIN (FORMAT json) SELECT FROM @extschema@.cpi_jobs AS j WHERE %s', condition) INTO plan;
  RETURN plan #>> '{0,Plan,Plan Rows}';
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_estimate_jobs(text) IS
  'How many jobs the planner expects for a condition, which must be safe to run. Volatile: EXPLAIN is refused '
  'otherwise.';
REVOKE ALL ON FUNCTION @extschema@._cpi_estimate_jobs(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_list_jobs(
  project text DEFAULT NULL, status text DEFAULT NULL, schedule text DEFAULT NULL, "limit" integer DEFAULT NULL,
  "offset" integer DEFAULT NULL, cursor text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  exact_up_to constant integer := 10000;
  states constant text[] := '{pending,running,completed,partial,failed,cancelled}';
  page_size constant integer := coalesce("limit", 50);
  start constant integer := coalesce("offset", 0);
  wanted_project constant text := nullif(cpi_list_jobs.project, '');
  wanted_status constant text := nullif(cpi_list_jobs.status, '');
  wanted_schedule uuid;
  after record;
  condition text := 'true';
  jobs @extschema@.cpi_jobs[];
  last @extschema@.cpi_jobs;
  total bigint;
BEGIN
  PERFORM @extschema@._cpi_refuse(
    CASE WHEN page_size NOT BETWEEN 1 AND 100
      THEN @extschema@._cpi_field_error('limit', page_size || ' is out of range: 1 to 100') ELSE '[]' END
    || CASE WHEN start < 0 THEN @extschema@._cpi_field_error('offset', start || ' is negative')
         WHEN start > exact_up_to
         THEN @extschema@._cpi_field_error('offset', start || ' is out of range: 0 to ' || exact_up_to,
                                           'Use cursor: follow the field next of each page.')
         ELSE '[]' END
    || CASE WHEN wanted_status <> ALL (states)
         THEN @extschema@._cpi_field_error('status', format('"%s" is no status', left(wanted_status, 100)),
                                           'A status is one of ' || array_to_string(states, ', ') || '.')
         ELSE '[]' END);

  -- The conditions are put together as text, their values quoted, so that each combination gets its own plan.
  IF wanted_project IS NOT NULL THEN
    condition := condition || format(' AND j.project_name = %L', wanted_project);
  END IF;
  IF wanted_status IS NOT NULL THEN
    condition := condition || format(' AND j.status = %L', wanted_status);
  END IF;
  IF coalesce(cpi_list_jobs.schedule, '') <> '' THEN
    wanted_schedule := @extschema@._cpi_resolve('schedule', cpi_list_jobs.schedule);
    condition := condition || format(' AND j.schedule_id = %L', wanted_schedule);
  END IF;

  EXECUTE format('SELECT count(*) FROM (SELECT FROM @extschema@.cpi_jobs AS j WHERE %s LIMIT %s) AS few',
                 condition, exact_up_to + 1) INTO total;
  IF total > exact_up_to THEN
    total := greatest(total, @extschema@._cpi_estimate_jobs(condition));
  END IF;

  IF coalesce(cpi_list_jobs.cursor, '') <> '' THEN
    after := @extschema@._cpi_read_cursor(cpi_list_jobs.cursor);
    condition := condition || format(' AND (j.created_at, j.id) < (%L, %L)', after.created_at, after.id);
  END IF;
  EXECUTE format('SELECT array_agg(p ORDER BY p.created_at DESC, p.id DESC) FROM ('
                 'SELECT * FROM @extschema@.cpi_jobs AS j WHERE %s ORDER BY j.created_at DESC, j.id DESC'
                 ' LIMIT %s OFFSET %s) AS p', condition, page_size + 1, start) INTO jobs;
  last := jobs[page_size];

  RETURN jsonb_build_object(
    'jobs', (SELECT coalesce(jsonb_agg(@extschema@._cpi_job_json(j) ORDER BY j.created_at DESC, j.id DESC), '[]')
               FROM unnest(jobs[1:page_size]) AS j),
    'total', total,
    'total_is_estimate', total > exact_up_to,
    'next', CASE WHEN cardinality(jobs) > page_size THEN
      '/jobs?limit=' || page_size
      || coalesce('&project=' || @extschema@._cpi_url_encode(wanted_project), '')
      || coalesce('&status=' || wanted_status, '')
      || coalesce('&schedule=' || wanted_schedule, '')
      || '&cursor=' || (extract(epoch FROM last.created_at) * 1000000)::bigint || '_' || replace(last.id::text, '-', '')
    END);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_list_jobs(text, text, text, integer, integer, text) IS
$$Jobs, newest first, of a project, a status or a schedule (id or name) where that is given; limit is 1 to 100, offset up
to 10,000, beyond it follow next, which carries a cursor. total is exact up to 10,000.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_list_jobs(text, text, text, integer, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_list_jobs(text, text, text, integer, integer, text) TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@.cpi_wait_job(id text, seconds numeric DEFAULT 60)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  deadline constant timestamptz := clock_timestamp() + make_interval(secs => coalesce(seconds, 60)::float8);
  job @extschema@.cpi_jobs := @extschema@._cpi_find_job(cpi_wait_job.id);
BEGIN
  IF seconds NOT BETWEEN 0 AND 86400 THEN
    PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error('seconds', seconds || ' is out of range: 0 to 86400'));
  END IF;
  -- Each look is a statement of its own, with a new snapshot where the transaction is READ COMMITTED.
  WHILE job.completed_at IS NULL AND clock_timestamp() < deadline LOOP
    PERFORM pg_sleep(least(0.1, extract(epoch FROM deadline - clock_timestamp())));
    SELECT * INTO job FROM @extschema@.cpi_jobs AS j WHERE j.id = job.id;
    EXIT WHEN NOT FOUND;
  END LOOP;
  RETURN @extschema@.cpi_get_job(cpi_wait_job.id);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_wait_job(text, numeric) IS
$$Answers the job when it has ended or the seconds are over. A job enqueued in the same transaction cannot begin before
that commits: call this in the next one.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_wait_job(text, numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_wait_job(text, numeric) TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@.cpi_cancel_job(id text)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs := @extschema@._cpi_find_job(cpi_cancel_job.id);
  message text;
BEGIN
  SELECT * INTO job FROM @extschema@.cpi_jobs AS j WHERE j.id = job.id FOR NO KEY UPDATE;
  IF job.status = 'pending' AND NOT job.unresolved THEN
    job := @extschema@._cpi_end_job(job.id, 'cancelled', NULL);
    message := 'the job is cancelled';
  ELSIF job.status = 'pending' THEN
    UPDATE @extschema@.cpi_jobs AS j SET
        cancel_requested_at = coalesce(j.cancel_requested_at, clock_timestamp()),
        run_at = least(j.run_at, clock_timestamp())
      WHERE j.id = job.id RETURNING * INTO job;
    PERFORM @extschema@._cpi_notify_job(job, 'cancel_requested');
    PERFORM pg_notify('cpi_queue', '');
    message := 'an attempt ended without a word: an agent asks the target what was loaded, then the job is cancelled';
  ELSIF job.status = 'running' THEN
    IF job.cancel_requested_at IS NULL THEN
      UPDATE @extschema@.cpi_jobs AS j SET cancel_requested_at = clock_timestamp() WHERE j.id = job.id
        RETURNING * INTO job;
      PERFORM @extschema@._cpi_notify_job(job, 'cancel_requested');
    END IF;
    PERFORM pg_notify('cpi_cancel', job.id::text);
    message := 'the agent that runs the job is asked to cancel it; files already loaded stay loaded';
  ELSE
    PERFORM @extschema@._cpi_raise(409, format('job %s has ended already: %s', job.id, job.status));
  END IF;
  RETURN @extschema@._cpi_job_json(job) || jsonb_build_object('message', message);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_cancel_job(text) IS
$$Cancels a job: a waiting one at once, a running one as soon as its agent has rolled back the load under way. Loads that
are committed stay and are reported: when an attempt ended without a word, an agent asks the target first, and the job
waits with `cancel_requested_at` for as long as the target cannot be reached. Refused with 409 when the job has ended.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_cancel_job(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_cancel_job(text) TO cpi_operator;

CREATE OR REPLACE FUNCTION @extschema@.cpi_retry_job(id text)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old constant @extschema@.cpi_jobs := @extschema@._cpi_find_job(cpi_retry_job.id);
  job @extschema@.cpi_jobs;
  project_row @extschema@.cpi_projects;
  files jsonb;
BEGIN
  IF old.status = 'completed' THEN
    PERFORM @extschema@._cpi_raise(409, format('job %s has nothing to try again: it is completed', old.id),
                                   hint => 'To load everything again, import with force.');
  END IF;
  project_row := @extschema@._cpi_project_to_try_again(old);
  IF old.manifest_written THEN
    SELECT jsonb_agg(f.path ORDER BY f.position) INTO files
      FROM @extschema@.cpi_job_files AS f WHERE f.job_id = old.id AND f.status <> 'completed';
    IF files IS NULL AND EXISTS (SELECT FROM @extschema@.cpi_job_files AS f WHERE f.job_id = old.id) THEN
      PERFORM @extschema@._cpi_raise(
        409, format('job %s has nothing to try again: none of its files failed', old.id),
        hint => format('Its rejected rows are at GET /jobs/%s/rejects.', old.id));
    END IF;
  END IF;

  IF old.stored_content AND NOT old.force AND NOT old.dry_run THEN
    PERFORM @extschema@._cpi_refuse_doubling(old, ARRAY(
      SELECT f.id FROM @extschema@.cpi_job_files AS f WHERE f.job_id = old.id AND f.status <> 'completed'));
  END IF;
  INSERT INTO @extschema@.cpi_jobs (project_id, project_name, callback_url, local_files, local_files_base_path,
                                    only_files, stored_content, manifest_written, sftp_override, force, dry_run,
                                    schedule_id, retry_of)
    VALUES (project_row.id, project_row.name, old.callback_url, old.local_files, old.local_files_base_path,
            coalesce(files, old.only_files), old.stored_content, old.stored_content, old.sftp_override, old.force,
            old.dry_run, old.schedule_id, old.id)
    RETURNING * INTO job;
  IF old.stored_content THEN
    PERFORM @extschema@._cpi_store_content(job.id, f.path, f.table_name, c.content, c.dialect, f.rows_of)
      FROM @extschema@.cpi_job_files AS f
      JOIN @extschema@.cpi_job_contents AS c ON c.file_id = f.id
      WHERE f.job_id = old.id AND f.status <> 'completed'
      ORDER BY f.position;
  END IF;
  IF old.sftp_override ->> 'password' IS NOT NULL THEN
    PERFORM @extschema@._cpi_put_secret('cpi_jobs', job.id, 'sftp_override.password',
      @extschema@._cpi_get_secret('cpi_jobs', old.id, 'sftp_override.password'));
  END IF;
  PERFORM @extschema@._cpi_announce_job(job);
  RETURN @extschema@._cpi_accepted_json(job, CASE WHEN files IS NULL
           THEN format('job %s is tried again', old.id)
           ELSE format('what job %s did not load is tried again: %s', old.id,
                       CASE jsonb_array_length(files) WHEN 1 THEN '1 file'
                         ELSE jsonb_array_length(files) || ' files' END) END)
         || jsonb_build_object('retry_of', old.id);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_retry_job(text) IS
$$Makes a new job, with retry_of, for those files of a failed, partial or cancelled job that were not loaded; for the
whole request when no file was listed. Refused with 409 when the job has not ended or nothing is left to try, and for a
replay of rejected rows when another one has loaded some of them into a table without a key.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_retry_job(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_retry_job(text) TO cpi_operator;
