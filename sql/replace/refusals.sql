-- How functions say no, and what they share in looking at their arguments. A refusal carries its HTTP status as
-- SQLSTATE PTnnn, as PostgREST does; findings about single fields travel as a JSON array in DETAIL.

CREATE OR REPLACE FUNCTION @extschema@._cpi_raise(
  status integer, message text, detail text DEFAULT NULL, hint text DEFAULT NULL, errors jsonb DEFAULT NULL)
RETURNS void LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  state constant text := 'PT' || status;
  explanation constant text := coalesce(errors::text, detail);
BEGIN
  -- RAISE refuses a NULL for DETAIL and HINT, and an empty text would be printed as an empty line.
  IF explanation IS NULL AND hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message;
  ELSIF hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = explanation;
  ELSIF explanation IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, HINT = hint;
  ELSE
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = explanation, HINT = hint;
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_raise(integer, text, text, text, jsonb) IS
  'Refuses a request: SQLSTATE PT<status>. errors, a list of {path, message, hint}, takes the place of detail.';
REVOKE ALL ON FUNCTION @extschema@._cpi_raise(integer, text, text, text, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_field_error(path text, message text, hint text DEFAULT NULL)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_array(jsonb_build_object('path', path, 'message', message, 'hint', hint))
$$;
COMMENT ON FUNCTION @extschema@._cpi_field_error(text, text, text) IS
  'A list of one finding about a field; lists are joined with || and raised by _cpi_refuse.';
REVOKE ALL ON FUNCTION @extschema@._cpi_field_error(text, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_refuse(errors jsonb)
RETURNS void LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  number constant integer := jsonb_array_length(errors);
BEGIN
  IF number > 0 THEN
    PERFORM @extschema@._cpi_raise(
      422,
      CASE WHEN number > 1 THEN number || ' fields are wrong: ' ELSE '' END
        || (SELECT string_agg((f.error ->> 'path') || ': ' || (f.error ->> 'message'), '; ' ORDER BY f.place)
              FROM jsonb_array_elements(errors) WITH ORDINALITY AS f (error, place) WHERE f.place <= 5)
        || CASE WHEN number > 5 THEN '; …' ELSE '' END,
      hint => CASE WHEN number = 1 THEN errors -> 0 ->> 'hint' END,
      errors => errors);
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_refuse(jsonb) IS
  'Refuses with 422 when the list of findings is not empty; the message names the first five.';
REVOKE ALL ON FUNCTION @extschema@._cpi_refuse(jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_is_uuid(value text)
RETURNS boolean LANGUAGE sql IMMUTABLE
-- Taken into the statements that call it: replace/jobs.sql says why.
RETURN value ~* '^\{?([0-9a-f]{4}-?){7}[0-9a-f]{4}\}?$' AND ("left"(value, 1) = '{') = ("right"(value, 1) = '}');
COMMENT ON FUNCTION @extschema@._cpi_is_uuid(text) IS 'Whether the text can be cast to uuid; the server''s rules.';
REVOKE ALL ON FUNCTION @extschema@._cpi_is_uuid(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_name(name text)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN name IS NULL OR name = '' THEN
      @extschema@._cpi_field_error('name', 'is missing')
    WHEN length(name) > 255 THEN
      @extschema@._cpi_field_error('name', 'has ' || length(name) || ' characters; up to 255 are allowed')
    WHEN name ~ '^\s|\s$' THEN
      @extschema@._cpi_field_error('name', format('"%s" begins or ends with a blank', name), 'Remove the blank.')
    WHEN name ~ '[\u0001-\u001f\u007f]' THEN
      @extschema@._cpi_field_error('name', 'holds a control character, such as a line break')
    WHEN name ~* '^\{?([0-9a-f]{4}-?){7}[0-9a-f]{4}\}?$' THEN
      @extschema@._cpi_field_error('name', format('"%s" looks like a UUID', name),
        'Names stand beside ids in the API: choose one that cannot be taken for an id.')
    ELSE '[]'::jsonb
  END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_name(text) IS
  'Findings about a name: 1 to 255 characters, no blank at its ends, no control character, not like a UUID.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_name(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_check_callback_url(callback_url text)
RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN callback_url IS NULL OR callback_url = '' THEN '[]'::jsonb
    WHEN length(callback_url) > 8000 THEN
      @extschema@._cpi_field_error('callback_url', 'has over 8000 characters')
    WHEN callback_url !~* '^https?://[^/?#]' THEN
      @extschema@._cpi_field_error('callback_url', 'is no http:// or https:// URL with a host')
    WHEN callback_url ~ '[\u0001-\u0020\u007f]' THEN
      @extschema@._cpi_field_error('callback_url', 'holds a blank or a control character',
        'Percent-encode it: a blank is %20.')
    ELSE '[]'::jsonb
  END
$$;
COMMENT ON FUNCTION @extschema@._cpi_check_callback_url(text) IS
  'Findings about a callback URL; none for an empty one.';
REVOKE ALL ON FUNCTION @extschema@._cpi_check_callback_url(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_mask_url(url text)
RETURNS text LANGUAGE sql IMMUTABLE
-- Taken into the statements that call it: replace/jobs.sql says why.
RETURN regexp_replace(url, '^([A-Za-z]+://[^/?#:@]*):[^/?#]*@', '\1:***@');
COMMENT ON FUNCTION @extschema@._cpi_mask_url(text) IS 'An http(s) URL with its password, if it has one, masked.';
REVOKE ALL ON FUNCTION @extschema@._cpi_mask_url(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_resolve(kind text, id text)
RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- The kind is one of a fixed list, never a user's text: format() below takes nothing else into the statement.
  table_name constant text := CASE kind
    WHEN 'connection' THEN 'cpi_connections' WHEN 'source' THEN 'cpi_sources' WHEN 'project' THEN 'cpi_projects'
    WHEN 'schedule' THEN 'cpi_schedules' END;
  result uuid;
  nearest text;
BEGIN
  EXECUTE format('SELECT t.id FROM @extschema@.%I AS t WHERE %s', table_name,
                 CASE WHEN @extschema@._cpi_is_uuid(_cpi_resolve.id) THEN 't.id = $1::uuid' ELSE 't.name = $1' END)
    INTO result USING _cpi_resolve.id;
  IF result IS NULL THEN
    IF coalesce(_cpi_resolve.id, '') = '' THEN
      PERFORM @extschema@._cpi_refuse(@extschema@._cpi_field_error(CASE kind WHEN 'project' THEN kind ELSE 'id' END,
                                                                   'is missing'));
    END IF;
    EXECUTE format('SELECT @extschema@._cpi_nearest($1, coalesce(array_agg(t.name), ''{}'')) FROM @extschema@.%I AS t',
                   table_name)
      INTO nearest USING _cpi_resolve.id;
    PERFORM @extschema@._cpi_raise(404, format('%s "%s" does not exist', kind, left(_cpi_resolve.id, 255)),
                                   hint => 'Did you mean "' || nearest || '"?');
  END IF;
  RETURN result;
END
$$;
COMMENT ON FUNCTION @extschema@._cpi_resolve(text, text) IS
  'The id of the connection, source, project or schedule with that id or name; refuses with 404, naming the nearest '
  'one.';
REVOKE ALL ON FUNCTION @extschema@._cpi_resolve(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@._cpi_url_encode(value text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(string_agg(
           CASE WHEN c.code BETWEEN 48 AND 57 OR c.code BETWEEN 65 AND 90 OR c.code BETWEEN 97 AND 122
                     OR c.code IN (45, 46, 95, 126)
             THEN chr(c.code) ELSE '%' || upper(lpad(to_hex(c.code), 2, '0')) END, '' ORDER BY c.place), '')
    FROM (SELECT p.place, get_byte(b.bytes, p.place) AS code
            FROM convert_to(value, 'UTF8') AS b (bytes), generate_series(0, length(b.bytes) - 1) AS p (place)) AS c
$$;
COMMENT ON FUNCTION @extschema@._cpi_url_encode(text) IS
  'Percent-encodes all but the unreserved characters of RFC 3986.';
REVOKE ALL ON FUNCTION @extschema@._cpi_url_encode(text) FROM PUBLIC;
