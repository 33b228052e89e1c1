-- A row is one key to the REST interface. The key itself, cpi_<public id>_<secret>, is shown once, by
-- cpi_create_api_key; stored is its SHA-256 only. The public id finds the row, so that no comparison depends on the
-- secret.
CREATE TABLE @extschema@.cpi_api_keys (
  id           uuid        NOT NULL DEFAULT gen_random_uuid(),
  name         text        NOT NULL,
  role         text        NOT NULL,
  public_id    text        NOT NULL,
  digest       bytea       NOT NULL,
  expires_at   timestamptz,
  last_used_at timestamptz,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cpi_api_keys_pkey PRIMARY KEY (id),
  CONSTRAINT cpi_api_keys_name_is_unique UNIQUE (name),
  CONSTRAINT cpi_api_keys_public_id_is_unique UNIQUE (public_id),
  CONSTRAINT cpi_api_keys_name_has_1_to_255_characters CHECK (length(name) BETWEEN 1 AND 255),
  CONSTRAINT cpi_api_keys_name_is_no_uuid CHECK (name !~* '^\{?([0-9a-f]{4}-?){8}\}?$'),
  CONSTRAINT cpi_api_keys_role_is_known CHECK (role IN ('viewer', 'operator', 'admin')),
  CONSTRAINT cpi_api_keys_digest_is_a_sha256 CHECK (length(digest) = 32)
);
COMMENT ON TABLE @extschema@.cpi_api_keys IS 'Keys to the REST interface, as digests.';
COMMENT ON COLUMN @extschema@.cpi_api_keys.id IS 'Identity; also the id in the API.';
COMMENT ON COLUMN @extschema@.cpi_api_keys.name IS 'Whose key it is, or what for.';
COMMENT ON COLUMN @extschema@.cpi_api_keys.role IS
  'viewer, operator or admin: the PostgreSQL role that its calls run under.';
COMMENT ON COLUMN @extschema@.cpi_api_keys.public_id IS 'The part of the key that is no secret.';
COMMENT ON COLUMN @extschema@.cpi_api_keys.digest IS 'SHA-256 of the whole key.';
COMMENT ON COLUMN @extschema@.cpi_api_keys.expires_at IS 'Not valid from this time on; empty: no end.';
COMMENT ON COLUMN @extschema@.cpi_api_keys.last_used_at IS 'Last use, to the minute.';
COMMENT ON COLUMN @extschema@.cpi_api_keys.created_at IS 'When it was made.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_api_keys', '');
