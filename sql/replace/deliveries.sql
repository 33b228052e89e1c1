-- Webhook deliveries as users see them.

CREATE OR REPLACE FUNCTION @extschema@._cpi_delivery_json(delivery @extschema@.cpi_webhook_deliveries)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'id', delivery.id, 'job_id', delivery.job_id, 'url', delivery.url, 'status', delivery.status,
    'attempts', delivery.attempts, 'next_attempt_at', delivery.next_attempt_at, 'last_status', delivery.last_status,
    'last_error', delivery.last_error, 'created_at', delivery.created_at, 'ended_at', delivery.ended_at)
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
    UPDATE @extschema@.cpi_webhook_deliveries AS d SET
        status = 'pending', next_attempt_at = clock_timestamp(), ended_at = NULL, attempts = 0
      WHERE d.id = cpi_retry_delivery.id::uuid
      RETURNING * INTO delivery;
  END IF;
  IF delivery.id IS NULL THEN
    PERFORM @extschema@._cpi_raise(404, format('delivery "%s" does not exist', left(cpi_retry_delivery.id, 255)));
  END IF;
  PERFORM pg_notify('cpi_queue', '');
  RETURN @extschema@._cpi_delivery_json(delivery);
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_retry_delivery(text) IS
  'Sends a webhook again at once, under the same id, whatever became of it; its tries are counted anew.';
REVOKE ALL ON FUNCTION @extschema@.cpi_retry_delivery(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_retry_delivery(text) TO cpi_operator;
