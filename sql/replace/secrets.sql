-- Secrets: stored sealed, opened for those functions that must have them, sealed anew under a new key. The cryptography
-- and the key file are C++ (extension/entry/secrets.cpp).
--
-- A rotation cannot lose anything: the new key is on disk before the first row is sealed under it, rows change in one
-- transaction, and the old key stays in the file until cpi_retire_key, which refuses while a row needs it.

CREATE OR REPLACE FUNCTION @extschema@._cpi_seal(
  install_id uuid, owner_table text, row_id uuid, column_name text, key_version integer, secret text)
RETURNS bytea LANGUAGE c VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_seal';
COMMENT ON FUNCTION @extschema@._cpi_seal(uuid, text, uuid, text, integer, text) IS
  'Seals a secret for its place under a key of the key file.';
REVOKE ALL ON FUNCTION @extschema@._cpi_seal(uuid, text, uuid, text, integer, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_open(
  install_id uuid, owner_table text, row_id uuid, column_name text, key_version integer, sealed bytea)
RETURNS text LANGUAGE c STABLE STRICT
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_open';
COMMENT ON FUNCTION @extschema@._cpi_open(uuid, text, uuid, text, integer, bytea) IS
  'Opens what _cpi_seal sealed for the same place; fails when it was altered, moved or sealed under another key.';
REVOKE ALL ON FUNCTION @extschema@._cpi_open(uuid, text, uuid, text, integer, bytea) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_key_versions()
RETURNS jsonb LANGUAGE c VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_key_versions';
COMMENT ON FUNCTION @extschema@._cpi_key_versions() IS 'The versions that the key file holds, ascending; the last one seals.';
REVOKE ALL ON FUNCTION @extschema@._cpi_key_versions() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_add_key()
RETURNS jsonb LANGUAGE c VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_add_key';
COMMENT ON FUNCTION @extschema@._cpi_add_key() IS
  'Writes a new key into the key file, safe against a crash, and answers its version. Not undone by a rollback.';
REVOKE ALL ON FUNCTION @extschema@._cpi_add_key() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_remove_key(key_version integer)
RETURNS void LANGUAGE c VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_remove_key';
COMMENT ON FUNCTION @extschema@._cpi_remove_key(integer) IS 'Takes a key out of the key file. Not undone by a rollback.';
REVOKE ALL ON FUNCTION @extschema@._cpi_remove_key(integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_install_id()
RETURNS uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  id uuid;
  version constant integer := @extschema@._cpi_key_versions() -> -1;
BEGIN
  SELECT s.row_id INTO id FROM @extschema@.cpi_secrets AS s WHERE s.owner_table = 'cpi_secrets';
  IF NOT FOUND THEN
    id := gen_random_uuid();
    INSERT INTO @extschema@.cpi_secrets (owner_table, row_id, column_name, key_version, sealed)
      VALUES ('cpi_secrets', id, 'install_id', version,
              @extschema@._cpi_seal(id, 'cpi_secrets', id, 'install_id', version, id::text))
      ON CONFLICT (owner_table) WHERE owner_table = 'cpi_secrets' DO NOTHING;
    IF NOT FOUND THEN  -- another session was first; only a fresh snapshot shows its row
      SELECT s.row_id INTO id FROM @extschema@.cpi_secrets AS s WHERE s.owner_table = 'cpi_secrets';
      IF NOT FOUND THEN
        RAISE EXCEPTION 'the install id was made by another transaction at the same time'
          USING ERRCODE = 'serialization_failure', HINT = 'Try again.';
      END IF;
    END IF;
  END IF;
  RETURN id;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_install_id() IS
  'The id that binds seals to this installation; made at the first sealing, dumped with the sealed rows.';
REVOKE ALL ON FUNCTION @extschema@._cpi_install_id() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_put_secret(owner_table text, row_id uuid, column_name text, secret text)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  install_id uuid;
BEGIN
  IF coalesce(_cpi_put_secret.secret, '') = '' THEN
    DELETE FROM @extschema@.cpi_secrets AS s
      WHERE s.owner_table = _cpi_put_secret.owner_table AND s.row_id = _cpi_put_secret.row_id
        AND s.column_name = _cpi_put_secret.column_name;
    RETURN;
  END IF;
  install_id := @extschema@._cpi_install_id();
  -- The key is chosen inside the statement that holds the table's lock: a rotation or retirement either waits for this
  -- row or has finished before the key file is read.
  INSERT INTO @extschema@.cpi_secrets AS s (owner_table, row_id, column_name, key_version, sealed)
    SELECT _cpi_put_secret.owner_table, _cpi_put_secret.row_id, _cpi_put_secret.column_name, k.version,
           @extschema@._cpi_seal(install_id, _cpi_put_secret.owner_table, _cpi_put_secret.row_id,
                                 _cpi_put_secret.column_name, k.version, _cpi_put_secret.secret)
      FROM (SELECT (@extschema@._cpi_key_versions() -> -1)::integer AS version OFFSET 0) AS k
    ON CONFLICT ON CONSTRAINT cpi_secrets_pkey
      DO UPDATE SET key_version = excluded.key_version, sealed = excluded.sealed, created_at = clock_timestamp();
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_put_secret(text, uuid, text, text) IS
  'Seals and stores a secret of a row''s column; NULL or an empty text deletes it.';
REVOKE ALL ON FUNCTION @extschema@._cpi_put_secret(text, uuid, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_get_secret(owner_table text, row_id uuid, column_name text)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT @extschema@._cpi_open(i.row_id, s.owner_table, s.row_id, s.column_name, s.key_version, s.sealed)
    FROM @extschema@.cpi_secrets AS s, @extschema@.cpi_secrets AS i
    WHERE s.owner_table = _cpi_get_secret.owner_table AND s.row_id = _cpi_get_secret.row_id
      AND s.column_name = _cpi_get_secret.column_name
      AND i.owner_table = 'cpi_secrets'
$$;
COMMENT ON FUNCTION @extschema@._cpi_get_secret(text, uuid, text) IS
  'Opens the secret of a row''s column; NULL when it has none.';
REVOKE ALL ON FUNCTION @extschema@._cpi_get_secret(text, uuid, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_drop_secrets(owner_table text, row_id uuid)
RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM @extschema@.cpi_secrets AS s
    WHERE s.owner_table = _cpi_drop_secrets.owner_table AND s.row_id = _cpi_drop_secrets.row_id
$$;
COMMENT ON FUNCTION @extschema@._cpi_drop_secrets(text, uuid) IS 'Deletes all secrets of a row.';
REVOKE ALL ON FUNCTION @extschema@._cpi_drop_secrets(text, uuid) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_isolation()
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- With an older snapshot, secrets that were set meanwhile would be overlooked.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'keys cannot be changed in a % transaction', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state', HINT = 'Use a READ COMMITTED transaction.';
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_isolation() IS 'Refuses to change keys with a snapshot that may be out of date.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_isolation() FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.cpi_rotate_key()
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  version integer;
  newest_used integer;
  resealed bigint;
BEGIN
  PERFORM @extschema@._cpi_check_isolation();
  LOCK TABLE @extschema@.cpi_secrets IN SHARE ROW EXCLUSIVE MODE;  -- readers go on, writers wait
  SELECT max(s.key_version) INTO newest_used FROM @extschema@.cpi_secrets AS s;
  version := @extschema@._cpi_key_versions() -> -1;
  -- A newer key that nothing uses yet was prepared by hand (for a standby), or is left of a rotation that was rolled back.
  IF version <= newest_used THEN
    version := @extschema@._cpi_add_key();
  END IF;
  UPDATE @extschema@.cpi_secrets AS s
    SET key_version = version,
        sealed = @extschema@._cpi_seal(
          i.row_id, s.owner_table, s.row_id, s.column_name, version,
          @extschema@._cpi_open(i.row_id, s.owner_table, s.row_id, s.column_name, s.key_version, s.sealed))
    FROM (SELECT c.row_id FROM @extschema@.cpi_secrets AS c WHERE c.owner_table = 'cpi_secrets') AS i;
  GET DIAGNOSTICS resealed = ROW_COUNT;
  RETURN jsonb_build_object('key_version', version, 'resealed', resealed, 'in_file', @extschema@._cpi_key_versions());
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_rotate_key() IS
$$Makes a new key and seals every secret under it, while imports go on. The old key stays in the key file, so that backups
can be restored; take it out with cpi_retire_key(version). A standby that may be promoted needs a copy of the key file:
copy it after this, or put the new line into all copies before (then that key is used).$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_rotate_key() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_rotate_key() TO cpi_admin;

CREATE OR REPLACE FUNCTION @extschema@.cpi_retire_key(version integer)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s' AS $$
DECLARE
  used bigint;
BEGIN
  IF cpi_retire_key.version IS NULL THEN
    PERFORM @extschema@._cpi_raise(422, 'version is missing', hint => 'Give the version of the key to be taken out.');
  END IF;
  -- The key file knows no rollback: were a rotation of this transaction undone after the key has gone, its secrets would be
  -- lost.
  IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    PERFORM @extschema@._cpi_raise(409, 'a key can only be retired in a transaction that has changed nothing',
                                   hint => 'Commit first, then call cpi_retire_key by itself.');
  END IF;
  PERFORM @extschema@._cpi_check_isolation();
  -- Nobody may be between reading a row that was sealed under this key and opening it. Short, and never long waited for:
  -- whoever waits for this lock keeps all others waiting.
  BEGIN
    LOCK TABLE @extschema@.cpi_secrets IN ACCESS EXCLUSIVE MODE;
  EXCEPTION WHEN lock_not_available THEN
    PERFORM @extschema@._cpi_raise(409, 'the secrets are in use by another transaction',
                                   hint => 'Try again when no dump and no long transaction is running.');
  END;
  SELECT count(*) INTO used FROM @extschema@.cpi_secrets AS s WHERE s.key_version = cpi_retire_key.version;
  IF used > 0 THEN
    PERFORM @extschema@._cpi_raise(409, format('key %s still seals %s secrets', cpi_retire_key.version, used),
                                   hint => 'Seal them under a new key first: SELECT cpi_rotate_key()');
  END IF;
  PERFORM @extschema@._cpi_remove_key(cpi_retire_key.version);
  RETURN jsonb_build_object('retired', cpi_retire_key.version, 'in_file', @extschema@._cpi_key_versions());
END
$$;
COMMENT ON FUNCTION @extschema@.cpi_retire_key(integer) IS
$$Takes a key out of the key file; refused while a secret of this database is sealed under it, and in a
transaction that has changed anything, since the file is not restored by a rollback. Backups from before the
rotation need that key: keep a copy as long as you keep them. A key file serves one database.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_retire_key(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_retire_key(integer) TO cpi_admin;
