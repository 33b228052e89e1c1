"""The command line from outside: what is printed, and the exit codes."""

import csv
import json
import os
import signal
import subprocess
import time

import psycopg2

import harness
from harness import run_cpi

ROWS = "id,name\n1,Ada\n2,Grace\n3,Edsger\n"


def test_version_and_help():
    assert run_cpi("--version").stdout.startswith("cpi 0.")
    text = run_cpi("--help").stdout
    for command in ("import", "serve", "init", "jobs", "psql"):
        assert command in text
    assert "--rejects" in run_cpi("import", "--help").stdout


def test_wrong_usage_ends_with_2(tmp_path):
    assert run_cpi().returncode == 2
    misspelt = run_cpi("improt")
    assert misspelt.returncode == 2 and 'Did you mean "import"?' in misspelt.stderr
    assert run_cpi("import", "--no-such-flag").returncode == 2


def test_what_is_no_connection_or_no_table_is_wrong_usage(database, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(ROWS)
    for url in ("http://user:canary-pw@host/db", "nonsense"):
        result = run_cpi("import", "--to", url, file)
        assert result.returncode == 2, result
        assert "--to is no connection" in result.stderr and "canary" not in result.stderr
    for table in ("a.b.c", ".people", "public."):
        result = run_cpi("import", "--to", database.url, "--table", table, file)
        assert result.returncode == 2 and "neither table nor schema.table" in result.stderr, result
    assert database.rows("SELECT FROM pg_tables WHERE schemaname = 'public'") == []


def test_json_is_one_file_result_per_file(database, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(ROWS)
    result = run_cpi("import", "--to", database.url, "--primary-key", "id", "--json", file)
    assert result.returncode == 0, result
    [entry] = map(json.loads, result.stdout.splitlines())
    assert entry["filename"].endswith("people.csv")
    assert entry["table_name"].endswith("people")
    assert (entry["read"], entry["inserted"], entry["updated"], entry["skipped"]) == (3, 3, 0, 0)
    assert entry["success"] is True and len(entry["sha256"]) == 64 and entry["size"] == len(ROWS)


def test_the_second_run_skips_everything(database, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(ROWS)
    run_cpi("import", "--to", database.url, "--primary-key", "id", file)
    result = run_cpi("import", "--to", database.url, "--primary-key", "id", "--json", file)
    [entry] = map(json.loads, result.stdout.splitlines())
    assert (entry["inserted"], entry["updated"], entry["skipped"]) == (0, 0, 3)


def test_rejects_are_written_so_that_they_can_be_mended(database, tmp_path):
    database.execute("CREATE TABLE people (id int PRIMARY KEY, born date)")
    file = tmp_path / "people.csv"
    file.write_text("id,born\n1,2000-01-01\n2,2000-13-01\n3,2000-01-03\n")
    config = tmp_path / "options.json"
    config.write_text('{"on_error": "continue"}')
    rejects = tmp_path / "rejects.csv"
    result = run_cpi("import", "--to", database.url, "--config", config, "--rejects", rejects, file)
    assert result.returncode == 3, result
    assert database.value("SELECT count(*) FROM people") == 2
    text = rejects.read_text()
    assert "2,2000-13-01" in text or list(csv.reader(text.splitlines()))[1][:2] == ["2", "2000-13-01"], text


def test_a_failed_file_does_not_take_the_others_along(database, tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(ROWS)
    bad.write_text("x\n1\n")
    result = run_cpi("import", "--to", database.url, "--primary-key", "id", good, bad)
    assert result.returncode == 3, result
    assert "id" in result.stdout + result.stderr
    assert database.value("SELECT count(*) FROM good") == 3


def test_two_long_names_never_become_one_table(database, tmp_path):
    files = [tmp_path / f"{'long' * 17}{number}.csv" for number in (1, 2)]
    for file in files:
        file.write_text(ROWS)
    result = run_cpi("import", "--to", database.url, "--primary-key", "id", *files)
    assert result.returncode == 1 and "PostgreSQL allows 63" in result.stdout + result.stderr, result
    assert database.rows("SELECT relname FROM pg_class WHERE relname LIKE 'long%'") == []


def test_a_schema_of_another_role_is_told_with_the_grant(cluster, database, tmp_path):
    (tmp_path / "people.csv").write_text(ROWS)
    assert run_cpi("import", "--to", database.url, tmp_path / "people.csv").returncode == 0
    database.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    result = run_cpi("import", "--to", cluster.url(database.name, "guest", "guest"), tmp_path / "people.csv")
    assert result.returncode == 1 and "GRANT USAGE, CREATE ON SCHEMA cpi TO guest" in result.stdout + result.stderr, result


def test_dry_run_changes_nothing(database, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(ROWS)
    result = run_cpi("import", "--to", database.url, "--primary-key", "id", "--dry-run", file)
    assert result.returncode == 0 and "(dry run: nothing was written)" in result.stdout, result
    assert database.value("SELECT to_regclass('people')") is None


def test_unreachable_target_and_missing_file_end_with_1(database, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(ROWS)
    away = run_cpi("import", "--to", "postgresql://owner:owner@127.0.0.1:1/db", file)
    assert away.returncode == 1 and "refused" in away.stderr, away
    missing = run_cpi("import", "--to", database.url, tmp_path / "absent.csv")
    assert missing.returncode == 1 and "absent.csv" in missing.stdout + missing.stderr, missing


def test_the_password_is_never_printed(cluster, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(ROWS)
    result = run_cpi("import", "--to", f"postgresql://owner:canary-secret@127.0.0.1:{cluster.port}/postgres", file)
    assert result.returncode == 1
    assert "canary-secret" not in result.stdout + result.stderr


def test_managed_import_and_jobs(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "people.csv").write_text(ROWS)
    result = run_cpi("import", name, environment=agent.environment)
    assert result.returncode == 0, result
    assert "people" in result.stdout
    listed = run_cpi("jobs", "--json", environment=agent.environment)
    assert name in listed.stdout, listed
    job_id = agent.get(f"/jobs?project={name}").json["jobs"][0]["id"]
    shown = run_cpi("jobs", job_id, environment=agent.environment)
    assert shown.returncode == 0 and "people.csv" in shown.stdout, shown
    unknown = run_cpi("import", "no-such-project", environment=agent.environment)
    assert unknown.returncode == 2 and "no-such-project" in unknown.stderr, unknown


def test_init_prepares_a_management_database_for_serve(cluster, tmp_path):
    database = cluster.create_database("management")
    printed = run_cpi("init", "--print", database.url)
    assert "CREATE EXTENSION cpi" in printed.stdout, printed
    assert database.value("SELECT count(*) FROM pg_extension WHERE extname = 'cpi'") == 0
    key = cluster.directory / "cpi.key"
    assert key.parent.is_dir()
    done = run_cpi("init", "--schema", "queue", database.url, environment={"CPI_LOGIN_PASSWORD": "agent"})
    assert done.returncode == 0, done
    assert database.value("SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'cpi'") == "queue"
    again = run_cpi("init", "--schema", "queue", database.url)
    assert "nothing to do" in again.stdout, again

    served = harness.Agent(MANAGEMENT_DATABASE_URL=cluster.url("management", "cpi", "agent"))
    try:
        assert served.post("/projects", {"name": "elsewhere", "config": {}}).status == 201
        assert database.value("SELECT name FROM queue.cpi_projects") == "elsewhere"
    finally:
        served.remove()


def test_serve_without_the_extension_prints_what_to_run(cluster):
    database = cluster.create_database("bare")
    result = subprocess.run([str(harness.CPI), "serve"], capture_output=True, text=True, timeout=60,
                            env={"MANAGEMENT_DATABASE_URL": database.url, "PATH": "/usr/bin:/bin", "PORT": "0"})
    assert result.returncode == 1
    assert "CREATE EXTENSION cpi" in result.stderr and "cpi init" in result.stderr, result


def test_ctrl_c_cancels_the_job(agent, database, name):
    folder = agent.project(name, database)
    (folder / "people.csv").write_text(ROWS)
    database.execute("CREATE TABLE people (id text PRIMARY KEY, name text)")
    environment = {**os.environ, **{k: v for k, v in agent.environment.items() if k.startswith("CPI_")}}
    with psycopg2.connect(database.url) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLE people")  # or the job would be over before anybody could press a key
        process = subprocess.Popen([str(harness.CPI), "import", name], env=environment, stderr=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        while not (running := agent.get(f"/jobs?project={name}&status=running").json["jobs"]):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1, (out, err)
    assert "cancelling the job" in err and "cancelled" in out
    assert agent.get(f"/jobs/{running[0]['id']}").json["status"] == "cancelled"
    assert database.value("SELECT count(*) FROM people") == 0


def test_a_login_without_the_role_is_told_which(agent, name):
    login = f"login_{name}"
    directory = agent.directory / "run"
    agent.sql(f'CREATE ROLE "{login}" LOGIN IN ROLE cpi_viewer', user="postgres")
    environment = {"MANAGEMENT_DATABASE_URL": f"host={directory} port=5432 dbname=cpi user='{login}'"}
    try:
        result = run_cpi("import", name, environment=environment)
        assert result.returncode == 1 and "permission denied" in result.stderr, result
        assert f'Login "{login}" has the role cpi_viewer; this needs cpi_operator.' in result.stderr, result
        assert "GRANT cpi_operator TO" in result.stderr, result
    finally:
        agent.sql(f'DROP ROLE "{login}"', user="postgres")
