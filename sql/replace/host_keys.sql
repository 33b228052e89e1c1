-- Host keys of SFTP servers, accepted on first sight and kept from then on. Two agents that meet a server at the same time
-- agree on one: the first to write wins, the other is told. A key is kept where its server is defined: in the row of the
-- source, otherwise in that of the project.

CREATE OR REPLACE FUNCTION @extschema@._cpi_pin_source_host_key(
  source_id uuid, host text, port integer, fingerprint text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kept text;
BEGIN
  UPDATE @extschema@.cpi_sources AS s SET host_key = coalesce(s.host_key, _cpi_pin_source_host_key.fingerprint)
    WHERE s.id = _cpi_pin_source_host_key.source_id AND s.host = _cpi_pin_source_host_key.host
      AND s.port = _cpi_pin_source_host_key.port
    RETURNING s.host_key INTO kept;
  RETURN kept;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_pin_source_host_key(uuid, text, integer, text) IS
  'Keeps the fingerprint for a source that has no host key yet, and answers the one that is kept; NULL when the source is '
  'gone or names another server by now.';
REVOKE ALL ON FUNCTION @extschema@._cpi_pin_source_host_key(uuid, text, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_pin_source_host_key(uuid, text, integer, text) TO cpi_agent;

CREATE OR REPLACE FUNCTION @extschema@._cpi_pin_host_key(
  job_id uuid, fence bigint, host text, port integer, fingerprint text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  job constant @extschema@.cpi_jobs := @extschema@._cpi_hold(_cpi_pin_host_key.job_id, _cpi_pin_host_key.fence);
  server constant text := lower(_cpi_pin_host_key.host) || ':' || _cpi_pin_host_key.port;
  kept text;
BEGIN
  kept := @extschema@._cpi_pin_source_host_key(
    (SELECT p.source_id FROM @extschema@.cpi_projects AS p WHERE p.id = job.project_id),
    _cpi_pin_host_key.host, _cpi_pin_host_key.port, _cpi_pin_host_key.fingerprint);
  IF kept IS NULL THEN
    SELECT p.host_keys ->> server INTO kept FROM @extschema@.cpi_projects AS p WHERE p.id = job.project_id;
  END IF;
  IF kept IS NULL THEN
    UPDATE @extschema@.cpi_projects AS p
      SET host_keys = jsonb_build_object(server, _cpi_pin_host_key.fingerprint) || p.host_keys
      WHERE p.id = job.project_id
      RETURNING p.host_keys ->> server INTO kept;
  END IF;
  RETURN kept;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_pin_host_key(uuid, bigint, text, integer, text) IS
  'Keeps the fingerprint of the server that a running job connects to unless one is kept for it, and answers the one that '
  'is kept.';
REVOKE ALL ON FUNCTION @extschema@._cpi_pin_host_key(uuid, bigint, text, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_pin_host_key(uuid, bigint, text, integer, text) TO cpi_agent;
