-- What cpi apply and cpi export read: everything by name, secrets apart from it and for admins alone.
BEGIN;
SELECT plan(7);

SELECT is(_cpi_export(), '{"connections": [], "sources": [], "projects": []}', 'with nothing stored the lists are empty');

GRANT USAGE ON SCHEMA tap, fixture TO PUBLIC;
SELECT fixture.project('shop');
SELECT cpi_create_source('erp', 'sftp.example.com', 'me', password => 'geheim', port => 2222);
SELECT cpi_create_project('night', source_id => 'erp',
                          config => '{"sftp": {"host": "h", "username": "u", "password": "inline"}}');
SELECT is(_cpi_export() -> 'connections', '[{"name": "shop target", "description": null}]', 'connections come without URLs');
SELECT is(_cpi_export() -> 'sources',
  '[{"name": "erp", "type": "sftp", "host": "sftp.example.com", "port": 2222, "username": "me", "remote_path": "/",
     "host_key": null, "description": null, "secrets": ["password"]}]', 'a source names the secrets that it has');
SELECT is(_cpi_export() -> 'projects',
  '[{"name": "night", "connection": null, "source": "erp",
     "config": {"sftp": {"host": "h", "username": "u", "password": "***"}}},
    {"name": "shop", "connection": "shop target", "source": null, "config": {}}]',
  'projects refer by name, their passwords are masked');
SELECT is(_cpi_export_secrets('{shop target}', '{erp}', '{night,shop,unknown}'),
  '{"connections": {"shop target": {"database_url": "postgresql://user:secret@db.example.com:5433/customer"}},
    "sources": {"erp": {"password": "geheim", "key_path": null}},
    "projects": {"night": {"password": "inline"}, "shop": {"password": null}}}', 'secrets come by name, in the clear');
SELECT is(_cpi_export_secrets('{}', '{}', '{}'), '{"connections": {}, "sources": {}, "projects": {}}',
  'of no name there is no secret');
SET LOCAL ROLE cpi_operator;
SELECT throws_ok($$SELECT _cpi_export_secrets('{shop target}', '{}', '{}')$$, '42501', NULL,
  'who is no admin gets no secret');

SELECT * FROM finish();
ROLLBACK;
