-- The life of a job: which transitions an existing row can make, whoever writes.
BEGIN;
SELECT plan(38);
SELECT fixture.agent();
SELECT fixture.project('shop');
CREATE TEMP TABLE allowed (before text, after text);
INSERT INTO allowed VALUES ('pending', 'running'), ('pending', 'cancelled'), ('running', 'pending'),
  ('running', 'completed'), ('running', 'partial'), ('running', 'failed'), ('running', 'cancelled');

-- Puts a new job into a state, by insert, and tries the transition with everything else that its new state needs.
CREATE FUNCTION pg_temp.transition(before text, after text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  job uuid;
  result text := 'done';
BEGIN
  DELETE FROM cpi_jobs;
  INSERT INTO cpi_jobs (project_id, project_name, status, fence, started_at, completed_at, lease_expires_at, agent_id)
    SELECT p.id, p.name, before, 1, now(), CASE WHEN before NOT IN ('pending', 'running') THEN now() END,
           CASE WHEN before = 'running' THEN now() END, fixture.agent()
      FROM cpi_projects p RETURNING id INTO job;
  BEGIN
    UPDATE cpi_jobs SET status = after, fence = fence + 1,
        completed_at = CASE WHEN after NOT IN ('pending', 'running') THEN now() END,
        lease_expires_at = CASE WHEN after = 'running' THEN now() END
      WHERE id = job;
  EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS result = MESSAGE_TEXT;
    result := replace(result, job::text, '…');
  END;
  RETURN result;
END
$$;

SELECT is(pg_temp.transition(b, a),
          CASE WHEN a = b OR EXISTS (SELECT FROM allowed WHERE before = b AND after = a) THEN 'done'
               ELSE format('job … cannot become %s after %s', a, b) END,
          format('%s → %s', b, a))
  FROM unnest(ARRAY['pending', 'running', 'completed', 'partial', 'failed', 'cancelled']) AS b,
       unnest(ARRAY['pending', 'running', 'completed', 'partial', 'failed', 'cancelled']) AS a;

SELECT pg_temp.transition('pending', 'running');
UPDATE cpi_jobs SET status = 'pending', lease_expires_at = NULL;
SELECT throws_ok($$UPDATE cpi_jobs SET status = 'running', lease_expires_at = now()$$, '23514', NULL,
  'a claim must raise the fence');
SELECT matches(fixture.hint_of($$UPDATE cpi_jobs SET status = 'failed', completed_at = now()$$), 'cpi_retry_job',
  'the refusal says what to do');

SELECT * FROM finish();
ROLLBACK;
