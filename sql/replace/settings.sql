-- What the queue and the agents obey. The builtin rows are the defaults; they are written anew by every install and
-- upgrade, users' rows are left alone.
DELETE FROM @extschema@.cpi_settings WHERE builtin;
INSERT INTO @extschema@.cpi_settings (builtin, name, value, minimum, maximum, description) VALUES
  (true, 'lease_seconds', 60, 1, 3600,
   'Seconds for which a claim holds without a heartbeat; then another agent takes the job over.'),
  (true, 'heartbeat_seconds', 10, 0.1, 600, 'Seconds between two heartbeats of an agent; at most a third of the lease.'),
  (true, 'poll_seconds', 5, 0.05, 600, 'Seconds between two looks for work when no notification comes.'),
  (true, 'grace_seconds', 30, 0, 600, 'Seconds for which a stopping agent lets commits under way finish.'),
  (true, 'max_attempts', 4, 1, 100, 'Attempts at a job, after which a retryable error fails it.'),
  (true, 'max_deaths', 3, 1, 100, 'Attempts that ended in silence, after which a job has failed as poisoned.'),
  (true, 'retry_1_seconds', 30, 0, 86400, 'Seconds of waiting after the first failed attempt.'),
  (true, 'retry_2_seconds', 120, 0, 86400, 'Seconds of waiting after the second failed attempt.'),
  (true, 'retry_3_seconds', 600, 0, 86400, 'Seconds of waiting after the third failed attempt and all later ones.'),
  (true, 'source_timeout_seconds', 30, 0.1, 3600,
   'Seconds in which a remote source must connect, and then give each answer; after that it counts as away.'),
  (true, 'retention_days', 90, 0, 36500, 'Days for which ended jobs are kept; 0: for ever.'),
  (true, 'kept_rejects', 10000, 0, 100000,
   'Rejected rows kept per file, as far as their texts fit into 16 MB; all are counted.'),
  (true, 'webhook_timeout_seconds', 30, 0.1, 600, 'Seconds that a receiver has for answering a webhook.'),
  (true, 'webhook_retry_seconds', 5, 0, 86400,
   'Seconds of waiting after a webhook''s first failed try; each further wait is four times as long.'),
  (true, 'webhook_longest_retry_seconds', 21600, 0, 604800, 'Longest wait in seconds between two tries of a webhook.'),
  (true, 'webhook_give_up_seconds', 259200, 0, 2592000,
   'Seconds after its first try for which a webhook is tried again; then it has failed.');

CREATE OR REPLACE FUNCTION @extschema@._cpi_setting(name text)
RETURNS numeric LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.value FROM @extschema@.cpi_settings AS s WHERE s.name = _cpi_setting.name ORDER BY s.builtin LIMIT 1
$$;
COMMENT ON FUNCTION @extschema@._cpi_setting(text) IS 'The value of a setting: the administrator''s, else the default.';
REVOKE ALL ON FUNCTION @extschema@._cpi_setting(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_get_settings()
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_object_agg(e.name, e.value)
         || (SELECT jsonb_object_agg(n.name, CASE WHEN @extschema@._cpi_has_secret_setting(n.name) THEN '***' END)
               FROM unnest(ARRAY['webhook_secret', 'webhook_previous_secret']) AS n (name))
    FROM (SELECT DISTINCT ON (s.name) s.name, s.value FROM @extschema@.cpi_settings AS s ORDER BY s.name, s.builtin) AS e
$$;
COMMENT ON FUNCTION @extschema@.cpi_get_settings() IS
  'The settings in force, by name. The table cpi_settings says what each one does and which values it takes; of the '
  'signing secrets of webhooks only "***" is shown, or null where none is set.';
REVOKE ALL ON FUNCTION @extschema@.cpi_get_settings() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_get_settings() TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_update_settings(
  lease_seconds numeric DEFAULT NULL, heartbeat_seconds numeric DEFAULT NULL, poll_seconds numeric DEFAULT NULL,
  grace_seconds numeric DEFAULT NULL, max_attempts numeric DEFAULT NULL, max_deaths numeric DEFAULT NULL,
  retry_1_seconds numeric DEFAULT NULL, retry_2_seconds numeric DEFAULT NULL, retry_3_seconds numeric DEFAULT NULL,
  retention_days numeric DEFAULT NULL, source_timeout_seconds numeric DEFAULT NULL,
  webhook_timeout_seconds numeric DEFAULT NULL, webhook_retry_seconds numeric DEFAULT NULL,
  webhook_longest_retry_seconds numeric DEFAULT NULL, webhook_give_up_seconds numeric DEFAULT NULL,
  webhook_secret text DEFAULT NULL, webhook_previous_secret text DEFAULT NULL, kept_rejects numeric DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  given constant jsonb := jsonb_strip_nulls(jsonb_build_object(
    'lease_seconds', lease_seconds, 'heartbeat_seconds', heartbeat_seconds, 'poll_seconds', poll_seconds,
    'grace_seconds', grace_seconds, 'max_attempts', max_attempts, 'max_deaths', max_deaths,
    'retry_1_seconds', retry_1_seconds, 'retry_2_seconds', retry_2_seconds, 'retry_3_seconds', retry_3_seconds,
    'retention_days', retention_days, 'source_timeout_seconds', source_timeout_seconds, 'kept_rejects', kept_rejects,
    'webhook_timeout_seconds', webhook_timeout_seconds, 'webhook_retry_seconds', webhook_retry_seconds,
    'webhook_longest_retry_seconds', webhook_longest_retry_seconds, 'webhook_give_up_seconds', webhook_give_up_seconds));
  errors jsonb;
  future jsonb;
BEGIN
  SELECT coalesce(jsonb_agg(f.error -> 0 ORDER BY f.name), '[]') INTO errors
    FROM (SELECT s.name, CASE
                   WHEN g.value::numeric NOT BETWEEN s.minimum AND s.maximum THEN @extschema@._cpi_field_error(
                     s.name, format('%s is out of range: %s to %s', g.value, s.minimum, s.maximum))
                   WHEN (s.name LIKE 'max\_%' OR s.name = 'kept_rejects') AND g.value::numeric <> trunc(g.value::numeric) THEN
                     @extschema@._cpi_field_error(s.name, g.value || ' is no whole number') END AS error
            FROM jsonb_each_text(given) AS g
            JOIN @extschema@.cpi_settings AS s ON s.builtin AND s.name = g.key) AS f
    WHERE f.error IS NOT NULL;
  -- One change at a time, so that the rule between two settings holds for what is stored.
  LOCK TABLE @extschema@.cpi_settings IN SHARE ROW EXCLUSIVE MODE;
  future := @extschema@.cpi_get_settings() || given;
  IF (future ->> 'heartbeat_seconds')::numeric * 3 > (future ->> 'lease_seconds')::numeric THEN
    errors := errors || @extschema@._cpi_field_error(
      CASE WHEN given ? 'heartbeat_seconds' THEN 'heartbeat_seconds' ELSE 'lease_seconds' END,
      format('heartbeat_seconds (%s) is over a third of lease_seconds (%s)', future ->> 'heartbeat_seconds',
             future ->> 'lease_seconds'),
      'An agent must be able to miss a heartbeat without losing its jobs.');
  END IF;
  PERFORM @extschema@._cpi_refuse(
    errors || @extschema@._cpi_check_webhook_secret('webhook_secret', webhook_secret)
    || @extschema@._cpi_check_webhook_secret('webhook_previous_secret', webhook_previous_secret));

  -- Empty clears, NULL leaves as it is.
  IF webhook_secret IS NOT NULL THEN
    PERFORM @extschema@._cpi_put_secret('cpi_settings', @extschema@._cpi_settings_id(), 'webhook_secret', webhook_secret);
  END IF;
  IF webhook_previous_secret IS NOT NULL THEN
    PERFORM @extschema@._cpi_put_secret('cpi_settings', @extschema@._cpi_settings_id(), 'webhook_previous_secret',
                                        webhook_previous_secret);
  END IF;
  INSERT INTO @extschema@.cpi_settings AS s (name, value)
    SELECT g.key, g.value::numeric FROM jsonb_each_text(given) AS g
    ON CONFLICT (name, builtin) DO UPDATE SET value = excluded.value, updated_at = clock_timestamp();
  -- A value that is the default needs no row of its own.
  DELETE FROM @extschema@.cpi_settings AS s USING @extschema@.cpi_settings AS d
    WHERE NOT s.builtin AND d.builtin AND d.name = s.name AND d.value = s.value;
  RETURN @extschema@.cpi_get_settings();
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_update_settings(
  numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric,
  numeric, numeric, text, text, numeric) IS
$$Changes the settings given and answers all of them. Agents obey new values with their next registration or heartbeat.
webhook_secret ("whsec_" and 24 to 64 bytes in base64) signs webhooks as Standard Webhooks says; while receivers change
over, webhook_previous_secret signs them as well. Both are stored sealed and never shown again; an empty text clears one.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_update_settings(
  numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric,
  numeric, numeric, text, text, numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_update_settings(
  numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric,
  numeric, numeric, text, text, numeric) TO cpi_admin;
