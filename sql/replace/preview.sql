-- CSV looked at from SQL: how a text is written, and what an import would read from it. Decided in C++
-- (extension/core/preview), by the same code as in the agent. Nothing is stored.

CREATE OR REPLACE FUNCTION @extschema@.cpi_sniff(content text)
RETURNS jsonb LANGUAGE c IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cpi_sniff';
COMMENT ON FUNCTION @extschema@.cpi_sniff(text) IS
$$Finds out how CSV text is written: delimiter, quote, escape, header and skiprows, each with its certainty (0 to 1) and
the runner-up; comments, a trailing delimiter and where the table ends; the columns with the types that their values allow;
and under config the options to paste into a project. warnings tell what is left out or only likely, doubt says so when no reading is convincing. Takes up to 16 MB: the
beginning of a file is enough.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_sniff(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_sniff(text) TO cpi_viewer;

CREATE OR REPLACE FUNCTION @extschema@.cpi_preview(content text, options jsonb DEFAULT NULL, "limit" integer DEFAULT NULL)
RETURNS jsonb LANGUAGE c IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'cpi_preview';
COMMENT ON FUNCTION @extschema@.cpi_preview(text, jsonb, integer) IS
$$Shows what an import would read from CSV text with these options (the keys of a project's defaults; "auto" detects): the
columns with their names in a table and the types that the values allow, the first rows (limit: 20; 1 to 1000), and what
would be rejected among them with line, column and reason. Options that no import takes are refused as when they are saved;
problems lists what would stop the import of this file, such as a primary_key that it lacks. Takes up to 16 MB: the beginning of a file is enough.$$;
REVOKE ALL ON FUNCTION @extschema@.cpi_preview(text, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.cpi_preview(text, jsonb, integer) TO cpi_viewer;
