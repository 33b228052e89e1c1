-- API keys: cpi_<12 hex digits>_<43 characters>. The first part is public and finds the row, the second is 32 bytes of
-- randomness; only the SHA-256 of the whole is stored.

CREATE OR REPLACE FUNCTION @extschema@._cpi_api_key_json(api_key @extschema@.cpi_api_keys)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'id', api_key.id, 'name', api_key.name, 'role', api_key.role, 'expires_at', api_key.expires_at,
    'last_used_at', api_key.last_used_at, 'created_at', api_key.created_at)
$$;
COMMENT ON FUNCTION @extschema@._cpi_api_key_json(@extschema@.cpi_api_keys) IS
  'An API key as the API shows it, without the key itself.';
REVOKE ALL ON FUNCTION @extschema@._cpi_api_key_json(@extschema@.cpi_api_keys) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_list_api_keys()
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
           'api_keys', coalesce(jsonb_agg(@extschema@._cpi_api_key_json(k) ORDER BY k.name), '[]'), 'total', count(*))
    FROM @extschema@.cpi_api_keys AS k
$$;
COMMENT ON FUNCTION @extschema@.cpi_list_api_keys() IS 'All API keys by name; never the keys themselves.';
REVOKE ALL ON FUNCTION @extschema@.cpi_list_api_keys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_list_api_keys() TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_create_api_key(
  name text DEFAULT NULL, role text DEFAULT NULL, expires_at timestamptz DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- A UUID brings 122 random bits of the server's strong generator; three of them, hashed, fill 256.
  secret constant bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                                  || uuid_send(gen_random_uuid()));
  new_public_id constant text := left(encode(uuid_send(gen_random_uuid()), 'hex'), 12);
  key constant text := 'cpi_' || new_public_id || '_' || rtrim(translate(encode(secret, 'base64'), '+/', '-_'), '=');
  api_key @extschema@.cpi_api_keys;
BEGIN
  PERFORM @extschema@._cpi_refuse(
    @extschema@._cpi_check_name(cpi_create_api_key.name)
    || CASE WHEN coalesce(cpi_create_api_key.role, '') = ''
         THEN @extschema@._cpi_field_error('role', 'is missing', 'Roles are viewer, operator and admin.')
         WHEN cpi_create_api_key.role NOT IN ('viewer', 'operator', 'admin')
         THEN @extschema@._cpi_field_error('role', format('"%s" is no role', left(cpi_create_api_key.role, 255)),
                                           'Roles are viewer, operator and admin.')
         ELSE '[]' END
    || CASE WHEN cpi_create_api_key.expires_at <= clock_timestamp()
         THEN @extschema@._cpi_field_error('expires_at', format('%s is past', to_json(cpi_create_api_key.expires_at)))
         ELSE '[]' END);

  INSERT INTO @extschema@.cpi_api_keys (name, role, public_id, digest, expires_at)
    VALUES (cpi_create_api_key.name, cpi_create_api_key.role, new_public_id,
            sha256(convert_to(key, 'UTF8')), cpi_create_api_key.expires_at)
    RETURNING * INTO api_key;
  RETURN @extschema@._cpi_api_key_json(api_key) || jsonb_build_object('key', key);
EXCEPTION WHEN unique_violation THEN
  PERFORM @extschema@._cpi_raise(409, format('API key "%s" exists already', cpi_create_api_key.name),
                                 hint => 'Choose another name; delete the old key once the new one is in use.');
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_create_api_key(text, text, timestamptz) IS
$$Makes a key to the REST interface with the role viewer, operator or admin, valid until expires_at. The answer holds the
key itself, as no later answer will.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_create_api_key(text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_create_api_key(text, text, timestamptz) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_delete_api_key(id text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM @extschema@.cpi_api_keys AS k
    WHERE k.id = CASE WHEN @extschema@._cpi_is_uuid(cpi_delete_api_key.id) THEN cpi_delete_api_key.id::uuid END
       OR k.name = cpi_delete_api_key.id;
  IF NOT FOUND THEN
    PERFORM @extschema@._cpi_raise(404, format('API key "%s" does not exist', left(cpi_delete_api_key.id, 255)));
  END IF;
  -- Streams of events that the key has opened end now, not with their next heartbeat.
  PERFORM pg_notify('cpi_keys', '');
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_delete_api_key(text) IS
  'Revokes an API key, by id or name, at once; streams of events that it has opened end.';
REVOKE ALL ON FUNCTION @extschema@.cpi_delete_api_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_delete_api_key(text) TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@._cpi_authenticate(key text)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  given constant bytea := sha256(convert_to(coalesce(_cpi_authenticate.key, ''), 'UTF8'));
  api_key @extschema@.cpi_api_keys;
  matches boolean;
BEGIN
  SELECT * INTO api_key FROM @extschema@.cpi_api_keys AS k
    WHERE k.public_id = substring(_cpi_authenticate.key FROM '^cpi_([0-9a-f]{12})_');
  -- An unknown id goes the same way, with a digest that no key has. What is compared are digests of digests: how many
  -- bytes agree, which the time might tell, says nothing about the stored one.
  matches := sha256(given) = sha256(coalesce(api_key.digest, '\x'));
  IF NOT matches OR api_key.expires_at <= clock_timestamp() THEN
    RETURN NULL;
  END IF;
  IF api_key.last_used_at IS NULL OR api_key.last_used_at < clock_timestamp() - interval '1 minute' THEN
    UPDATE @extschema@.cpi_api_keys AS k SET last_used_at = clock_timestamp() WHERE k.id = api_key.id;
  END IF;
  RETURN jsonb_build_object('key_id', api_key.id, 'role', api_key.role);
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_authenticate(text) IS
  'For a valid API key {"key_id", "role": viewer|operator|admin}, else NULL; notes the use, to the minute.';
REVOKE ALL ON FUNCTION @extschema@._cpi_authenticate(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@._cpi_authenticate(text) TO cpi_agent;
