-- A row is one secret, sealed: a connection URL, a password, a private key. It belongs to a column of another table's row,
-- and the seal binds it to that place. One row of owner_table cpi_secrets stands for the installation itself: its row_id is
-- the install id, made at the first sealing, which goes into every other seal; its secret is the install id as text, so
-- that a wrong key file is noticed by opening it. Written by _cpi_put_secret and cpi_rotate_key; no role may read it.
-- The rows have no foreign keys, since they belong to several tables: who deletes a row calls _cpi_drop_secrets.
CREATE TABLE @extschema@.cpi_secrets (
  row_id      uuid        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  key_version integer     NOT NULL,
  owner_table text        NOT NULL,
  column_name text        NOT NULL,
  sealed      bytea       NOT NULL,
  CONSTRAINT cpi_secrets_pkey PRIMARY KEY (owner_table, row_id, column_name),
  CONSTRAINT cpi_secrets_key_version_is_positive CHECK (key_version > 0),
  CONSTRAINT cpi_secrets_sealed_holds_nonce_and_tag CHECK (length(sealed) >= 40)
);
CREATE UNIQUE INDEX cpi_secrets_one_installation ON @extschema@.cpi_secrets (owner_table)
  WHERE owner_table = 'cpi_secrets';
COMMENT ON TABLE @extschema@.cpi_secrets IS
  'Sealed credentials (XChaCha20-Poly1305) under the keys of the file that cpi.key_file names. No role may read it.';
COMMENT ON COLUMN @extschema@.cpi_secrets.row_id IS 'The row that the secret belongs to.';
COMMENT ON COLUMN @extschema@.cpi_secrets.created_at IS 'When the secret was set; rotation leaves it.';
COMMENT ON COLUMN @extschema@.cpi_secrets.key_version IS 'The key it is sealed under: a line of the key file.';
COMMENT ON COLUMN @extschema@.cpi_secrets.owner_table IS 'The table of that row.';
COMMENT ON COLUMN @extschema@.cpi_secrets.column_name IS 'What it is, such as database_url or password.';
COMMENT ON COLUMN @extschema@.cpi_secrets.sealed IS 'Nonce, ciphertext and tag.';
COMMENT ON INDEX @extschema@.cpi_secrets_one_installation IS 'There is one install id.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_secrets', '');
