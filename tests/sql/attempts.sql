-- What an attempt writes: manifest, file results, rejects, the job's end.
BEGIN;
SELECT plan(62);
SELECT fixture.project('shop');
CREATE TEMP TABLE job AS SELECT * FROM fixture.claimed('shop', 'https://h/x');

SELECT is((SELECT _cpi_manifest(id, fence) FROM job), NULL, 'at first nobody has listed the files');
CREATE TEMP TABLE manifest AS SELECT _cpi_write_manifest(id, fence, '[
  {"path": "in/b.csv", "size": 10, "modified_at": "2026-01-02T03:04:05Z", "table_name": "b"},
  {"path": "in/a.csv", "size": 20, "modified_at": "2026-01-02T03:04:05+02:00", "table_name": "a"},
  {"path": "in/b.csv", "size": 10, "modified_at": "2026-01-02T03:04:05Z", "table_name": "b"},
  {"path": "missing.csv", "size": null, "modified_at": null, "table_name": "missing"}]') AS m FROM job;
SELECT is((SELECT jsonb_agg(e - 'file_id' - 'dialect') FROM manifest, jsonb_array_elements(m) AS e), '[
  {"path": "in/b.csv", "size": 10, "modified_at": "2026-01-02T03:04:05+00:00", "table_name": "b", "status": "pending"},
  {"path": "in/a.csv", "size": 20, "modified_at": "2026-01-02T01:04:05+00:00", "table_name": "a", "status": "pending"},
  {"path": "missing.csv", "size": null, "modified_at": null, "table_name": "missing", "status": "pending"}]',
  'the list keeps its order, a path that comes twice is one file');
SELECT is((SELECT _cpi_write_manifest(id, fence, '[{"path": "other.csv"}]') FROM job), (SELECT m FROM manifest),
  'a list that stands is not replaced');
SELECT is((SELECT _cpi_manifest(id, fence) FROM job), (SELECT m FROM manifest), 'and is what later attempts read');
CREATE FUNCTION pg_temp.file(place integer) RETURNS uuid LANGUAGE sql AS
  $$SELECT (m -> place ->> 'file_id')::uuid FROM manifest$$;
CREATE FUNCTION pg_temp.finish(place integer, result jsonb, rejects jsonb DEFAULT NULL) RETURNS void LANGUAGE sql AS
  $$SELECT _cpi_finish_file(id, fence, pg_temp.file(place), result, rejects) FROM job$$;

-- A file that succeeded, with rejected rows.
SELECT lives_ok($$SELECT pg_temp.finish(0, '{"success": true, "read": 10, "inserted": 4, "updated": 3, "skipped": 1,
  "duplicates": 1, "rejected": 1, "deleted": 2, "error": null, "strategy": "merge", "strategy_reason": "the table exists",
  "sha256": "ab", "size": 11, "duration_seconds": 1.5, "warnings": ["w"], "columns": ["id", "name"]}',
  '[{"line": 7, "offset": 123, "column": "price", "reason": "invalid_number", "message": "\"x\" is no number", "raw": "7,x"}]')$$,
  'a file''s result can be written');
SELECT results_eq('SELECT status, read, inserted, updated, skipped, duplicates, rejected, deleted, strategy, sha256, size,
    duration_seconds, warnings, columns FROM cpi_job_files WHERE position = 1',
  $$VALUES ('completed', 10::bigint, 4::bigint, 3::bigint, 1::bigint, 1::bigint, 1::bigint, 2::bigint, 'merge', 'ab', 11::bigint,
            1.5, '["w"]'::jsonb, '["id", "name"]'::jsonb)$$, 'all of it is kept');
SELECT results_eq('SELECT line, byte_offset, column_name, reason, message, raw FROM cpi_job_rejects',
  $$VALUES (7::bigint, 123::bigint, 'price', 'invalid_number', '"x" is no number', '7,x')$$, 'so is the rejected row');
SELECT results_eq('SELECT files_processed, files_failed, total_inserted, total_updated, total_skipped, total_duplicates,
    total_rejected, total_deleted FROM cpi_jobs',
  $$VALUES (1::bigint, 0::bigint, 4::bigint, 3::bigint, 1::bigint, 1::bigint, 1::bigint, 2::bigint)$$, 'the job has its totals');
SELECT lives_ok($$SELECT pg_temp.finish(0, '{"success": true, "read": 10, "inserted": 4, "updated": 3, "skipped": 1,
  "duplicates": 1, "rejected": 1, "deleted": 2}', '[{"line": 7, "reason": "invalid_number"}]')$$, 'writing it again is allowed');
SELECT is((SELECT total_inserted FROM cpi_jobs), 4::bigint, 'and counts nothing twice');
SELECT is((SELECT count(*) FROM cpi_job_rejects), 1::bigint, 'nor rejects');
SELECT throws_ok($$SELECT pg_temp.finish(0, '{"success": true, "read": 10, "inserted": 4}')$$, '23514', NULL,
  'counts that do not add up are refused');

-- What a file shows of its dialect is kept with the project, once it was loaded.
SELECT lives_ok($$SELECT pg_temp.finish(0, '{"success": true, "read": 10, "inserted": 4, "updated": 3, "skipped": 1,
  "duplicates": 1, "rejected": 1, "deleted": 2, "dialect": {"delimiter": ";", "detected": {"delimiter": {"certainty": 1}}},
  "learned": {"file_pattern": "*.csv", "schema": "public", "table_name": "b", "delimiter": ";", "filename": "in/b.csv"}}',
  '[{"line": 7, "reason": "invalid_number"}]')$$, 'a result may tell a dialect');
SELECT is((SELECT dialect ->> 'delimiter' FROM cpi_job_files WHERE position = 1), ';', 'which the file keeps');
SELECT is(cpi_get_project('shop') #>> '{dialects,0,delimiter}', ';', 'and its project');
SELECT pg_temp.finish(0, '{"success": true, "read": 10, "inserted": 4, "updated": 3, "skipped": 1, "duplicates": 1,
  "rejected": 1, "deleted": 2, "learned": {"file_pattern": "*.csv", "schema": "public", "table_name": "b",
  "delimiter": "|"}}', '[{"line": 7, "reason": "invalid_number"}]');
SELECT is((SELECT dialects FROM cpi_projects), '[{"file_pattern": "*.csv", "schema": "public", "table_name": "b", "delimiter": "|"}]',
  'the last word of a pattern and table counts');
SELECT _cpi_learn_dialect(id, jsonb_build_object('file_pattern', '*.csv', 'schema', 'public', 'table_name', 't' || i))
  FROM cpi_projects, generate_series(1, 260) AS i;
SELECT _cpi_learn_dialect(id, jsonb_build_object('file_pattern', '*.csv', 'schema', 'public', 'table_name', t))
  FROM cpi_projects, unnest(ARRAY['b', 't260']) AS t;
SELECT is((SELECT dialects #>> '{-1,table_name}' FROM cpi_projects), 'b', 'one that is used again is kept longer');
SELECT _cpi_learn_dialect(id, jsonb_build_object('file_pattern', '*.csv', 'schema', 'public', 'table_name', 't' || i))
  FROM cpi_projects, generate_series(261, 700) AS i;
SELECT is((SELECT jsonb_build_array(jsonb_array_length(dialects), dialects #> '{0,table_name}', dialects #> '{-1,table_name}',
  dialects @> '[{"table_name": "b"}]') FROM cpi_projects), '[500, "t202", "t700", true]', 'the oldest of too many are forgotten');

-- Files that failed.
SELECT lives_ok($$SELECT pg_temp.finish(2, '{"success": false, "status": "failed", "error": "missing.csv is not there"}')$$,
  'a file can fail');
SELECT is((SELECT files_failed FROM cpi_jobs), 1::bigint, 'and is counted');
SELECT lives_ok($$SELECT pg_temp.finish(1, '{"success": false}')$$, 'a failure without a reason');
SELECT is((SELECT error FROM cpi_job_files WHERE position = 2), 'the agent gave no reason', 'says so');
SELECT throws_ok($$SELECT _cpi_finish_file(id, fence, gen_random_uuid(), '{"success": true}', NULL) FROM job$$, 'PT404', NULL,
  'a file of another job is refused');
SELECT lives_ok($$SELECT _cpi_add_job_error(id, fence, 'FileNotFound', 'missing.csv is not there') FROM job$$, 'errors are added');
SELECT _cpi_add_job_error(id, fence, 'FileNotFound', 'missing.csv is not there') FROM job;
SELECT is((SELECT count(*) FROM cpi_job_errors), 1::bigint, 'once, however often they are said');
SELECT throws_ok($$SELECT _cpi_add_job_error(id, fence, 'Oops', 'x') FROM job$$, '23514', NULL, 'of known types');
SELECT is((SELECT string_agg(e ->> 'status', ' ' ORDER BY n) FROM job, jsonb_array_elements(_cpi_manifest(id, fence))
  WITH ORDINALITY AS x (e, n)), 'completed failed failed', 'the manifest shows what is done');

-- The end, decided from the files.
SELECT throws_ok($$SELECT _cpi_finish_job(id, fence, 'completed') FROM job$$, 'PT422', NULL,
  'an agent cannot declare success, only the files can');
SELECT is((SELECT _cpi_finish_job(id, fence) ->> 'status' FROM job), 'partial', 'some files failed: partial');
SELECT throws_ok('SELECT _cpi_finish_job(id, fence) FROM job', 'CP001', NULL, 'a job ends once');
SELECT results_eq('SELECT url, status, attempts, payload - ''duration_seconds'' - ''job_id'' FROM cpi_webhook_deliveries',
  $$VALUES ('https://h/x', 'pending', 0, '{"project": "shop", "status": "partial", "dry_run": false, "files_processed": 1, "files_failed": 2,
    "total_inserted": 4, "total_updated": 3, "total_skipped": 1, "total_rejected": 1,
    "errors": ["missing.csv is not there", "in/a.csv: the agent gave no reason", "missing.csv: missing.csv is not there"]}'::jsonb)$$,
  'the webhook''s row is written with the final state');
SELECT is((SELECT payload ? 'duration_seconds' AND payload ? 'job_id' FROM cpi_webhook_deliveries), true, 'with all of its fields');
SELECT fixture.answers_as(cpi_get_job((SELECT id::text FROM job)), 'JobWithDetails', 'the job is as documented, files included');
SELECT fixture.answers_as(cpi_list_rejects((SELECT id::text FROM job)), 'RejectList', 'so are its rejects');
SELECT is(cpi_list_rejects((SELECT id::text FROM job)) - 'rejects', '{"kept": 1, "whole": 1, "total": 1, "next": null}', 'which are counted');
SELECT is(cpi_list_rejects((SELECT id::text FROM job), "offset" => 1) -> 'rejects', '[]', 'and paged');
SELECT results_eq($$SELECT fixture.field_errors(format('SELECT cpi_list_rejects(%L, 0, -1)', id)) FROM job$$,
  ARRAY['limit: 0 is out of range: 1 to 100000', 'offset: -1 is negative'], 'with sensible numbers');
SELECT throws_ok($$SELECT cpi_list_rejects('x')$$, 'PT404', 'job "x" does not exist', 'of a job that exists');

-- Other ends. Each needs a new job.
CREATE FUNCTION pg_temp.end_with(results jsonb, status text DEFAULT NULL, last_error text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  j record := fixture.claimed('shop');
  file jsonb;
  place integer := 0;
  answer jsonb;
BEGIN
  FOR file IN SELECT e FROM jsonb_array_elements(_cpi_write_manifest(j.id, j.fence,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('path', n)), '[]') FROM generate_series(1, jsonb_array_length(results)) n))) e LOOP
    IF results -> place <> 'null' THEN
      PERFORM _cpi_finish_file(j.id, j.fence, (file ->> 'file_id')::uuid, results -> place, NULL);
    END IF;
    place := place + 1;
  END LOOP;
  answer := _cpi_finish_job(j.id, j.fence, status, last_error);
  RETURN concat_ws('|', answer ->> 'status', answer ->> 'files_processed', answer ->> 'files_failed', answer ->> 'note');
END
$$;
SELECT is(pg_temp.end_with('[]'), 'completed|0|0|no file was found', 'no file at all: completed, with a note');
SELECT is(pg_temp.end_with('[{"success": true}]'), 'completed|1|0', 'a file without rows succeeds');
SELECT is(pg_temp.end_with('[{"success": true}, {"success": true, "read": 1, "rejected": 1}]'), 'partial|2|0', 'rejected rows: partial');
SELECT is(pg_temp.end_with('[{"success": false, "error": "x"}]'), 'failed|0|1', 'no file succeeded: failed');
SELECT is((SELECT last_error FROM cpi_jobs ORDER BY created_at DESC LIMIT 1), 'x', 'with the file''s error as the job''s');
SELECT is((SELECT count(*) FROM cpi_job_errors e WHERE e.message = 'x'), 0::bigint, 'which is not listed twice');
SELECT is(pg_temp.end_with('[{"success": false, "error": "x", "read": 2, "rejected": 2}, {"success": true}]'), 'partial|1|1', 'some: partial');
SELECT is(pg_temp.end_with('[{"success": true}, null]'), 'partial|1|1', 'a file never finished has failed');
SELECT is(pg_temp.end_with('[{"success": true}, null]', 'failed', 'the disk is full'), 'failed|1|1', 'a job-level error: failed');
SELECT is((SELECT last_error FROM cpi_jobs ORDER BY created_at DESC LIMIT 1), 'the disk is full', 'its error is kept');
SELECT is((SELECT e.error_type || ': ' || e.message FROM cpi_job_errors e JOIN cpi_jobs j ON j.id = e.job_id ORDER BY j.created_at DESC LIMIT 1),
  'JobError: the disk is full', 'and listed');
SELECT is(pg_temp.end_with('[{"success": true}, null, {"success": false, "status": "cancelled", "error": "stopped"}]', 'cancelled'),
  'cancelled|1|0', 'a cancelled job: files not loaded are cancelled, not failed');
SELECT is((SELECT count(*) FROM cpi_webhook_deliveries), 1::bigint, 'a job without a callback_url has no webhook');

-- Payloads stay below 20 kB whatever happens.
SELECT is(pg_temp.end_with((SELECT jsonb_agg('{"success": false}'::jsonb || jsonb_build_object('error', repeat('€', 5000)))
  FROM generate_series(1, 50))), 'failed|0|50', 'a job with fifty long errors ends');
SELECT ok((SELECT octet_length(_cpi_webhook_payload(j)::text) < 20000 FROM cpi_jobs j ORDER BY created_at DESC LIMIT 1),
  'and fits into a webhook');
SELECT is((SELECT count(*) FROM cpi_jobs WHERE status IN ('pending', 'running')), 0::bigint, 'every job has ended');
SELECT ok((SELECT bool_and(completed_at >= started_at) FROM cpi_jobs), 'after it began');

-- A load that an attempt committed before it died: the next one knows the ledger's counts only.
SAVEPOINT prepared;
SELECT fixture.project('dying');
CREATE TEMP TABLE dying AS SELECT * FROM fixture.claimed('dying');
SELECT _cpi_write_manifest(id, fence, '[{"path": "d.csv", "table_name": "d"}, {"path": "e.csv", "table_name": "e"}]') FROM dying;
CREATE FUNCTION pg_temp.file(path text) RETURNS uuid LANGUAGE sql AS $$
  SELECT f.id FROM cpi_job_files AS f JOIN dying AS j ON j.id = f.job_id WHERE f.path = file.path
$$;
CREATE FUNCTION pg_temp.prepare(path text, result jsonb) RETURNS void LANGUAGE sql AS $$
  SELECT _cpi_prepare_file(j.id, j.fence, pg_temp.file(path), result || '{"success": true, "header": ["id"], "warnings": ["odd"]}',
    '[{"line": 3, "reason": "invalid_value", "message": "no number", "raw": "x"}]') FROM dying AS j
$$;
SELECT pg_temp.prepare(path, '{"read": 3, "inserted": 2, "updated": 0, "skipped": 0, "duplicates": 0, "rejected": 1, "deleted": 0, "sha256": "ab"}')
  FROM unnest(ARRAY['d.csv', 'e.csv']) AS path;
SELECT is((SELECT (cpi_list_rejects(id::text) ->> 'kept')::integer FROM dying), 0, 'what is prepared is shown to nobody');
SELECT throws_ok($$SELECT _cpi_prepare_file(id, fence + 1, pg_temp.file('d.csv'), '{}', '[]') FROM dying$$, 'CP001', NULL, 'and fenced');
SELECT _cpi_finish_file(id, fence, pg_temp.file(path), '{"success": true, "already_applied": true, "read": 3, "updated": 0,
  "skipped": 0, "duplicates": 0, "rejected": 1, "deleted": 0, "sha256": "ab", "warnings": ["newer content waits"]}'
  || counts::jsonb) FROM dying, (VALUES ('d.csv', '{"inserted": 2}'), ('d.csv', '{"inserted": 2}'), ('e.csv', '{"inserted": 1, "read": 2}')) AS v (path, counts);
SELECT is((SELECT jsonb_build_array(f.header, f.warnings, (SELECT jsonb_agg(r.raw) FROM cpi_job_rejects AS r WHERE r.file_id = f.id))
  FROM cpi_job_files AS f WHERE f.id = pg_temp.file('d.csv')), '[["id"], ["odd", "newer content waits"], ["x"]]',
  'a later attempt reports it, however often, where the ledger has the same counts');
SELECT is((SELECT jsonb_build_array(f.header, f.warnings, (SELECT jsonb_agg(r.raw) FROM cpi_job_rejects AS r WHERE r.file_id = f.id))
  FROM cpi_job_files AS f WHERE f.id = pg_temp.file('e.csv')), '[null, ["newer content waits", "1 rows were rejected; the attempt that '
  'loaded the file ended before it could list them"], null]', 'where it has others, the rows are of another load');
SELECT _cpi_finish_job(id, fence) FROM dying;
SELECT is((SELECT count(*) FROM cpi_prepared_files), 0::bigint, 'when the job ends nothing is left of it');
ROLLBACK TO prepared;

-- Rows that were handed over are UTF-8, those of them that are rejected go out as the file that they came from was written.
SELECT fixture.project('replaying');
CREATE TEMP TABLE origin AS SELECT * FROM fixture.claimed('replaying');
SELECT _cpi_write_manifest(id, fence, '[{"path": "o.csv", "table_name": "o"}]') FROM origin;
CREATE FUNCTION pg_temp.reject(job uuid, fence bigint, encoding text) RETURNS void LANGUAGE sql AS $$
  SELECT _cpi_finish_file(job, fence, f.id, '{"success": true, "read": 1, "rejected": 1, "header": ["id"], "table_columns": ["id"],
      "key_columns": ["id"]}' || jsonb_build_object('rejects_dialect', jsonb_build_object('delimiter', ',', 'quote', '"', 'escape', '',
      'encoding', encoding, 'byte_order_mark', encoding <> 'utf-8')),
    '[{"line": 2, "reason": "invalid_value", "message": "no number", "raw": "x", "whole": true}]')
    FROM cpi_job_files AS f WHERE f.job_id = job
$$;
SELECT pg_temp.reject(id, fence, 'utf-16') FROM origin;
SELECT _cpi_finish_job(id, fence) FROM origin;
SELECT cpi_replay_rejects(id::text) FROM origin;
CREATE TEMP TABLE replay AS SELECT (c ->> 'job_id')::uuid AS id, (c -> 'fence')::bigint AS fence FROM _cpi_claim_job(fixture.agent()) AS c;
SELECT pg_temp.reject(id, fence, 'utf-8') FROM replay;
CREATE TEMP TABLE once AS SELECT to_jsonb(f) AS f FROM cpi_job_files AS f JOIN replay ON f.job_id = replay.id;
SELECT is((SELECT f -> 'rejects_dialect' ->> 'encoding' FROM once), 'utf-16', 'rejects of a replay keep the encoding of their file');
SELECT pg_temp.reject(id, fence, 'utf-8') FROM replay;
SELECT is((SELECT to_jsonb(f) FROM cpi_job_files AS f JOIN replay ON f.job_id = replay.id), (SELECT f FROM once),
  'writing it again changes nothing, though the content is gone by then');

SELECT * FROM finish();
ROLLBACK;
