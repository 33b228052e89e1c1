-- Rejected rows as CSV, and tried again.
BEGIN;
SELECT plan(67);
SELECT fixture.project('shop');
CREATE TEMP TABLE job AS SELECT * FROM fixture.claimed('shop');
SELECT _cpi_write_manifest(id, fence, '[{"path": "a.csv", "table_name": "a"}, {"path": "b.csv", "table_name": "b"},
  {"path": "c.csv", "table_name": "c"}]') FROM job;
CREATE FUNCTION pg_temp.id() RETURNS text LANGUAGE sql AS 'SELECT id::text FROM job';
CREATE FUNCTION pg_temp.finish(path text, result jsonb, rejects jsonb) RETURNS void LANGUAGE sql AS $$
  SELECT _cpi_finish_file(j.id, j.fence, f.id, result, rejects)
    FROM job AS j JOIN cpi_job_files AS f ON f.job_id = j.id AND f.path = finish.path
$$;
CREATE FUNCTION pg_temp.csv(file text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
  SELECT cpi_list_rejects(pg_temp.id(), file => csv.file, accept => 'text/csv') ->> 'csv'
$$;
SELECT is(pg_temp.csv(), '', 'without rejects there is no CSV');
SELECT pg_temp.finish('a.csv', '{"success": true, "read": 9, "inserted": 6, "rejected": 3, "columns": ["id", "price"],
  "header": ["id", "note", ""], "table_columns": ["id", null, "price"],
  "rejects_dialect": {"delimiter": ";", "quote": "\"", "escape": ""}}',
  '[{"line": 2, "column": "price", "reason": "invalid_value", "message": "no number: \"x\"", "raw": "1;a;x", "whole": true},
    {"line": 5, "reason": "too_few_fields", "message": "has 1 field", "raw": "2", "whole": true},
    {"line": 6, "reason": "row_too_long", "message": "too long", "raw": "3;…", "whole": false}]');
SELECT is((SELECT file_results #> '{0,table_columns}' FROM cpi_get_job(pg_temp.id()) AS j (o), LATERAL (SELECT o -> 'file_results')
  AS f (file_results)), '["id", null, "price"]', 'the file result says which column went where');
SELECT is(pg_temp.csv(), E'"cpi_reason";"id";"note";""\n"line 2, column ""price"": no number: ""x""";1;a;x\n'
  '"line 5: has 1 field";2' || E'\n', 'rows that are there whole, in the file''s dialect, after the reason');
SELECT is(cpi_list_rejects(pg_temp.id(), accept => 'text/csv') - 'csv', '{"kept": 3, "whole": 2, "total": 3, "next": null}',
  'and how many there are');
SELECT is(cpi_list_rejects(pg_temp.id(), "limit" => 1, "offset" => 1, file => 'a.csv') - 'rejects', jsonb_build_object(
  'kept', 3, 'whole', 2, 'total', 3, 'next', '/jobs/' || pg_temp.id() || '/rejects?limit=1&offset=2&file=a.csv'),
  'a page leads to the next');
SELECT is(cpi_list_rejects(pg_temp.id(), "limit" => n, "offset" => 1) ->> 'next', NULL, 'the last one to none')
  FROM unnest(ARRAY[2, 3]) AS n;
SELECT matches(cpi_list_rejects(pg_temp.id(), "limit" => 1, accept => 'text/csv') ->> 'next', 'limit=1&offset=1$', 'pages of CSV too');
SELECT is(cpi_list_rejects(pg_temp.id(), "offset" => 9) - 'kept' - 'whole' - 'total', '{"rejects": [], "next": null}', 'behind the end is nothing');
SELECT is(cpi_list_rejects(pg_temp.id(), "limit" => 1, "offset" => 1, accept => 'text/csv, */*') ->> 'csv',
  E'"cpi_reason";"id";"note";""\n"line 5: has 1 field";2\n', 'pages have a header each');
SELECT ok(cpi_list_rejects(pg_temp.id(), accept => a) ? 'rejects', format('%s gets JSON', a))
  FROM unnest(ARRAY['application/json, text/plain, */*', '*/*', 'application/json, text/csv']) AS a;
SELECT is(jsonb_array_length(cpi_list_rejects(pg_temp.id(), file => 'a.csv') -> 'rejects'), 3, 'one file by its path');
SELECT is(jsonb_array_length(cpi_list_rejects(pg_temp.id(), file => (SELECT id::text FROM cpi_job_files WHERE path = 'b.csv'))
  -> 'rejects'), 0, 'or its id');
SELECT results_eq($$SELECT fixture.field_errors(format('SELECT cpi_list_rejects(%L, file => ''A.csv'')', id)) FROM job$$,
  ARRAY['file: "A.csv" is no file of job ' || pg_temp.id()], 'a file that the job has not is refused');
DO $$BEGIN PERFORM cpi_list_rejects(pg_temp.id(), file => 'elsewhere.txt'); EXCEPTION WHEN SQLSTATE 'PT422' THEN
  DECLARE hint text; BEGIN GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT; PERFORM set_config('test.hint', hint, true); END; END$$;
SELECT is(current_setting('test.hint'), 'Its file_results name them.', 'without a guess where no name is near');
SELECT is(_cpi_wants_csv(a), w, coalesce(a, 'nothing')) FROM (VALUES ('Text/CSV', true), ('text/csv;q=0', false), ('text/csv; q=0.0, */*', false),
  ('text/csv;q=0.5', true), ('text/csv;header=present', true), (NULL, false)) AS x (a, w);
SELECT throws_ok('SELECT cpi_replay_rejects(pg_temp.id())', 'PT409', NULL, 'a running job''s rejects are not replayed');

-- Several files: of one shape in one CSV, otherwise one by one.
SELECT pg_temp.finish('b.csv', '{"success": true, "read": 1, "rejected": 1, "header": ["id", "note", ""],
  "rejects_dialect": {"delimiter": ";", "quote": "\"", "escape": ""}}',
  '[{"line": 2, "reason": "null_key", "message": "no key", "raw": ";b;1"}]');
SELECT matches(pg_temp.csv(), '"a.csv, line 2, .*\n"b.csv, line 2: no key";;b;1\n$', 'files of one shape are one CSV');
SELECT pg_temp.finish('c.csv', '{"success": false, "error": "too many", "read": 2, "rejected": 1, "header": ["x"],
  "rejects_dialect": {"delimiter": ",", "quote": "", "escape": ""}}',
  '[{"line": 2, "reason": "invalid_value", "message": "bad, very", "raw": "y"}]');
SELECT is(pg_temp.csv() ~ 'bad', false, 'but not of one that failed: its good rows were not loaded either');
SELECT is(cpi_list_rejects(pg_temp.id(), accept => 'text/csv') ->> 'total', '4', 'and those are not counted with them');
UPDATE cpi_job_files SET header = '["id"]' WHERE path = 'b.csv' AND job_id = pg_temp.id()::uuid;
SELECT results_eq($$SELECT fixture.field_errors('SELECT pg_temp.csv()')$$,
  ARRAY['file: is needed: the files with rejected rows differ in header or dialect'], 'files that differ are asked for one by one');
UPDATE cpi_job_files SET header = '["id", "note", ""]' WHERE path = 'b.csv' AND job_id = pg_temp.id()::uuid;
SELECT results_eq($$SELECT (cpi_list_rejects(pg_temp.id(), accept => 'text/csv', file => f.path) ->> 'whole')::integer
  FROM cpi_job_files AS f WHERE f.path < 'c' ORDER BY 1$$, ARRAY[1, 2], 'and counted one by one');
SELECT is(pg_temp.csv('c.csv'), E'cpi_reason,x\nline 2: bad  very,y\n', 'in their own dialect');

-- Replay as they are.
SELECT _cpi_finish_job(id, fence) FROM job;
CREATE TEMP TABLE replay AS SELECT cpi_replay_rejects(pg_temp.id()) AS r;
SELECT is((SELECT r - 'job_id' - 'message' FROM replay), jsonb_build_object('project', 'shop', 'status', 'pending',
  'retry_of', pg_temp.id(), 'rows', 3, 'rows_duplicate', 0, 'rows_not_kept', 1), 'rows that are kept whole become a job');
SELECT fixture.answers_as((SELECT r FROM replay), 'Replay', 'which the answer says as documented');
CREATE TEMP TABLE again AS SELECT c.* FROM _cpi_claim_job(fixture.agent()) AS c (c);
SELECT is((SELECT c -> 'request' ->> 'stored_content' FROM again), 'true', 'whose agent needs no source');
SELECT is((SELECT (c ->> 'kept_rejects')::integer FROM again), 10000, 'and knows how many rejects to keep');
CREATE FUNCTION pg_temp.listed() RETURNS jsonb LANGUAGE sql AS
  $$SELECT _cpi_manifest((c ->> 'job_id')::uuid, (c ->> 'fence')::bigint) FROM again$$;
SELECT is((SELECT jsonb_agg(f - 'file_id' - 'modified_at' - 'size' - 'status') FROM jsonb_array_elements(pg_temp.listed()) AS f),
  '[{"path": "a.csv", "table_name": "a", "dialect": {"delimiter": ";", "quote": "\"", "escape": "", "reasons": 0, "records": true,
     "columns": ["id", "note", ""]}}, {"path": "b.csv", "table_name": "b", "dialect": {"delimiter": ";", "quote": "\"",
     "escape": "", "reasons": 0, "records": true, "columns": ["id", "note", ""]}}]',
  'its files are those that were loaded, in their dialect');
SELECT is((SELECT _cpi_file_content((c ->> 'job_id')::uuid, (c ->> 'fence')::bigint,
    (pg_temp.listed() -> 0 ->> 'file_id')::uuid)::jsonb FROM again), '[
    {"raw": "1;a;x", "column": "price", "reason": "invalid_value", "message": "no number: \"x\""},
    {"raw": "2", "column": null, "reason": "too_few_fields", "message": "has 1 field"}]', 'with what is to be loaded, row by row');
SELECT is((SELECT count(*) FROM again, LATERAL (SELECT _cpi_finish_file((c ->> 'job_id')::uuid, (c ->> 'fence')::bigint,
    (pg_temp.listed() -> 0 ->> 'file_id')::uuid, '{"success": true}') AS f) AS done), 1::bigint, 'a file is loaded');
SELECT _cpi_finish_file((c ->> 'job_id')::uuid, (c ->> 'fence')::bigint, (pg_temp.listed() -> 1 ->> 'file_id')::uuid,
  '{"success": false, "error": "x"}') FROM again;
SELECT is((SELECT count(*) FROM cpi_job_contents), 1::bigint, 'its content is gone, that of a failed one stays');
SELECT _cpi_finish_job((c ->> 'job_id')::uuid, (c ->> 'fence')::bigint) FROM again;
SELECT is((SELECT cpi_retry_job(c ->> 'job_id') ->> 'status' FROM again), 'pending', 'for a retry');
SELECT is((SELECT (c -> 'request' ->> 'stored_content') || ' ' || (SELECT string_agg(f ->> 'path', ' ')
    FROM jsonb_array_elements(_cpi_manifest((c ->> 'job_id')::uuid, (c ->> 'fence')::bigint)) AS f)
  FROM _cpi_claim_job(fixture.agent()) AS c), 'true b.csv', 'which has the failed file''s content');

-- Many and long ones: nothing is cut without a word.
SAVEPOINT many;
INSERT INTO cpi_job_rejects (file_id, ordinal, line, reason, message, raw)
  SELECT f.id, 10 + i, 10 + i, 'invalid_value', 'no number', i || repeat('y', 65000) FROM cpi_job_files AS f, generate_series(1, 1040) AS i
    WHERE f.path = 'a.csv';
SELECT throws_matching($$SELECT pg_temp.csv('a.csv')$$, 'have more than 64 MB', 'what does not fit is refused');
SELECT matches(cpi_list_rejects(pg_temp.id(), "limit" => 100000, file => 'a.csv', accept => a) ->> 'next',
  'limit=100000&offset=10\d\d&file=a.csv$', 'pages are shorter then: ' || a) FROM unnest(ARRAY['text/csv', '*/*']) AS a;
DELETE FROM cpi_job_rejects WHERE ordinal > 10;
INSERT INTO cpi_job_rejects (file_id, ordinal, reason, message, raw) SELECT f.id, 10 + i, 'invalid_value', 'no number', 'y'
  FROM cpi_job_files AS f, generate_series(1, 110000) AS i WHERE f.path = 'a.csv';
SELECT is(array_length(string_to_array(pg_temp.csv('a.csv'), E'\n'), 1), 110004, 'otherwise all rows are given');
SELECT is(cpi_replay_rejects(pg_temp.id(), file => 'a.csv') ->> 'rows', '110002', 'and tried again');
SELECT is((SELECT max(jsonb_array_length(content::jsonb)) FROM cpi_job_contents), 110002, 'all of them');
ROLLBACK TO many;

-- Mended.
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_replay_rejects(pg_temp.id(), E''id;price\n1;2\n'')')$$,
  ARRAY['file: is needed: files of different tables or headers have rejected rows'], 'mended rows are of one table');
SELECT is(cpi_replay_rejects(pg_temp.id(), E'id;price\n1;2\n', 'a.csv') - 'job_id' - 'message', jsonb_build_object(
  'project', 'shop', 'status', 'pending', 'retry_of', pg_temp.id()), 'mended rows become a job');
SELECT is((SELECT string_agg(c.content || (c.dialect ->> 'delimiter'), '') FROM cpi_job_contents AS c WHERE c.content LIKE 'id;%'),
  E'id;price\n1;2\n;', 'mended rows are the content, in the file''s dialect');
CREATE FUNCTION pg_temp.mended(content text) RETURNS text LANGUAGE sql AS $$
  SELECT translate(d ->> 'delimiter', E'\t', 'T') || (d ->> 'quote')
    FROM _cpi_mended_dialect(content, (SELECT f FROM cpi_job_files AS f WHERE path = 'a.csv' ORDER BY finished_at LIMIT 1)) AS d
$$;
SELECT is(pg_temp.mended(content), dialect, what) FROM (VALUES
  (E'cpi_reason;id;note;\n"line 2, x";1;a;x\n', ';"', 'as it was given'),
  (E'\ufeff"id";"note";""\r\n1;a;x\r\n', ';"', 'with a mark, all quoted, without the reason'),
  (E'cpi_reason,id,note,\n"line 2; x",1,a,x\n', ',"', 'by a spreadsheet with commas'),
  (E'cpi_reason\t\tid\tNOTE\n', 'T"', 'reordered, with tabs'),
  (E'id\n1\n', ';"', 'a single column'), (E'id;price\n1;2\n', ';"', 'with the table''s names')) AS m (content, dialect, what);
SELECT results_eq(format('SELECT fixture.field_errors(%L)', format('SELECT cpi_replay_rejects(pg_temp.id(), %L, ''a.csv'')', content)), ARRAY[error], error)
  FROM (VALUES (E'id;nota;\n1;a;b\n', 'content: column "nota" of its header is none of a.csv'),
               (E'id;note;;cpi_reason\n', 'content: column "cpi_reason" of its header does not come first'),
               (E'1;a;b\n', 'content: its first line, "1;a;b", is no header of a.csv'),
               (E'\n', 'content: its first line, "", is no header of a.csv')) AS w (content, error);
SELECT throws_ok($$SELECT cpi_replay_rejects(pg_temp.id(), file => 'c.csv')$$, 'PT409', NULL, 'a failed file is mended as a whole');
SELECT throws_ok($$SELECT cpi_replay_rejects(pg_temp.id(), repeat('x', 67108865), 'a.csv')$$, 'PT413', NULL, 'there is a limit');
UPDATE cpi_job_files SET key_columns = '[]' WHERE job_id = pg_temp.id()::uuid;
SELECT throws_like($$SELECT cpi_replay_rejects(pg_temp.id(), file => 'a.csv')$$, 'rejected rows of "a.csv" are being replayed by job %',
  'for a table without a key one replay waits for the other');
UPDATE cpi_jobs SET status = 'cancelled', completed_at = now(), started_at = NULL, lease_expires_at = NULL
  WHERE retry_of = pg_temp.id()::uuid AND status = 'pending';
SELECT lives_ok($$SELECT cpi_replay_rejects(pg_temp.id(), file => 'a.csv')$$, 'and goes on where that has loaded nothing');
SELECT lives_ok($$SELECT cpi_replay_rejects(pg_temp.id(), file => 'a.csv', force => true)$$, 'or by force');
SELECT throws_ok($$SELECT cpi_replay_rejects(pg_temp.id())$$, 'PT409', NULL, 'a replay of all files is one of this, too');
UPDATE cpi_job_files SET key_columns = NULL WHERE job_id = pg_temp.id()::uuid;
UPDATE cpi_job_rejects SET whole = false;
SELECT throws_ok($$SELECT cpi_replay_rejects(pg_temp.id())$$, 'PT409', NULL, 'rows that are not kept whole are not tried');
DELETE FROM cpi_job_rejects; UPDATE cpi_job_files SET read = 0, inserted = 0, rejected = 0;
SELECT throws_ok($$SELECT cpi_replay_rejects(pg_temp.id())$$, 'PT409', NULL, 'nor rows that were never rejected');
SELECT * FROM finish();
ROLLBACK;
