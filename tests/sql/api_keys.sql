-- API keys: made once, shown once, stored as a digest, found by their public part.
BEGIN;
SELECT plan(26);

CREATE TEMP TABLE made AS SELECT cpi_create_api_key('n8n', 'operator') AS k;
SELECT fixture.answers_as((SELECT k FROM made), 'NewApiKey', 'the answer that makes a key holds it');
SELECT matches((SELECT k ->> 'key' FROM made), '^cpi_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$', 'it is 32 bytes of randomness after a public id');
SELECT isnt(cpi_create_api_key('other', 'viewer') ->> 'key', (SELECT k ->> 'key' FROM made), 'no two are alike');
SELECT fixture.answers_as(cpi_list_api_keys(), 'ApiKeyList', 'the list is as documented');
SELECT is(fixture.keys(cpi_list_api_keys() #> '{api_keys,0}'), 'created_at expires_at id last_used_at name role', 'and never holds keys');
SELECT is((SELECT count(*) FROM cpi_api_keys a, made WHERE a::text LIKE '%' || split_part(k ->> 'key', '_', 3) || '%'), 0::bigint,
  'nor does the table');
SELECT is((SELECT digest FROM cpi_api_keys WHERE name = 'n8n'), (SELECT sha256(convert_to(k ->> 'key', 'UTF8')) FROM made), 'only its SHA-256');

SELECT is(_cpi_authenticate((SELECT k ->> 'key' FROM made)), (SELECT jsonb_build_object('key_id', k -> 'id', 'role', 'operator') FROM made),
  'the key is known again');
SELECT ok((SELECT last_used_at IS NOT NULL FROM cpi_api_keys WHERE name = 'n8n'), 'its use is noted');
UPDATE cpi_api_keys SET last_used_at = clock_timestamp() - interval '30 s';
SELECT _cpi_authenticate((SELECT k ->> 'key' FROM made));
SELECT ok((SELECT last_used_at < clock_timestamp() - interval '20 s' FROM cpi_api_keys WHERE name = 'n8n'), 'to the minute');
SELECT is(_cpi_authenticate(wrong), NULL, format('unknown: %s', what)) FROM (
  SELECT left(k ->> 'key', -1) || CASE right(k ->> 'key', 1) WHEN 'A' THEN 'B' ELSE 'A' END, 'the last character is another' FROM made
  UNION ALL SELECT left(k ->> 'key', 17), 'the public part alone' FROM made
  UNION ALL SELECT 'cpi_000000000000_' || substr(k ->> 'key', 18), 'another public part' FROM made
  UNION ALL SELECT (k ->> 'key') || ' ', 'a blank more' FROM made
  UNION ALL SELECT 'secret', 'something else' UNION ALL SELECT '', 'nothing' UNION ALL SELECT NULL, 'no key') AS x (wrong, what);

UPDATE cpi_api_keys SET expires_at = clock_timestamp() WHERE name = 'n8n';
SELECT is(_cpi_authenticate((SELECT k ->> 'key' FROM made)), NULL, 'an expired key is unknown');
UPDATE cpi_api_keys SET expires_at = clock_timestamp() + interval '1 h' WHERE name = 'n8n';
SELECT isnt(_cpi_authenticate((SELECT k ->> 'key' FROM made)), NULL, 'before that it is not');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_create_api_key()')$$, ARRAY['name: is missing', 'role: is missing'], 'missing fields are told');
SELECT results_eq($$SELECT fixture.field_errors('SELECT cpi_create_api_key(''x'', ''root'', ''2020-01-01T00:00:00Z'')')$$,
  ARRAY['role: "root" is no role', 'expires_at: "2020-01-01T00:00:00+00:00" is past'], 'so are wrong ones');
SELECT throws_ok($$SELECT cpi_create_api_key('n8n', 'admin')$$, 'PT409', 'API key "n8n" exists already', 'a name that exists is refused');
SELECT lives_ok(format('SELECT cpi_delete_api_key(%L)', (SELECT k ->> 'id' FROM made)), 'a key is revoked by its id');
SELECT is(_cpi_authenticate((SELECT k ->> 'key' FROM made)), NULL, 'at once');
SELECT lives_ok($$SELECT cpi_delete_api_key('other')$$, 'or by its name');
SELECT throws_ok($$SELECT cpi_delete_api_key('other')$$, 'PT404', 'API key "other" does not exist', 'only once');

SELECT * FROM finish();
ROLLBACK;
