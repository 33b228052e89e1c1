-- Rejected rows that go to a table without a key: no way leads to loading them twice. And what is read of mended ones.
BEGIN;
SELECT plan(37);
SELECT fixture.project('shop');

-- Runs the job that is due: `ends` has [result, rejects] by path, every other file is loaded whole.
CREATE FUNCTION pg_temp.run(ends jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  claim jsonb := _cpi_claim_job(fixture.agent());
  job uuid := claim ->> 'job_id';
  fence bigint := claim -> 'fence';
  file jsonb;
BEGIN
  IF _cpi_manifest(job, fence) IS NULL THEN
    PERFORM _cpi_write_manifest(job, fence, (SELECT jsonb_agg(jsonb_build_object('path', k, 'table_name', 't'))
                                               FROM jsonb_object_keys(ends) AS k));
  END IF;
  FOR file IN SELECT * FROM jsonb_array_elements(_cpi_manifest(job, fence)) LOOP
    PERFORM _cpi_finish_file(job, fence, (file ->> 'file_id')::uuid,
      '{"success": true, "read": 1, "inserted": 1, "header": ["id", "n"], "table_columns": ["id", "n"], "key_columns": [],
        "rejects_dialect": {"delimiter": ",", "quote": "\"", "escape": "", "encoding": "utf-8", "byte_order_mark": false}}'
      || coalesce(ends #> ARRAY[file ->> 'path', '0'], '{}'), ends #> ARRAY[file ->> 'path', '1']);
  END LOOP;
  PERFORM _cpi_finish_job(job, fence);
  RETURN job;
END
$$;
CREATE FUNCTION pg_temp.rejecting(inserted integer DEFAULT 0) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_array(jsonb_build_object('read', inserted + 1, 'inserted', inserted, 'rejected', 1),
    '[{"line": 2, "column": "n", "reason": "invalid_value", "message": "no number", "raw": "7,b", "whole": true}]'::jsonb)
$$;
CREATE FUNCTION pg_temp.failing() RETURNS jsonb LANGUAGE sql AS
  $$SELECT '[{"success": false, "error": "away", "inserted": 0, "read": 0, "key_columns": null}]'::jsonb$$;
CREATE FUNCTION pg_temp.start(ends jsonb) RETURNS text LANGUAGE sql AS $$SELECT cpi_import('shop'); SELECT pg_temp.run(ends)$$;
CREATE FUNCTION pg_temp.replay(job text, content text DEFAULT NULL, file text DEFAULT NULL, force boolean DEFAULT NULL)
RETURNS text LANGUAGE sql AS $$SELECT cpi_replay_rejects(job, content, file, force) ->> 'job_id'$$;
CREATE FUNCTION pg_temp.refused(call text, description text) RETURNS text LANGUAGE sql AS
  $$SELECT throws_like(call, 'job % has loaded % of the rejected rows of % already', description)$$;

-- A replay of a replay.
SAVEPOINT chain;
CREATE TEMP TABLE j AS SELECT pg_temp.start(jsonb_build_object('a.csv', pg_temp.rejecting(3))) AS one;
ALTER TABLE j ADD two text, ADD three text, ADD four text;
UPDATE j SET two = pg_temp.replay(one);
SELECT pg_temp.run(jsonb_build_object('a.csv', pg_temp.rejecting())) FROM j;
UPDATE j SET three = pg_temp.replay(two, E'id,n\n7,2\n');
SELECT throws_like(format('SELECT pg_temp.replay(%L)', one), '% are being replayed by job ' || three || '%', 'a replay further down is waited for') FROM j;
SELECT pg_temp.run() FROM j;
SELECT pg_temp.refused(format('SELECT pg_temp.replay(%L, E''id,n\n7,3\n'')', one), 'what a replay of a replay has loaded is not loaded by the origin') FROM j;
SELECT pg_temp.refused(format('SELECT pg_temp.replay(%L)', two), 'nor by the replay again') FROM j;
SELECT lives_ok(format('SELECT pg_temp.replay(%L, force => true)', one), 'but by force') FROM j;
ROLLBACK TO chain;

-- A sibling: what one replay rejected again, another has loaded meanwhile.
CREATE TEMP TABLE j AS SELECT pg_temp.start(jsonb_build_object('a.csv', pg_temp.rejecting(3))) AS one;
ALTER TABLE j ADD two text, ADD three text;
UPDATE j SET two = pg_temp.replay(one);
SELECT pg_temp.run(jsonb_build_object('a.csv', pg_temp.rejecting())) FROM j;
UPDATE j SET three = pg_temp.replay(one, E'id,n\n7,2\n');
SELECT pg_temp.run(jsonb_build_object('a.csv', pg_temp.rejecting(1))) FROM j;
SELECT pg_temp.refused(format('SELECT pg_temp.replay(%L)', two), 'what another replay has loaded is not loaded again') FROM j;
SELECT lives_ok(format('SELECT pg_temp.replay(%L)', three), 'what that one rejected goes on from there') FROM j;
ROLLBACK TO chain;

-- Siblings whose origin retention has removed.
CREATE FUNCTION pg_temp.remove(job text) RETURNS integer LANGUAGE sql AS $$
  UPDATE cpi_jobs SET created_at = created_at - interval '1 year', started_at = started_at - interval '1 year',
      completed_at = completed_at - interval '1 year' WHERE id = job::uuid;
  SELECT _cpi_sweep()
$$;
CREATE TEMP TABLE j AS SELECT pg_temp.start(jsonb_build_object('a.csv', pg_temp.rejecting(3))) AS one;
ALTER TABLE j ADD two text, ADD three text, ADD four text;
UPDATE j SET two = pg_temp.replay(one);
SELECT pg_temp.run(jsonb_build_object('a.csv', pg_temp.rejecting())) FROM j;
UPDATE j SET three = pg_temp.replay(one);
SELECT pg_temp.run(jsonb_build_object('a.csv', pg_temp.failing())) FROM j;
UPDATE j SET four = pg_temp.replay(one, E'id,n\n7,2\n');
SELECT is(pg_temp.remove(one), 1, 'the origin is removed') FROM j;
SELECT throws_like(format('SELECT pg_temp.replay(%L)', two), '% are being replayed by job ' || four || '%', 'what is tried elsewhere is waited for without the origin') FROM j;
SELECT throws_like(format('SELECT cpi_retry_job(%L)', three), '%are being replayed%', 'also by a retry that does not know the key itself') FROM j;
SELECT pg_temp.run(jsonb_build_object('a.csv', pg_temp.rejecting(1))) FROM j;
SELECT pg_temp.refused(format('SELECT pg_temp.replay(%L)', two), 'what another replay of a removed job has loaded is not loaded again') FROM j;
SELECT pg_temp.refused(format('SELECT cpi_retry_job(%L)', three), 'nor by a retry that never came to know the key') FROM j;
SELECT lives_ok(format('SELECT pg_temp.replay(%L)', four), 'what that one rejected still goes on from there') FROM j;
ROLLBACK TO chain;

-- Another key-less file, and tables with a key, are not meant.
CREATE TEMP TABLE j AS SELECT pg_temp.start(jsonb_build_object('a.csv', pg_temp.rejecting(), 'b.csv', pg_temp.rejecting())) AS one;
SELECT pg_temp.replay(one, file => 'a.csv') FROM j;
SELECT pg_temp.run() FROM j;
SELECT pg_temp.refused(format('SELECT pg_temp.replay(%L, file => ''a.csv'')', one), 'the same file') FROM j;
SELECT lives_ok(format('SELECT pg_temp.replay(%L, file => ''b.csv'')', one), 'another file') FROM j;
ROLLBACK TO chain;

-- A replay that failed, tried again beside another one.
CREATE TEMP TABLE j AS SELECT pg_temp.start(jsonb_build_object('a.csv', pg_temp.rejecting())) AS one;
ALTER TABLE j ADD two text;
UPDATE j SET two = pg_temp.replay(one, E'id,n\n7,2\n');
SELECT pg_temp.run(jsonb_build_object('a.csv', pg_temp.failing())) FROM j;
SAVEPOINT failed;
SELECT cpi_retry_job(two) FROM j;
SELECT throws_like(format('SELECT cpi_retry_job(%L)', two), '%are being replayed%', 'a retry of a replay is waited for, too') FROM j;
SELECT pg_temp.run() FROM j;
SELECT pg_temp.refused(format('SELECT pg_temp.replay(%L)', one), 'what the retry of a replay has loaded is not loaded again') FROM j;
SELECT pg_temp.refused(format('SELECT cpi_retry_job(%L)', two), 'nor by another retry') FROM j;
ROLLBACK TO failed;
SELECT pg_temp.replay(one) FROM j;
SELECT pg_temp.run() FROM j;
SELECT pg_temp.refused(format('SELECT cpi_retry_job(%L)', two), 'what a later replay has loaded is not loaded by a retry') FROM j;
ROLLBACK TO chain;

-- Mended rows of several files in one content.
CREATE TEMP TABLE j AS SELECT pg_temp.start(jsonb_build_object('a.csv', pg_temp.rejecting(), 'b.csv', pg_temp.rejecting(),
  'c.csv', jsonb_set(pg_temp.rejecting(), '{0}', '{"success": false, "error": "bad", "read": 2, "inserted": 0, "rejected": 1}'))) AS one;
UPDATE cpi_job_files SET rejects_dialect = rejects_dialect || '{"encoding": "windows-1252", "byte_order_mark": true}' WHERE path = 'b.csv';
SAVEPOINT several;
SELECT is(regexp_count(cpi_list_rejects(one, accept => 'text/csv') ->> 'csv', '7,b'), 2, 'rows of a failed file do not ride along') FROM j;
SELECT lives_ok(format('SELECT pg_temp.replay(%L, E''id,n\n7,1\n'')', one), 'files that differ in encoding only are of one shape') FROM j;
SELECT pg_temp.run() FROM j;
SELECT pg_temp.refused(format('SELECT pg_temp.replay(%L, file => %L)', one, file), 'they count for ' || file) FROM j, unnest('{a.csv,b.csv}'::text[]) AS file;
ROLLBACK TO several;
-- Their rejects go out as their file came.
SELECT pg_temp.replay(one, file => 'b.csv') FROM j;
SELECT pg_temp.run(jsonb_build_object('b.csv', pg_temp.rejecting())) FROM j;
SELECT is((SELECT rejects_dialect ->> 'encoding' || ' ' || (rejects_dialect ->> 'byte_order_mark') FROM cpi_job_files AS f
  JOIN cpi_jobs AS n ON n.id = f.job_id WHERE n.retry_of IS NOT NULL), 'windows-1252 true', 'what a replay rejects is in the file''s encoding');
ROLLBACK TO chain;

-- A row whose key an accepted one bears.
CREATE TEMP TABLE j AS SELECT pg_temp.start(jsonb_build_object('a.csv', jsonb_set(jsonb_set(pg_temp.rejecting(1), '{1,1}', '{
  "line": 3, "column": "id", "reason": "duplicate_key", "message": "twice", "raw": "1,second", "whole": true}'), '{0,key_columns}', '["id"]'))) AS one;
UPDATE cpi_job_files SET rejected = 2, read = 3 WHERE path = 'a.csv';
SELECT is(cpi_replay_rejects(one) - '{job_id,message,project,status,retry_of}'::text[], '{"rows": 1, "rows_duplicate": 1, "rows_not_kept": 0}',
  'is not tried again as it is') FROM j;
SELECT is((SELECT content::jsonb #>> '{0,raw}' || jsonb_array_length(content::jsonb) FROM cpi_job_contents), '7,b1', 'the others are');
UPDATE cpi_job_rejects SET reason = 'duplicate_key';
SELECT throws_like(format('SELECT pg_temp.replay(%L)', one), '%bear keys that other rows have', 'with nothing else it is refused') FROM j;
SELECT lives_ok(format('SELECT pg_temp.replay(%L, E''id,n\n2,second\n'')', one), 'mended it is taken') FROM j;
SELECT results_eq(format('SELECT fixture.field_errors(%L)', format('SELECT pg_temp.replay(%L, E''n\n2\n'')', one)),
  ARRAY['content: its header lacks column "id"'], 'rows without the key are refused') FROM j;
SELECT lives_ok(format('SELECT pg_temp.replay(%L, E''ID;n\n2;x\n'')', one), 'however it is written') FROM j;
ROLLBACK TO chain;

-- Names that a dialect without quotes cannot write.
CREATE TEMP TABLE j AS SELECT pg_temp.start(jsonb_build_object('a.csv', jsonb_set(pg_temp.rejecting(), '{0}', pg_temp.rejecting() -> 0 || '{
  "header": ["cpi_reason", "id", "unit, price", "a||b", ""], "table_columns": [null, "id", "p", "ab", "x"], "key_columns": ["id"],
  "rejects_dialect": {"delimiter": ", ", "quote": "", "escape": ""}}'))) AS one;
CREATE FUNCTION pg_temp.names(content text) RETURNS jsonb LANGUAGE sql AS
  $$SELECT _cpi_mended_dialect(content, f) -> 'columns' FROM cpi_job_files AS f WHERE path = 'a.csv'$$;
SELECT is(split_part(cpi_list_rejects(one, accept => 'text/csv') ->> 'csv', E'\n', 1), 'cpi_reason, id, unit_price, a||b, ', 'are written without delimiters') FROM j;
SELECT is(pg_temp.names(content), names, what) FROM (VALUES
  (E'cpi_reason, id, unit_price, a||b, \nx, 1, 2, 3, 4\n', '["cpi_reason", "id", "unit, price", "a||b", ""]'::jsonb, 'and read back as the file''s'),
  (E'a||b, unit_price, id\n3, 2, 1\n', '["a||b", "unit, price", "id"]', 'in another order'),
  (E'"id";"unit, price"\n1;2\n', NULL, 'or as a spreadsheet can write them'),
  (E'id, a||b\n1;2\n', NULL, 'untouched where nothing was changed')) AS m (content, names, what);
UPDATE cpi_job_files SET header = '["id", "a b", "a||b"]', table_columns = '["id", "x", "y"]', rejects_dialect = rejects_dialect || '{"delimiter": "||"}' WHERE path = 'a.csv';
SELECT is(pg_temp.names(E'id||a b||a b\n'), '["id", "a b", "a||b"]', 'twins by their order');
SELECT is((SELECT dialect - '{delimiter,quote,escape,trim}'::text[] FROM cpi_job_contents), NULL, 'nothing is queued yet');
UPDATE cpi_job_files SET header = '["cpi_reason", "id", "a||b"]', table_columns = '[null, "id", "y"]' WHERE path = 'a.csv';
SELECT pg_temp.replay(one) FROM j;
SELECT is((SELECT dialect - '{delimiter,quote,escape,trim}'::text[] FROM cpi_job_contents), '{"records": true, "reasons": 1, "columns": ["id", "a||b"]}',
  'as they are, rows need no header');
SELECT * FROM finish();
ROLLBACK;
