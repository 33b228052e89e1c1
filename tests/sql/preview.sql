-- CSV looked at from SQL. What the sniffer and the reader decide is tested by tests/unit/core/csv.
BEGIN;
SELECT plan(29);

SELECT fixture.answers_as(cpi_sniff(E'id;name\n1;a\n2;b\n'), 'Sniffed', 'the answer of cpi_sniff is as documented');
SELECT is(cpi_sniff(E'id;name\n1;a\n2;b\n') #>> '{dialect,delimiter}', ';', 'the delimiter is found');
SELECT is(cpi_sniff(E'id;name\n1;a\n2;b\n') -> 'config', '{"delimiter": ";"}', 'with the config to paste');
SELECT is(cpi_sniff(E'id;day\n1;2024-01-02\n') -> 'columns', '[{"name": "id", "file_column": "id", "type": "integer"},
  {"name": "day", "file_column": "day", "type": "date"}]', 'and the columns with their types');
SELECT ok((cpi_sniff(E'id;name\n1;a\n') #>> '{dialect,detected,delimiter,certainty}')::numeric BETWEEN 0.5 AND 1,
  'each choice has a certainty');
SELECT ok(NOT cpi_sniff(E'id;n\u00e4me\n1;a\n') -> 'dialect' ? 'encoding', 'text in a database has no encoding to be found');
SELECT matches(cpi_sniff(E'a,b;c\nd,e;f\n') ->> 'doubt', 'set "delimiter"', 'a toss-up is told');
SELECT is(cpi_sniff(E'Report\n\nid;name;qty\n1;a;5\n2;b;7\n') #>> '{warnings,0}',
  '2 lines before the table are ignored, the first: "Report"', 'and so is what is left out');
SELECT throws_ok($$SELECT cpi_sniff('')$$, 'PT422', 'the file is empty: there is nothing to find out', 'nothing is refused');
SELECT throws_ok($$SELECT cpi_sniff(NULL)$$, 'PT422', NULL, 'NULL likewise');
SELECT throws_ok($$SELECT cpi_sniff(repeat('x', 17000000))$$, 'PT422',
  'content has 17000000 bytes, more than the 16777216 that are looked at', 'what is too long is refused');
SELECT lives_ok($$SELECT cpi_sniff(E'id,name\n' || repeat(E'1,abc\n', 500000))$$, 'a long text is sniffed');

SELECT fixture.answers_as(cpi_preview(E'id,name\n1,a\n2\n', '{}'), 'Preview', 'the answer of cpi_preview is as documented');
SELECT fixture.answers_as(cpi_preview(E'id;name\n1;a\n', '{"delimiter": "auto"}'), 'Preview', 'also with a detected dialect');
SELECT is(cpi_preview(E'id,name\n1,a\n2,\n3,""\n') -> 'rows', '[{"line": 2, "values": ["1", "a"]},
  {"line": 3, "values": ["2", null]}, {"line": 4, "values": ["3", ""]}]', 'rows are shown as they would be read');
SELECT is(cpi_preview(E'id,name\n1,a\n2\n3,c\n') #> '{rejects,0}' ->> 'reason', 'too_few_fields', 'with what is rejected');
SELECT is(cpi_preview(E'id,name\n1,a\n2\n3,c\n') #> '{rejects,0}' -> 'line', '3', 'and its line');
SELECT is(cpi_preview(E'Order No|x\n1|2\n', '{"delimiter": "|", "column_names": "snake_case"}') #>> '{columns,0,name}', 'order_no',
  'columns have the names that they would get');
SELECT is(cpi_preview(E'id;name\n1;a\n', '{"delimiter": "auto"}') #>> '{dialect,delimiter}', ';', '"auto" is resolved');
SELECT is(jsonb_array_length(cpi_preview('n' || E'\n' || repeat(E'1\n', 100)) -> 'rows'), 20, 'twenty rows are shown');
SELECT is(jsonb_array_length(cpi_preview('n' || E'\n' || repeat(E'1\n', 100), NULL, 3) -> 'rows'), 3, 'or as many as asked for');
SELECT throws_ok($$SELECT cpi_preview('n', NULL, 0)$$, 'PT422', 'limit: 0 is out of range: 1 to 1000', 'within reason');
SELECT throws_ok($$SELECT cpi_preview('n', '{"delimitre": ";"}')$$, 'PT422', NULL, 'unknown options are refused');
SELECT throws_ok($$SELECT cpi_preview('n', '{"encoding": "utf-9"}')$$, 'PT422', NULL, 'and those that no import takes');
SELECT matches(cpi_preview(E'id,name\n1,a\n', '{"primary_key": "nmae"}') #>> '{problems,0,hint}', 'Did you mean "name"',
  'what would stop the import of this file is told');
SELECT fixture.answers_as(cpi_preview(E'id,name\n1,a\n', '{"primary_key": "nmae"}'), 'Preview', 'as documented');
SELECT is(cpi_preview(E'cpi_reason,,x\nr,1,2\n') -> 'columns' #> '{1,name}', '"column1"', 'nameless columns are numbered as in an import');
SELECT throws_ok($$SELECT cpi_preview('')$$, 'PT422', 'the file is empty: there is no header', 'an empty text has no preview');

-- A statement that is to end does end, inside C++ too.
CREATE FUNCTION pg_temp.times_out(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
  RETURN false;
EXCEPTION WHEN query_canceled THEN
  RETURN true;
END
$$;
SET LOCAL statement_timeout = '20ms';
SELECT ok(pg_temp.times_out($$SELECT cpi_sniff(E'a,b,c\n' || repeat(E'1,2024-01-02 03:04:05,some words\n', 480000))$$),
  'a timeout ends the sniffing');
SET LOCAL statement_timeout = '60s';

SELECT * FROM finish();
ROLLBACK;
