-- Webhook deliveries: as users see them, and as agents claim and end them. Every result carries the fence of its claim;
-- when the delivery was claimed again meanwhile it changes nothing. Only the server's clock counts.

CREATE OR REPLACE FUNCTION @extschema@._cpi_delivery_json(delivery @extschema@.cpi_webhook_deliveries)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'id', delivery.id, 'job_id', delivery.job_id, 'url', @extschema@._cpi_mask_url(delivery.url),
    'status', delivery.status, 'attempts', delivery.attempts, 'next_attempt_at', delivery.next_attempt_at,
    'last_status', delivery.last_status, 'last_error', delivery.last_error, 'created_at', delivery.created_at,
    'ended_at', delivery.ended_at)
$$;
COMMENT ON FUNCTION @extschema@._cpi_delivery_json(@extschema@.cpi_webhook_deliveries) IS
  'A webhook delivery as the API shows it.';
REVOKE ALL ON FUNCTION @extschema@._cpi_delivery_json(@extschema@.cpi_webhook_deliveries) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_list_deliveries(id text)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job constant @extschema@.cpi_jobs := @extschema@._cpi_find_job(cpi_list_deliveries.id);
BEGIN
  RETURN (SELECT jsonb_build_object(
                   'deliveries', coalesce(jsonb_agg(@extschema@._cpi_delivery_json(d) ORDER BY d.created_at, d.id), '[]'),
                   'total', count(*))
            FROM @extschema@.cpi_webhook_deliveries AS d WHERE d.job_id = job.id);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_list_deliveries(text) IS 'The webhooks of a job: delivered, waiting, or given up.';
REVOKE ALL ON FUNCTION @extschema@.cpi_list_deliveries(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_list_deliveries(text) TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@.cpi_retry_delivery(id text)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  delivery @extschema@.cpi_webhook_deliveries;
BEGIN
  IF @extschema@._cpi_is_uuid(cpi_retry_delivery.id) THEN
    -- One that is being tried at this moment keeps its lease: it is sent again when that try has failed.
    UPDATE @extschema@.cpi_webhook_deliveries AS d SET
        status = 'pending', next_attempt_at = clock_timestamp(), ended_at = NULL, attempts = 0, delays = 0,
        first_attempt_at = NULL
      WHERE d.id = cpi_retry_delivery.id::uuid
      RETURNING * INTO delivery;
  END IF;
  IF delivery.id IS NULL THEN
    PERFORM @extschema@._cpi_raise(404, format('delivery "%s" does not exist', left(cpi_retry_delivery.id, 255)));
  END IF;
  PERFORM pg_notify('cpi_deliveries', '');
  RETURN @extschema@._cpi_delivery_json(delivery);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_retry_delivery(text) IS
  'Sends a webhook again at once, under the same id, whatever became of it; its tries are counted anew.';
REVOKE ALL ON FUNCTION @extschema@.cpi_retry_delivery(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_retry_delivery(text) TO cpi_operator;

CREATE OR REPLACE FUNCTION @extschema@._cpi_take_due_deliveries(
  agent_id uuid, most integer, most_per_receiver integer, at timestamptz)
RETURNS SETOF @extschema@.cpi_webhook_deliveries LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
  -- The receivers with something pending are found by hopping along the index, one step each, however much waits for
  -- one of them; from each at most its free places are taken, fresh deliveries before those that have failed before.
  -- The time is an argument because the index is of no use for clock_timestamp(), which is another at each row. What the
  -- planner fears of a full queue is no reason to compile: that would take a hundred times as long as the work.
  WITH RECURSIVE receivers (receiver) AS (
    (SELECT d.receiver FROM @extschema@.cpi_webhook_deliveries AS d WHERE d.status = 'pending'
       ORDER BY d.receiver LIMIT 1)
    UNION ALL
    SELECT (SELECT d.receiver FROM @extschema@.cpi_webhook_deliveries AS d
              WHERE d.status = 'pending' AND d.receiver > r.receiver ORDER BY d.receiver LIMIT 1)
      FROM receivers AS r WHERE r.receiver IS NOT NULL
  ), free AS (
    SELECT r.receiver, l.leased, most_per_receiver - l.leased AS places
      FROM receivers AS r
      CROSS JOIN LATERAL (SELECT count(*)::integer AS leased FROM @extschema@.cpi_webhook_deliveries AS d
                            WHERE d.receiver = r.receiver AND d.lease_expires_at > at) AS l
      WHERE r.receiver IS NOT NULL AND l.leased < most_per_receiver
  ), due AS (
    SELECT d.id
      FROM free AS f
      CROSS JOIN LATERAL (SELECT p.id FROM @extschema@.cpi_webhook_deliveries AS p
                            WHERE p.status = 'pending' AND p.receiver = f.receiver
                              AND p.next_attempt_at <= at
                              AND (p.lease_expires_at IS NULL OR p.lease_expires_at <= at)
                            ORDER BY p.delays, p.next_attempt_at
                            LIMIT f.places
                            FOR NO KEY UPDATE SKIP LOCKED) AS d
      -- When not all can be taken: receivers that nobody is serving first.
      ORDER BY f.leased
      LIMIT most
  )
  UPDATE @extschema@.cpi_webhook_deliveries AS d SET
      attempts = d.attempts + 1,
      fence = d.fence + 1,
      agent_id = _cpi_take_due_deliveries.agent_id,
      first_attempt_at = coalesce(d.first_attempt_at, clock_timestamp()),
      -- As long as the agent waits for an answer, and time to write it down.
      lease_expires_at = clock_timestamp()
        + make_interval(secs => (@extschema@._cpi_setting('webhook_timeout_seconds')
                                 + @extschema@._cpi_setting('lease_seconds'))::float8)
    FROM due WHERE d.id = due.id
    RETURNING d.*
$$;
COMMENT ON FUNCTION @extschema@._cpi_take_due_deliveries(uuid, integer, integer, timestamptz) IS
  'Leases due deliveries to an agent: at most so many, and so many of one receiver under way among all agents.';
REVOKE ALL ON FUNCTION @extschema@._cpi_take_due_deliveries(uuid, integer, integer, timestamptz) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_claim_deliveries(agent_id uuid, most integer, most_per_receiver integer)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken jsonb := '[]';
  at constant timestamptz := clock_timestamp();
BEGIN
  PERFORM @extschema@._cpi_check_agent(_cpi_claim_deliveries.agent_id);
  IF most > 0 THEN
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'delivery_id', d.id, 'fence', d.fence, 'attempt', d.attempts, 'job_id', d.job_id, 'url', d.url,
               'body', d.payload::text) ORDER BY d.created_at), '[]') INTO taken
      FROM @extschema@._cpi_take_due_deliveries(_cpi_claim_deliveries.agent_id, most, most_per_receiver, at) AS d;
  END IF;
  RETURN jsonb_build_object(
    'deliveries', taken,
    'secrets', CASE WHEN taken = '[]' THEN '[]'::jsonb ELSE
      (SELECT coalesce(jsonb_agg(s.secret ORDER BY n.place) FILTER (WHERE s.secret IS NOT NULL), '[]')
         FROM unnest(ARRAY['webhook_secret', 'webhook_previous_secret']) WITH ORDINALITY AS n (name, place),
              @extschema@._cpi_get_secret('cpi_settings', @extschema@._cpi_settings_id(), n.name) AS s (secret)) END,
    'timeout_seconds', @extschema@._cpi_setting('webhook_timeout_seconds'),
    'poll_seconds', @extschema@._cpi_setting('poll_seconds'),
    'next_in_seconds', (SELECT extract(epoch FROM min(d.next_attempt_at) - at)
                          FROM @extschema@.cpi_webhook_deliveries AS d
                          WHERE d.status = 'pending' AND d.next_attempt_at > at));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_claim_deliveries(uuid, integer, integer) IS
  'Claims webhooks that are due, with the secrets that sign them, and says when others will be. sql/README.md shows the '
  'answer.';
REVOKE ALL ON FUNCTION @extschema@._cpi_claim_deliveries(uuid, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_claim_deliveries(uuid, integer, integer) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_delivery_delay(delays integer, retry_after_seconds numeric)
RETURNS interval LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Jittered by a fifth either way, so that what failed together does not come again together. A receiver that names a
  -- time gets at least that, up to a day.
  SELECT make_interval(secs => greatest(
    least(@extschema@._cpi_setting('webhook_retry_seconds') * 4.0 ^ least(delays, 20),
          @extschema@._cpi_setting('webhook_longest_retry_seconds'))::float8 * (0.8 + 0.4 * random()),
    least(coalesce(retry_after_seconds, 0), 86400)::float8))
$$;
COMMENT ON FUNCTION @extschema@._cpi_delivery_delay(integer, numeric) IS
  'How long a webhook waits after so many growing delays, and what the receiver''s Retry-After asks for.';
REVOKE ALL ON FUNCTION @extschema@._cpi_delivery_delay(integer, numeric) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_fail_delivery(delivery @extschema@.cpi_webhook_deliveries)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE @extschema@.cpi_webhook_deliveries AS d SET
      status = 'failed', next_attempt_at = NULL, lease_expires_at = NULL, ended_at = clock_timestamp()
    WHERE d.id = delivery.id;
  PERFORM FROM @extschema@.cpi_jobs AS j WHERE j.id = delivery.job_id FOR NO KEY UPDATE;
  PERFORM @extschema@._cpi_log_job_error(delivery.job_id, 'WebhookError', format(
    'webhook %s to "%s" was given up after %s: %s', delivery.id, delivery.receiver,
    CASE delivery.attempts WHEN 1 THEN 'one try' ELSE delivery.attempts || ' tries' END, delivery.last_error));
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_fail_delivery(@extschema@.cpi_webhook_deliveries) IS
  'Gives a delivery up, and says so among the job''s errors.';
REVOKE ALL ON FUNCTION @extschema@._cpi_fail_delivery(@extschema@.cpi_webhook_deliveries) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_finish_deliveries(results jsonb)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  result record;
  delivery @extschema@.cpi_webhook_deliveries;
  wait interval;
  answer jsonb := '[]';
  -- How often a receiver that says "in a moment" is taken at its word.
  most_moments constant integer := 60;
BEGIN
  -- In the order of ids, so that two agents never wait for one another.
  FOR result IN SELECT r.* FROM jsonb_to_recordset(results)
                  AS r (delivery_id uuid, fence bigint, outcome text, status integer, error text,
                        retry_after_seconds numeric)
                  ORDER BY r.delivery_id LOOP
    SELECT * INTO delivery FROM @extschema@.cpi_webhook_deliveries AS d
      WHERE d.id = result.delivery_id AND d.fence = result.fence AND d.lease_expires_at IS NOT NULL
      FOR NO KEY UPDATE;
    CONTINUE WHEN NOT FOUND;
    IF result.outcome = 'released' THEN
      UPDATE @extschema@.cpi_webhook_deliveries AS d SET
          attempts = greatest(d.attempts - 1, 0), lease_expires_at = NULL
        WHERE d.id = delivery.id RETURNING * INTO delivery;
      PERFORM pg_notify('cpi_deliveries', '');
    ELSIF result.outcome = 'delivered' THEN
      UPDATE @extschema@.cpi_webhook_deliveries AS d SET
          status = 'delivered', next_attempt_at = NULL, lease_expires_at = NULL, last_status = result.status,
          last_error = NULL, ended_at = clock_timestamp()
        WHERE d.id = delivery.id RETURNING * INTO delivery;
    ELSE
      UPDATE @extschema@.cpi_webhook_deliveries AS d SET
          lease_expires_at = NULL, last_status = result.status, last_error = left(result.error, 1000)
        WHERE d.id = delivery.id RETURNING * INTO delivery;
      -- Asked for again while it was under way: first_attempt_at is NULL, and it is due already.
      IF result.outcome = 'moment' AND delivery.attempts - delivery.delays <= most_moments THEN
        wait := interval '1 second';
      ELSE
        wait := @extschema@._cpi_delivery_delay(delivery.delays, result.retry_after_seconds);
        UPDATE @extschema@.cpi_webhook_deliveries AS d SET delays = d.delays + 1
          WHERE d.id = delivery.id AND d.first_attempt_at IS NOT NULL;
      END IF;
      IF result.outcome = 'refused'
         OR clock_timestamp() + wait
            > delivery.first_attempt_at
              + make_interval(secs => @extschema@._cpi_setting('webhook_give_up_seconds')::float8) THEN
        PERFORM @extschema@._cpi_fail_delivery(delivery);
      ELSE
        UPDATE @extschema@.cpi_webhook_deliveries AS d SET next_attempt_at = clock_timestamp() + wait
          WHERE d.id = delivery.id AND d.first_attempt_at IS NOT NULL;
      END IF;
      SELECT * INTO delivery FROM @extschema@.cpi_webhook_deliveries AS d WHERE d.id = delivery.id;
    END IF;
    answer := answer || jsonb_build_object(
      'delivery_id', delivery.id, 'status', delivery.status, 'attempts', delivery.attempts,
      'next_in_seconds', extract(epoch FROM delivery.next_attempt_at - clock_timestamp()));
  END LOOP;
  RETURN answer;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_finish_deliveries(jsonb) IS
$$Writes how tries of webhooks ended: [{"delivery_id","fence","outcome","status","error","retry_after_seconds"}], where
outcome is delivered, retry, moment (the receiver wants it again in a moment), refused (never to be tried again) or released
(not tried at all). Answers what became of them; those that were claimed again meanwhile are left out.$$;
REVOKE ALL ON FUNCTION @extschema@._cpi_finish_deliveries(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_finish_deliveries(jsonb) TO cpi_agent;
