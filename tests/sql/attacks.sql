-- Somebody who has a role of cpi, and a schema of his own, tries to become more than that: by names that he puts before
-- the real ones (CVE-2007-2138, CVE-2018-1058), by temporary objects, by texts that end up in statements, and straight.
BEGIN;
SELECT plan(63);
GRANT USAGE ON SCHEMA tap, fixture TO PUBLIC;
SELECT fixture.project('shop');
CREATE ROLE attacker LOGIN;
CREATE SCHEMA evil AUTHORIZATION attacker;
CREATE TABLE evil.caught (who name DEFAULT current_user, what text);
GRANT ALL ON evil.caught TO PUBLIC;
GRANT TEMPORARY ON DATABASE cpi_test TO attacker;

-- The bait: functions, operators and tables with the names that cpi's own functions use. Each notes as whom it runs.
SET LOCAL SESSION AUTHORIZATION attacker;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('lower'); RETURN pg_catalog.lower($1); END$$;
CREATE FUNCTION evil.length(text) RETURNS integer LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('length'); RETURN pg_catalog.length($1); END$$;
CREATE FUNCTION evil."left"(text, integer) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('left'); RETURN pg_catalog."left"($1, $2); END$$;
CREATE FUNCTION evil.quote_ident(text) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('quote_ident'); RETURN pg_catalog.quote_ident($1); END$$;
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('clock_timestamp'); RETURN pg_catalog.clock_timestamp(); END$$;
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('now'); RETURN pg_catalog.now(); END$$;
CREATE FUNCTION evil.gen_random_uuid() RETURNS uuid LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('gen_random_uuid'); RETURN pg_catalog.gen_random_uuid(); END$$;
CREATE FUNCTION evil.sha256(bytea) RETURNS bytea LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('sha256'); RETURN pg_catalog.sha256($1); END$$;
CREATE FUNCTION evil.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('pg_notify'); END$$;
CREATE FUNCTION evil.to_regproc(text) RETURNS regproc LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('to_regproc'); RETURN pg_catalog.to_regproc($1); END$$;
CREATE FUNCTION evil.texteq(text, text) RETURNS boolean LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('='); RETURN $1 OPERATOR(pg_catalog.=) $2; END$$;
CREATE FUNCTION evil.textne(text, text) RETURNS boolean LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('<>'); RETURN $1 OPERATOR(pg_catalog.<>) $2; END$$;
CREATE FUNCTION evil.uuideq(uuid, uuid) RETURNS boolean LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('uuid ='); RETURN $1 OPERATOR(pg_catalog.=) $2; END$$;
CREATE FUNCTION evil.arrow(jsonb, text) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('->>'); RETURN $1 OPERATOR(pg_catalog.->>) $2; END$$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.texteq);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.textne);
CREATE OPERATOR evil.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = evil.uuideq);
CREATE OPERATOR evil.->> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = evil.arrow);
CREATE TEMP TABLE cpi_jobs (id uuid, status text);
CREATE TEMP TABLE cpi_projects (id uuid, name text, config jsonb);
CREATE TEMP TABLE cpi_api_keys (id uuid, name text);
CREATE TEMP TABLE cpi_settings (name text, value numeric, builtin boolean);
CREATE TEMP TABLE pg_extension (extname name, extversion text, extnamespace oid);
CREATE TEMP TABLE pg_proc (oid oid, proname name);
CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO evil.caught (what) VALUES ('temporary lower'); RETURN $1; END$$;
RESET SESSION AUTHORIZATION;

-- Everything that an admin may call, with the bait in front. What refuses its arguments has run as well.
GRANT cpi_admin TO attacker;
CREATE FUNCTION pg_temp.call_everything() RETURNS integer LANGUAGE plpgsql
SET search_path = evil, pg_temp, public, pg_catalog AS $$
DECLARE
  call text;
  called integer := 0;
  job text;
  secret text;
BEGIN
  secret := public.cpi_create_api_key('k', 'viewer') OPERATOR(pg_catalog.->>) 'key';
  job := public.cpi_import('shop') OPERATOR(pg_catalog.->>) 'job_id';
  FOREACH call IN ARRAY ARRAY[
    'cpi_health()', 'cpi_openapi()', 'cpi_list_connections()', 'cpi_get_connection(''shop target'')',
    'cpi_create_connection(''new'', ''postgresql://u:p@h/d'')', 'cpi_update_connection(''new'', description => ''d'')',
    'cpi_delete_connection(''new'')', 'cpi_list_sources()', 'cpi_create_source(''s'', host => ''h'', username => ''u'')',
    'cpi_get_source(''s'')', 'cpi_update_source(''s'', port => 23)', 'cpi_delete_source(''s'')', 'cpi_list_projects()',
    'cpi_get_project(''shop'')', 'cpi_update_project(''shop'', config => ''{"defaults": {"primary_key": "id"}}'')',
    'cpi_create_project(''other'', ''shop target'')', 'cpi_delete_project(''other'')',
    pg_catalog.format('cpi_get_job(%L)', job), 'cpi_list_jobs(project => ''shop'', status => ''pending'')',
    pg_catalog.format('cpi_wait_job(%L, 0)', job), pg_catalog.format('cpi_list_rejects(%L)', job),
    pg_catalog.format('cpi_list_deliveries(%L)', job), pg_catalog.format('cpi_cancel_job(%L)', job),
    pg_catalog.format('cpi_retry_job(%L)', job), 'cpi_retry_delivery(''x'')', 'cpi_list_api_keys()',
    'cpi_delete_api_key(''k'')', 'cpi_get_settings()', 'cpi_update_settings(poll_seconds => 6)',
    'cpi_publish(''GET'', ''/x'', ''public.cpi_health()'', ''admin'')', 'cpi_unpublish(''GET'', ''/x'')'] LOOP
    BEGIN
      EXECUTE pg_catalog.format('SELECT public.%s', call);
      called := called OPERATOR(pg_catalog.+) 1;
    EXCEPTION WHEN SQLSTATE 'PT404' OR SQLSTATE 'PT409' THEN
      called := called OPERATOR(pg_catalog.+) 1;
    END;
  END LOOP;
  -- That the bait is where the path leads first, and so would have been taken.
  PERFORM lower('X'), now(), length('x');
  PERFORM 'a'::text = 'a'::text;
  RETURN called;
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.call_everything() TO PUBLIC;
SET LOCAL SESSION AUTHORIZATION attacker;
SELECT is(pg_temp.call_everything(), 31, 'every function of an admin runs with an attacker''s schema in front');
RESET SESSION AUTHORIZATION;
SELECT isnt_empty($$SELECT FROM evil.caught WHERE who = 'attacker'$$, 'whose objects would be taken');
SELECT is_empty($$SELECT who, what FROM evil.caught WHERE who <> 'attacker'$$, 'but none ran as anybody else');
SELECT results_eq($$SELECT count(*) FROM public.cpi_jobs$$, ARRAY[2::bigint], 'and jobs went into the real table');

-- An operator, straight.
REVOKE cpi_admin FROM attacker;
GRANT cpi_operator TO attacker;
CREATE TABLE evil.bait (id uuid);
GRANT ALL ON evil.bait TO attacker;
ALTER TABLE evil.bait OWNER TO attacker;
SET LOCAL SESSION AUTHORIZATION attacker;
SELECT throws_ok(attempt, '42501', NULL, 'refused: ' || attempt) FROM unnest(ARRAY[
  'SET LOCAL ROLE cpi_admin', 'SET LOCAL ROLE cpi_agent', 'SET LOCAL ROLE postgres', 'GRANT cpi_admin TO attacker',
  'ALTER ROLE attacker SUPERUSER',
  'SELECT * FROM public.cpi_secrets', 'SELECT * FROM public.cpi_api_keys',
  'INSERT INTO public.cpi_jobs (project_name) VALUES (''x'')', 'UPDATE public.cpi_projects SET config = ''{}''',
  'DELETE FROM public.cpi_settings', 'TRUNCATE public.cpi_jobs', 'LOCK TABLE public.cpi_jobs IN EXCLUSIVE MODE',
  'INSERT INTO public.cpi_routes (method, path, native, role, summary) VALUES (''GET'', ''/x'', ''x'', ''anyone'', ''x'')',
  'CREATE TRIGGER t BEFORE UPDATE ON public.cpi_jobs FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
  'CREATE RULE r AS ON INSERT TO public.cpi_jobs DO INSTEAD NOTHING',
  'CREATE POLICY p ON public.cpi_jobs', 'ALTER TABLE public.cpi_jobs DISABLE TRIGGER ALL',
  'CREATE INDEX ON public.cpi_jobs (evil.lower(status))',
  'CREATE TABLE public.mine ()', 'CREATE FUNCTION public.cpi_get_job(text) RETURNS jsonb LANGUAGE sql AS ''SELECT NULL::jsonb''',
  'CREATE OR REPLACE FUNCTION public.cpi_health() RETURNS jsonb LANGUAGE sql AS ''SELECT NULL::jsonb''',
  'ALTER FUNCTION public.cpi_get_job SET search_path = evil', 'ALTER FUNCTION public.cpi_get_job OWNER TO attacker',
  'GRANT EXECUTE ON FUNCTION public.cpi_get_connection TO attacker', 'ALTER EXTENSION cpi DROP FUNCTION public.cpi_health()',
  'DROP EXTENSION cpi', 'ALTER EXTENSION cpi UPDATE', 'SET cpi.key_file = ''/tmp/key''',
  'CREATE TRIGGER t AFTER DELETE ON evil.bait FOR EACH ROW EXECUTE FUNCTION public._cpi_forget_secrets()',
  'CREATE TRIGGER t BEFORE UPDATE ON evil.bait FOR EACH ROW EXECUTE FUNCTION public._cpi_check_job_transition()',
  'SELECT public.cpi_get_connection(''shop target'')', 'SELECT public.cpi_create_api_key(''mine'', ''admin'')',
  'SELECT public.cpi_publish(''GET'', ''/x'', ''public.cpi_health()'', ''viewer'')', 'SELECT public.cpi_rotate_key()',
  'SELECT public._cpi_get_secret(''cpi_connections'', gen_random_uuid(), ''database_url'')',
  'SELECT public._cpi_claim_job(gen_random_uuid())', 'SELECT public._cpi_authenticate(''x'')',
  'SELECT public._cpi_parse_url(''postgresql://u:p@h/d'')', 'SELECT public._cpi_resolve(''project'', ''shop'')',
  'SELECT public._cpi_estimate_jobs(''true'')', 'SELECT public._cpi_end_job(gen_random_uuid(), ''failed'', ''x'')',
  'SELECT public._cpi_job_json(j) FROM public.cpi_jobs j',
  'SELECT public._cpi_probe(''host=localhost'', 1)',
  'DO $d$BEGIN PERFORM public._cpi_put_secret(''cpi_connections'', gen_random_uuid(), ''database_url'', ''x''); END$d$'
  ]) AS t (attempt);

-- Texts that would end a literal where one is put into a statement.
CREATE TEMP TABLE texts AS SELECT t FROM unnest(ARRAY[
  $$x' OR true --$$, $$x'; DROP TABLE public.cpi_jobs; --$$, $$\'; SELECT 1; --$$, $$%s %I %L %1$s$$, $$"; DROP SCHEMA evil; --$$,
  '$$ OR true $$', E'x\nOR true', 'shop target''||(SELECT ''x'')||'''
  ]) AS t;
SELECT is_empty($$SELECT t FROM texts WHERE public.cpi_list_jobs(project => t) -> 'total' <> '0'$$, 'no text as a project lists jobs');
SELECT throws_ok(format('SELECT public.cpi_list_jobs(status => %L)', (SELECT t FROM texts LIMIT 1)), 'PT422', NULL, 'nor as a status');
SELECT throws_ok(format('SELECT public.cpi_list_jobs(cursor => %L)', (SELECT t FROM texts LIMIT 1)), 'PT422', NULL, 'nor as a cursor');
SELECT throws_ok(format('SELECT public.cpi_list_jobs(schedule => %L)', t), 'PT404', NULL, 'nor as a schedule') FROM texts LIMIT 1;
SELECT throws_ok(format('SELECT public.cpi_import(%L)', t), 'PT404', NULL, 'nor imports another project: ' || t) FROM texts;
SELECT throws_ok(format('SELECT public.cpi_get_job(%L)', t), 'PT404', NULL, 'nor is a job') FROM texts LIMIT 1;
RESET SESSION AUTHORIZATION;
SELECT lives_ok('SELECT FROM public.cpi_jobs, evil.bait', 'the tables are still there');
SELECT is((SELECT trusted OR relocatable FROM pg_available_extension_versions WHERE name = 'cpi' AND installed), false,
  'only a superuser can create the extension, and nobody move it');

SELECT * FROM finish();
ROLLBACK;
