-- The queue as the agent sees it: registering, claiming, heartbeats, giving back, sweeping. Every write of an attempt
-- carries job and fence; when another attempt has begun it raises CP001 and changes nothing. Only the server's clock
-- counts.

CREATE OR REPLACE FUNCTION @extschema@._cpi_serves(agent_version text)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Versions are compared by major and minor number: within a minor version the contract does not change.
  SELECT coalesce((SELECT (regexp_match(e.extversion, '^(\d+)\.(\d+)'))::integer[]
                          <= (regexp_match(agent_version, '^(\d+)\.(\d+)'))::integer[]
                     FROM pg_catalog.pg_extension AS e WHERE e.extname = 'cpi'), false)
$$;
COMMENT ON FUNCTION @extschema@._cpi_serves(text) IS
  'Whether an agent of that version can serve this extension: not when the extension is of a later minor version.';
REVOKE ALL ON FUNCTION @extschema@._cpi_serves(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_register_agent(
  agent_id uuid, name text, version text, host text DEFAULT NULL, pid integer DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own_version constant text := (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'cpi');
BEGIN
  IF NOT @extschema@._cpi_serves(_cpi_register_agent.version) THEN
    RAISE EXCEPTION 'agent of version % cannot serve extension cpi of version %', _cpi_register_agent.version,
                    own_version
      USING ERRCODE = 'CP002', HINT = 'Install the agent of the extension''s version.';
  END IF;
  INSERT INTO @extschema@.cpi_agents AS a (id, name, version, host, pid)
    VALUES (_cpi_register_agent.agent_id, _cpi_register_agent.name, _cpi_register_agent.version,
            _cpi_register_agent.host, _cpi_register_agent.pid)
    ON CONFLICT (id) DO UPDATE SET
      name = excluded.name, version = excluded.version, host = excluded.host, pid = excluded.pid,
      last_seen_at = greatest(clock_timestamp(), a.started_at);
  RETURN @extschema@.cpi_get_settings() || jsonb_build_object('version', own_version);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_register_agent(uuid, text, text, text, integer) IS
  'Makes the agent known, or renews its row; answers the settings it obeys and the extension''s version. Raises '
  'CP002 for an agent that is too old.';
REVOKE ALL ON FUNCTION @extschema@._cpi_register_agent(uuid, text, text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_register_agent(uuid, text, text, text, integer) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_take_due_job(agent_id uuid, lease interval)
RETURNS @extschema@.cpi_jobs LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs;
BEGIN
  LOOP
    BEGIN
      -- Locking the project, not only the job, keeps two claimers from two jobs of one project. The snapshot may be
      -- older than another's claim, though: then the unique index on running jobs has the last word (23505), and we
      -- look again.
      WITH due AS (
        SELECT j.id
          FROM @extschema@.cpi_jobs AS j
          JOIN @extschema@.cpi_projects AS p ON p.id = j.project_id
          WHERE j.status = 'pending'
            AND j.run_at <= clock_timestamp()
            AND NOT EXISTS (SELECT FROM @extschema@.cpi_jobs AS r
                              WHERE r.project_id = j.project_id AND r.status = 'running')
          ORDER BY j.run_at, j.created_at, j.id
          LIMIT 1
          FOR NO KEY UPDATE OF p, j SKIP LOCKED)
      UPDATE @extschema@.cpi_jobs AS j SET
          status = 'running',
          fence = j.fence + 1,
          attempt = j.attempt + 1,
          agent_id = _cpi_take_due_job.agent_id,
          started_at = coalesce(j.started_at, clock_timestamp()),
          lease_expires_at = clock_timestamp() + _cpi_take_due_job.lease,
          progress = NULL
        FROM due
        WHERE j.id = due.id AND j.status = 'pending'
        RETURNING j.* INTO job;
      RETURN job;
    EXCEPTION WHEN unique_violation THEN
      -- A snapshot that never moves on would find the same job for ever.
      IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE;
      END IF;
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_take_due_job(uuid, interval) IS
  'Makes the job that is due longest a running one of this agent; a row of NULLs when none is due.';
REVOKE ALL ON FUNCTION @extschema@._cpi_take_due_job(uuid, interval) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_retry_delay(attempt integer)
RETURNS interval LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT make_interval(secs => @extschema@._cpi_setting('retry_' || least(greatest(attempt, 1), 3) || '_seconds')::float8)
$$;
COMMENT ON FUNCTION @extschema@._cpi_retry_delay(integer) IS 'How long a job waits after that attempt has failed.';
REVOKE ALL ON FUNCTION @extschema@._cpi_retry_delay(integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_give_back(
  job_id uuid, run_at timestamptz, last_error text, charge_attempt boolean, died boolean)
RETURNS @extschema@.cpi_jobs LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs;
BEGIN
  UPDATE @extschema@.cpi_jobs AS j SET
      status = 'pending',
      run_at = _cpi_give_back.run_at,
      lease_expires_at = NULL,
      attempt = j.attempt - CASE WHEN charge_attempt THEN 0 ELSE 1 END,
      deaths = j.deaths + CASE WHEN died THEN 1 ELSE 0 END,
      unresolved = j.unresolved OR died AND j.manifest_written,
      last_error = coalesce(_cpi_give_back.last_error, j.last_error),
      progress = NULL
    WHERE j.id = _cpi_give_back.job_id
    RETURNING * INTO job;
  PERFORM @extschema@._cpi_notify_job(job, 'released', jsonb_build_object('run_at', job.run_at));
  PERFORM pg_notify('cpi_queue', '');
  RETURN job;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_give_back(uuid, timestamptz, text, boolean, boolean) IS
  'Makes a running job, whose row the caller holds, wait again until run_at.';
REVOKE ALL ON FUNCTION @extschema@._cpi_give_back(uuid, timestamptz, text, boolean, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_unmask_config(project_id uuid, config jsonb)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN config #>> '{sftp,password}' IS NULL THEN config
    ELSE jsonb_set(config, '{sftp,password}',
      coalesce(to_jsonb(@extschema@._cpi_get_secret('cpi_projects', project_id, 'config.sftp.password')), 'null'))
    END
$$;
COMMENT ON FUNCTION @extschema@._cpi_unmask_config(uuid, jsonb) IS
  'A project''s config with its password in the clear.';
REVOKE ALL ON FUNCTION @extschema@._cpi_unmask_config(uuid, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_claim_json(job @extschema@.cpi_jobs, lease_seconds numeric)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'job_id', job.id, 'fence', job.fence, 'attempt', job.attempt, 'project', job.project_name,
    'config', @extschema@._cpi_unmask_config(p.id, p.config),
    'dialects', p.dialects,
    'connection_id', p.connection_id,
    'database_url', @extschema@._cpi_get_secret('cpi_connections', p.connection_id, 'database_url'),
    'source', CASE WHEN p.source_id IS NULL THEN NULL ELSE
      (SELECT @extschema@._cpi_source_json(s, true) FROM @extschema@.cpi_sources AS s WHERE s.id = p.source_id) END,
    'lease_seconds', lease_seconds, 'kept_rejects', @extschema@._cpi_setting('kept_rejects'),
    'cancel_requested', job.cancel_requested_at IS NOT NULL,
    'unresolved', job.unresolved,
    'request', jsonb_build_object(
      'force', job.force, 'dry_run', job.dry_run, 'local_files', job.local_files,
      'stored_content', job.stored_content,
      'local_files_base_path', job.local_files_base_path, 'only_files', job.only_files,
      'sftp_override', CASE WHEN job.sftp_override ->> 'password' IS NULL THEN job.sftp_override
        ELSE job.sftp_override || jsonb_build_object(
          'password', @extschema@._cpi_get_secret('cpi_jobs', job.id, 'sftp_override.password')) END),
    'retry_of', job.retry_of, 'callback_url', job.callback_url)
    FROM @extschema@.cpi_projects AS p WHERE p.id = job.project_id
$$;
COMMENT ON FUNCTION @extschema@._cpi_claim_json(@extschema@.cpi_jobs, numeric) IS
  'What an agent needs for an attempt, secrets in the clear.';
REVOKE ALL ON FUNCTION @extschema@._cpi_claim_json(@extschema@.cpi_jobs, numeric) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_agent(agent_id uuid)
RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  agent_version constant text :=
    (SELECT a.version FROM @extschema@.cpi_agents AS a WHERE a.id = _cpi_check_agent.agent_id);
BEGIN
  IF agent_version IS NULL THEN
    RAISE EXCEPTION 'agent % is not registered', _cpi_check_agent.agent_id
      USING ERRCODE = 'CP003', HINT = 'Call _cpi_register_agent first.';
  ELSIF NOT @extschema@._cpi_serves(agent_version) THEN
    RAISE EXCEPTION 'agent of version % cannot serve the extension any more, which has been updated', agent_version
      USING ERRCODE = 'CP002', HINT = 'Install the agent of the extension''s version.';
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_agent(uuid) IS
  'Refuses an agent that claims without having registered (CP003), or that is too old by now (CP002).';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_agent(uuid) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_claim_job(agent_id uuid, holding jsonb DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  lease_seconds constant numeric := @extschema@._cpi_setting('lease_seconds');
  job @extschema@.cpi_jobs;
  claim jsonb;
  message text;
BEGIN
  PERFORM @extschema@._cpi_check_agent(_cpi_claim_job.agent_id);
  -- The answer to an earlier claim never arrived: nobody has begun, nobody is charged.
  FOR job IN SELECT * FROM @extschema@.cpi_jobs AS j
               WHERE holding IS NOT NULL AND j.agent_id = _cpi_claim_job.agent_id AND j.status = 'running'
                 AND NOT holding @> jsonb_build_array(jsonb_build_object('job_id', j.id, 'fence', j.fence))
               ORDER BY j.id FOR NO KEY UPDATE SKIP LOCKED LOOP
    PERFORM @extschema@._cpi_give_back(job.id, clock_timestamp(), NULL, false, false);
  END LOOP;
  LOOP
    job := @extschema@._cpi_take_due_job(_cpi_claim_job.agent_id, make_interval(secs => lease_seconds::float8));
    IF job.id IS NULL THEN
      RETURN NULL;
    END IF;
    PERFORM @extschema@._cpi_notify_job(job, 'started');
    -- A job that cannot be handed out must not stand in the way of those behind it: it fails, or waits, and we go on.
    IF NOT EXISTS (SELECT FROM @extschema@.cpi_projects AS p
                     WHERE p.id = job.project_id AND p.connection_id IS NOT NULL) THEN
      PERFORM @extschema@._cpi_end_job(job.id, 'failed', format('project "%s" has no connection', job.project_name));
      CONTINUE;
    END IF;
    BEGIN
      claim := @extschema@._cpi_claim_json(job, lease_seconds);
      IF claim ->> 'database_url' IS NULL THEN
        RAISE EXCEPTION 'the connection of project "%" has no stored URL', job.project_name
          USING HINT = 'Set it again: cpi_update_connection.';
      END IF;
      RETURN claim;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
      PERFORM @extschema@._cpi_fail_attempt(job, message);
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_claim_job(uuid, jsonb) IS
  'Claims the job that is due longest, for lease_seconds; NULL when none is due. sql/README.md shows the answer. What '
  'the agent runs, by these tables, but not by holding, [{"job_id","fence"}], is given back first, free of charge.';
REVOKE ALL ON FUNCTION @extschema@._cpi_claim_job(uuid, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_claim_job(uuid, jsonb) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_fail_attempt(job @extschema@.cpi_jobs, last_error text)
RETURNS @extschema@.cpi_jobs LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF job.cancel_requested_at IS NOT NULL AND job.unresolved THEN
    RETURN @extschema@._cpi_give_back(job.id, clock_timestamp() + @extschema@._cpi_retry_delay(job.attempt),
                                      _cpi_fail_attempt.last_error, false, false);
  ELSIF job.cancel_requested_at IS NOT NULL THEN
    RETURN @extschema@._cpi_end_job(job.id, 'cancelled', _cpi_fail_attempt.last_error);
  ELSIF job.attempt >= @extschema@._cpi_setting('max_attempts') THEN
    RETURN @extschema@._cpi_end_job(job.id, 'failed', _cpi_fail_attempt.last_error);
  END IF;
  RETURN @extschema@._cpi_give_back(job.id, clock_timestamp() + @extschema@._cpi_retry_delay(job.attempt),
                                    _cpi_fail_attempt.last_error, true, false);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_fail_attempt(@extschema@.cpi_jobs, text) IS
  'After a retryable error: waits for the back-off, or fails when the attempts are used up.';
REVOKE ALL ON FUNCTION @extschema@._cpi_fail_attempt(@extschema@.cpi_jobs, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_hold(job_id uuid, fence bigint)
RETURNS @extschema@.cpi_jobs LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs;
BEGIN
  SELECT * INTO job FROM @extschema@.cpi_jobs AS j
    WHERE j.id = _cpi_hold.job_id AND j.fence = _cpi_hold.fence AND j.status = 'running'
    FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'attempt % of job % does not hold the job any more', _cpi_hold.fence, _cpi_hold.job_id
      USING ERRCODE = 'CP001',
            DETAIL = 'Another attempt has begun, or the job is not running; nothing was changed.';
  END IF;
  RETURN job;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_hold(uuid, bigint) IS
  'Locks and answers the job if this attempt still holds it; otherwise raises CP001.';
REVOKE ALL ON FUNCTION @extschema@._cpi_hold(uuid, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_heartbeat(agent_id uuid, jobs jsonb)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  lease constant interval := make_interval(secs => @extschema@._cpi_setting('lease_seconds')::float8);
  beat record;
  job @extschema@.cpi_jobs;
  answer jsonb := '[]';
BEGIN
  UPDATE @extschema@.cpi_agents AS a SET last_seen_at = greatest(clock_timestamp(), a.started_at)
    WHERE a.id = _cpi_heartbeat.agent_id;
  -- In the order of ids, so that two heartbeats never wait for one another.
  FOR beat IN SELECT b.job_id, b.fence, b.progress, j.progress IS DISTINCT FROM b.progress AS moved
                FROM jsonb_to_recordset(coalesce(jobs, '[]')) AS b (job_id uuid, fence bigint, progress jsonb)
                LEFT JOIN @extschema@.cpi_jobs AS j ON j.id = b.job_id
                ORDER BY b.job_id LOOP
    -- Another transaction that holds one job's row must not cost the agent its other leases: the next beat renews this one.
    PERFORM FROM @extschema@.cpi_jobs AS j WHERE j.id = beat.job_id FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND AND EXISTS (SELECT FROM @extschema@.cpi_jobs AS j
                               WHERE j.id = beat.job_id AND j.fence = beat.fence AND j.status = 'running') THEN
      CONTINUE;
    END IF;
    UPDATE @extschema@.cpi_jobs AS j SET
        lease_expires_at = clock_timestamp() + lease,
        progress = coalesce(beat.progress, j.progress)
      WHERE j.id = beat.job_id AND j.fence = beat.fence AND j.status = 'running'
      RETURNING * INTO job;
    answer := answer || jsonb_build_object(
      'job_id', beat.job_id, 'held', job.id IS NOT NULL,
      'cancel_requested', job.id IS NOT NULL AND job.cancel_requested_at IS NOT NULL);
    IF job.id IS NOT NULL AND beat.progress IS NOT NULL AND beat.moved THEN
      PERFORM @extschema@._cpi_notify_job(job, 'progress', jsonb_build_object('progress', beat.progress));
    END IF;
  END LOOP;
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_heartbeat(uuid, jsonb) IS
  'Renews the leases of [{"job_id","fence","progress"}]; answers [{"job_id","held","cancel_requested"}],
  without a job whose row another transaction holds.';
REVOKE ALL ON FUNCTION @extschema@._cpi_heartbeat(uuid, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_heartbeat(uuid, jsonb) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_release_job(
  job_id uuid, fence bigint, reason text, last_error text DEFAULT NULL, unresolved boolean DEFAULT false)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job @extschema@.cpi_jobs := @extschema@._cpi_hold(_cpi_release_job.job_id, _cpi_release_job.fence);
BEGIN
  IF reason IS NULL OR reason NOT IN ('stop', 'later', 'retry') THEN
    PERFORM @extschema@._cpi_raise(422, format('reason "%s" is neither stop, later nor retry', reason));
  END IF;
  IF _cpi_release_job.unresolved AND NOT job.unresolved THEN
    UPDATE @extschema@.cpi_jobs AS j SET unresolved = true WHERE j.id = job.id RETURNING * INTO job;
  END IF;
  IF reason = 'retry' THEN
    job := @extschema@._cpi_fail_attempt(job, _cpi_release_job.last_error);
  ELSIF job.cancel_requested_at IS NOT NULL AND NOT job.unresolved THEN
    job := @extschema@._cpi_end_job(job.id, 'cancelled', _cpi_release_job.last_error);
  ELSE
    job := @extschema@._cpi_give_back(
      job.id, clock_timestamp() + CASE WHEN reason = 'later' THEN @extschema@._cpi_retry_delay(job.attempt) ELSE '0' END,
      _cpi_release_job.last_error, false, false);
  END IF;
  RETURN job.status;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_release_job(uuid, bigint, text, text, boolean) IS
  'Gives a claimed job back: reason stop, at once and free of charge; later, after the back-off and free; retry, after '
  'the back-off. Unresolved: the attempt cannot tell what it has committed. Answers the new state.';
REVOKE ALL ON FUNCTION @extschema@._cpi_release_job(uuid, bigint, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_release_job(uuid, bigint, text, text, boolean) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_bury_agent(agent_id uuid, host text)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  buried @extschema@.cpi_agents;
BEGIN
  SELECT * INTO buried FROM @extschema@.cpi_agents AS a WHERE a.id = _cpi_bury_agent.agent_id
    AND a.host IS NOT DISTINCT FROM _cpi_bury_agent.host;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  -- In silence, like any agent whose lease ran out: the sweep counts the death and knows poison when it sees it.
  UPDATE @extschema@.cpi_jobs AS j SET lease_expires_at = clock_timestamp() - interval '1 second'
    WHERE j.agent_id = buried.id AND j.status = 'running';
  RETURN @extschema@._cpi_sweep();
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_bury_agent(uuid, text) IS
  'Takes back at once what that agent of that host runs; whoever calls it knows for sure that its process is gone. '
  'Answers how many jobs changed.';
REVOKE ALL ON FUNCTION @extschema@._cpi_bury_agent(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_bury_agent(uuid, text) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_sweep()
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  max_deaths constant numeric := @extschema@._cpi_setting('max_deaths');
  max_attempts constant numeric := @extschema@._cpi_setting('max_attempts');
  retention_days constant numeric := @extschema@._cpi_setting('retention_days');
  changed integer := 0;
  removed integer;
  job @extschema@.cpi_jobs;
BEGIN
  FOR job IN SELECT * FROM @extschema@.cpi_jobs AS j
               WHERE j.status = 'running' AND j.lease_expires_at < clock_timestamp()
               ORDER BY j.id FOR NO KEY UPDATE SKIP LOCKED LOOP
    -- A job that cannot be swept must not keep the others from it.
    BEGIN
      -- One that somebody wants cancelled is only asked about, which is harmless: it has as many lives again for that.
      IF (CASE WHEN job.cancel_requested_at IS NOT NULL
            THEN NOT job.manifest_written OR job.deaths + 1 >= 2 * max_deaths
            ELSE job.deaths + 1 >= max_deaths OR job.attempt >= max_attempts END) THEN
        UPDATE @extschema@.cpi_jobs AS j SET deaths = j.deaths + 1 WHERE j.id = job.id;
        PERFORM @extschema@._cpi_end_job(
          job.id, CASE WHEN job.cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE 'failed' END,
          CASE WHEN job.cancel_requested_at IS NOT NULL
            THEN format('attempt %s ended in silence on agent %s', job.attempt, job.agent_id)
            WHEN job.deaths + 1 >= max_deaths
            THEN format('poisoned: %s attempts ended in silence, the last one on agent %s', job.deaths + 1, job.agent_id)
            ELSE format('attempt %s, the last one allowed, ended in silence on agent %s', job.attempt, job.agent_id) END);
      ELSE
        PERFORM @extschema@._cpi_give_back(job.id, clock_timestamp(), format(
          'attempt %s ended in silence: agent %s did not renew its lease', job.attempt, job.agent_id), true, true);
      END IF;
      changed := changed + 1;
    EXCEPTION WHEN OTHERS THEN
      RAISE WARNING 'job % could not be swept: %', job.id, SQLERRM;
    END;
  END LOOP;

  -- In portions, so that a sweep never holds locks for long; the next one goes on. Webhooks still to be sent keep a
  -- job.
  IF retention_days > 0 THEN
    DELETE FROM @extschema@.cpi_jobs AS j WHERE j.id IN (
      SELECT o.id FROM @extschema@.cpi_jobs AS o
        WHERE o.completed_at < clock_timestamp() - make_interval(secs => (retention_days * 86400)::float8)
          AND NOT EXISTS (SELECT FROM @extschema@.cpi_webhook_deliveries AS d
                            WHERE d.job_id = o.id AND d.status = 'pending')
        ORDER BY o.completed_at LIMIT 1000 FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS removed = ROW_COUNT;
    changed := changed + removed;
  END IF;
  DELETE FROM @extschema@.cpi_agents AS a WHERE a.last_seen_at < clock_timestamp() - interval '1 day'
    AND NOT EXISTS (SELECT FROM @extschema@.cpi_jobs AS j WHERE j.agent_id = a.id AND j.status = 'running');
  RETURN changed;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_sweep() IS
  'Takes back jobs whose lease ran out, the third time as poisoned; removes jobs beyond retention_days and agents '
  'not seen for a day. Answers how many jobs changed.';
REVOKE ALL ON FUNCTION @extschema@._cpi_sweep() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_sweep() TO cpi_agent;
