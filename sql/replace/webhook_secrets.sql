-- The secrets that sign webhooks (Standard Webhooks): settings that are kept sealed. sql/replace/settings.sql sets them.

-- The place of the signing secrets in cpi_secrets: they belong to no row of a table.
CREATE OR REPLACE FUNCTION @extschema@._cpi_settings_id()
RETURNS uuid LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT '00000000-0000-0000-0000-000000000000'::uuid
$$;
COMMENT ON FUNCTION @extschema@._cpi_settings_id() IS 'The row id under which settings that are secrets are sealed.';
REVOKE ALL ON FUNCTION @extschema@._cpi_settings_id() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_has_secret_setting(name text)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM @extschema@.cpi_secrets AS s
                   WHERE s.owner_table = 'cpi_settings' AND s.row_id = @extschema@._cpi_settings_id()
                     AND s.column_name = _cpi_has_secret_setting.name)
$$;
COMMENT ON FUNCTION @extschema@._cpi_has_secret_setting(text) IS 'Whether a setting that is kept sealed is set.';
REVOKE ALL ON FUNCTION @extschema@._cpi_has_secret_setting(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_webhook_secret(name text, secret text)
RETURNS jsonb LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bytes integer;
BEGIN
  IF coalesce(secret, '') = '' THEN
    RETURN '[]';
  END IF;
  -- The text stays out of every message: it may be a secret that was only written wrongly.
  IF secret ~ '^whsec_([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' THEN
    bytes := length(decode(substr(secret, 7), 'base64'));
  END IF;
  RETURN CASE
    WHEN secret = '***' THEN @extschema@._cpi_field_error(name, '"***" is no secret', 'Leave it out to keep the stored one.')
    WHEN bytes IS NULL THEN @extschema@._cpi_field_error(name, 'is not "whsec_" and base64',
      'Make one: echo "whsec_$(head -c 32 /dev/urandom | base64 -w0)"')
    WHEN bytes NOT BETWEEN 24 AND 64 THEN @extschema@._cpi_field_error(
      name, format('holds %s bytes; from 24 to 64 are allowed', bytes), 'Make one: echo "whsec_$(head -c 32 /dev/urandom | base64 -w0)"')
    ELSE '[]'::jsonb END;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_webhook_secret(text, text) IS
  'Findings about a signing secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64; none for an empty one.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_webhook_secret(text, text) FROM PUBLIC;
