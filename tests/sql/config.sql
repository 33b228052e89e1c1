-- The config's check, the schema, connection URLs and nearest names, as SQL sees them. What the C++ behind them decides is
-- tested by tests/unit/core/config.
BEGIN;
SELECT plan(24);

SELECT is(_cpi_check_config('{"name": "shop", "defaults": {"file_pattern": "*.csv", "primary_key": "id"}}', 'shop'), '[]',
  'a valid config has no findings');
SELECT is(_cpi_check_config('{"defaults": {"delimitre": ";"}}', 'shop'),
  '[{"path": "defaults.delimitre", "rule": "unknown_key", "message": "unknown key \"delimitre\"",
     "hint": "did you mean \"delimiter\"?"}]', 'a misspelt key is named with the nearest one');
SELECT is(_cpi_check_config('{"name": "store"}', 'shop') -> 0 ->> 'rule', 'name_differs', 'the project''s name is compared');
SELECT is(_cpi_check_config('{"name": "store"}', NULL), '[]', 'unless there is none yet');
SELECT is(_cpi_check_config('[1]', 'shop') #>> '{0,message}', 'must be an object, not a list', 'a list is no config');
SELECT is(_cpi_check_config(NULL, 'shop') #>> '{0,rule}', 'wrong_type', 'nor is NULL');
SELECT is(_cpi_check_config('{"defaults": {"delimiter": 5}}', 'shop') #> '{0,hint}', 'null', 'a missing hint is null');
SELECT is(jsonb_array_length(_cpi_check_config(
    (SELECT jsonb_object_agg('unknown ' || n, n) FROM generate_series(1, 3000) AS n), 'shop')), 3000,
  'every one of many mistakes is found');
SELECT is(_cpi_check_config(('{"defaults": ' || repeat('[', 200) || repeat(']', 200) || '}')::jsonb, 'shop') #>> '{0,rule}',
  'too_deep', 'nesting is bounded');

SELECT is(_cpi_config_schema() ->> '$schema', 'https://json-schema.org/draft/2020-12/schema', 'the schema is JSON Schema');
SELECT is(_cpi_config_schema() #>> '{properties,defaults,additionalProperties}', 'false', 'which allows known keys only');

SELECT is(_cpi_parse_url('postgresql://us%40er:p%2Fss@db.example.com:5433/shop?sslmode=require'),
  '{"host": "db.example.com", "port": "5433", "database": "shop", "username": "us@er", "password": "p/ss",
    "parameters": {"sslmode": "require"}}', 'a URL is taken apart and decoded');
SELECT is(_cpi_parse_url('host=h dbname=d') ->> 'port', '5432', 'the port has a default');
SELECT throws_ok($$SELECT _cpi_parse_url('postgresql://u:p@ss@h/d')$$, 'PT422',
  'the password in the URL holds a raw "@"', 'a raw @ is named');
SELECT matches(fixture.hint_of($$SELECT _cpi_parse_url('postgresql://u:p@ss@h/d')$$), '^Write %40', 'with what to write');
SELECT throws_ok($$SELECT _cpi_parse_url('postgresql://u:p%ss@h/d')$$, 'PT422',
  'the password in the URL holds a raw "%"', 'a raw % is named');
SELECT throws_ok($$SELECT _cpi_parse_url('postgresql:///d')$$, 'PT422', 'the connection URL names no host',
  'a stored URL must name its host');
SELECT throws_ok($$SELECT _cpi_parse_url('postgresql://h')$$, 'PT422', 'the connection URL names no database',
  'and its database');
SELECT throws_ok($$SELECT _cpi_parse_url(NULL)$$, 'PT422', 'the connection URL is empty', 'NULL is no URL');

SELECT is(_cpi_nearest('custmer', '{orders,customer,NULL}'), 'customer', 'the nearest name is found');
SELECT is(_cpi_nearest('zzz', '{orders,customer}'), NULL, 'none when none is close');
SELECT is(_cpi_nearest('zzz', '{}'), NULL, 'none of none');

-- An error inside C++ leaves the session as it was, however often
DO $$
BEGIN
  FOR i IN 1..2000 LOOP
    BEGIN
      PERFORM _cpi_parse_url('postgresql://u:p%ss@h/d' || i);
      RAISE 'was not refused';
    EXCEPTION WHEN SQLSTATE 'PT422' THEN
    END;
  END LOOP;
END
$$;
SELECT is(_cpi_parse_url('postgresql://h/d') ->> 'host', 'h', '2000 errors later URLs are parsed as before');

SELECT throws_ok('SET LOCAL ROLE cpi_admin; SELECT _cpi_config_schema()', '42501', NULL, 'these functions are called by the extension''s own only');

SELECT * FROM finish();
ROLLBACK;
