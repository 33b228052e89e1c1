"""`cpi test`: what is printed of a target or a source, and the exit codes."""

import json

from harness import run_cpi
from sftp_server import Sshd, fingerprint


def test_a_good_target_is_told_with_version_and_tls(database):
    result = run_cpi("test", "--to", database.url)
    assert result.returncode == 0, result
    assert ": ok: connected to" in result.stdout and "PostgreSQL" in result.stdout and "encrypted" in result.stdout
    assert "owner:owner" not in result.stdout
    answer = json.loads(run_cpi("test", "--json", "--to", database.url).stdout)
    assert answer["success"] is True and {"tls", "server_version"} <= {f["rule"] for f in answer["findings"]}


def test_missing_rights_are_told_with_the_statement_that_gives_them(cluster, database):
    database.execute("CREATE ROLE tested LOGIN PASSWORD 'tested'; REVOKE ALL ON SCHEMA public FROM PUBLIC")
    result = run_cpi("test", "--to", cluster.url(database.name, "tested", "tested"))
    assert result.returncode == 0 and "GRANT CREATE ON DATABASE" in result.stdout, result


def test_what_cannot_be_reached_ends_with_1_and_shows_no_password(cluster):
    for url in ("postgresql://owner:canary-secret@127.0.0.1:1/db",
                f"postgresql://owner:canary-secret@127.0.0.1:{cluster.port}/postgres"):
        result = run_cpi("test", "--to", url)
        assert result.returncode == 1 and "FAILED" in result.stdout, result
        assert "canary-secret" not in result.stdout + result.stderr


def test_wrong_usage_ends_with_2(agent):
    assert run_cpi("test").returncode == 2
    assert run_cpi("test", "name", "--to", "postgresql://h/d").returncode == 2
    wrong = run_cpi("test", "--to", "postgresql://u:can@ry@h/d")
    assert wrong.returncode == 2 and "can@ry" not in wrong.stderr and "HINT" in wrong.stderr, wrong


def test_connections_are_tested_by_name_and_a_misspelt_one_is_told(agent, database, name):
    agent.connection(name, database)
    result = run_cpi("test", name, environment=agent.environment)
    assert result.returncode == 0 and f"connection {name}: ok" in result.stdout, result
    misspelt = run_cpi("test", name + "x", environment=agent.environment)
    assert misspelt.returncode == 2 and f'Did you mean "{name}"?' in misspelt.stderr, misspelt


def test_a_source_that_cannot_be_reached_ends_with_1(agent, name):
    assert agent.post("/sources", {"name": name, "host": "127.0.0.1", "port": 1, "username": "u"}).status == 201
    result = run_cpi("test", name, environment=agent.environment)
    assert result.returncode == 1 and f"source {name}: FAILED" in result.stdout, result


def test_an_operator_has_the_server_test_the_connection(agent, database, name):
    agent.connection(name, database)
    agent.sql("DO $$BEGIN CREATE ROLE tester LOGIN; EXCEPTION WHEN duplicate_object THEN END$$; "
              "GRANT cpi_operator TO tester", user="postgres")
    environment = {**agent.environment,
                   "MANAGEMENT_DATABASE_URL": f"host={agent.directory}/run port=5432 dbname=cpi user=tester"}
    result = run_cpi("test", name, environment=environment)
    assert "from the management database's server" in result.stdout, result


def test_a_persons_own_target_follows_libpqs_environment_and_no_egress_rules(agent, cluster, database):
    result = run_cpi("test", "--to", "", environment={
        "PGHOST": "127.0.0.1", "PGPORT": str(cluster.port), "PGUSER": "owner", "PGPASSWORD": "owner",
        "PGDATABASE": database.name})
    assert result.returncode == 0 and f"connected to {database.name} as owner" in result.stdout, result
    socket = run_cpi("test", "--to", f"postgresql:///cpi?host={agent.directory}/run&user=cpi")
    assert socket.returncode == 0, socket
    assert run_cpi("test", "--to", "host=a nonsense").returncode == 2


def test_a_source_shows_its_files_and_keeps_the_first_host_key(agent, name):
    sshd = Sshd()
    try:
        sshd.put("a.csv", "id\n1\n")
        sshd.put("b.csv", "id\n1\n")
        settings = sshd.settings(key_path=str(sshd.key("rsa", "-b", "3072")))
        assert agent.post("/sources", {"name": name, **settings}).status == 201
        result = run_cpi("test", name, environment=agent.environment)
        assert result.returncode == 0 and "a.csv" in result.stdout and "b.csv" in result.stdout, (result, sshd.log())
        kept = agent.get(f"/sources/{name}").json["host_key"]
        assert kept in {fingerprint(path) for path in sshd.host_keys.values()}
        assert agent.put(f"/sources/{name}", {"host_key": "SHA256:" + "A" * 43}).status == 200
        other = run_cpi("test", name, environment=agent.environment)
        assert other.returncode == 1 and kept in other.stdout, other
    finally:
        sshd.remove()
