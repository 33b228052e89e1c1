-- Prepended to every script of the extension. psql obeys the backslash commands and stops; CREATE and ALTER EXTENSION
-- skip the line (only \echo lines, so \quit must stand on the same one). The search path names the extension's schema
-- alone (pg_catalog comes first by itself), so that no object of another schema can be taken for one of ours.
\echo Use "CREATE EXTENSION cpi" or "ALTER EXTENSION cpi UPDATE" to load this file. \quit
SET LOCAL search_path TO @extschema@, pg_temp;
